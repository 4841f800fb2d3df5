/**
 * What a virtual router asks of the shell: plain values, carried out in order.
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import { TimerName } from "./Event.ts"
import { Instant } from "./Instant.ts"
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
 * @category models
 * @since 0.1.0
 */
export const TransitionCause = Schema.TaggedUnion({
  Started: {},
  Stopped: {},
  AddressOwner: {},
  MasterSilent: { sinceMicros: Schema.Int },
  MasterLeft: { source: Address.Ipv4Address },
  HigherPriorityHeard: { source: Address.Ipv4Address, priority: Schema.Int },
  HigherAddressHeard: { source: Address.Ipv4Address, priority: Schema.Int },
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
 * @category models
 * @since 0.1.0
 */
export const Counter = Schema.Literals([
  "advertsReceived",
  "advertsSent",
  "becameMaster",
  "releasedMaster",
  "priorityZeroReceived",
  "priorityZeroSent",
  "lowerPriorityReceivedAsMaster"
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
 * - `SetAddressOwnership`: the level that shall hold from now on; the shell repairs the difference and answers `OwnershipChanged`.
 * - `AnnounceAddresses`: one burst of gratuitous ARPs, `repeatCount` frames for each of `addresses` (all when absent).
 * - `ArmTimer`, `DisarmTimer`: derived from the deadlines before and after a step, never written by a handler.
 * - `PublishTransition`: tell subscribers.
 * - `CountDrop`, `Count`: statistics.
 *
 * @category models
 * @since 0.1.0
 */
export const Action = Schema.TaggedUnion({
  SendAdvert: { priority: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })) },
  SetAddressOwnership: { owned: Schema.Boolean },
  AnnounceAddresses: {
    repeatCount: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 })),
    addresses: Schema.optionalKey(Schema.Array(Address.Ipv4Address))
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
