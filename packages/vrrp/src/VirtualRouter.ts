/**
 * The state machine of one virtual router, of VRRP version 2 or 3.
 *
 * Decides; never acts. Takes one event and returns the next state and the actions to take, in order.
 *
 * **Invariants**
 * 1. A router holds exactly the deadlines that its role requires, and the timers armed are those deadlines.
 * 2. It owns its addresses if and only if it is Master.
 * 3. No advert leaves another role than Master, except priority 0 on the way out. Its priority is that of the parameters
 *    with what trackers add and take away, within 1 to 254; or 255 of an owner, always.
 * 4. Every event in every role has an answer; the same event in the same state has the same one.
 *
 * **Details**
 *
 *                 Started                     masterDownAt
 *     ┌──────┐ ───────────────► ┌────────┐ ─────────────────► ┌────────┐
 *     │ Init │                  │ Backup │                    │ Master │
 *     └──────┘ ◄─────────────── └────────┘ ◄───────────────── └────────┘
 *         Stopped (from all)     ▲      │  higher advert, stall    │
 *                 faults cleared │      │ faults                   │ faults
 *                               ┌┴──────▼┐ ◄───────────────────────┘
 *                               │ Fault  │
 *                               └────────┘
 *
 * An owner (priority 255) goes from Init and from Fault straight to Master; a router that is started with faults goes
 * from Init to Fault. In a group a Backup whose time has come stays Backup, willing, until the group promotes it; `SyncGroup`
 * says when.
 *
 * **Gotchas** where keepalived is followed and not RFC 3768
 * - Gratuitous ARPs follow the addresses (`AddressesHeld`), not the transition, and come twice.
 * - A Master answers a lower advert (RFC 9568 6.4.3 asks for it too) and announces its addresses again.
 * - The preempt delay of a Backup restarts its timer for as long as it lasts.
 * - Two owners on one network are decided by their addresses; RFC 3768 7.1 would let both be Master for ever
 *   (erratum 8298 of RFC 9568 agrees with keepalived).
 * - An advert from our own address is judged like any other. Only a Master cannot tell one of its own priority from its
 *   reflection: it counts it and goes on.
 *
 * One rule is our own: a Master that was silent for its master-down interval, because its process or its machine
 * stood still, becomes Backup before it says anything. Another router has taken over by then.
 *
 * @see RFC 3768 section 6.4; RFC 9568 section 6.4; docs/decisions/0001-pure-reducers.md
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import { isSame } from "./Parameters.ts"
import type { Action } from "./Action.ts"
import * as BackupRole from "./BackupRole.ts"
import type { Event, TimerName } from "./Event.ts"
import * as Health from "./Health.ts"
import * as MasterRole from "./MasterRole.ts"
import * as Reception from "./Reception.ts"
import * as Role from "./Role.ts"
import * as State from "./State.ts"
import * as Transition from "./Transition.ts"

/**
 * The state of one virtual router.
 *
 * @category models
 * @since 0.1.0
 */
export const VirtualRouter = State.State

/**
 * @category models
 * @since 0.1.0
 */
export type VirtualRouter = State.State

/**
 * The next state, and what is to be done, in order.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = Transition.Step

/**
 * Returns a virtual router that has not been started.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = State.make

/**
 * Returns the deadlines of a virtual router: the timers that are armed.
 *
 * @category queries
 * @since 0.1.0
 */
export const deadlines = (state: VirtualRouter): Role.Deadlines => Role.deadlines(state.role)

/**
 * Returns whether a router is a Master that stood still for so long that its next step, whatever it is, makes it Backup.
 *
 * @category queries
 * @since 0.1.0
 */
export const hasStalled = (state: VirtualRouter, at: Instant): boolean =>
  state.role._tag === "Master" && MasterRole.stalledFor(state, state.role, at) !== undefined

/**
 * Takes one event. Total and deterministic.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (state: VirtualRouter, event: Event): Step => {
  const next = dispatch(state, event)
  const changes = priorityActions(state, next.state, event).concat(
    timerActions(deadlines(state), deadlines(next.state))
  )
  return changes.length === 0 ? next : { state: next.state, actions: next.actions.concat(changes) }
}

const dispatch = (state: VirtualRouter, event: Event): Step => {
  if (isWithoutEffect(state, event)) return Transition.stay(state)
  switch (state.role._tag) {
    case "Init":
      return stepInit(state, event)
    case "Fault":
      return stepFault(state, state.role, event)
    case "Backup":
      return BackupRole.step(state, state.role, event)
    case "Master":
      return stepMaster(state, state.role, event)
  }
}

/** A timer that is not due (it was moved or disarmed after it had expired), or parameters that are those we have. */
const isWithoutEffect = (state: VirtualRouter, event: Event): boolean => {
  if (event._tag === "TimerExpired") {
    const deadline = deadlines(state)[event.timer]
    return deadline === undefined || event.at < deadline
  }
  return event._tag === "Reconfigured" && isSame(event.parameters, state.parameters)
}

/** RFC 3768 6.4.1. */
const stepInit = (state: VirtualRouter, event: Event): Step => {
  switch (event._tag) {
    case "Started":
      return Transition.enterService(state, event.at, { _tag: "Started" })
    case "AdvertReceived":
    case "MalformedReceived":
      return Reception.drop(state, "NotRunning", event.source)
    case "InterfaceChanged":
      return Transition.stay(State.withLink(state, event.interface, event.link))
    case "Reconfigured":
      return Transition.stay(State.withParameters(state, event.parameters))
    case "Observed":
      return Transition.stay(State.withObservation(state, event.subject, event.observation))
    case "GroupFaultsChanged":
      return Transition.stay(State.withFaultyMembers(state, event.members))
    case "Grouped":
      return Transition.stay(State.withGroup(state, event.grouped))
    case "GroupPromoted":
    case "GroupDemoted":
    case "GroupContested":
    case "Stopped":
    case "TimerExpired":
    case "OwnershipChanged":
    case "AddressesHeld":
      return Transition.stay(state)
  }
}

const stepFault = (state: VirtualRouter, role: Role.Fault, event: Event): Step => {
  switch (event._tag) {
    case "Stopped":
      return Transition.becomeInit(state, event.at)
    case "AdvertReceived":
    case "MalformedReceived":
      return Reception.drop(state, "NotRunning", event.source)
    case "InterfaceChanged":
      return recover(State.withLink(state, event.interface, event.link), role, event)
    case "Reconfigured": {
      const configured = State.withParameters(state, event.parameters)
      const ownership = Transition.restateOwnership(configured, state.parameters)
      return Transition.andThen(Transition.stay(configured, ownership), (state) =>
        recover(state, role, event)
      )
    }
    case "Observed":
      return recover(State.withObservation(state, event.subject, event.observation), role, event)
    case "GroupFaultsChanged":
      return recover(State.withFaultyMembers(state, event.members), role, event)
    case "Grouped":
      return recover(State.withGroup(state, event.grouped), role, event)
    case "GroupPromoted":
    case "GroupDemoted":
    case "GroupContested":
    case "Started":
    case "TimerExpired":
    case "OwnershipChanged":
    case "AddressesHeld":
      return Transition.stay(state)
  }
}

/** Leaves Fault when nothing is wrong any more; another fault than before is no transition. */
const recover = (state: VirtualRouter, role: Role.Fault, event: Event): Step => {
  const [fault, ...others] = Health.faults(state)
  if (fault === undefined) return Transition.enterService(state, event.at, { _tag: "FaultsCleared" })
  return Transition.stay({ ...state, role: { ...role, faults: [fault, ...others] } })
}

const stepMaster = (state: VirtualRouter, role: Role.Master, event: Event): Step => {
  const silentMicros = MasterRole.stalledFor(state, role, event.at)
  if (silentMicros === undefined) return MasterRole.step(state, role, event)
  const aside = Transition.becomeBackup(
    state,
    event.at,
    { _tag: "Stalled", silentMicros },
    { preemptDelayed: false }
  )
  return Transition.andThen(aside, (state) => dispatch(state, event))
}

/** A priority is news of a router that runs before and after: of the others its transition tells. */
const priorityActions = (
  before: VirtualRouter,
  after: VirtualRouter,
  { at }: Event
): ReadonlyArray<Action> => {
  const isSame =
    before.parameters === after.parameters &&
    before.links === after.links &&
    before.observations === after.observations
  if (isSame || !isRunning(before) || !isRunning(after)) return []
  const [from, to] = [Health.priorityOf(before), Health.priorityOf(after)]
  return from === to ? [] : [{ _tag: "PublishPriority", at, from, to }]
}

const isRunning = ({ role }: VirtualRouter): boolean => role._tag === "Backup" || role._tag === "Master"

const timerActions = (before: Role.Deadlines, after: Role.Deadlines): ReadonlyArray<Action> => {
  const actions: Array<Action> = []
  for (const timer of timerNames) {
    const deadline = after[timer]
    if (deadline === before[timer]) continue
    actions.push(
      deadline === undefined ? { _tag: "DisarmTimer", timer } : { _tag: "ArmTimer", timer, deadline }
    )
  }
  return actions
}

const timerNames: ReadonlyArray<TimerName> = ["MasterDown", "Advert", "Announce", "Refresh", "Rival"]
