/**
 * The difference between the addresses that shall be held and those the kernel has, as netlink requests. Pure.
 *
 * @since 0.1.0
 */
import type { Ownership } from "@holdfast/engine/AddressPlane"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import * as NetworkState from "@holdfast/netlink/NetworkState"
import type { Request } from "@holdfast/netlink/Request"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import { isIpv6 } from "@holdfast/wire/Address"

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
 * What is missing, and what cannot be added because its device does not exist.
 *
 * @category models
 * @since 0.1.0
 */
export interface Missing {
  readonly changes: ReadonlyArray<Change>
  readonly stranded: ReadonlyArray<VirtualAddress>
}

/**
 * What marks an address as held by this program: `ip addr show proto 112` (IFA_PROTO of linux/if_addr.h, Linux 5.18).
 *
 * @category constants
 * @since 0.1.0
 */
export const protocolMark = 112

/**
 * Identifies an address on a device: two lines with the same key are one address to the kernel.
 *
 * @category getters
 * @since 0.1.0
 */
export const keyOf = (entry: VirtualAddress): string => {
  const known = keys.get(entry)
  if (known !== undefined) return known
  const key = keyFrom(entry.interface, entry, entry.peer ?? entry.address)
  keys.set(entry, key)
  return key
}

/** A line that goes on over reloads is the same object (`RouterSet.diff`), and a thousand are asked for several times in each. */
const keys = new WeakMap<VirtualAddress, string>()

/**
 * The same of what the kernel tells.
 *
 * @category getters
 * @since 0.1.0
 */
export const keyOfPresent = (
  present: InterfaceAddress.InterfaceAddress,
  { links }: NetworkState.NetworkState
): string => keyFrom(links.get(present.linkIndex)?.name, present, present.peer)

const keyFrom = (
  device: string | undefined,
  { address, prefixLength }: Pick<VirtualAddress, "address" | "prefixLength">,
  peer: string
): string => {
  const key = `${device} ${address}/${prefixLength}`
  return peer === address ? key : `${key} peer ${peer}`
}

/** Tells apart what the kernel cannot change of an address that it has: another one must take its place. */
const detailsOf = ({ broadcast, flags, label, preferredLifetime, scope }: VirtualAddress): string =>
  `${label ?? ""} ${scope} ${broadcast ?? ""} ${flags?.join() ?? ""} ${preferredLifetime ?? ""}`

/**
 * Encodes the requests for addresses that may have to be added in a hurry, so that a takeover only has to send them.
 *
 * @category diff
 * @since 0.1.0
 */
export const prepare = (entries: ReadonlyArray<VirtualAddress>, state: NetworkState.NetworkState): void => {
  for (const entry of entries) {
    const link = NetworkState.linkByName(state, entry.interface)
    if (link !== undefined) requestsFor(link.index, entry)
  }
}

/**
 * Returns what makes the kernel hold every address of `wanted`, whether it holds it already or not.
 *
 * @category diff
 * @since 0.1.0
 */
export const missing = (wanted: ReadonlyArray<VirtualAddress>, state: NetworkState.NetworkState): Missing => {
  const changes: Array<Change> = []
  const stranded: Array<VirtualAddress> = []
  const indexes = indexesOf(state)
  for (const entry of wanted) {
    const index = indexes.get(entry.interface)
    if (index === undefined) stranded.push(entry)
    else changes.push({ _tag: "Add", entry, request: requestsFor(index, entry).add })
  }
  return { changes, stranded }
}

/**
 * Returns what makes the kernel hold none of `unwanted`: what this program added, and what the kernel is seen to have.
 *
 * @category diff
 * @since 0.1.0
 */
export const surplus = (
  unwanted: ReadonlyArray<VirtualAddress>,
  added: ReadonlySet<string>,
  state: NetworkState.NetworkState
): ReadonlyArray<Change> => {
  const indexes = indexesOf(state)
  const present = presentIn(state)
  return unwanted.flatMap((entry): ReadonlyArray<Change> => {
    const index = indexes.get(entry.interface)
    const key = keyOf(entry)
    if (index === undefined || !(added.has(key) || present.has(key))) return []
    return [{ _tag: "Remove", entry, request: requestsFor(index, entry).remove }]
  })
}

/**
 * Returns what takes these away, of the devices that exist.
 *
 * @category diff
 * @since 0.1.0
 */
export const removals = (
  entries: ReadonlyArray<VirtualAddress>,
  state: NetworkState.NetworkState
): ReadonlyArray<Request> => {
  const indexes = indexesOf(state)
  return entries.flatMap((entry) => {
    const index = indexes.get(entry.interface)
    return index === undefined ? [] : [requestsFor(index, entry).remove]
  })
}

/**
 * Returns the keys of all addresses that the kernel is seen to have.
 *
 * @category getters
 * @since 0.1.0
 */
export const presentIn = (state: NetworkState.NetworkState): ReadonlySet<string> => {
  const keys = new Set<string>()
  for (const [index, addresses] of state.addresses) {
    const name = state.links.get(index)?.name
    for (const present of addresses) keys.add(keyFrom(name, present, present.peer))
  }
  return keys
}

/**
 * Says why an address is not held, and what to do about it.
 *
 * @category getters
 * @since 0.1.0
 */
export const describeFailure = ({ entry }: Change, error: NetlinkError): string =>
  isIpv6(entry.address) && error.code === "EACCES"
    ? `${entry.address}: IPv6 is switched off on ${entry.interface}; set net.ipv6.conf.${entry.interface}.disable_ipv6 to 0`
    : error.message

/**
 * Returns the addresses that bear the mark.
 *
 * @category getters
 * @since 0.1.0
 */
export const marked = (
  present: ReadonlyArray<InterfaceAddress.InterfaceAddress>
): ReadonlyArray<InterfaceAddress.InterfaceAddress> =>
  present.filter(({ protocol }) => protocol === protocolMark)

/**
 * Whether a request that failed has reached its level all the same.
 *
 * @category getters
 * @since 0.1.0
 */
export const isReached = (change: Change, error: NetlinkError): boolean =>
  change._tag === "Add" ? error.reason === "AlreadyExists" : error.reason === "NotFound"

/**
 * Returns what a level leaves behind when another takes its place: the addresses of `before` that `after` does not hold,
 * or holds with another label, scope or the like.
 *
 * @category diff
 * @since 0.1.0
 */
export const dropped = (before: Ownership | undefined, after: Ownership): ReadonlyArray<VirtualAddress> => {
  if (before === undefined || !before.owned) return after.owned ? [] : after.addresses
  if (!after.owned) return union(before.addresses, after.addresses)
  const kept = new Map(after.addresses.map((entry) => [keyOf(entry), entry]))
  return before.addresses.filter((entry) => !isSameEntry(entry, kept.get(keyOf(entry))))
}

/**
 * Whether two lines ask for the same address, with the same details.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSameEntry = (left: VirtualAddress, right: VirtualAddress | undefined): boolean =>
  left === right ||
  (right !== undefined && keyOf(left) === keyOf(right) && detailsOf(left) === detailsOf(right))

const union = (left: ReadonlyArray<VirtualAddress>, right: ReadonlyArray<VirtualAddress>) => [
  ...new Map([...left, ...right].map((entry) => [keyOf(entry), entry])).values()
]

const indexesOf = (state: NetworkState.NetworkState): ReadonlyMap<string, number> =>
  new Map([...state.links.values()].map(({ index, name }) => [name, index]))

interface Requests {
  readonly linkIndex: number
  readonly add: Request
  readonly remove: Request
}

/** Requests by the line that they are for: they live as long as the parameters that hold the line. */
const prepared = new WeakMap<VirtualAddress, Requests>()

const requestsFor = (linkIndex: number, entry: VirtualAddress): Requests => {
  const known = prepared.get(entry)
  if (known?.linkIndex === linkIndex) return known
  const address = newAddress(linkIndex, entry)
  const requests = {
    linkIndex,
    add: InterfaceAddress.add(address),
    remove: InterfaceAddress.remove(address)
  }
  prepared.set(entry, requests)
  return requests
}

const newAddress = (linkIndex: number, entry: VirtualAddress): InterfaceAddress.NewAddress => ({
  linkIndex,
  address: entry.address,
  prefixLength: entry.prefixLength,
  peer: entry.peer,
  broadcast: entry.broadcast,
  label: entry.label,
  scope: entry.scope,
  flags: flagsOf(entry),
  preferredSeconds:
    entry.preferredLifetime === undefined ? undefined : Math.ceil(entry.preferredLifetime / microsPerSecond),
  protocol: protocolMark
})

/** Detection of duplicates would hold up a takeover of an IPv6 address by a second, and fail while the former Master lives. */
const flagsOf = ({ address, flags = [] }: VirtualAddress): number | undefined => {
  let bits = isIpv6(address) && !flags.includes("dad") ? InterfaceAddress.IFA_F_NODAD : 0
  for (const flag of flags) bits |= flagBits[flag]
  return bits === 0 ? undefined : bits
}

const flagBits = {
  home: InterfaceAddress.IFA_F_HOMEADDRESS,
  mngtmpaddr: InterfaceAddress.IFA_F_MANAGETEMPADDR,
  noprefixroute: InterfaceAddress.IFA_F_NOPREFIXROUTE,
  autojoin: InterfaceAddress.IFA_F_MCAUTOJOIN,
  dad: 0
} as const

const microsPerSecond = 1_000_000
