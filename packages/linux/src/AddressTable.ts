/**
 * The difference between the addresses that shall be held and those the kernel has, as netlink requests. Pure.
 *
 * @since 0.1.0
 */
import type { Ownership } from "@holdfast/engine/AddressPlane"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as NetworkState from "@holdfast/netlink/NetworkState"
import type { Request } from "@holdfast/netlink/Request"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"

/**
 * One thing to do to the kernel's table.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly _tag: "Add" | "Remove"
  readonly entry: VirtualAddress
  readonly request: Request
}

/**
 * An address that cannot be held because its device does not exist.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stranded {
  readonly _tag: "Stranded"
  readonly entry: VirtualAddress
}

/**
 * Identifies an address on a device: two lines with the same key are one address to the kernel.
 *
 * @category getters
 * @since 0.1.0
 */
export const keyOf = (entry: VirtualAddress): string =>
  `${entry.interface} ${entry.address}/${entry.prefixLength}`

/**
 * Returns what makes the kernel hold every address of `wanted`.
 *
 * @category diff
 * @since 0.1.0
 */
export const missing = (
  wanted: ReadonlyArray<VirtualAddress>,
  state: NetworkState.NetworkState
): ReadonlyArray<Change | Stranded> =>
  wanted.flatMap((entry): ReadonlyArray<Change | Stranded> => {
    const link = NetworkState.linkByName(state, entry.interface)
    if (link === undefined) return [{ _tag: "Stranded", entry }]
    if (isHeld(state, link.index, entry)) return []
    return [{ _tag: "Add", entry, request: InterfaceAddress.add(newAddress(link.index, entry)) }]
  })

/**
 * Returns what makes the kernel hold none of `unwanted`.
 *
 * @category diff
 * @since 0.1.0
 */
export const surplus = (
  unwanted: ReadonlyArray<VirtualAddress>,
  state: NetworkState.NetworkState
): ReadonlyArray<Change> =>
  unwanted.flatMap((entry): ReadonlyArray<Change> => {
    const link = NetworkState.linkByName(state, entry.interface)
    if (link === undefined || !isHeld(state, link.index, entry)) return []
    return [{ _tag: "Remove", entry, request: InterfaceAddress.remove(newAddress(link.index, entry)) }]
  })

/**
 * Returns what a level leaves behind when another takes its place: the addresses of `before` that `after` does not hold.
 *
 * @category diff
 * @since 0.1.0
 */
export const dropped = (before: Ownership | undefined, after: Ownership): ReadonlyArray<VirtualAddress> => {
  if (before === undefined || !before.owned) return after.owned ? [] : after.addresses
  if (!after.owned) return union(before.addresses, after.addresses)
  const kept = new Set(after.addresses.map(keyOf))
  return before.addresses.filter((entry) => !kept.has(keyOf(entry)))
}

const union = (left: ReadonlyArray<VirtualAddress>, right: ReadonlyArray<VirtualAddress>) => [
  ...new Map([...left, ...right].map((entry) => [keyOf(entry), entry])).values()
]

const isHeld = (state: NetworkState.NetworkState, linkIndex: number, entry: VirtualAddress): boolean =>
  NetworkState.addressesOf(state, linkIndex).some(
    (held) => held.address === entry.address && held.prefixLength === entry.prefixLength
  )

const newAddress = (linkIndex: number, entry: VirtualAddress): InterfaceAddress.NewAddress => ({
  linkIndex,
  address: entry.address,
  prefixLength: entry.prefixLength,
  broadcast: entry.broadcast,
  label: entry.label,
  scope: entry.scope,
  protocol: protocolMark
})

/** `ip addr show proto 112` lists what this program holds (IFA_PROTO of linux/if_addr.h, Linux 5.18). */
const protocolMark = 112
