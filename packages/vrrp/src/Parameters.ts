/**
 * What the operator asks of one virtual router.
 *
 * Compiled once from a configuration file or given by an embedding program; a reload is an event that carries new ones.
 * After `Parameters` is decoded nobody tests a range again.
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import { groupVrrp } from "@holdfast/wire/Ipv4"
import * as Schema from "effect/Schema"
import { Micros, seconds } from "@holdfast/wire/Instant"

/**
 * Virtual router identifier, 1 to 255 (RFC 3768 section 5.3.3; `virtual_router_id`).
 *
 * @category models
 * @since 0.1.0
 */
export const Vrid = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 })).pipe(
  Schema.brand("Vrid")
)

/**
 * @category models
 * @since 0.1.0
 */
export type Vrid = typeof Vrid.Type

/**
 * Priority of a router, 1 to 255; 255 is the address owner (RFC 3768 section 5.3.4; `priority`).
 * The value 0 exists on the wire only and means that a Master leaves.
 *
 * @category models
 * @since 0.1.0
 */
export const Priority = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 })).pipe(
  Schema.brand("Priority")
)

/**
 * @category models
 * @since 0.1.0
 */
export type Priority = typeof Priority.Type

/**
 * Priority of the router that owns the addresses (RFC 3768 section 5.3.4).
 *
 * @category constants
 * @since 0.1.0
 */
export const priorityOwner = 255 as Priority

/**
 * Name of a network device, at most 15 bytes (IFNAMSIZ of linux/if.h).
 *
 * @category models
 * @since 0.1.0
 */
export const InterfaceName = Schema.String.check(Schema.isPattern(/^[^\s/]{1,15}$/)).pipe(
  Schema.brand("InterfaceName")
)

/**
 * @category models
 * @since 0.1.0
 */
export type InterfaceName = typeof InterfaceName.Type

/**
 * One address that the Master holds (one line of `virtual_ipaddress` or `virtual_ipaddress_excluded`).
 *
 * @category models
 * @since 0.1.0
 */
export const VirtualAddress = Schema.Struct({
  address: Address.Ipv4Address,
  /** Bits of the prefix, 0 to 32; 32 when the line names none. */
  prefixLength: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 32 })),
  /** The device that carries the address; the router's own interface when the line names none (`dev`). */
  interface: InterfaceName,
  /** Address label (`label`), at most 15 bytes. */
  label: Schema.optionalKey(Schema.String),
  /** Scope number of rtnetlink: 0 global, 200 site, 253 link, 254 host (`scope`). */
  scope: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  /** Broadcast address (`brd`). */
  broadcast: Schema.optionalKey(Address.Ipv4Address),
  /** Whether the advert lists the address; false for `virtual_ipaddress_excluded`. */
  advertised: Schema.Boolean,
  /** Whether the state of `interface` counts for the router's health; false for `no_track`. */
  tracked: Schema.Boolean
})

/**
 * @category models
 * @since 0.1.0
 */
export type VirtualAddress = typeof VirtualAddress.Type

/**
 * Where adverts go: the group of RFC 3768 section 5.2.2, or listed peers (`unicast_peer`).
 *
 * @category models
 * @since 0.1.0
 */
export const Transport = Schema.TaggedUnion({
  Multicast: { group: Address.Ipv4Address },
  Unicast: { peers: Schema.Array(Address.Ipv4Address) }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Transport = typeof Transport.Type

/**
 * How a Master makes switches and hosts learn its addresses by gratuitous ARP.
 *
 * @category models
 * @since 0.1.0
 */
export const Announcement = Schema.Struct({
  /** Frames per address in one burst; 0 to 255, default 5 (`garp_master_repeat`). */
  repeatCount: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  /** From holding addresses to their second burst; 0 for none, default 5 s (`garp_master_delay`). */
  delay: Micros,
  /** Between periodic bursts while Master; 0 for none, the default (`garp_master_refresh`). */
  refreshInterval: Micros,
  /** Frames per address in a periodic burst; default 1 (`garp_master_refresh_repeat`). */
  refreshRepeatCount: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  /** From a lower-priority advert to the second healing burst; default as `delay` (`garp_lower_prio_delay`). */
  lowerPriorityDelay: Micros,
  /** Frames per address in a healing burst; default as `repeatCount` (`garp_lower_prio_repeat`). */
  lowerPriorityRepeatCount: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
})

/**
 * @category models
 * @since 0.1.0
 */
export type Announcement = typeof Announcement.Type

/**
 * The parameters of one virtual router (RFC 3768 section 6.1; `vrrp_instance`).
 *
 * @category models
 * @since 0.1.0
 */
export const Parameters = Schema.Struct({
  /** Name of the instance, unique in a configuration. */
  name: Schema.String,
  /** The device that carries the adverts (`interface`). */
  interface: InterfaceName,
  vrid: Vrid,
  priority: Priority,
  /** Between adverts; whole seconds 1 to 255 in VRRP v2, default 1 s (`advert_int`). */
  advertInterval: Micros,
  /** Whether a higher priority takes the addresses from a living lower one; default true (`nopreempt` clears it). */
  preempt: Schema.Boolean,
  /** From starting, or from leaving Fault, until a Backup may preempt a lower-priority Master; 0 to 1000 s, default 0 (`preempt_delay`). */
  preemptDelay: Micros,
  transport: Transport,
  /** Source of adverts; the interface's primary address when absent (`mcast_src_ip`, `unicast_src_ip`). */
  sourceAddress: Schema.optionalKey(Address.Ipv4Address),
  addresses: Schema.Array(VirtualAddress),
  announcement: Announcement,
  /** Answer a lower-priority advert with an advert of our own; default true (`lower_prio_no_advert` clears it). */
  answerLowerPriority: Schema.Boolean,
  /** Send one advert before yielding to a higher priority; default false (`higher_prio_send_advert`). */
  answerHigherPriority: Schema.Boolean,
  /** Skip the comparison of the address list while the same Master speaks; default false (`skip_check_adv_addr`). */
  skipRepeatedAddressCheck: Schema.Boolean,
  /** Accept unicast adverts from listed peers only; default false (`check_unicast_src`). */
  checkUnicastSource: Schema.Boolean,
  /** Whether the state of `interface` counts for the router's health; default true (`dont_track_primary` clears it). */
  trackPrimary: Schema.Boolean
})

/**
 * @category models
 * @since 0.1.0
 */
export type Parameters = typeof Parameters.Type

/**
 * What keepalived takes where its file says nothing.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  priority: 100 as Priority,
  advertInterval: seconds(1),
  preempt: true,
  preemptDelay: seconds(0),
  transport: { _tag: "Multicast", group: groupVrrp },
  announcement: {
    repeatCount: 5,
    delay: seconds(5),
    refreshInterval: seconds(0),
    refreshRepeatCount: 1,
    lowerPriorityDelay: seconds(5),
    lowerPriorityRepeatCount: 5
  },
  answerLowerPriority: true,
  answerHigherPriority: false,
  skipRepeatedAddressCheck: false,
  checkUnicastSource: false,
  trackPrimary: true
} as const satisfies Partial<Parameters>
