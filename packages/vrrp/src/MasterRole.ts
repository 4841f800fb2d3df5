/**
 * What a Master does (RFC 3768 section 6.4.3).
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import type { TransitionCause } from "./Action.ts"
import * as Announcing from "./Announcing.ts"
import type { Event, TimerName } from "./Event.ts"
import * as Health from "./Health.ts"
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import { type Parameters, priorityOwner } from "./Parameters.ts"
import * as Reception from "./Reception.ts"
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
  switch (event._tag) {
    case "Stopped":
      return Transition.becomeInit(state, event.at)
    case "AdvertReceived":
      return Reception.receive(state, event, (state) => hear(state, role, event))
    case "MalformedReceived":
      return Reception.receiveMalformed(state, event)
    case "TimerExpired":
      return expire(state, role, event.timer, event.at)
    case "InterfaceChanged":
      return Transition.reassess(State.withLink(state, event.interface, event.link), event.at)
    case "AddressesHeld":
      return announce(
        state,
        role,
        Announcing.hold(role.announcing, state.parameters, event.addresses, event.at)
      )
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
export const stalledFor = (parameters: Parameters, role: Master, at: Instant): Micros | undefined => {
  if (parameters.priority === priorityOwner) return undefined
  const silent = (at - role.advertAt + parameters.advertInterval) as Micros
  return silent >= Timing.masterDownInterval(parameters) ? silent : undefined
}

const hear = (state: State.State, role: Master, event: Reception.AdvertReceived): Transition.Step => {
  const { parameters } = state
  const { at, source } = event
  const { priority } = event.advertisement

  // RFC 3768 6.4.3: another Master left; its Backups are to hear at once that we are here.
  if (priority === 0) {
    return Transition.stay(
      { ...state, role: { ...role, advertAt: plus(at, parameters.advertInterval) } },
      Transition.sendAdvert(parameters.priority)
    )
  }
  if (priority > parameters.priority) {
    return yieldTo(state, at, { _tag: "HigherPriorityHeard", source, priority })
  }
  if (priority < parameters.priority) return answerLower(state, role, at)

  // RFC 3768 6.4.3: in a tie the higher address wins; RFC 9568 6.4.3 compares them as unsigned integers.
  const order = compareWithOwn(state, source)
  if (order > 0) return yieldTo(state, at, { _tag: "HigherAddressHeard", source, priority })
  if (order < 0) return answerLower(state, role, at)

  // Our own packet, or another host with our address: neither is a reason to yield, and an answer would echo.
  return Transition.stay(state, [Transition.count("ownAdvertReceived")])
}

/** A running router has a source address; if it had none, it could not claim to win. */
const compareWithOwn = (state: State.State, source: Address.IpAddress): number => {
  const own = Health.sourceAddress(state)
  return own === undefined ? 1 : Address.compare(source, own)
}

const yieldTo = (state: State.State, at: Instant, cause: TransitionCause): Transition.Step => {
  const { answerHigherPriority, priority } = state.parameters
  const answer = answerHigherPriority ? Transition.sendAdvert(priority) : []
  return Transition.andThen(Transition.stay(state, answer), (state) =>
    Transition.becomeBackup(state, at, cause, { preemptDelayed: false })
  )
}

/** RFC 9568 6.4.3 asserts itself by an advert. keepalived announces the addresses too. */
const answerLower = (state: State.State, role: Master, at: Instant): Transition.Step => {
  const { answerLowerPriority, priority } = state.parameters
  const counted = Transition.count("lowerPriorityReceivedAsMaster")
  if (!answerLowerPriority) return Transition.stay(state, [counted])
  return Transition.andThen(Transition.stay(state, [counted, ...Transition.sendAdvert(priority)]), (state) =>
    announce(state, role, Announcing.heal(role.announcing, state.parameters, at))
  )
}

/** Acts on a deadline that has come: the caller has compared it with the state. */
const expire = (state: State.State, role: Master, timer: TimerName, at: Instant): Transition.Step => {
  const { advertInterval, priority } = state.parameters
  switch (timer) {
    case "Advert": {
      const advertAt = Timing.nextPeriodic(role.advertAt, advertInterval, at)
      return Transition.stay({ ...state, role: { ...role, advertAt } }, Transition.sendAdvert(priority))
    }
    case "Announce":
      return announce(state, role, Announcing.repeat(role.announcing))
    case "Refresh":
      return announce(state, role, Announcing.refresh(role.announcing, state.parameters, at))
    case "MasterDown":
    case "Rival":
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
