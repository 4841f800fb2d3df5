/**
 * The virtual routers and sync groups that an engine runs.
 *
 * Owned by the engine's actor; nobody else writes to it.
 *
 * @since 0.1.0
 */
import type { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import type { SyncGroup } from "@holdfast/vrrp/SharedParameters"
import type { Observation } from "@holdfast/vrrp/Tracker"
import * as Tracker from "@holdfast/vrrp/Tracker"
import type { Family } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import type { OwnershipLevels } from "./AddressPlane.ts"
import * as RunningGroup from "./RunningGroup.ts"
import * as RunningRouter from "./RunningRouter.ts"
import * as Statistics from "./Statistics.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Routers {
  readonly all: () => ReadonlyArray<RunningRouter.RunningRouter>
  readonly groups: () => Iterable<RunningGroup.RunningGroup>
  readonly named: (name: string) => RunningRouter.RunningRouter | undefined
  /** Those of a device and a family by VRID; nothing where there is none. */
  readonly on: (
    device: InterfaceName,
    family: Family
  ) => ReadonlyMap<number, RunningRouter.RunningRouter> | undefined
  /** Adds a router that has not been started; `tally` continues the counts of a predecessor. */
  readonly add: (parameters: Parameters, tally?: Statistics.Tally) => RunningRouter.RunningRouter
  /** Stops routers and forgets them: what they hold is released. Afterwards `reindex`. */
  readonly remove: (leaving: ReadonlyArray<RunningRouter.RunningRouter>, at: Instant) => void
  readonly rename: (router: RunningRouter.RunningRouter, name: string) => void
  /** Finds routers by their place again. */
  readonly reindex: () => void
  /** Makes these the groups. */
  readonly regroup: (groups: ReadonlyArray<SyncGroup>, at: Instant) => void
  /** Notes what is known of tracked things, and tells the routers that track them. */
  readonly observe: (observations: ReadonlyMap<string, Observation>, at: Instant) => void
  /** Tells a router what is known of what it tracks, or will track with parameters that come next. */
  readonly tellObservations: (
    router: RunningRouter.RunningRouter,
    at: Instant,
    parameters?: Parameters
  ) => void
  /** Gives up what an owner that is no router holds. */
  readonly release: (owner: string) => void
  /** Notes that the addresses of an owner are gone; whether any are still to go. */
  readonly released: (owner: string) => void
  readonly isReleasing: () => boolean
}

/**
 * Makes an empty table.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (surroundings: RunningRouter.Surroundings, plane: OwnershipLevels): Routers => {
  const routers = new Map<string, RunningRouter.RunningRouter>()
  const byPlace = new Map<InterfaceName, Record<Family, Map<number, RunningRouter.RunningRouter>>>()
  const groups = new Map<string, RunningGroup.RunningGroup>()
  const observations = new Map<string, Observation>()
  const releasing = new Set<string>()

  const tellObservations = (
    router: RunningRouter.RunningRouter,
    at: Instant,
    parameters = router.state().parameters
  ): void => {
    for (const { subject } of parameters.trackers) {
      const key = Tracker.keyOf(subject)
      const observation = observations.get(key)
      if (observation !== undefined && router.state().observations.get(key) !== observation)
        router.step({ _tag: "Observed", at, subject: key, observation })
    }
  }

  const leave = (router: RunningRouter.RunningRouter, at: Instant): void => {
    if (router.group === undefined) return
    router.group = undefined
    router.stepAlone({ _tag: "Grouped", at, grouped: false })
  }

  return {
    all: () => [...routers.values()],
    groups: () => groups.values(),
    named: (name) => routers.get(name),
    on: (device, family) => byPlace.get(device)?.[family],
    add: (parameters, tally = Statistics.make()) => {
      const router = RunningRouter.make(parameters, surroundings, tally)
      routers.set(parameters.name, router)
      return router
    },
    remove: (leaving, at) => {
      for (const router of leaving) {
        if (RunningRouter.roleOf(router) === "Master" || router.addressesHeld) releasing.add(router.name)
        // Alone: each says farewell itself, and none becomes Backup because another left before it.
        router.group = undefined
        router.stepAlone({ _tag: "Stopped", at })
        router.close()
        routers.delete(router.name)
      }
      // Every priority 0 advert is on the wire before the plane hears that anything is released.
      surroundings.outbox.flush()
      for (const router of leaving) plane.release(router.name)
    },
    rename: (router, name) => {
      if (router.name === name) return
      routers.delete(router.name)
      plane.rename(router.name, name)
      router.name = name
      routers.set(name, router)
    },
    reindex: () => {
      byPlace.clear()
      for (const router of routers.values()) {
        const { family, interface: device, vrid } = router.state().parameters
        const here = byPlace.get(device) ?? { Ipv4: new Map(), Ipv6: new Map() }
        byPlace.set(device, here)
        here[family].set(vrid, router)
      }
    },
    regroup: (wanted, at) => {
      const before = new Map(groups)
      groups.clear()
      const grouped = new Set<RunningRouter.RunningRouter>()
      for (const parameters of wanted) {
        const members = parameters.members.flatMap((name) => routers.get(name) ?? [])
        if (members.length === 0) continue
        const role = before.get(parameters.name)?.role() ?? "Init"
        groups.set(parameters.name, RunningGroup.make(parameters, members, role, surroundings.publish))
        for (const member of members) grouped.add(member)
      }
      for (const group of before.values()) if (!groups.has(group.parameters.name)) group.end(at)
      for (const router of routers.values()) if (!grouped.has(router)) leave(router, at)
      for (const group of groups.values()) {
        for (const member of group.members) member.group = group
        group.settle(at)
      }
    },
    observe: (told, at) => {
      const changed = [...told].filter(([key, observation]) => observations.get(key) !== observation)
      for (const [key, observation] of changed) observations.set(key, observation)
      if (changed.length > 0) for (const router of routers.values()) tellObservations(router, at)
    },
    tellObservations,
    release: (owner) => {
      releasing.add(owner)
      plane.release(owner)
    },
    released: (owner) => void releasing.delete(owner),
    isReleasing: () => releasing.size > 0
  }
}
