/**
 * What a virtual router asks of the shell: plain values, carried out in order.
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import { TimerName } from "./Event.ts"
import { Instant } from "@holdfast/wire/Instant"
import { InterfaceName } from "./Parameters.ts"

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
 * Why a router cannot run: each is a fact about a device it depends on.
 *
 * @category models
 * @since 0.1.0
 */
export const Fault = Schema.TaggedUnion({
  InterfaceMissing: { interface: InterfaceName },
  InterfaceDown: { interface: InterfaceName },
  NoSourceAddress: { interface: InterfaceName }
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
  MasterLeft: { source: Address.Ipv4Address },
  LowerPriorityHeard: { source: Address.Ipv4Address, priority: Schema.Int },
  HigherPriorityHeard: { source: Address.Ipv4Address, priority: Schema.Int },
  HigherAddressHeard: { source: Address.Ipv4Address, priority: Schema.Int },
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
 * `AuthenticationHeaderUnexpected` belongs to a shell that sees IP protocol 51; a socket of protocol 112 never does.
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
  "SourceNotPeer"
])

/**
 * @category models
 * @since 0.1.0
 */
export type DropReason = typeof DropReason.Type

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
    addresses: Schema.Array(Address.Ipv4Address)
  },
  ArmTimer: { timer: TimerName, deadline: Instant },
  DisarmTimer: { timer: TimerName },
  PublishTransition: { at: Instant, from: RoleName, to: RoleName, cause: TransitionCause },
  CountDrop: { reason: DropReason, source: Address.Ipv4Address },
  Count: { counter: Counter }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Action = typeof Action.Type
