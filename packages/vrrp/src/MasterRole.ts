/**
 * What a Master does (RFC 3768 and RFC 9568 section 6.4.3).
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import type { Action, TransitionCause } from "./Action.ts"
import * as Announcing from "./Announcing.ts"
import type { Event, TimerName } from "./Event.ts"
import * as Health from "./Health.ts"
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import { type Parameters, priorityOwner } from "./Parameters.ts"
import * as Reception from "./Reception.ts"
import * as Rivalry from "./Rivalry.ts"
import type { Master } from "./Role.ts"
import * as State from "./State.ts"
import * as Timing from "./Timing.ts"
import * as Transition from "./Transition.ts"

/**
 * Takes one event as a Master that has not stalled.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (state: State.State, role: Master, event: Event): Transition.Step => {
  const { at } = event
  switch (event._tag) {
    case "Stopped":
      return Transition.becomeInit(state, at)
    case "AdvertReceived":
      return Reception.receive(state, event, (state) => hear(state, role, event))
    case "MalformedReceived":
      return Reception.receiveMalformed(state, event)
    case "TimerExpired":
      return expire(state, role, event.timer, at)
    case "InterfaceChanged":
      return Transition.reassess(State.withLink(state, event.interface, event.link), at)
    case "AddressesHeld":
      return announce(state, role, Announcing.hold(role.announcing, state.parameters, event.addresses, at))
    case "Reconfigured":
      return Transition.reassess(State.withParameters(state, event.parameters), at, (configured) =>
        reconfigure(configured, role, state.parameters, at)
      )
    case "Observed":
      return Transition.reassess(State.withObservation(state, event.subject, event.observation), at)
    case "GroupFaultsChanged":
      return Transition.reassess(State.withFaultyMembers(state, event.members), at)
    case "Grouped":
      return Transition.reassess(State.withGroup(state, event.grouped), at)
    case "GroupDemoted":
      // No priority 0, as in keepalived: whoever took the role from the group is Master here too, or about to be.
      return Transition.becomeBackup(
        state,
        at,
        { _tag: "GroupDemoted", member: event.member },
        { preemptDelayed: false }
      )
    case "GroupContested":
      return announce(state, role, Announcing.heal(role.announcing, state.parameters, at))
    case "GroupPromoted":
    case "Started":
    case "OwnershipChanged":
      return Transition.stay(state)
  }
}

/**
 * Returns for how long a Master has been unable to send, when that is long enough for a Backup of its own priority to
 * have taken over; nothing otherwise. An owner has nobody to yield to.
 *
 * @category queries
 * @since 0.1.0
 */
export const stalledFor = (state: State.State, role: Master, at: Instant): Micros | undefined => {
  const { parameters } = state
  if (parameters.priority === priorityOwner) return undefined
  const silent = (at - role.advertAt + parameters.advertInterval) as Micros
  // A first look without the priority: this is asked at every event.
  if (silent < parameters.downAdverts * parameters.advertInterval) return undefined
  const patience = Timing.masterDownIntervalOf(
    parameters,
    Health.priorityOf(state),
    parameters.advertInterval
  )
  return silent >= patience ? silent : undefined
}

const hear = (state: State.State, role: Master, event: Reception.AdvertReceived): Transition.Step => {
  const { at, source } = event
  const { priority } = event.advertisement
  const own = Health.priorityOf(state)

  // RFC 3768 6.4.3: another Master left; its Backups are to hear at once that we are here.
  if (priority === 0) {
    const advertAt = plus(at, state.parameters.advertInterval)
    const answered = Transition.stay({ ...state, role: { ...role, advertAt } }, Transition.sendAdvert(own))
    return role.rival?.source !== source
      ? answered
      : Transition.andThen(answered, (state) => outlive(state, { ...role, advertAt }, at))
  }
  if (priority > own) return yieldTo(state, event, { _tag: "HigherPriorityHeard", source, priority })
  if (priority < own) return answerLower(state, role, event)

  // RFC 3768 6.4.3: in a tie the higher address wins; RFC 9568 6.4.3 compares them as unsigned integers.
  const order = compareWithOwn(state, source)
  if (order > 0) return yieldTo(state, event, { _tag: "HigherAddressHeard", source, priority })
  if (order < 0) return answerLower(state, role, event)

  // Our own packet, or another host with our address: neither is a reason to yield, and an answer would echo.
  return Transition.stay(state, [Transition.count("ownAdvertReceived")])
}

/** A running router has a source address; if it had none, it could not claim to win. */
const compareWithOwn = (state: State.State, source: Address.IpAddress): number => {
  const own = Health.sourceAddress(state)
  return own === undefined ? 1 : Address.compare(source, own)
}

const yieldTo = (
  state: State.State,
  { advertisement, at }: Reception.AdvertReceived,
  cause: TransitionCause
): Transition.Step => {
  const { parameters } = state
  const answer = parameters.answerHigherPriority ? Transition.sendAdvert(Health.priorityOf(state)) : []
  // RFC 9568 6.4.3: a Master that yields waits by the interval of the other one.
  const masterInterval = Timing.intervalHeard(parameters, advertisement)
  return Transition.andThen(Transition.stay(state, answer), (state) =>
    Transition.becomeBackup(state, at, cause, { preemptDelayed: false, masterInterval })
  )
}

/** RFC 9568 6.4.3 asserts itself by an advert. keepalived announces the addresses too, and tells each time. */
const answerLower = (state: State.State, role: Master, event: Reception.AdvertReceived): Transition.Step => {
  const { at, source } = event
  const { priority } = event.advertisement
  const { parameters } = state
  const rival = Rivalry.hear(role, parameters, event)
  const contested: Master = { ...role, rival }
  const actions: ReadonlyArray<Action> = [
    Transition.count("lowerPriorityReceivedAsMaster"),
    ...(parameters.answerLowerPriority ? Transition.sendAdvert(Health.priorityOf(state)) : []),
    ...(role.rival === undefined ? [Rivalry.begun(rival, priority)] : []),
    { _tag: "PublishLowerHeard", at, source, priority }
  ]
  return Transition.andThen(Transition.stay({ ...state, role: contested }, actions), (state) =>
    parameters.answerLowerPriority
      ? announce(state, contested, Announcing.heal(role.announcing, parameters, at))
      : Transition.stay(state)
  )
}

/** The rival is gone and we are not. */
const outlive = (state: State.State, role: Master, at: Instant): Transition.Step => {
  if (role.rival === undefined) return Transition.stay(state)
  const told = Transition.stay(state, [Rivalry.gone(role.rival, at, false)])
  return Transition.andThen(told, (state) =>
    announce(state, Rivalry.without(role), Announcing.heal(role.announcing, state.parameters, at))
  )
}

/** Acts on a deadline that has come: the caller has compared it with the state. */
const expire = (state: State.State, role: Master, timer: TimerName, at: Instant): Transition.Step => {
  const { advertInterval } = state.parameters
  switch (timer) {
    case "Advert": {
      const advertAt = Timing.nextPeriodic(role.advertAt, advertInterval, at)
      return Transition.stay(
        { ...state, role: { ...role, advertAt } },
        Transition.sendAdvert(Health.priorityOf(state))
      )
    }
    case "Announce":
      return announce(state, role, Announcing.repeat(role.announcing))
    case "Refresh":
      return announce(state, role, Announcing.refresh(role.announcing, state.parameters, at))
    case "Rival":
      return outlive(state, role, at)
    case "MasterDown":
      return Transition.stay(state)
  }
}

const announce = (
  state: State.State,
  role: Master,
  { actions, announcing }: Announcing.Announced
): Transition.Step => Transition.stay({ ...state, role: { ...role, announcing } }, actions)

const reconfigure = (state: State.State, role: Master, before: Parameters, at: Instant): Transition.Step => {
  const { parameters } = state
  const sentAt = role.advertAt - before.advertInterval
  const advertAt =
    parameters.advertInterval === before.advertInterval
      ? role.advertAt
      : (Math.max(at, sentAt + parameters.advertInterval) as Instant)
  const announcing = Announcing.reconfigure(role.announcing, parameters, before, at)
  return Transition.stay(
    { ...state, role: { ...role, advertAt, announcing } },
    Transition.restateOwnership(state, before)
  )
}
