/**
 * Virtual routers that are Master together or not at all (`vrrp_sync_group`).
 *
 * Decides; never acts. Steps one member, then the others as far as that concerns them, until the group agrees.
 *
 * **Invariants** after each step, of the members that run (all but those in Init):
 * 1. All are Master or none is.
 * 2. All are in Fault or none is; one has faults of its own then.
 * 3. Each keeps the invariants of `VirtualRouter`.
 *
 * **Details**
 * - A fault of one member is a fault of all; a Master among them says that it leaves.
 * - A member that leaves Master otherwise takes the others with it, without priority 0, as in keepalived: whoever took the
 *   role from one takes it from all.
 * - A Backup whose time has come is willing. When all are willing all become Master at once.
 * - A lower advert that one Master hears makes the others announce their addresses too.
 * - A member that comes to a group of Masters becomes Master: it does not cost the others their role.
 *
 * **Gotchas**
 * - Nobody becomes Master while a member is in Init: it has not said yet whether it can. A member that is stopped takes
 *   nobody with it, since the others are about to be stopped and each shall say that it leaves.
 * - Faults of a member in Init do not count: what it depends on may not have been told yet.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import type { Action, RoleName } from "./Action.ts"
import type { Event } from "./Event.ts"
import * as Health from "./Health.ts"
import type { State } from "./State.ts"
import * as VirtualRouter from "./VirtualRouter.ts"

/**
 * The members after a step, in their order, and what is to be done for each, in order.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly members: ReadonlyArray<State>
  readonly actions: ReadonlyArray<ReadonlyArray<Action>>
}

/**
 * Takes one event of one member.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (members: ReadonlyArray<State>, index: number, event: Event): Step => {
  const first = stepOne({ members, actions: members.map(() => none) }, index, event)
  const [before, after] = [members[index]!, first.members[index]!]
  const contested = isContested(first.actions[index]!, after) ? heal(first, index, event.at) : first
  if (isQuiet(before, after)) return contested
  const shared = shareFaults(contested, event.at)
  const hasLeft = before.role._tag === "Master" && shared.members[index]!.role._tag === "Backup"
  return agree(hasLeft ? demote(shared, before.parameters.name, event.at) : shared, event.at)
}

/**
 * Makes members agree that were not together before: after a reload, when one joined or left. Who is Master stays it.
 *
 * @category steps
 * @since 0.1.0
 */
export const settle = (members: ReadonlyArray<State>, at: Instant): Step => {
  const apart: Step = { members, actions: members.map(() => none) }
  const grouped = stepWhere(apart, ({ group }) => group === undefined, { _tag: "Grouped", at, grouped: true })
  return agree(shareFaults(grouped, at), at)
}

/**
 * Returns the role of a group: Fault if a member is, Master if all that run are, Init if none runs.
 *
 * @category queries
 * @since 0.1.0
 */
export const roleOf = (members: ReadonlyArray<State>): RoleName => {
  const running = members.filter(isRunning)
  if (running.length === 0) return "Init"
  if (running.some(({ role }) => role._tag === "Fault")) return "Fault"
  return running.every(isMaster) ? "Master" : "Backup"
}

/**
 * Tells each member which others are in Fault by themselves. A member that enters Fault for another one may have a fault of
 * its own then (an unknown tracker stops none that runs): that is told too.
 */
const shareFaults = (given: Step, at: Instant): Step => {
  const faulty = given.members.map((state) => isRunning(state) && Health.ownFaults(state).length > 0)
  const next = given.members.reduce((step: Step, state, index) => {
    const members = given.members.flatMap((other, place) =>
      faulty[place] === true && place !== index ? [other.parameters.name] : []
    )
    return state.group === undefined || sameNames(state.group.faultyMembers, members)
      ? step
      : stepOne(step, index, { _tag: "GroupFaultsChanged", at, members })
  }, given)
  return next.members === given.members ? given : shareFaults(next, at)
}

const demote = (step: Step, member: string, at: Instant): Step =>
  stepWhere(step, isMaster, { _tag: "GroupDemoted", at, member })

/** Promotes those who are not Master where others are, and all when all are willing. */
const agree = (step: Step, at: Instant): Step => {
  const running = step.members.filter(isRunning)
  if (running.some(({ role }) => role._tag === "Fault")) return step
  const isReady = running.some(isMaster) || step.members.every(isWilling)
  return isReady ? stepWhere(step, isBackup, { _tag: "GroupPromoted", at }) : step
}

const heal = (step: Step, index: number, at: Instant): Step =>
  stepWhere(step, (state, place) => place !== index && isMaster(state), { _tag: "GroupContested", at })

const stepWhere = (given: Step, isConcerned: (state: State, index: number) => boolean, event: Event): Step =>
  given.members.reduce(
    (step: Step, state, index) => (isConcerned(state, index) ? stepOne(step, index, event) : step),
    given
  )

const stepOne = ({ actions, members }: Step, index: number, event: Event): Step => {
  const next = VirtualRouter.step(members[index]!, event)
  return {
    members: next.state === members[index] ? members : members.with(index, next.state),
    actions: next.actions.length === 0 ? actions : actions.with(index, [...actions[index]!, ...next.actions])
  }
}

/** Whether nothing changed that the other members look at. This is so for almost every advert. */
const isQuiet = (before: State, after: State): boolean =>
  before.role._tag === after.role._tag &&
  isWilling(before) === isWilling(after) &&
  before.parameters === after.parameters &&
  before.links === after.links &&
  before.observations === after.observations

const isContested = (actions: ReadonlyArray<Action>, { parameters, role }: State): boolean =>
  role._tag === "Master" &&
  parameters.answerLowerPriority &&
  actions.some(({ _tag }) => _tag === "PublishLowerHeard")

const isRunning = ({ role }: State): boolean => role._tag !== "Init"
const isMaster = ({ role }: State): boolean => role._tag === "Master"
const isBackup = ({ role }: State): boolean => role._tag === "Backup"
const isWilling = ({ role }: State): boolean => role._tag === "Backup" && role.willing

const sameNames = (left: ReadonlyArray<string>, right: ReadonlyArray<string>): boolean =>
  left.length === right.length && left.every((name, index) => name === right[index])

const none: ReadonlyArray<Action> = []
