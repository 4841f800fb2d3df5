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
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import { Micros, seconds } from "@holdfast/wire/Instant"
import { InterfaceName } from "./InterfaceName.ts"
import { Tracker } from "./Tracker.ts"
import { VirtualRoute } from "./VirtualRoute.ts"
import { VirtualRule } from "./VirtualRule.ts"

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

export { InterfaceName } from "./InterfaceName.ts"
export { type Family, familyOf, type IpAddress, ipFromString } from "@holdfast/wire/Address"

/**
 * Which version of the protocol a router speaks: 2 (RFC 3768) or 3 (RFC 9568); `version`, `vrrp_version`.
 *
 * @category models
 * @since 0.1.0
 */
export const Version = Schema.Literals([2, 3])

/**
 * @category models
 * @since 0.1.0
 */
export type Version = typeof Version.Type

/**
 * One address that the Master holds (one line of `virtual_ipaddress` or `virtual_ipaddress_excluded`).
 *
 * @category models
 * @since 0.1.0
 */
export const VirtualAddress = Schema.Struct({
  /** Of either family: excluded addresses need not be of the router's own. */
  address: Address.IpAddress,
  /** Bits of the prefix, 0 to 32 or 128; all of them when the line names none. */
  prefixLength: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 128 })),
  /** The device that carries the address; the router's own interface, or its virtual MAC device, when the line names none (`dev`). */
  interface: InterfaceName,
  /** Address label (`label`), at most 15 bytes; IPv4 only. */
  label: Schema.optionalKey(Schema.String),
  /** Scope number of rtnetlink: 0 global, 200 site, 253 link, 254 host (`scope`). */
  scope: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  /** Broadcast address (`brd`); IPv4 only. */
  broadcast: Schema.optionalKey(Address.Ipv4Address),
  /** The other end of a point-to-point link (`peer`). */
  peer: Schema.optionalKey(Address.IpAddress),
  /**
   * What else the kernel is asked for: `home`, `mngtmpaddr`, `noprefixroute`, `autojoin`, and `dad` where `-nodad` asks for
   * duplicate address detection, which is off otherwise.
   */
  flags: Schema.optionalKey(
    Schema.Array(Schema.Literals(["home", "mngtmpaddr", "noprefixroute", "autojoin", "dad"]))
  ),
  /** For how long the kernel prefers the address as a source; for ever when absent (`preferred_lft`). */
  preferredLifetime: Schema.optionalKey(Micros),
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
 * A router that adverts go to and come from (one line of `unicast_peer`).
 *
 * @category models
 * @since 0.1.0
 */
export const Peer = Schema.Struct({
  address: Address.IpAddress,
  /** Lowest hop limit that an advert of the peer may arrive with; any when absent (`min_ttl`). */
  hopLimitMin: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))),
  /** Highest; any when absent (`max_ttl`). */
  hopLimitMax: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))
})

/**
 * @category models
 * @since 0.1.0
 */
export type Peer = typeof Peer.Type

/**
 * Where adverts go: the group of RFC 9568 section 5.1, or listed peers (`unicast_peer`).
 *
 * `hopLimit` is that of adverts we send: 255 by default (`unicast_ttl`). `names` are peers that are not known by address
 * yet: whoever runs the router resolves them and puts their addresses into `peers`.
 *
 * @category models
 * @since 0.1.0
 */
export const Transport = Schema.TaggedUnion({
  Multicast: { group: Address.IpAddress },
  Unicast: {
    peers: Schema.Array(Peer),
    names: Schema.optionalKey(Schema.Array(Schema.String)),
    hopLimit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 }))
  }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Transport = typeof Transport.Type

/**
 * A secret of `auth_hmac`.
 *
 * @category models
 * @since 0.1.0
 */
export const HmacKey = Schema.Struct({
  id: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 })),
  /** 32 to 64 bytes as hexadecimal digits. */
  secret: Schema.String.check(Schema.isPattern(/^([0-9a-f]{2}){32,64}$/))
})

/**
 * @category models
 * @since 0.1.0
 */
export type HmacKey = typeof HmacKey.Type

/**
 * How adverts prove where they come from.
 *
 * - `Password`: eight bytes in clear text, of version 2 (`auth_type PASS`; RFC 2338 section 5.3.10.1).
 * - `Header`: an IP authentication header of HMAC-MD5-96, of version 2 (`auth_type AH`; RFC 2402, RFC 2403).
 * - `Hmac`: a trailer of HMAC-SHA-256 behind the advert (`auth_hmac` of keepalived 2.4).
 *
 * @category models
 * @since 0.1.0
 */
export const Authentication = Schema.TaggedUnion({
  /** At most eight bytes as hexadecimal digits, without the zeros that fill them up. */
  Password: { password: Schema.String.check(Schema.isPattern(/^([0-9a-f]{2}){1,8}$/)) },
  Header: { key: Schema.String.check(Schema.isPattern(/^([0-9a-f]{2}){1,8}$/)) },
  Hmac: {
    keys: Schema.NonEmptyArray(HmacKey),
    /** The key that adverts are signed with (`active_key`); all keys are accepted. */
    activeKeyId: Schema.Int,
    /** How far the clocks of two routers may be apart, at most 300 s (`time_window`). */
    window: Micros,
    /** Whether an advert that was heard before is refused (`anti_replay`). */
    antiReplay: Schema.Literals(["Off", "Clock", "Monotonic"]),
    /** `Permissive` signs and accepts what is not signed; `ReceiveOnly` does not sign and accepts both (`mode`). */
    mode: Schema.Literals(["Enforce", "Permissive", "ReceiveOnly"])
  }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Authentication = typeof Authentication.Type

/**
 * The virtual MAC device of a router (`use_vmac`): a macvlan on the router's interface with the router's own link-layer
 * address (RFC 9568 section 7.3).
 *
 * @category models
 * @since 0.1.0
 */
export const VirtualMac = Schema.Struct({
  /** Name of the device: `vrrp.VRID`, `vrrp6.VRID`, or the argument of `use_vmac`. */
  interface: InterfaceName,
  mac: Address.MacAddress,
  /** Whether adverts leave by the interface below instead (`vmac_xmit_base`). */
  transmitBase: Schema.Boolean
})

/**
 * @category models
 * @since 0.1.0
 */
export type VirtualMac = typeof VirtualMac.Type

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
 * The parameters of one virtual router (RFC 9568 section 6.1; `vrrp_instance`).
 *
 * An instance with advertised addresses of both families is two virtual routers on the wire, and so two `Parameters`
 * with one `instance`.
 *
 * @category models
 * @since 0.1.0
 */
export const Parameters = Schema.Struct({
  /** Name of the virtual router, unique in a configuration. */
  name: Schema.String,
  /** Name of the `vrrp_instance` where that is another. */
  instance: Schema.optionalKey(Schema.String),
  version: Version,
  /** What the adverts are carried by. */
  family: Schema.Literals(["Ipv4", "Ipv6"]),
  /** The device that adverts are received from, and that they leave by unless there is a virtual MAC (`interface`). */
  interface: InterfaceName,
  virtualMac: Schema.optionalKey(VirtualMac),
  vrid: Vrid,
  priority: Priority,
  /** Between adverts, default 1 s: whole seconds 1 to 255 in version 2, 10 ms to 40.95 s in version 3 (`advert_int`). */
  advertInterval: Micros,
  /** Intervals without an advert after which a Master counts as dead; 1 to 100, default 3 (`down_timer_adverts`). */
  downAdverts: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
  /** Whether the checksum of version 3 over IPv4 leaves the pseudo-header out (`v3_checksum_as_v2`). */
  plainChecksum: Schema.Boolean,
  authentication: Schema.optionalKey(Authentication),
  /** Whether a higher priority takes the addresses from a living lower one; default true (`nopreempt` clears it). */
  preempt: Schema.Boolean,
  /** From starting, or from leaving Fault, until a Backup may preempt a lower-priority Master; 0 to 1000 s, default 0 (`preempt_delay`). */
  preemptDelay: Micros,
  transport: Transport,
  /** Source of adverts; the interface's primary or link-local address when absent (`mcast_src_ip`, `unicast_src_ip`). */
  sourceAddress: Schema.optionalKey(Address.IpAddress),
  /** Whether the router is in Fault while `interface` does not have `sourceAddress`; default false (`track_src_ip`). */
  trackSource: Schema.Boolean,
  addresses: Schema.Array(VirtualAddress),
  /** Whether the Master takes packets to its addresses although it is not their owner; default true (`no_accept` clears it). */
  accept: Schema.Boolean,
  /** What the Master adds to the routing tables and takes away again (`virtual_routes`). */
  routes: Schema.Array(VirtualRoute),
  /** What the Master adds to the routing policy (`virtual_rules`). */
  rules: Schema.Array(VirtualRule),
  announcement: Announcement,
  /** Answer a lower-priority advert with an advert of our own; default true (`lower_prio_no_advert` clears it). */
  answerLowerPriority: Schema.Boolean,
  /** Send one advert before yielding to a higher priority; default false (`higher_prio_send_advert`). */
  answerHigherPriority: Schema.Boolean,
  /** Skip the comparison of the address list while the same Master speaks; default false (`skip_check_adv_addr`). */
  skipRepeatedAddressCheck: Schema.Boolean,
  /** Accept unicast adverts from listed peers only; default false (`check_unicast_src`). */
  checkUnicastSource: Schema.Boolean,
  /** Whether a router without any unicast peer is in Fault; default false (`unicast_fault_no_peer`). */
  faultWithoutPeers: Schema.Boolean,
  /** Whether an owner (255) ignores the adverts of others; default false (`owner_ignore_adverts`). */
  ownerIgnoresAdverts: Schema.Boolean,
  /** Whether the state of `interface` counts for the router's health; default true (`dont_track_primary` clears it). */
  trackPrimary: Schema.Boolean,
  /** What else counts for the router's health or priority, group's trackers included. */
  trackers: Schema.Array(Tracker)
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
  version: 2,
  family: "Ipv4",
  priority: 100 as Priority,
  advertInterval: seconds(1),
  downAdverts: 3,
  plainChecksum: false,
  preempt: true,
  preemptDelay: seconds(0),
  transport: { _tag: "Multicast", group: groupVrrp },
  trackSource: false,
  accept: true,
  routes: [],
  rules: [],
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
  faultWithoutPeers: false,
  ownerIgnoresAdverts: false,
  trackPrimary: true,
  trackers: []
} as const satisfies Partial<Parameters>

/**
 * Returns the device that adverts leave by.
 *
 * @category accessors
 * @since 0.1.0
 */
export const transmitInterface = ({ interface: base, virtualMac }: Parameters): InterfaceName =>
  virtualMac === undefined || virtualMac.transmitBase ? base : virtualMac.interface

/**
 * Tells whether two lists of parameters say the same. Addresses that came or went are seen by their number, without a look
 * at each of a thousand.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSame = (left: Parameters, right: Parameters): boolean =>
  left.addresses.length === right.addresses.length && Equal.equals(left, right)

/**
 * Returns what identifies a virtual router on the network: the device, the family and the VRID (RFC 9568 section 5.2.3).
 *
 * @category accessors
 * @since 0.1.0
 */
export const placeOf = ({ family, interface: device, vrid }: Parameters): string =>
  `${device}/${family}/${vrid}`
