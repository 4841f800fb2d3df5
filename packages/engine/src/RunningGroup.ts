/**
 * A sync group while it runs: its members step together.
 *
 * @since 0.1.0
 */
import type { RoleName } from "@holdfast/vrrp/Action"
import type { Event } from "@holdfast/vrrp/Event"
import type * as SharedParameters from "@holdfast/vrrp/SharedParameters"
import * as SyncGroup from "@holdfast/vrrp/SyncGroup"
import type { Instant } from "@holdfast/wire/Instant"
import type { EngineEvent } from "./EngineEvent.ts"
import type { RunningRouter } from "./RunningRouter.ts"

/**
 * A sync group that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunningGroup {
  readonly parameters: SharedParameters.SyncGroup
  readonly members: ReadonlyArray<RunningRouter>
  readonly role: () => RoleName
  /** Steps a member, and the others as far as that concerns them. */
  readonly step: (member: RunningRouter, event: Event) => void
  /** Brings members together that were not together before. */
  readonly settle: (at: Instant) => void
  /** Tells that there is no such group any more. */
  readonly end: (at: Instant) => void
}

/**
 * Makes a group of routers; `role` is that of the group of the same name before.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  parameters: SharedParameters.SyncGroup,
  members: ReadonlyArray<RunningRouter>,
  role: RoleName,
  publish: (event: EngineEvent) => void
): RunningGroup => {
  let current = role

  const become = (next: RoleName, at: Instant): void => {
    if (next === current) return
    const { kind, name } = parameters
    publish({ _tag: "GroupChanged", at, group: name, kind, from: current, to: next })
    current = next
  }

  const take = (step: SyncGroup.Step, at: Instant): void => {
    for (const [index, member] of members.entries())
      member.take({ state: step.members[index]!, actions: step.actions[index]! }, at)
    // Members start one after the other: the group is what they are when all have.
    if (current === "Init" && members.some((member) => member.state().role._tag === "Init")) return
    become(SyncGroup.roleOf(step.members), at)
  }

  const states = () => members.map((member) => member.state())

  return {
    parameters,
    members,
    role: () => current,
    step: (member, event) => take(SyncGroup.step(states(), members.indexOf(member), event), event.at),
    settle: (at) => take(SyncGroup.settle(states(), at), at),
    end: (at) => become("Init", at)
  }
}
