/**
 * What a Backup does (RFC 3768 and RFC 9568 section 6.4.2).
 *
 * In a sync group a Backup whose time has come is willing, and waits for the others: its timer starts again.
 *
 * @since 0.1.0
 */
import type { TransitionCause } from "./Action.ts"
import type { Event } from "./Event.ts"
import * as Health from "./Health.ts"
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import { type Parameters, priorityOwner } from "./Parameters.ts"
import * as Reception from "./Reception.ts"
import type { Backup, Takeover } from "./Role.ts"
import * as State from "./State.ts"
import * as Timing from "./Timing.ts"
import * as Transition from "./Transition.ts"

/**
 * Takes one event as a Backup.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (state: State.State, role: Backup, event: Event): Transition.Step => {
  const { at } = event
  const goOn = (state: State.State): Transition.Step => recount(state, role)
  switch (event._tag) {
    case "Stopped":
      return Transition.becomeInit(state, at)
    case "AdvertReceived":
      return Reception.receive(state, event, (state) => hear(state, role, event))
    case "MalformedReceived":
      return Reception.receiveMalformed(state, event)
    case "TimerExpired":
      return claim(state, role, at, takeoverCause(role, at))
    case "InterfaceChanged":
      return Transition.reassess(State.withLink(state, event.interface, event.link), at, goOn)
    case "Observed":
      return Transition.reassess(State.withObservation(state, event.subject, event.observation), at, goOn)
    case "Reconfigured":
      return Transition.reassess(State.withParameters(state, event.parameters), at, (configured) =>
        reconfigure(configured, role, state.parameters, at)
      )
    case "GroupFaultsChanged":
      return Transition.reassess(State.withFaultyMembers(state, event.members), at)
    case "Grouped":
      return group(State.withGroup(state, event.grouped), role, at)
    case "GroupPromoted":
      return Transition.becomeMaster(state, at, { _tag: "GroupPromoted" })
    case "GroupDemoted":
    case "GroupContested":
    case "Started":
    case "OwnershipChanged":
    case "AddressesHeld":
      return Transition.stay(state)
  }
}

const hear = (state: State.State, role: Backup, event: Reception.AdvertReceived): Transition.Step => {
  const { advertisement, at, source } = event
  const { priority } = advertisement
  const { preemptDelayFrom, ...undelayed } = role

  // RFC 3768 6.4.2: a Master that leaves is followed after the skew time, so that the highest priority is first.
  if (priority === 0) {
    return restart(state, { ...role, takeover: { _tag: "Departure", source } }, at)
  }

  // RFC 9568 6.4.2: the interval of a Master that is obeyed is the one to wait by. In version 2 it is ours.
  const masterInterval = Timing.intervalHeard(state.parameters, advertisement)

  // RFC 3768 6.4.2: an equal or higher priority is obeyed. keepalived forgets the preempt delay then.
  if (priority >= Health.priorityOf(state)) {
    return restart(state, { ...undelayed, masterInterval, takeover: { _tag: "Silence" } }, at)
  }

  const delayed = { ...role, preemptDelayFrom: preemptDelayFrom ?? at }
  if (!preempts(state.parameters, delayed.preemptDelayFrom, at)) {
    return restart(state, { ...delayed, masterInterval, takeover: { _tag: "Silence" } }, at)
  }

  // RFC 3768 6.4.2: a lower priority does not restart the timer, so that it runs out.
  const takeover: Takeover =
    role.takeover._tag === "Departure" ? role.takeover : { _tag: "Preemption", source, priority }
  return Transition.stay({ ...state, role: { ...delayed, takeover } })
}

/** RFC 3768 6.1, Preempt_Mode: the owner of the addresses preempts whatever the mode is. */
const preempts = (parameters: Parameters, delayFrom: Instant, at: Instant): boolean =>
  parameters.priority === priorityOwner ||
  (parameters.preempt && at >= plus(delayFrom, parameters.preemptDelay))

/** Who has heard a Master to wait for does not want to be one. */
const restart = (state: State.State, role: Backup, at: Instant): Transition.Step =>
  recount(state, { ...role, willing: false, countedFrom: at })

/** The deadline follows the parameters, the trackers and the Master; the silence so far counts. */
const recount = (state: State.State, role: Backup): Transition.Step =>
  Transition.stay({
    ...state,
    role: { ...role, masterDownAt: plus(role.countedFrom, waitingTime(state, role)) }
  })

const waitingTime = (state: State.State, { masterInterval, takeover }: Backup): Micros => {
  const { parameters } = state
  const priority = Health.priorityOf(state)
  return takeover._tag === "Departure"
    ? Timing.skewTime(parameters.version, priority, masterInterval)
    : Timing.masterDownIntervalOf(parameters, priority, masterInterval)
}

/** Becomes Master, or in a group waits for the others. */
const claim = (state: State.State, role: Backup, at: Instant, cause: TransitionCause): Transition.Step =>
  state.group === undefined
    ? Transition.becomeMaster(state, at, cause)
    : recount(state, { ...role, willing: true, countedFrom: at, takeover: { _tag: "Silence" } })

/** Who leaves its group becomes Master if it waited for the group alone. */
const group = (state: State.State, role: Backup, at: Instant): Transition.Step =>
  Transition.reassess(state, at, (state) =>
    role.willing && state.group === undefined
      ? Transition.becomeMaster(state, at, takeoverCause(role, at))
      : Transition.stay(state)
  )

const takeoverCause = ({ countedFrom, takeover }: Backup, at: Instant): TransitionCause => {
  switch (takeover._tag) {
    case "Silence":
      return { _tag: "MasterSilent", sinceMicros: at - countedFrom }
    case "Departure":
      return { _tag: "MasterLeft", source: takeover.source }
    case "Preemption":
      return { _tag: "LowerPriorityHeard", source: takeover.source, priority: takeover.priority }
  }
}

const reconfigure = (state: State.State, role: Backup, before: Parameters, at: Instant): Transition.Step => {
  const { parameters } = state
  const ownership = Transition.restateOwnership(state, before)
  const masterInterval = masterIntervalAfter(state, role, before)
  const next =
    parameters.priority === priorityOwner && before.priority !== priorityOwner
      ? claim(state, role, at, { _tag: "AddressOwner" })
      : recount(state, { ...role, masterInterval })
  return next.state.role._tag === "Master" ? next : { state: next.state, actions: ownership }
}

/** What was adopted from a Master holds; a Backup that heard none, and version 2, wait by our own interval. */
const masterIntervalAfter = (
  { lastHeard, parameters }: State.State,
  { masterInterval }: Backup,
  before: Parameters
): Micros =>
  parameters.version === 3 && before.version === 3 && lastHeard !== undefined
    ? masterInterval
    : parameters.advertInterval
