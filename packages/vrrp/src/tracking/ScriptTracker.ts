/**
 * The state machine of one tracked script: when to run it, and what its results mean.
 *
 * Decides; never acts. It asks for one run at a time and says when what is known of the script changes.
 *
 * **Invariants**
 * 1. At most one run is on.
 * 2. From `Started` on it holds exactly one deadline, and every deadline is a whole number of intervals after the start.
 * 3. The first result counts at once. After it, only `rise` successes or `fall` failures in a row change what is known.
 * 4. A script that cannot be run is Down at once, and stays so until a run succeeds.
 * 5. A run whose time is over has failed there and then, also when its process does not die.
 *
 * **Details**
 *
 *                 first success            fall failures in a row
 *     ┌─────────┐ ────────────► ┌────┐ ─────────────────────────► ┌──────┐
 *     │ Unknown │               │ Up │                            │ Down │ ◄── first failure, initFail
 *     └─────────┘               └────┘ ◄───────────────────────── └──────┘
 *                                       rise successes in a row
 *
 * A run that is still on when the next is due takes its place: the next is skipped.
 *
 * **Gotchas**
 * - Of a script that is Down only by `initFail` nothing is known yet: its first success counts at once, too, as with keepalived.
 * - keepalived starts no run, or counts none, of a script that it refuses, and so takes it for good. Here it is Down.
 * - keepalived counts a run that hangs when its process is gone: 2 s later when it does not obey. And a run that takes longer than the interval does not keep it (2.2.7) from starting the next, though it says so.
 *
 * @see keepalived.conf(5), `vrrp_script`; docs/decisions/0020-scripts-fail-closed.md
 * @since 0.1.0
 */
import { type Instant, type Micros, plus, seconds } from "@holdfast/wire/Instant"
import type { Script } from "@holdfast/wire/Script"
import type { Observation } from "../Tracker.ts"
import type { TrackScript } from "../TrackingParameters.ts"

/**
 * How a run ended.
 *
 * - `Exited`: with code 0 it succeeded, with any other it failed.
 * - `NotStarted`: the machine had no process or memory to spare. A failure like others, since the next run may succeed.
 * - `NotRunnable`: there is no such program, or it may not be run. It is Down at once.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome =
  | { readonly _tag: "Exited"; readonly code: number }
  | { readonly _tag: "Signalled"; readonly signal: string }
  | { readonly _tag: "TimedOut" }
  | { readonly _tag: "NotStarted"; readonly reason: string }
  | { readonly _tag: "NotRunnable"; readonly reason: string }

/**
 * What is known of a script.
 *
 * @category models
 * @since 0.1.0
 */
export type Knowledge = Extract<Observation, { readonly _tag: "Unknown" | "Up" | "Down" }>

/**
 * The state of one script.
 *
 * - `nextAt`: when the next run is due; nothing before `Started`.
 * - `isOverdue`: the time of the run is over and has been counted; what is left of it does not count.
 * - `streak`: results in a row that contradict what is known.
 * - `outcome`: of the last run that ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScriptTracker {
  readonly parameters: TrackScript
  readonly observation: Knowledge
  readonly isRunning: boolean
  readonly isOverdue: boolean
  readonly hasSkipped: boolean
  readonly nextAt: Instant | undefined
  readonly streak: number
  readonly outcome: Outcome | undefined
}

/**
 * - `Started`: run it from now on.
 * - `Due`: time passed. Acts only if the deadline is not after `at`.
 * - `TimedOut`: the time of the run is over; it is being ended.
 * - `Ended`: the run is over, and its process is gone.
 *
 * @category models
 * @since 0.1.0
 */
export type Event =
  | { readonly _tag: "Started"; readonly at: Instant }
  | { readonly _tag: "Due"; readonly at: Instant }
  | { readonly _tag: "TimedOut"; readonly at: Instant }
  | { readonly _tag: "Ended"; readonly at: Instant; readonly outcome: Outcome }

/**
 * - `Run`: starts the one run.
 * - `ArmTimer`: `Due` is wanted then; replaces what was armed.
 * - `Observe`: what is known changed.
 * - `Report`: to be told to people.
 *
 * @category models
 * @since 0.1.0
 */
export type Action =
  | { readonly _tag: "Run"; readonly script: Script; readonly timeout: Micros }
  | { readonly _tag: "ArmTimer"; readonly deadline: Instant }
  | { readonly _tag: "Observe"; readonly observation: Knowledge }
  | { readonly _tag: "Report"; readonly report: Report }

/**
 * - `Changed`: it is up or down now, and why.
 * - `Borne`: another result than the one before, that does not count yet; `resultsLeft` more like it make it count.
 * - `RunSkipped`: a run takes longer than the interval. Once for each such run.
 *
 * @category models
 * @since 0.1.0
 */
export type Report =
  | { readonly _tag: "Changed"; readonly up: boolean; readonly outcome: Outcome }
  | { readonly _tag: "Borne"; readonly outcome: Outcome; readonly resultsLeft: number }
  | { readonly _tag: "RunSkipped" }

/**
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly state: ScriptTracker
  readonly actions: ReadonlyArray<Action>
}

/**
 * Returns a script that has not been started. What a former definition of it found out stays known when both run the same program.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (parameters: TrackScript, former?: ScriptTracker): ScriptTracker => {
  const found =
    former !== undefined && isSameProgram(former.parameters.script, parameters.script) ? former : undefined
  const isFound = found?.outcome !== undefined
  return {
    parameters,
    observation: isFound ? found.observation : parameters.initFail ? down : unknown,
    isRunning: false,
    isOverdue: false,
    hasSkipped: false,
    nextAt: undefined,
    streak: 0,
    outcome: found?.outcome
  }
}

const isSameProgram = (one: Script, other: Script): boolean =>
  one.user === other.user &&
  one.group === other.group &&
  JSON.stringify(one.words) === JSON.stringify(other.words)

/**
 * Takes one event. Total and deterministic.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (state: ScriptTracker, event: Event): Step => {
  switch (event._tag) {
    case "Started":
      return state.nextAt === undefined ? run(arm(state, event.at, event.at)) : stay(state)
    case "Due":
      if (state.nextAt === undefined || event.at < state.nextAt) return stay(state)
      return state.isRunning
        ? skip(arm(state, state.nextAt, event.at))
        : run(arm(state, state.nextAt, event.at))
    case "TimedOut":
      return state.isRunning && !state.isOverdue
        ? hear({ ...state, isOverdue: true, outcome: { _tag: "TimedOut" } }, state.outcome)
        : stay(state)
    case "Ended":
      return state.isRunning ? end(state, event.outcome) : stay(state)
  }
}

/** The next place on the grid of `dueAt` that is not over: after a stall no burst follows. */
const arm = (state: ScriptTracker, dueAt: Instant, at: Instant): ScriptTracker => {
  const interval = Math.max(state.parameters.interval, intervalMin)
  const intervals = Math.floor((at - dueAt) / interval) + 1
  return { ...state, nextAt: plus(dueAt, (intervals * interval) as Micros) }
}

const run = (state: ScriptTracker): Step => {
  const { interval, script } = state.parameters
  return {
    state: { ...state, isRunning: true },
    actions: [{ _tag: "Run", script, timeout: script.timeout ?? interval }, ...timer(state)]
  }
}

const skip = (state: ScriptTracker): Step => ({
  state: { ...state, hasSkipped: true },
  actions: state.hasSkipped ? timer(state) : [report({ _tag: "RunSkipped" }), ...timer(state)]
})

const timer = ({ nextAt }: ScriptTracker): ReadonlyArray<Action> =>
  nextAt === undefined ? [] : [{ _tag: "ArmTimer", deadline: nextAt }]

const end = (state: ScriptTracker, outcome: Outcome): Step => {
  const ended = { ...state, isRunning: false, isOverdue: false, hasSkipped: false }
  return state.isOverdue ? stay(ended) : hear({ ...ended, outcome }, state.outcome)
}

/** `before` is how the run before ended: nothing before the first. */
const hear = (state: ScriptTracker, before: Outcome | undefined): Step => {
  const outcome = state.outcome ?? { _tag: "TimedOut" }
  const observation = succeeded(outcome) ? up : down
  if (before === undefined || outcome._tag === "NotRunnable")
    return settle(state, observation, outcome, before)
  if (observation._tag === state.observation._tag) return stay({ ...state, streak: 0 })
  const { fall, rise } = state.parameters
  const streak = state.streak + 1
  const resultsLeft = (observation === up ? rise : fall) - streak
  if (resultsLeft <= 0) return settle(state, observation, outcome, before)
  return {
    state: { ...state, streak },
    actions: streak === 1 ? [report({ _tag: "Borne", outcome, resultsLeft })] : []
  }
}

const settle = (
  state: ScriptTracker,
  observation: Knowledge,
  outcome: Outcome,
  before: Outcome | undefined
): Step => {
  const isChange = observation._tag !== state.observation._tag
  // The reason is told when it is new, also of a script that was Down: that it cannot be run at all is worth a line.
  const isNews =
    isChange || before === undefined || (outcome._tag === "NotRunnable" && !isSame(outcome, before))
  return {
    state: { ...state, observation, streak: 0 },
    actions: [
      ...(isChange ? [{ _tag: "Observe", observation } as const] : []),
      ...(isNews ? [report({ _tag: "Changed", up: observation === up, outcome })] : [])
    ]
  }
}

const succeeded = (outcome: Outcome): boolean => outcome._tag === "Exited" && outcome.code === 0

const isSame = (outcome: Extract<Outcome, { readonly _tag: "NotRunnable" }>, before: Outcome): boolean =>
  before._tag === "NotRunnable" && before.reason === outcome.reason

/**
 * Says how a run ended, for people.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describe = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Exited":
      return outcome.code === 0 ? "it succeeded" : `it ended with code ${outcome.code}`
    case "Signalled":
      return `it was ended by ${outcome.signal}`
    case "TimedOut":
      return "it did not end in its time"
    case "NotStarted":
      return `it could not be started: ${outcome.reason}`
    case "NotRunnable":
      return `it cannot be run: ${outcome.reason}`
  }
}

const stay = (state: ScriptTracker): Step => ({ state, actions: [] })
const report = (value: Report): Action => ({ _tag: "Report", report: value })
/** Nothing is run more often, whatever a file says. */
const intervalMin = seconds(0.01)

const unknown: Knowledge = { _tag: "Unknown" }
const up: Knowledge = { _tag: "Up" }
const down: Knowledge = { _tag: "Down" }
