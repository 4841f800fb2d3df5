/**
 * What can happen to a virtual router: facts, in the past tense, each stamped with the time it was seen.
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as Schema from "effect/Schema"
import { Instant } from "@holdfast/wire/Instant"
import { InterfaceName, Parameters } from "./Parameters.ts"
import { Observation } from "./Tracker.ts"

/**
 * What the kernel says of one network device.
 *
 * - `Missing`: there is no device of that name.
 * - `Down`: administratively down or without carrier (IFF_UP and IFF_RUNNING are not both set).
 * - `Up`: usable; `address` is what adverts of the router's family come from: the primary IPv4 address, or the
 *   link-local IPv6 one; absent when it has none.
 *
 * @category models
 * @since 0.1.0
 */
export const LinkState = Schema.TaggedUnion({
  Missing: {},
  Down: { address: Schema.optionalKey(Address.IpAddress) },
  Up: { address: Schema.optionalKey(Address.IpAddress) }
})

/**
 * @category models
 * @since 0.1.0
 */
export type LinkState = typeof LinkState.Type

/**
 * What an advert has to show for where it comes from, as far as it can be judged without knowing what was heard before.
 *
 * - `Header`: it came in an IP authentication header.
 * - `Trailer`: a trailer of `auth_hmac` is behind it.
 * - `sequence` rises with every advert of one sender. Of a trailer it has 64 bits: seconds, a fraction of 16 bits, a count.
 * - `ageMicros`: how much the clock of the sender was behind ours when the advert arrived; negative when it was ahead.
 * - `verdict`: `Valid`, or what is wrong: `Malformed`, `UnknownKey`, `Invalid`; `Unkeyed` when this router has no key for it.
 *
 * @category models
 * @since 0.1.0
 */
export const Seal = Schema.TaggedUnion({
  None: {},
  Header: { sequence: Schema.Int, verdict: Schema.Literals(["Valid", "Malformed", "Invalid", "Unkeyed"]) },
  Trailer: {
    keyId: Schema.Int,
    sequence: Schema.BigInt,
    ageMicros: Schema.Int,
    verdict: Schema.Literals(["Valid", "Malformed", "UnknownKey", "Invalid", "Unkeyed"])
  }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Seal = typeof Seal.Type

/**
 * The timers of a virtual router.
 *
 * - `MasterDown`: a Backup has not heard its Master for the master-down interval.
 * - `Advert`: a Master's next advert is due.
 * - `Announce`: a Master's delayed burst of gratuitous ARPs is due (`garp_master_delay`, `garp_lower_prio_delay`).
 * - `Refresh`: a Master's periodic burst of gratuitous ARPs is due (`garp_master_refresh`).
 * - `Rival`: another Master, heard while we are Master, has been silent for its master-down interval.
 *
 * @category models
 * @since 0.1.0
 */
export const TimerName = Schema.Literals(["MasterDown", "Advert", "Announce", "Refresh", "Rival"])

/**
 * @category models
 * @since 0.1.0
 */
export type TimerName = typeof TimerName.Type

/**
 * The events of a virtual router.
 *
 * - `Started`: the router shall run. `InterfaceChanged` for its devices may come before and is remembered; a device of
 *   which nothing was said is missing.
 * - `Stopped`: the router shall leave; a Master sends priority 0 and gives its addresses up.
 * - `AdvertReceived`: a datagram of protocol 112 with our VRID arrived on our interface and decoded.
 * - `MalformedReceived`: the same, but it did not decode.
 * - `TimerExpired`: a timer ran out. Acts only if the state still holds a deadline that is not after `at`.
 * - `InterfaceChanged`: what the kernel says of a device that the router depends on.
 * - `Observed`: what is known of a tracked script, process or file, by `Tracker.keyOf`. Of one of which nothing was said
 *   nothing is known.
 * - `GroupFaultsChanged`: these other members of the router's sync group are in Fault by themselves; none when it left
 *   the group or all are well.
 * - `Grouped`: from now on the router becomes Master with its group (`true`), or by itself.
 * - `GroupPromoted`: every member of the group wants to be Master or is it: so a Backup becomes Master now.
 * - `GroupDemoted`: `member` is no longer Master, so that this router must not be.
 * - `GroupContested`: another member heard a lower Master, whose machine may have announced our addresses too.
 * - `AddressesHeld`: these addresses are held now and were not before: taken with mastership, added by a reload, or put
 *   back after another program took them away. Those of one level may come in parts.
 * - `OwnershipChanged`: the level that was asked for holds: all addresses are held (`owned`), except for those that
 *   `failures` lists with what the kernel said, or all are gone. A report; nothing follows from it.
 * - `Reconfigured`: new parameters for the same virtual router (same interface, VRID and kind of transport). Devices
 *   that they bring in are told of before, or they are missing and the router enters Fault.
 *
 * @category models
 * @since 0.1.0
 */
export const Event = Schema.TaggedUnion({
  Started: { at: Instant },
  Stopped: { at: Instant },
  AdvertReceived: {
    at: Instant,
    source: Address.IpAddress,
    destination: Address.IpAddress,
    hopLimit: Schema.Int,
    advertisement: Advertisement.Advertisement,
    /** Nothing where it is absent. */
    seal: Schema.optionalKey(Seal)
  },
  MalformedReceived: {
    at: Instant,
    source: Address.IpAddress,
    destination: Address.IpAddress,
    hopLimit: Schema.Int,
    reason: Advertisement.MalformedReason
  },
  TimerExpired: { at: Instant, timer: TimerName },
  InterfaceChanged: { at: Instant, interface: InterfaceName, link: LinkState },
  Observed: { at: Instant, subject: Schema.String, observation: Observation },
  GroupFaultsChanged: { at: Instant, members: Schema.Array(Schema.String) },
  Grouped: { at: Instant, grouped: Schema.Boolean },
  GroupPromoted: { at: Instant },
  GroupDemoted: { at: Instant, member: Schema.String },
  GroupContested: { at: Instant },
  AddressesHeld: { at: Instant, addresses: Schema.Array(Address.IpAddress) },
  OwnershipChanged: { at: Instant, owned: Schema.Boolean, failures: Schema.Array(Schema.String) },
  Reconfigured: { at: Instant, parameters: Parameters }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Event = typeof Event.Type
