/**
 * A route that a Master holds (one line of `virtual_routes`), or that is there while the program runs (`static_routes`).
 *
 * The words are those of `ip-route(8)`; the numbers those of linux/rtnetlink.h.
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import { Micros } from "@holdfast/wire/Instant"
import * as Schema from "effect/Schema"
import { InterfaceName } from "./InterfaceName.ts"

/**
 * Addresses that share their first bits.
 *
 * @category models
 * @since 0.1.0
 */
export const Prefix = Schema.Struct({
  address: Address.IpAddress,
  length: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 128 }))
})

/**
 * @category models
 * @since 0.1.0
 */
export type Prefix = typeof Prefix.Type

/**
 * One way to go: `via`, `dev`, `weight` (1 to 256), `onlink`.
 *
 * @category models
 * @since 0.1.0
 */
export const NextHop = Schema.Struct({
  via: Schema.optionalKey(Address.IpAddress),
  interface: Schema.optionalKey(InterfaceName),
  weight: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 256 }))),
  onlink: Schema.Boolean
})

/**
 * @category models
 * @since 0.1.0
 */
export type NextHop = typeof NextHop.Type

const Unsigned = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff_ffff }))

/**
 * Metrics of a route (RTAX_… of linux/rtnetlink.h) by their names in `ip-route(8)`. Times are in milliseconds. `locked`
 * names those that the kernel shall not change (`lock`).
 *
 * @category models
 * @since 0.1.0
 */
export const RouteMetrics = Schema.Struct({
  mtu: Schema.optionalKey(Unsigned),
  window: Schema.optionalKey(Unsigned),
  rtt: Schema.optionalKey(Unsigned),
  rttvar: Schema.optionalKey(Unsigned),
  ssthresh: Schema.optionalKey(Unsigned),
  cwnd: Schema.optionalKey(Unsigned),
  advmss: Schema.optionalKey(Unsigned),
  reordering: Schema.optionalKey(Unsigned),
  hoplimit: Schema.optionalKey(Unsigned),
  initcwnd: Schema.optionalKey(Unsigned),
  initrwnd: Schema.optionalKey(Unsigned),
  rto_min: Schema.optionalKey(Unsigned),
  quickack: Schema.optionalKey(Unsigned),
  features: Schema.optionalKey(Unsigned),
  congctl: Schema.optionalKey(Schema.String),
  locked: Schema.optionalKey(Schema.Array(Schema.String))
})

/**
 * @category models
 * @since 0.1.0
 */
export type RouteMetrics = typeof RouteMetrics.Type

/**
 * A route.
 *
 * @category models
 * @since 0.1.0
 */
export const VirtualRoute = Schema.Struct({
  family: Schema.Literals(["Ipv4", "Ipv6"]),
  type: Schema.Literals([
    "unicast",
    "local",
    "broadcast",
    "multicast",
    "blackhole",
    "unreachable",
    "prohibit",
    "throw"
  ]),
  destination: Prefix,
  /** Only for packets from here (`from`); IPv6. */
  from: Schema.optionalKey(Prefix),
  /** Source address of packets of our own (`src`). */
  source: Schema.optionalKey(Address.IpAddress),
  /** None, one, or several that share the traffic (`nexthop`). */
  nextHops: Schema.Array(NextHop),
  /** Number of the table; 254 is main (`table`). */
  table: Unsigned,
  metric: Schema.optionalKey(Unsigned),
  typeOfService: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))),
  /** Number of `scope`; the kernel's rule for the kind of route when absent. */
  scope: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))),
  /** Who made it (`protocol`); 112 where the line names none. */
  protocol: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  /** Router preference of RFC 4191 (`pref`); IPv6. */
  preference: Schema.optionalKey(Schema.Literals(["low", "medium", "high"])),
  /** Realms, source and destination (`realms`); IPv4. */
  realms: Schema.optionalKey(Unsigned),
  /** When the kernel forgets it (`expires`); IPv6. */
  expires: Schema.optionalKey(Micros),
  metrics: Schema.optionalKey(RouteMetrics),
  /** Whether the state of its devices counts for the router's health; false for `no_track`. */
  tracked: Schema.Boolean
})

/**
 * @category models
 * @since 0.1.0
 */
export type VirtualRoute = typeof VirtualRoute.Type
