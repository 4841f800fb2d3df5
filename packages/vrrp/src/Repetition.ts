/**
 * What a router does again and again: a Backup that hears what it heard last starts its timer anew, and a Master whose next
 * advert is due sends what it sent last, and nothing else.
 *
 * **When to use** thousands of times a second. Whoever knows that nothing has come between need not step the router again.
 *
 * **Invariants**
 * - Where `hearingOf` gives a waiting time, `hearAgain` gives the state that `VirtualRouter.step` would, and its actions would be
 *   to count the advert and to arm the timer.
 * - Where `sendingOf` gives what is sent, `sendAgain` gives the state that `VirtualRouter.step` would at a time that is less than
 *   `interval` after the deadline, and its actions would be to send and count the advert and to arm the timer.
 *
 * @since 0.1.0
 */
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import type { Action } from "./Action.ts"
import type { Event } from "./Event.ts"
import * as Health from "./Health.ts"
import type { Backup, Master } from "./Role.ts"
import type { State } from "./State.ts"
import type { Step } from "./Transition.ts"

/**
 * Returns how long the Backup waits after each such advert, when another one like it would change nothing but that; nothing
 * otherwise. `before` is the state that `event` was heard in, and `step` what it led to.
 *
 * **Details** a Backup that obeys decides without the time: only a preempt delay looks at it. What proves where it comes from
 * is never the same twice.
 *
 * @category queries
 * @since 0.1.0
 */
export const hearingOf = (before: State, event: Event, { actions, state }: Step): Micros | undefined => {
  if (event._tag !== "AdvertReceived" || event.seal !== undefined) return undefined
  const { role } = state
  if (role._tag !== "Backup" || before.role._tag !== "Backup") return undefined
  if (role.takeover._tag !== "Silence" || role.willing || role.preemptDelayFrom !== undefined)
    return undefined
  if (role.countedFrom !== event.at || !actions.every(isExpected)) return undefined
  return isSettled(before, before.role, state, role)
    ? ((role.masterDownAt - role.countedFrom) as Micros)
    : undefined
}

/**
 * Returns the state of a Backup after an advert like the last one.
 *
 * @category combinators
 * @since 0.1.0
 */
export const hearAgain = (state: State, at: Instant, waiting: Micros): State => ({
  ...state,
  role: { ...(state.role as Backup), countedFrom: at, masterDownAt: plus(at, waiting) }
})

/**
 * What a Master sends: its priority, when the next one is due, and the time from there to the one after that.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sending {
  readonly priority: number
  readonly advertAt: Instant
  readonly interval: Micros
}

/**
 * Returns what a Master sends at each of its deadlines as long as nothing else comes; nothing for another router, and for one
 * that may count as silent before its next deadline. Its group has no part in it.
 *
 * @category queries
 * @since 0.1.0
 */
export const sendingOf = (state: State): Sending | undefined => {
  const { advertInterval: interval, downAdverts } = state.parameters
  if (state.role._tag !== "Master" || downAdverts === 1) return undefined
  return { priority: Health.priorityOf(state), advertAt: state.role.advertAt, interval }
}

/**
 * Returns the state of a Master after an advert like that, whose next is due at `advertAt`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const sendAgain = (state: State, advertAt: Instant): State => ({
  ...state,
  role: { ...(state.role as Master), advertAt }
})

const isExpected = (action: Action): boolean =>
  (action._tag === "Count" && action.counter === "advertsReceived") ||
  (action._tag === "ArmTimer" && action.timer === "MasterDown")

/** Whether the advert changed nothing but times: then the next one meets the same checks. */
const isSettled = (before: State, roleBefore: Backup, after: State, role: Backup): boolean =>
  before.lastHeard === after.lastHeard &&
  before.marks === after.marks &&
  before.parameters === after.parameters &&
  roleBefore.masterInterval === role.masterInterval
