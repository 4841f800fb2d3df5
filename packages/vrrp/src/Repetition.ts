/**
 * What a Backup does when it hears again what it heard last: it starts its timer anew, and nothing else.
 *
 * **When to use** thousands of times a second. Whoever knows that an advert is the one before, byte for byte, need not let it
 * go through the checks again.
 *
 * **Invariants** where `of` gives a waiting time, `repeat` gives the state that `VirtualRouter.step` would, and its actions
 * would be to count the advert and to arm the timer.
 *
 * @since 0.1.0
 */
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import type { Action } from "./Action.ts"
import type { Event } from "./Event.ts"
import type { Backup } from "./Role.ts"
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
export const of = (before: State, event: Event, { actions, state }: Step): Micros | undefined => {
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
 * Returns the state after an advert like the last one.
 *
 * @category combinators
 * @since 0.1.0
 */
export const repeat = (state: State, at: Instant, waiting: Micros): State => ({
  ...state,
  role: { ...(state.role as Backup), countedFrom: at, masterDownAt: plus(at, waiting) }
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
