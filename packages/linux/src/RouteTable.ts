/**
 * The difference between the routes that shall be held and those that are known to be, as netlink requests. Pure.
 *
 * @since 0.1.0
 */
import type { NextHop } from "@holdfast/netlink/NextHop"
import type { NetworkState } from "@holdfast/netlink/NetworkState"
import * as Route from "@holdfast/netlink/Route"
import type { Prefix, VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"

/**
 * Identifies a route: the kernel has one of each table, destination, source prefix, type of service and metric. The protocol
 * is part of it, so that a route of somebody else is never taken for ours.
 *
 * @category getters
 * @since 0.1.0
 */
export const keyOf = (route: VirtualRoute): string => keyFrom(keyFields(route))

/**
 * The same of what the kernel tells.
 *
 * @category getters
 * @since 0.1.0
 */
export const keyOfPresent = (route: Route.Route): string => keyFrom(route)

/**
 * Whether two lines ask for the same route, with the same ways and metrics.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSame = (left: VirtualRoute, right: VirtualRoute): boolean =>
  left === right || JSON.stringify({ ...left, tracked: true }) === JSON.stringify({ ...right, tracked: true })

/**
 * Returns the route as the kernel is asked for it; the name of a device instead when there is none of that name.
 *
 * @category conversions
 * @since 0.1.0
 */
export const newRoute = (route: VirtualRoute, state: NetworkState): Route.NewRoute | string => {
  const indexes = new Map([...state.links.values()].map(({ index, name }) => [name, index]))
  const absent = route.nextHops.find((hop) => hop.interface !== undefined && !indexes.has(hop.interface))
  if (absent?.interface !== undefined) return absent.interface
  const hops = route.nextHops.map((hop): NextHop => ({
    gateway: hop.via,
    linkIndex: hop.interface === undefined ? undefined : indexes.get(hop.interface),
    weight: hop.weight,
    onlink: hop.onlink
  }))
  return {
    ...keyFields(route),
    ...(hops.length === 1 ? hops[0] : { nextHops: hops }),
    source: route.source,
    scope: route.scope,
    preference: route.preference && Route.RouterPreference[route.preference],
    realms: route.realms,
    expiresSeconds: route.expires === undefined ? undefined : Math.ceil(route.expires / microsPerSecond),
    metrics: route.metrics
  }
}

/**
 * Returns what is told to delete a route: that by which the kernel finds it, and nothing that it may have changed.
 *
 * @category conversions
 * @since 0.1.0
 */
export const keyFields = (route: VirtualRoute): Key => {
  const destination = masked(route.destination)
  return {
    destination: destination.address,
    prefixLength: destination.length,
    from: route.from === undefined || route.from.length === 0 ? undefined : masked(route.from),
    // The kernel takes zero for its default, and then tells that.
    priority: route.family === "Ipv6" ? route.metric || Route.priorityIpv6 : (route.metric ?? 0),
    table: route.table,
    typeOfService: route.typeOfService ?? 0,
    protocol: route.protocol,
    type: Route.RouteType[route.type]
  }
}

/**
 * The same of what the kernel tells.
 *
 * @category conversions
 * @since 0.1.0
 */
export const keyFieldsOfPresent = (route: Route.Route): Key => ({
  destination: route.destination,
  prefixLength: route.prefixLength,
  from: route.from,
  priority: route.priority,
  table: route.table,
  typeOfService: route.typeOfService,
  protocol: route.protocol,
  type: route.type
})

/**
 * That by which the kernel finds a route.
 *
 * @category models
 * @since 0.1.0
 */
export interface Key extends Pick<
  Route.Route,
  "destination" | "prefixLength" | "from" | "priority" | "table" | "typeOfService" | "protocol" | "type"
> {}

/** @category conversions @since 0.1.0 */
export const describe = ({ destination, nextHops }: VirtualRoute): string => {
  const ways = nextHops.map(({ interface: device, via }) =>
    [via === undefined ? "" : ` via ${via}`, device === undefined ? "" : ` dev ${device}`].join("")
  )
  return `route ${destination.address}/${destination.length}${ways.join(",")}`
}

const keyFrom = (key: Key): string =>
  [
    `${key.destination}/${key.prefixLength}`,
    key.from === undefined ? "" : `${key.from.address}/${key.from.length}`,
    key.table,
    key.priority,
    key.typeOfService,
    key.protocol
  ].join(" ")

/** Without the bits behind the prefix, as the kernel keeps it. */
const masked = ({ address, length }: Prefix): Prefix => {
  const bytes = Address.ipToBytes(address)
  for (const [index, byte] of bytes.entries()) {
    const kept = Math.min(8, Math.max(0, length - 8 * index))
    bytes[index] = byte & (0xff << (8 - kept))
  }
  return { address: Option.getOrThrow(Address.ipFromBytes(bytes)), length }
}

const microsPerSecond = 1_000_000
