/**
 * What a virtual router asks of the shell: plain values, carried out in order.
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import { TimerName } from "./Event.ts"
import { Instant } from "@holdfast/wire/Instant"
import { InterfaceName } from "./InterfaceName.ts"
import { Subject } from "./Tracker.ts"

/**
 * The name of a role: keepalived's words, which are those of its state machine and its notifications.
 *
 * @category models
 * @since 0.1.0
 */
export const RoleName = Schema.Literals(["Init", "Backup", "Master", "Fault"])

/**
 * @category models
 * @since 0.1.0
 */
export type RoleName = typeof RoleName.Type

/**
 * Why a router cannot run.
 *
 * - `InterfaceMissing`, `InterfaceDown`, `NoSourceAddress`: a device it depends on.
 * - `NoPeers`: it has no unicast peer, and `unicast_fault_no_peer` makes that a fault.
 * - `TrackerDown`, `TrackerUnknown`: what it tracks without weight is down, or has no first result yet.
 * - `TrackerTooLow`: the number in a tracked file times its weight is -254 or less.
 * - `GroupMember`: another member of its sync group is in Fault.
 *
 * @category models
 * @since 0.1.0
 */
export const Fault = Schema.TaggedUnion({
  InterfaceMissing: { interface: InterfaceName },
  InterfaceDown: { interface: InterfaceName },
  NoSourceAddress: { interface: InterfaceName },
  NoPeers: {},
  TrackerDown: { subject: Subject },
  TrackerUnknown: { subject: Subject },
  TrackerTooLow: { subject: Subject },
  GroupMember: { member: Schema.String }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Fault = typeof Fault.Type

/**
 * Why a role changed.
 *
 * - `AddressOwner`: priority 255 is Master at once.
 * - `MasterSilent`: nobody spoke for `sinceMicros`; `MasterLeft`: the Master sent priority 0.
 * - `LowerPriorityHeard`: a lower-priority Master was speaking and was preempted.
 * - `HigherPriorityHeard`, `HigherAddressHeard`: a Master yielded; the second in a tie of priorities.
 * - `GroupPromoted`: the last member of its group that was not ready became so; `GroupDemoted`: `member` of its group is
 *   no longer Master.
 * - `Stalled`: a Master was unable to send for `silentMicros`, so that another one has taken over meanwhile.
 *
 * @category models
 * @since 0.1.0
 */
export const TransitionCause = Schema.TaggedUnion({
  Started: {},
  Stopped: {},
  AddressOwner: {},
  MasterSilent: { sinceMicros: Schema.Int },
  MasterLeft: { source: Address.IpAddress },
  LowerPriorityHeard: { source: Address.IpAddress, priority: Schema.Int },
  HigherPriorityHeard: { source: Address.IpAddress, priority: Schema.Int },
  HigherAddressHeard: { source: Address.IpAddress, priority: Schema.Int },
  GroupPromoted: {},
  GroupDemoted: { member: Schema.String },
  Stalled: { silentMicros: Schema.Int },
  Faulted: { faults: Schema.Array(Fault) },
  FaultsCleared: {}
})

/**
 * @category models
 * @since 0.1.0
 */
export type TransitionCause = typeof TransitionCause.Type

/**
 * Why an advert was dropped; the receive checks of RFC 3768 section 7.1 in the order keepalived makes them. Each has a counter.
 *
 * `AddressListMismatch` is the one check that is reported like a drop and drops nothing (RFC 9568 7.1).
 *
 * @category models
 * @since 0.1.0
 */
export const DropReason = Schema.Literals([
  "NotRunning",
  "AuthenticationHeaderUnexpected",
  "LengthInvalid",
  "HopLimitInvalid",
  "VersionMismatch",
  "AuthenticationTypeInvalid",
  "AuthenticationMismatch",
  "IntervalMismatch",
  "TypeInvalid",
  "ChecksumInvalid",
  "TransportMismatch",
  "AddressListMismatch",
  "SourceNotPeer",
  "AuthenticationHeaderMissing",
  "AuthenticationHeaderInvalid",
  "HmacMissing",
  "HmacMalformed",
  "HmacKeyUnknown",
  "HmacInvalid",
  "HmacStale",
  "HmacReplayed",
  "OwnerIgnoresAdverts"
])

/**
 * @category models
 * @since 0.1.0
 */
export type DropReason = typeof DropReason.Type

/**
 * What about an advert does not go with our own parameters, both sides of it, so that the operator can be told what to
 * change and where.
 *
 * - `Interval`: of version 2 it drops the advert, of version 3 the Master's is adopted.
 * - `Version`, `Checksum`, `HopLimit`, `Transport`, `Authentication`: they drop the advert.
 * - `AddressList`: addresses that only we, or only they have. `disjoint`: both have some and none in common, so that it may
 *   be another virtual router with our VRID.
 * - `EqualPriority`: both have the same priority: the higher address decides.
 *
 * @category models
 * @since 0.1.0
 */
export const Mismatch = Schema.TaggedUnion({
  Version: { ours: Schema.Int, theirs: Schema.Int },
  Interval: { oursMicros: Schema.Int, theirsMicros: Schema.Int },
  Checksum: { ours: Schema.Literals(["PseudoHeader", "Plain"]) },
  HopLimit: { theirs: Schema.Int },
  Transport: { destination: Address.IpAddress },
  Authentication: { reason: DropReason },
  AddressList: {
    ours: Schema.Array(Address.IpAddress),
    theirs: Schema.Array(Address.IpAddress),
    disjoint: Schema.Boolean
  },
  EqualPriority: { priority: Schema.Int }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Mismatch = typeof Mismatch.Type

/**
 * Things that are counted and are no drop.
 *
 * - `advertsReceived`: adverts that passed all checks; the next three are part of them.
 * - `ownAdvertReceived`: a Master heard its own priority from its own address: its packet was reflected, or another
 *   host has its address.
 *
 * @category models
 * @since 0.1.0
 */
export const Counter = Schema.Literals([
  "advertsReceived",
  "priorityZeroReceived",
  "lowerPriorityReceivedAsMaster",
  "ownAdvertReceived",
  "advertsSent",
  "priorityZeroSent",
  "becameMaster",
  "releasedMaster"
])

/**
 * @category models
 * @since 0.1.0
 */
export type Counter = typeof Counter.Type

/**
 * The actions of a virtual router.
 *
 * - `SendAdvert`: send one advert now, with this priority (0: leaving).
 * - `SetAddressOwnership`: the level that shall hold from now on; the shell repairs the difference, tells what it takes by
 *   `AddressesHeld`, and then answers `OwnershipChanged`.
 * - `AnnounceAddresses`: one burst of gratuitous ARPs, `repeatCount` frames for each of `addresses`.
 * - `ArmTimer`, `DisarmTimer`: derived from the deadlines before and after a step, never written by a handler.
 * - `PublishTransition`: tell subscribers.
 * - `PublishMismatch`: an advert does not go with our parameters. Each time; the shell tells each peer's once.
 * - `PublishPriority`: the priority that trackers leave is another.
 * - `PublishLowerHeard`: a Master heard a lower one (keepalived: MASTER_RX_LOWER_PRI).
 * - `PublishRival`: another Master speaks while we are Master; `PublishRivalGone`: it is silent, or we yielded
 *   (`yielded`), after the two were Master together for `togetherMicros`.
 * - `CountDrop`, `Count`: statistics; `CountDrop` names the sender, so that it can be told to the operator.
 *
 * @category models
 * @since 0.1.0
 */
export const Action = Schema.TaggedUnion({
  SendAdvert: { priority: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })) },
  SetAddressOwnership: { owned: Schema.Boolean },
  AnnounceAddresses: {
    repeatCount: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 })),
    addresses: Schema.Array(Address.IpAddress)
  },
  ArmTimer: { timer: TimerName, deadline: Instant },
  DisarmTimer: { timer: TimerName },
  PublishTransition: { at: Instant, from: RoleName, to: RoleName, cause: TransitionCause },
  PublishMismatch: { at: Instant, source: Address.IpAddress, mismatch: Mismatch },
  PublishPriority: { at: Instant, from: Schema.Int, to: Schema.Int },
  PublishLowerHeard: { at: Instant, source: Address.IpAddress, priority: Schema.Int },
  PublishRival: { at: Instant, source: Address.IpAddress, priority: Schema.Int },
  PublishRivalGone: {
    at: Instant,
    source: Address.IpAddress,
    togetherMicros: Schema.Int,
    yielded: Schema.Boolean
  },
  CountDrop: { reason: DropReason, source: Address.IpAddress },
  Count: { counter: Counter }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Action = typeof Action.Type
