/**
 * The devices of a network namespace and their addresses: a pure fold over what the kernel tells.
 *
 * **Invariants**
 * 1. The addresses of a device stand in the kernel's order, those of IPv4 first, so the first one of a family is the one
 *    the kernel prefers.
 * 2. A change that was applied already, or that is older than the snapshot, does no harm.
 *
 * **Details** routes and neighbours are not kept; their changes leave the state as it is.
 *
 * @since 0.1.0
 */
import { type Ipv4Address, isIpv6 } from "@holdfast/wire/Address"
import * as InterfaceAddress from "./InterfaceAddress.ts"
import type { Link } from "./Link.ts"
import type { NetworkChange, Snapshot } from "./NetworkChange.ts"

/**
 * Devices by index, and the addresses of each by the same index. A device without addresses may be absent from
 * `addresses`.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetworkState {
  readonly links: ReadonlyMap<number, Link>
  readonly addresses: ReadonlyMap<number, ReadonlyArray<InterfaceAddress.InterfaceAddress>>
}

/**
 * Nothing is known yet.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: NetworkState = { links: new Map(), addresses: new Map() }

/**
 * Returns the state after a change.
 *
 * @category combinators
 * @since 0.1.0
 */
export const apply = (state: NetworkState, change: NetworkChange): NetworkState => applyAll(state, [change])

/**
 * Returns the state after changes that came together. What they touch is copied once for all of them, so that a burst
 * of a thousand addresses costs no more than it must.
 *
 * @category combinators
 * @since 0.1.0
 */
export const applyAll = (state: NetworkState, changes: ReadonlyArray<NetworkChange>): NetworkState => {
  let draft = draftOf(state)
  for (const change of changes) {
    if (change._tag === "Synchronised") draft = draftOf(fromSnapshot(change.snapshot))
    else applyToDraft(draft, change)
  }
  return { links: draft.links, addresses: draft.addresses }
}

/**
 * Returns the device of a name.
 *
 * @category queries
 * @since 0.1.0
 */
export const linkByName = (state: NetworkState, name: string): Link | undefined => {
  for (const link of state.links.values()) if (link.name === name) return link
  return undefined
}

/**
 * Returns the addresses of a device in the kernel's order.
 *
 * @category queries
 * @since 0.1.0
 */
export const addressesOf = (
  state: NetworkState,
  linkIndex: number
): ReadonlyArray<InterfaceAddress.InterfaceAddress> => state.addresses.get(linkIndex) ?? []

/**
 * Returns the IPv4 address that stands for a device: its first that is global and not secondary, those of `excluding`
 * (addresses that come and go with a virtual router) left out.
 *
 * @category queries
 * @since 0.1.0
 */
export const primaryAddress = (
  state: NetworkState,
  linkIndex: number,
  excluding: ReadonlySet<Ipv4Address> = new Set()
): Ipv4Address | undefined => {
  for (const entry of addressesOf(state, linkIndex)) {
    const { address, scope } = entry
    if (isIpv6(address)) return undefined
    const isPrimary = scope === InterfaceAddress.Scope.global && !InterfaceAddress.isSecondary(entry)
    if (isPrimary && !excluding.has(address)) return address
  }
  return undefined
}

const fromSnapshot = ({ links, addresses }: Snapshot): NetworkState => ({
  links: new Map(links.map((link) => [link.index, link])),
  addresses: Map.groupBy(addresses, (address) => address.linkIndex)
})

/** A state that may be written to until it is returned. */
interface Draft {
  readonly links: Map<number, Link>
  readonly addresses: Map<number, ReadonlyArray<InterfaceAddress.InterfaceAddress>>
  /** Lists that are copies already. */
  readonly copied: Map<number, Array<InterfaceAddress.InterfaceAddress>>
}

const draftOf = ({ links, addresses }: NetworkState): Draft => ({
  links: new Map(links),
  addresses: new Map(addresses),
  copied: new Map()
})

const applyToDraft = (draft: Draft, change: Exclude<NetworkChange, { _tag: "Synchronised" }>): void => {
  switch (change._tag) {
    case "LinkChanged":
      draft.links.set(change.link.index, change.link)
      return
    case "LinkRemoved":
      draft.links.delete(change.link.index)
      draft.addresses.delete(change.link.index)
      draft.copied.delete(change.link.index)
      return
    case "AddressChanged":
      return put(listOf(draft, change.address.linkIndex), change.address)
    case "AddressRemoved": {
      const list = listOf(draft, change.address.linkIndex)
      const index = list.findIndex((address) => InterfaceAddress.isSame(address, change.address))
      if (index !== -1) list.splice(index, 1)
      return
    }
    case "RouteChanged":
    case "RouteRemoved":
    case "NeighbourChanged":
    case "NeighbourRemoved":
      return
  }
}

const listOf = (draft: Draft, linkIndex: number): Array<InterfaceAddress.InterfaceAddress> => {
  const known = draft.copied.get(linkIndex)
  if (known !== undefined) return known
  const list = [...(draft.addresses.get(linkIndex) ?? [])]
  draft.copied.set(linkIndex, list)
  draft.addresses.set(linkIndex, list)
  return list
}

/** A known address stays in its place, unless it has become primary: then it moves to where a new one would stand. */
const put = (
  list: Array<InterfaceAddress.InterfaceAddress>,
  address: InterfaceAddress.InterfaceAddress
): void => {
  const index = list.findIndex((known) => InterfaceAddress.isSame(known, address))
  if (index === -1) return insert(list, address)
  if (InterfaceAddress.isSecondary(list[index]!) === InterfaceAddress.isSecondary(address)) {
    list[index] = address
    return
  }
  list.splice(index, 1)
  insert(list, address)
}

const insert = (
  list: Array<InterfaceAddress.InterfaceAddress>,
  address: InterfaceAddress.InterfaceAddress
): void => {
  list.splice(isIpv6(address.address) ? placeOfIpv6(list, address) : placeOfIpv4(list, address), 0, address)
}

/**
 * Where Linux puts a new address (`__inet_insert_ifa` of net/ipv4/devinet.c): a secondary one last, a primary one
 * behind the last primary whose scope number is not smaller, so that host addresses stand before global ones.
 */
const placeOfIpv4 = (
  list: ReadonlyArray<InterfaceAddress.InterfaceAddress>,
  address: InterfaceAddress.InterfaceAddress
): number => {
  const isBefore = InterfaceAddress.isSecondary(address)
    ? () => true
    : (known: InterfaceAddress.InterfaceAddress) =>
        !InterfaceAddress.isSecondary(known) && known.scope >= address.scope
  return 1 + list.findLastIndex((known) => !isIpv6(known.address) && isBefore(known))
}

/** The same of IPv6 (`ipv6_link_dev_addr` of net/ipv6/addrconf.c): by scope, global ones first, the newest of a scope first. */
const placeOfIpv6 = (
  list: ReadonlyArray<InterfaceAddress.InterfaceAddress>,
  address: InterfaceAddress.InterfaceAddress
): number => {
  const next = list.findIndex((known) => isIpv6(known.address) && known.scope >= address.scope)
  return next === -1 ? list.length : next
}
