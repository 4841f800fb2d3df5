/**
 * The devices of a network namespace and their IPv4 addresses: a pure fold over what the kernel tells.
 *
 * **Invariants**
 * 1. The addresses of a device stand in the kernel's order, so the first one is the one the kernel prefers.
 * 2. A change that was applied already, or that is older than the snapshot, does no harm.
 *
 * **Details** routes and neighbours are not kept; their changes leave the state as it is.
 *
 * @since 0.1.0
 */
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as InterfaceAddress from "./InterfaceAddress.ts"
import type { Link } from "./Link.ts"
import { NetworkChange, type Snapshot } from "./NetworkChange.ts"

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
 * @category transitions
 * @since 0.1.0
 */
export const apply = (state: NetworkState, change: NetworkChange): NetworkState =>
  NetworkChange.$match(change, {
    Synchronised: ({ snapshot }) => fromSnapshot(snapshot),
    LinkChanged: ({ link }) => ({ ...state, links: new Map(state.links).set(link.index, link) }),
    LinkRemoved: ({ link }) => ({
      links: without(state.links, link.index),
      addresses: without(state.addresses, link.index)
    }),
    AddressChanged: ({ address }) =>
      withAddresses(state, address.linkIndex, (addresses) => put(addresses, address)),
    AddressRemoved: ({ address }) =>
      withAddresses(state, address.linkIndex, (addresses) =>
        addresses.filter((known) => !InterfaceAddress.isSame(known, address))
      ),
    RouteChanged: () => state,
    RouteRemoved: () => state,
    NeighbourChanged: () => state,
    NeighbourRemoved: () => state
  })

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
 * Returns the address that stands for a device: its first that is global and not secondary, those of `excluding`
 * (addresses that come and go with a virtual router) left out.
 *
 * @category queries
 * @since 0.1.0
 */
export const primaryAddress = (
  state: NetworkState,
  linkIndex: number,
  excluding: ReadonlySet<Ipv4Address> = new Set()
): Ipv4Address | undefined =>
  addressesOf(state, linkIndex).find(
    (address) =>
      address.scope === InterfaceAddress.Scope.global &&
      !InterfaceAddress.isSecondary(address) &&
      !excluding.has(address.address)
  )?.address

const fromSnapshot = ({ links, addresses }: Snapshot): NetworkState => ({
  links: new Map(links.map((link) => [link.index, link])),
  addresses: Map.groupBy(addresses, (address) => address.linkIndex)
})

const withAddresses = (
  state: NetworkState,
  linkIndex: number,
  change: (
    addresses: ReadonlyArray<InterfaceAddress.InterfaceAddress>
  ) => ReadonlyArray<InterfaceAddress.InterfaceAddress>
): NetworkState => ({
  ...state,
  addresses: new Map(state.addresses).set(linkIndex, change(addressesOf(state, linkIndex)))
})

/** A known address stays in its place, unless it has become primary: then it moves to where a new one would stand. */
const put = (
  addresses: ReadonlyArray<InterfaceAddress.InterfaceAddress>,
  address: InterfaceAddress.InterfaceAddress
): ReadonlyArray<InterfaceAddress.InterfaceAddress> => {
  const index = addresses.findIndex((known) => InterfaceAddress.isSame(known, address))
  if (index === -1) return insert(addresses, address)
  if (InterfaceAddress.isSecondary(addresses[index]!) === InterfaceAddress.isSecondary(address)) {
    return addresses.with(index, address)
  }
  return insert(addresses.toSpliced(index, 1), address)
}

/**
 * Where Linux puts a new address (`__inet_insert_ifa` of net/ipv4/devinet.c): a secondary one last, a primary one
 * behind the last primary whose scope number is not smaller, so that host addresses stand before global ones.
 */
const insert = (
  addresses: ReadonlyArray<InterfaceAddress.InterfaceAddress>,
  address: InterfaceAddress.InterfaceAddress
): ReadonlyArray<InterfaceAddress.InterfaceAddress> => {
  if (InterfaceAddress.isSecondary(address)) return [...addresses, address]
  const last = addresses.findLastIndex(
    (known) => !InterfaceAddress.isSecondary(known) && known.scope >= address.scope
  )
  return addresses.toSpliced(last + 1, 0, address)
}

const without = <A>(map: ReadonlyMap<number, A>, key: number): ReadonlyMap<number, A> => {
  const copy = new Map(map)
  copy.delete(key)
  return copy
}
