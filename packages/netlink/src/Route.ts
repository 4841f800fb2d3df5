/**
 * IPv4 routes in rtnetlink: what the kernel says of them, and requests to add and delete them.
 *
 * **Gotchas** a route over several gateways at once (RTA_MULTIPATH) decodes without gateway and device.
 *
 * @see rtnetlink(7); include/uapi/linux/rtnetlink.h of Linux
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Address from "@holdfast/wire/Address"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import { Scope } from "./InterfaceAddress.ts"
import * as Message from "./Message.ts"
import type { Query, Request } from "./Request.ts"

/**
 * A route.
 *
 * - `destination`, `prefixLength`: 0.0.0.0 and zero are the default route.
 * - `source`: the address that packets get when the sender chose none (RTA_PREFSRC).
 * - `priority`: the metric; less is better.
 * - `protocol`: who made it (RTPROT_…).
 * - `type`: a number of `RouteType`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Route {
  readonly destination: Address.Ipv4Address
  readonly prefixLength: number
  readonly gateway: Address.Ipv4Address | undefined
  readonly linkIndex: number | undefined
  readonly source: Address.Ipv4Address | undefined
  readonly priority: number
  readonly table: number
  readonly scope: number
  readonly protocol: number
  readonly type: number
}

/**
 * What a route does with packets (RTN_…).
 *
 * @category constants
 * @since 0.1.0
 */
export const RouteType = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8
} as const

/** The table of ordinary routes. @category constants @since 0.1.0 */
export const RT_TABLE_MAIN = 254

/** Marks a route as made by an administrator. @category constants @since 0.1.0 */
export const RTPROT_STATIC = 4

/** Messages of routes. @category constants @since 0.1.0 */
export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
const RTM_GETROUTE = 26

/** Group of socket memberships that gets IPv4 routes. @category constants @since 0.1.0 */
export const RTNLGRP_IPV4_ROUTE = 7

/**
 * Decodes a route of RTM_NEWROUTE or RTM_DELROUTE; `undefined` for other families and for cached routes.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message.Message): Route | undefined => {
  if (message.type !== RTM_NEWROUTE && message.type !== RTM_DELROUTE) return undefined
  const decoded = body.decode(message.payload)
  if (
    decoded === undefined ||
    decoded.header.family !== AF_INET ||
    (decoded.header.flags & RTM_F_CLONED) !== 0
  )
    return undefined
  const { header, attributes } = decoded
  return {
    destination: attributes.RTA_DST ?? anyAddress,
    prefixLength: header.destinationLength,
    gateway: attributes.RTA_GATEWAY,
    linkIndex: attributes.RTA_OIF,
    source: attributes.RTA_PREFSRC,
    priority: attributes.RTA_PRIORITY ?? 0,
    // The header has room for the first 256 tables only.
    table: attributes.RTA_TABLE ?? header.table,
    scope: header.scope,
    protocol: header.protocol,
    type: header.type
  }
}

/**
 * Asks for the IPv4 routes of one table, or of all.
 *
 * @category requests
 * @since 0.1.0
 */
export const list = (tableNumber?: number): Query<Route> => ({
  operation: "route-list",
  subject: tableNumber === undefined ? "all tables" : `table ${tableNumber}`,
  type: RTM_GETROUTE,
  flags: Message.NLM_F_DUMP,
  payload: body.encode({ family: AF_INET }, { RTA_TABLE: tableNumber }),
  decode
})

/**
 * A route to be held by the kernel. What is absent is as `ip route add` has it.
 *
 * - `scope`: global with a gateway and link without one, when absent.
 * - `table`: the main one when absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface NewRoute {
  readonly destination: Address.Ipv4Address
  readonly prefixLength: number
  readonly gateway?: Address.Ipv4Address | undefined
  readonly linkIndex?: number | undefined
  readonly source?: Address.Ipv4Address | undefined
  readonly priority?: number | undefined
  readonly table?: number | undefined
  readonly scope?: number | undefined
  readonly protocol?: number | undefined
  readonly type?: number | undefined
}

/**
 * Adds a route; fails with `AlreadyExists` when there is one of this destination, priority and table.
 *
 * @category requests
 * @since 0.1.0
 */
export const add = (route: NewRoute): Request =>
  requestNew("route-add", route, Message.NLM_F_CREATE | Message.NLM_F_EXCL)

/**
 * Deletes the first route that has all that is given; fails with `NotFound` when there is none.
 *
 * @category requests
 * @since 0.1.0
 */
export const remove = (route: NewRoute): Request => ({
  operation: "route-delete",
  subject: subjectOf(route),
  type: RTM_DELROUTE,
  flags: 0,
  payload: body.encode(
    {
      ...headerOf(route),
      // Here "nowhere" and zero match any.
      scope: route.scope ?? Scope.nowhere,
      protocol: route.protocol ?? 0,
      type: route.type ?? 0
    },
    attributesOf(route)
  )
})

const requestNew = (operation: string, route: NewRoute, flags: number): Request => ({
  operation,
  subject: subjectOf(route),
  type: RTM_NEWROUTE,
  flags,
  payload: body.encode(headerOf(route), attributesOf(route))
})

const headerOf = (route: NewRoute): Parameters<typeof body.encode>[0] => ({
  family: AF_INET,
  destinationLength: route.prefixLength,
  protocol: route.protocol ?? RTPROT_STATIC,
  scope:
    route.scope ?? (route.gateway === undefined && route.linkIndex !== undefined ? Scope.link : Scope.global),
  type: route.type ?? RouteType.unicast
})

const attributesOf = (route: NewRoute): Attribute.Values<typeof table> => ({
  RTA_DST: route.prefixLength === 0 ? undefined : route.destination,
  RTA_OIF: route.linkIndex,
  RTA_GATEWAY: route.gateway,
  RTA_PRIORITY: route.priority,
  RTA_PREFSRC: route.source,
  RTA_TABLE: route.table ?? RT_TABLE_MAIN
})

const subjectOf = ({ destination, prefixLength, gateway, linkIndex }: NewRoute): string =>
  [
    `${destination}/${prefixLength}`,
    ...(gateway === undefined ? [] : [`via ${gateway}`]),
    ...(linkIndex === undefined ? [] : [`on link ${linkIndex}`])
  ].join(" ")

/** `struct rtmsg`. */
const rtmsg = Codec.struct({
  family: Codec.u8,
  destinationLength: Codec.u8,
  sourceLength: Codec.u8,
  tos: Codec.u8,
  table: Codec.u8,
  protocol: Codec.u8,
  scope: Codec.u8,
  type: Codec.u8,
  flags: Codec.u32
})

/** `enum rtattr_type_t`. */
const table = {
  RTA_DST: [1, Codec.ipv4],
  RTA_OIF: [4, Codec.u32],
  RTA_GATEWAY: [5, Codec.ipv4],
  RTA_PRIORITY: [6, Codec.u32],
  RTA_PREFSRC: [7, Codec.ipv4],
  RTA_TABLE: [15, Codec.u32]
} as const

const body = Attribute.body(rtmsg, table)

const anyAddress = Option.getOrThrow(Address.ipv4FromString("0.0.0.0"))

const AF_INET = 2
const RTM_F_CLONED = 0x200
