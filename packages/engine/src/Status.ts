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
import * as Tracker from "@holdfast/vrrp/Tracker"
import * as Schema from "effect/Schema"
import { LatenessSummary } from "./Lateness.ts"
import type { Routers } from "./Routers.ts"
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
  version: Schema.Int,
  family: Schema.Literals(["Ipv4", "Ipv6"]),
  /** Name of its `vrrp_instance` where that is another. */
  instance: Schema.optionalKey(Schema.String),
  /** Its sync group, if it is in one. */
  group: Schema.optionalKey(Schema.String),
  /** The virtual MAC device, if it has one. */
  virtualMac: Schema.optionalKey(Schema.String),
  /** As configured. */
  basePriority: Schema.Int,
  /** With what trackers add and take away: what adverts carry. */
  priority: Schema.Int,
  role: RoleName,
  /** When it took its role, on the monotonic clock. */
  since: Instant,
  /** Whom it heard last: for a Backup its Master. */
  lastHeard: Schema.optionalKey(Schema.Struct({ source: IpAddress, priority: Schema.Int })),
  /** Another Master that speaks while this one is Master, too: two of them is a split network. */
  rival: Schema.optionalKey(Schema.Struct({ source: IpAddress, since: Instant })),
  /** What it tracks and what is known of it. */
  trackers: Schema.Array(
    Schema.Struct({
      subject: Schema.String,
      weight: Schema.Int,
      observation: Schema.optionalKey(Tracker.Observation)
    })
  ),
  addresses: Schema.Array(IpAddress),
  /** Whether packets to the addresses are taken; false with `no_accept` and `vrrp_strict`. */
  accept: Schema.Boolean,
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
  groups: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      kind: Schema.Literals(["Group", "Instance"]),
      role: RoleName,
      members: Schema.Array(Schema.String)
    })
  ),
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
  routers: Routers,
  foreign: ReadonlyMap<InterfaceName, ReadonlyMap<number, number>>,
  timing: LatenessSummary
): EngineStatus => ({
  routers: routers.all().map(statusOf),
  groups: [...routers.groups()].map(({ members, parameters, role }) => ({
    name: parameters.name,
    kind: parameters.kind,
    role: role(),
    members: members.map(({ name }) => name)
  })),
  foreign: [...foreign].flatMap(([device, counts]) =>
    [...counts].map(([vrid, advertCount]) => ({ interface: device, vrid, advertCount }))
  ),
  timing
})

const statusOf = (router: RunningRouter): RouterStatus => {
  const { lastHeard, observations, parameters, role } = router.state()
  const { family, instance, interface: device, trackers, version, virtualMac, vrid } = parameters
  return {
    name: router.name,
    interface: device,
    vrid,
    version,
    family,
    ...(instance === undefined ? {} : { instance }),
    ...(router.group === undefined ? {} : { group: router.group.parameters.name }),
    ...(virtualMac === undefined ? {} : { virtualMac: virtualMac.interface }),
    basePriority: parameters.priority,
    priority: Health.priorityOf(router.state()),
    role: roleOf(router),
    since: router.since,
    ...(lastHeard === undefined ? {} : { lastHeard }),
    ...(role._tag === "Master" && role.rival !== undefined
      ? { rival: { source: role.rival.source, since: role.rival.since } }
      : {}),
    trackers: trackers.map(({ subject, weight }) => {
      const key = Tracker.keyOf(subject)
      const observation = observations.get(key)
      return observation === undefined ? { subject: key, weight } : { subject: key, weight, observation }
    }),
    addresses: parameters.addresses.map((entry) => entry.address),
    accept: parameters.accept,
    addressesHeld: router.addressesHeld,
    addressFailures: router.addressFailures,
    faults: Health.faults(router.state()),
    statistics: { counters: { ...router.tally.counters }, drops: { ...router.tally.drops } }
  }
}
