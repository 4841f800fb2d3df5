/**
 * Routes in rtnetlink, of both families: what the kernel says of them, and requests to add and delete them.
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
import * as NextHop from "./NextHop.ts"
import type { Query, Request } from "./Request.ts"
import * as RouteMetrics from "./RouteMetrics.ts"

/**
 * A route.
 *
 * - `destination`, `prefixLength`: the address without any bit set, and zero, are the default route.
 * - `from`: only for packets that come from there; IPv6.
 * - `gateway`, `linkIndex`: absent of a route that has several `nextHops`.
 * - `source`: the address that packets get when the sender chose none (RTA_PREFSRC).
 * - `priority`: the metric; less is better.
 * - `protocol`: who made it (RTPROT_…).
 * - `type`: a number of `RouteType`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Route {
  readonly destination: Address.IpAddress
  readonly prefixLength: number
  readonly from: Prefix | undefined
  readonly gateway: Address.IpAddress | undefined
  readonly linkIndex: number | undefined
  readonly nextHops: ReadonlyArray<NextHop.NextHop>
  readonly source: Address.IpAddress | undefined
  readonly priority: number
  readonly table: number
  readonly typeOfService: number
  readonly scope: number
  readonly protocol: number
  readonly type: number
}

/**
 * Addresses that share their first bits.
 *
 * @category models
 * @since 0.1.0
 */
export interface Prefix {
  readonly address: Address.IpAddress
  readonly length: number
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
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9
} as const

/** Preference of a router (RFC 4191 section 2.1). @category constants @since 0.1.0 */
export const RouterPreference = { medium: 0, high: 1, low: 3 } as const

/** The table of ordinary routes. @category constants @since 0.1.0 */
export const RT_TABLE_MAIN = 254

/** Marks a route as made by an administrator. @category constants @since 0.1.0 */
export const RTPROT_STATIC = 4

/** The metric of an IPv6 route that names none (IP6_RT_PRIO_USER). @category constants @since 0.1.0 */
export const priorityIpv6 = 1_024

/** Messages of routes. @category constants @since 0.1.0 */
export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
const RTM_GETROUTE = 26

/** Groups of socket memberships that get routes. @category constants @since 0.1.0 */
export const RTNLGRP_IPV4_ROUTE = 7
export const RTNLGRP_IPV6_ROUTE = 11

/**
 * Decodes a route of RTM_NEWROUTE or RTM_DELROUTE; `undefined` for other families and for cached routes.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message.Message): Route | undefined => {
  if (message.type !== RTM_NEWROUTE && message.type !== RTM_DELROUTE) return undefined
  const family = message.payload[0] === AF_INET ? "Ipv4" : "Ipv6"
  const decoded = bodies[family].decode(message.payload)
  if (
    decoded === undefined ||
    decoded.header.family !== numberOf[family] ||
    (decoded.header.flags & RTM_F_CLONED) !== 0
  )
    return undefined
  const { header, attributes } = decoded
  return {
    destination: attributes.RTA_DST ?? anyAddress[family],
    prefixLength: header.destinationLength,
    from: attributes.RTA_SRC && { address: attributes.RTA_SRC, length: header.sourceLength },
    gateway: NextHop.gatewayOf(attributes),
    linkIndex: attributes.RTA_OIF,
    nextHops: attributes.RTA_MULTIPATH ?? [],
    source: attributes.RTA_PREFSRC,
    priority: attributes.RTA_PRIORITY ?? 0,
    // The header has room for the first 256 tables only.
    table: attributes.RTA_TABLE ?? header.table,
    typeOfService: header.tos,
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
  payload: bodies.Ipv4.encode({ family: AF_INET }, { RTA_TABLE: tableNumber }),
  decode
})

/**
 * Asks for the routes of one family that one protocol made. The kernel goes through all its routes and answers with these.
 *
 * @category requests
 * @since 0.1.0
 */
export const listMadeBy = (family: Address.Family, protocol: number): Query<Route> => ({
  operation: "route-list",
  subject: `of protocol ${protocol}`,
  type: RTM_GETROUTE,
  flags: Message.NLM_F_DUMP,
  payload: bodies[family].encode({ family: numberOf[family], protocol }, {}),
  decode: (message) => {
    const route = decode(message)
    return route?.protocol === protocol ? route : undefined
  }
})

/**
 * A route to be held by the kernel. What is absent is as `ip route add` has it.
 *
 * - `scope`: global with a gateway and link without one, when absent.
 * - `table`: the main one when absent.
 * - `nextHops`: several ways, instead of `gateway`, `linkIndex` and `onlink`.
 * - `preference`: a number of `RouterPreference`; IPv6.
 * - `realms`: source in the upper half, destination in the lower; IPv4.
 * - `expiresSeconds`: when the kernel forgets it; IPv6.
 *
 * @category models
 * @since 0.1.0
 */
export interface NewRoute {
  readonly destination: Address.IpAddress
  readonly prefixLength: number
  readonly from?: Prefix | undefined
  readonly gateway?: Address.IpAddress | undefined
  readonly linkIndex?: number | undefined
  readonly onlink?: boolean | undefined
  readonly nextHops?: ReadonlyArray<NextHop.NextHop> | undefined
  readonly source?: Address.IpAddress | undefined
  readonly priority?: number | undefined
  readonly table?: number | undefined
  readonly typeOfService?: number | undefined
  readonly scope?: number | undefined
  readonly protocol?: number | undefined
  readonly type?: number | undefined
  readonly preference?: number | undefined
  readonly realms?: number | undefined
  readonly expiresSeconds?: number | undefined
  readonly metrics?: RouteMetrics.RouteMetrics | undefined
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
 * Adds a route, or puts it in the place of the one of this destination, priority and table.
 *
 * @category requests
 * @since 0.1.0
 */
export const replace = (route: NewRoute): Request =>
  requestNew("route-replace", route, Message.NLM_F_CREATE | Message.NLM_F_REPLACE)

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
  payload: encode(route, {
    // Here "nowhere" and zero match any.
    scope: route.scope ?? Scope.nowhere,
    protocol: route.protocol ?? 0,
    type: route.type ?? 0
  })
})

const requestNew = (operation: string, route: NewRoute, flags: number): Request => ({
  operation,
  subject: subjectOf(route),
  type: RTM_NEWROUTE,
  flags,
  payload: encode(route, {
    scope: route.scope ?? scopeOf(route),
    protocol: route.protocol ?? RTPROT_STATIC,
    type: route.type ?? RouteType.unicast
  })
})

/** As `ip route add` has it: what is on this machine, what is on a link, and what is behind a gateway. */
const scopeOf = ({ gateway, linkIndex, type = RouteType.unicast }: NewRoute): number => {
  if (type === RouteType.local) return Scope.host
  if (type === RouteType.broadcast || type === RouteType.multicast) return Scope.link
  return gateway === undefined && linkIndex !== undefined ? Scope.link : Scope.global
}

const encode = (
  route: NewRoute,
  header: { readonly scope: number; readonly protocol: number; readonly type: number }
): Uint8Array => {
  const family = Address.familyOf(route.destination)
  const nextHops = route.nextHops?.length === 0 ? undefined : route.nextHops
  return bodies[family].encode(
    {
      ...header,
      family: numberOf[family],
      destinationLength: route.prefixLength,
      sourceLength: route.from?.length ?? 0,
      tos: route.typeOfService ?? 0,
      flags: route.onlink === true ? NextHop.RTNH_F_ONLINK : 0
    },
    {
      RTA_DST: route.prefixLength === 0 ? undefined : route.destination,
      RTA_SRC: route.from?.address,
      RTA_OIF: route.linkIndex,
      ...NextHop.gatewayValues(family, route.gateway),
      // The kernel wants the realms of several ways in each of them.
      RTA_MULTIPATH: nextHops?.map((hop) => ({ realms: route.realms, ...hop })),
      RTA_PRIORITY: route.priority,
      RTA_PREFSRC: route.source,
      RTA_TABLE: route.table ?? RT_TABLE_MAIN,
      RTA_PREF: route.preference,
      RTA_FLOW: nextHops === undefined ? route.realms : undefined,
      RTA_EXPIRES: route.expiresSeconds,
      RTA_METRICS: route.metrics
    }
  )
}

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
const tableOf = (family: Address.Family) =>
  ({
    ...NextHop.gatewayTable,
    RTA_DST: [1, Codec.ip],
    RTA_SRC: [2, Codec.ip],
    RTA_OIF: [4, Codec.u32],
    RTA_PRIORITY: [6, Codec.u32],
    RTA_PREFSRC: [7, Codec.ip],
    RTA_METRICS: [8, RouteMetrics.codec],
    RTA_MULTIPATH: [9, NextHop.list(family)],
    RTA_FLOW: [11, Codec.u32],
    RTA_TABLE: [15, Codec.u32],
    RTA_PREF: [20, Codec.u8],
    RTA_EXPIRES: [23, Codec.u32]
  }) as const

const bodies = {
  Ipv4: Attribute.body(rtmsg, tableOf("Ipv4")),
  Ipv6: Attribute.body(rtmsg, tableOf("Ipv6"))
} as const

const anyAddress = {
  Ipv4: Option.getOrThrow(Address.ipv4FromString("0.0.0.0")),
  Ipv6: Option.getOrThrow(Address.ipv6FromString("::"))
} as const

const AF_INET = 2
const numberOf = { Ipv4: AF_INET, Ipv6: 10 } as const
const RTM_F_CLONED = 0x200
