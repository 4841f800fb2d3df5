/**
 * What a Backup does (RFC 3768 section 6.4.2).
 *
 * @since 0.1.0
 */
import type { TransitionCause } from "./Action.ts"
import type { Event } from "./Event.ts"
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
  switch (event._tag) {
    case "Stopped":
      return Transition.becomeInit(state, event.at)
    case "AdvertReceived":
      return Reception.receive(state, event, (state) => hear(state, role, event))
    case "MalformedReceived":
      return Reception.receiveMalformed(state, event)
    case "TimerExpired":
      return Transition.becomeMaster(state, event.at, takeoverCause(role, event.at))
    case "InterfaceChanged":
      return Transition.reassess(State.withLink(state, event.interface, event.link), event.at)
    case "Reconfigured":
      return Transition.reassess({ ...state, parameters: event.parameters }, event.at, (configured) =>
        reconfigure(configured, role, state.parameters, event.at)
      )
    case "Observed":
    case "GroupFaultsChanged":
    case "Grouped":
    case "GroupPromoted":
    case "GroupDemoted":
    case "Started":
    case "OwnershipChanged":
    case "AddressesHeld":
      return Transition.stay(state)
  }
}

const hear = (state: State.State, role: Backup, event: Reception.AdvertReceived): Transition.Step => {
  const { at, source } = event
  const { priority } = event.advertisement
  const { preemptDelayFrom, ...undelayed } = role

  // RFC 3768 6.4.2: a Master that leaves is followed after the skew time, so that the highest priority is first.
  if (priority === 0) {
    return restart(state, { ...role, takeover: { _tag: "Departure", source } }, at)
  }

  // RFC 3768 6.4.2: an equal or higher priority is obeyed. keepalived forgets the preempt delay then.
  if (priority >= state.parameters.priority) {
    return restart(state, { ...undelayed, takeover: { _tag: "Silence" } }, at)
  }

  const delayed = { ...role, preemptDelayFrom: preemptDelayFrom ?? at }
  if (!preempts(state.parameters, delayed.preemptDelayFrom, at)) {
    return restart(state, { ...delayed, takeover: { _tag: "Silence" } }, at)
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

const restart = (state: State.State, role: Backup, at: Instant): Transition.Step =>
  Transition.stay({ ...state, role: countFrom(role, state.parameters, at) })

const countFrom = (role: Backup, parameters: Parameters, countedFrom: Instant): Backup => ({
  ...role,
  countedFrom,
  masterDownAt: plus(countedFrom, waitingTime(parameters, role.takeover))
})

const waitingTime = (parameters: Parameters, takeover: Takeover): Micros =>
  takeover._tag === "Departure" ? Timing.skewTime(parameters.priority) : Timing.masterDownInterval(parameters)

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

/** The silence so far counts under the new parameters too. */
const reconfigure = (state: State.State, role: Backup, before: Parameters, at: Instant): Transition.Step => {
  const { parameters } = state
  if (parameters.priority === priorityOwner && before.priority !== priorityOwner) {
    return Transition.becomeMaster(state, at, { _tag: "AddressOwner" })
  }
  return Transition.stay(
    { ...state, role: countFrom(role, parameters, role.countedFrom) },
    Transition.restateOwnership(state, before)
  )
}
