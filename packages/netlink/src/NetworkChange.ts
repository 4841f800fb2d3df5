/**
 * What the kernel tells of devices, addresses, routes and neighbours, as events.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as InterfaceAddress from "./InterfaceAddress.ts"
import * as Link from "./Link.ts"
import type { Message } from "./Message.ts"
import * as Neighbour from "./Neighbour.ts"
import * as Route from "./Route.ts"

/**
 * All there is, of the topics that are watched.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly links: ReadonlyArray<Link.Link>
  readonly addresses: ReadonlyArray<InterfaceAddress.InterfaceAddress>
  readonly routes: ReadonlyArray<Route.Route>
  readonly neighbours: ReadonlyArray<Neighbour.Neighbour>
}

/**
 * A change. `…Changed` is said of new objects too.
 *
 * - `Synchronised`: this is all there is now; whatever was known before counts no more. Comes first, and again after
 *   notifications were lost.
 *
 * @category models
 * @since 0.1.0
 */
export type NetworkChange = Data.TaggedEnum<{
  Synchronised: { readonly snapshot: Snapshot }
  LinkChanged: { readonly link: Link.Link }
  LinkRemoved: { readonly link: Link.Link }
  AddressChanged: { readonly address: InterfaceAddress.InterfaceAddress }
  AddressRemoved: { readonly address: InterfaceAddress.InterfaceAddress }
  RouteChanged: { readonly route: Route.Route }
  RouteRemoved: { readonly route: Route.Route }
  NeighbourChanged: { readonly neighbour: Neighbour.Neighbour }
  NeighbourRemoved: { readonly neighbour: Neighbour.Neighbour }
}>

/**
 * @category constructors
 * @since 0.1.0
 */
export const NetworkChange = Data.taggedEnum<NetworkChange>()

/**
 * Decodes a notification of the kernel; `undefined` for one that tells of nothing here.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message): NetworkChange | undefined => {
  const link = Link.decode(message)
  if (link !== undefined)
    return NetworkChange[message.type === Link.RTM_NEWLINK ? "LinkChanged" : "LinkRemoved"]({ link })
  const address = InterfaceAddress.decode(message)
  if (address !== undefined) {
    const isNew = message.type === InterfaceAddress.RTM_NEWADDR
    return NetworkChange[isNew ? "AddressChanged" : "AddressRemoved"]({ address })
  }
  const route = Route.decode(message)
  if (route !== undefined) {
    return NetworkChange[message.type === Route.RTM_NEWROUTE ? "RouteChanged" : "RouteRemoved"]({ route })
  }
  const neighbour = Neighbour.decode(message)
  if (neighbour !== undefined) {
    const isNew = message.type === Neighbour.RTM_NEWNEIGH
    return NetworkChange[isNew ? "NeighbourChanged" : "NeighbourRemoved"]({ neighbour })
  }
  return undefined
}
