/**
 * What runs now: the answer to "who is Master, since when, and why not me".
 *
 * @since 0.1.0
 */
import { Fault, RoleName } from "@holdfast/vrrp/Action"
import { Instant } from "@holdfast/wire/Instant"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import * as Health from "@holdfast/vrrp/Health"
import { IpAddress } from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import { LatenessSummary } from "./Lateness.ts"
import { roleOf, type RunningRouter } from "./RunningRouter.ts"
import { Statistics } from "./Statistics.ts"

/**
 * One virtual router.
 *
 * @category models
 * @since 0.1.0
 */
export const RouterStatus = Schema.Struct({
  name: Schema.String,
  interface: Schema.String,
  vrid: Schema.Int,
  priority: Schema.Int,
  role: RoleName,
  /** When it took its role, on the monotonic clock. */
  since: Instant,
  addresses: Schema.Array(IpAddress),
  addressesHeld: Schema.Boolean,
  /** What the kernel refused, with reason and remedy. */
  addressFailures: Schema.Array(Schema.String),
  faults: Schema.Array(Fault),
  statistics: Statistics
})

/**
 * @category models
 * @since 0.1.0
 */
export type RouterStatus = typeof RouterStatus.Type

/**
 * An engine.
 *
 * @category models
 * @since 0.1.0
 */
export const EngineStatus = Schema.Struct({
  routers: Schema.Array(RouterStatus),
  /** Adverts heard of VRIDs that nobody here runs; while one is muted it is not counted. */
  foreign: Schema.Array(
    Schema.Struct({ interface: Schema.String, vrid: Schema.Int, advertCount: Schema.Int })
  ),
  timing: LatenessSummary
})

/**
 * @category models
 * @since 0.1.0
 */
export type EngineStatus = typeof EngineStatus.Type

/**
 * Takes a snapshot.
 *
 * @category constructors
 * @since 0.1.0
 */
export const of = (
  routers: ReadonlyArray<RunningRouter>,
  foreign: ReadonlyMap<InterfaceName, ReadonlyMap<number, number>>,
  timing: LatenessSummary
): EngineStatus => ({
  routers: routers.map((router) => ({
    name: router.name,
    interface: router.state.parameters.interface,
    vrid: router.state.parameters.vrid,
    priority: router.state.parameters.priority,
    role: roleOf(router),
    since: router.since,
    addresses: router.state.parameters.addresses.map((entry) => entry.address),
    addressesHeld: router.addressesHeld,
    addressFailures: router.addressFailures,
    faults: Health.faults(router.state),
    statistics: { counters: { ...router.tally.counters }, drops: { ...router.tally.drops } }
  })),
  foreign: [...foreign].flatMap(([device, counts]) =>
    [...counts].map(([vrid, advertCount]) => ({ interface: device, vrid, advertCount }))
  ),
  timing
})
