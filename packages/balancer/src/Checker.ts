/**
 * The state machine of one check: when to probe, and what follows from what was found.
 *
 * One checker serves every server whose check has this probe and this timing. Decides; never acts: it neither knows a
 * server nor sends a packet. It asks for probes one at a time, and says when its verdict changes.
 *
 * **Invariants**
 * 1. At most one probe is in flight.
 * 2. Between `Started` and `Suspended` it holds exactly one deadline: of the next probe, or of the one in flight. Only a
 *    probe that stands (`File`) or cannot be made (`Broken`) has none.
 * 3. A server that passed goes down with the failure after `retries` failures in a row, and not before.
 *
 * **Details**
 *
 *                Started, Resumed             nextAt
 *     ┌─────────┐ ──────────────► ┌─────────┐ ───────► ┌─────────┐
 *     │ Resting │                 │ Waiting │          │ Probing │
 *     └─────────┘ ◄────────────── └─────────┘ ◄─────── └─────────┘
 *                Suspended (all)           Reported, expiresAt
 *
 * A probe of a file is started once and stands: it reports whenever the file changes.
 *
 * **Gotchas**
 * - A deadline that comes up much too late proves that this process stood still: the probe is made again, once, before its
 *   silence counts against the server.
 * - Silence fails, except of a UDP probe that asks for no reply: there it is what a server says that has nothing to say.
 * - The verdict outlasts `Suspended`: what was known is kept, the failures that were borne are forgotten.
 * - A server that never passed needs no retries to be down: nobody relies on it.
 * - Probes follow a grid: each is due `delay` after the one before was due, however long that took. A retry begins a new
 *   grid. Without `warmup` thousands of checks begin at once, so the second probe of each comes at its own part of
 *   `delay` (`spread`).
 *
 * @since 0.1.0
 */
import { formatSeconds, type Instant, type Micros, plus, seconds } from "@holdfast/wire/Instant"
import * as PlainData from "./PlainData.ts"
import type { Check, Probe, ProbeResult, WeightAdjustment } from "./Probe.ts"

/**
 * What a checker holds of its server. `Unknown` until the first result.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "Unknown" | "Up" | "Down"

/**
 * What the checker is doing.
 *
 * - `Probing`: one probe is in flight, until `expiresAt`; the one after it is due at `nextAt`. `isRepeated`: the one before
 *   it ended while nobody was listening.
 * - `Standing`: a probe of a file is in flight.
 *
 * @category models
 * @since 0.1.0
 */
export type Activity =
  | { readonly _tag: "Resting" }
  | { readonly _tag: "Waiting"; readonly nextAt: Instant }
  | {
      readonly _tag: "Probing"
      readonly expiresAt: Instant
      readonly nextAt: Instant
      readonly isRepeated: boolean
    }
  | { readonly _tag: "Standing" }

/**
 * What to probe and when: a check without what is its server's own affair.
 *
 * @category models
 * @since 0.1.0
 */
export type Plan = Pick<Check, "probe" | "timing">

/**
 * The state of one check.
 *
 * - `failures`: in a row, borne since the last pass.
 * - `adjustment`: of the last pass; only while Up.
 * - `reason`: why it is Down.
 *
 * @category models
 * @since 0.1.0
 */
export interface Checker {
  readonly plan: Plan
  readonly activity: Activity
  readonly verdict: Verdict
  readonly failures: number
  readonly adjustment: WeightAdjustment | undefined
  readonly reason: string | undefined
}

/**
 * - `Started`, `Resumed`: probe from now on. `spread`, at least 0 and below 1, is drawn by the shell.
 * - `Woken`: time passed. Acts only if the state's deadline is not after `at`.
 * - `Reported`: what the probe in flight found. The shell gives each probe a number and drops what reports under another
 *   one, so that a result that crossed its own cancellation never counts for the next probe.
 * - `Suspended`: no probes until `Resumed` (`ha_suspend`), or no more at all.
 *
 * @category models
 * @since 0.1.0
 */
export type Event =
  | { readonly _tag: "Started"; readonly at: Instant; readonly spread: number }
  | { readonly _tag: "Woken"; readonly at: Instant }
  | { readonly _tag: "Reported"; readonly at: Instant; readonly result: ProbeResult }
  | { readonly _tag: "Suspended"; readonly at: Instant }
  | { readonly _tag: "Resumed"; readonly at: Instant; readonly spread: number }

/**
 * - `StartProbe`, `CancelProbe`: the one probe.
 * - `Decided`: the verdict or the adjustment changed.
 * - `FailureBorne`: a failure that retries bear; `retriesLeft` are still to come. To be told where `logAllFailures` is set.
 *
 * @category models
 * @since 0.1.0
 */
export type Action =
  | { readonly _tag: "StartProbe" }
  | { readonly _tag: "CancelProbe" }
  | Decided
  | { readonly _tag: "FailureBorne"; readonly reason: string; readonly retriesLeft: number }

/**
 * @category models
 * @since 0.1.0
 */
export type Decided =
  | { readonly _tag: "Decided"; readonly verdict: "Up"; readonly adjustment?: WeightAdjustment }
  | { readonly _tag: "Decided"; readonly verdict: "Down"; readonly reason: string }

/**
 * The next state, and what is to be done, in order.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly state: Checker
  readonly actions: ReadonlyArray<Action>
}

/**
 * Returns a check that has not been started.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (plan: Plan): Checker => ({
  plan,
  activity: resting,
  verdict: "Unknown",
  failures: 0,
  adjustment: undefined,
  reason: undefined
})

/**
 * Returns when the checker wants `Woken`, or nothing.
 *
 * @category queries
 * @since 0.1.0
 */
export const deadline = ({ activity }: Checker): Instant | undefined => {
  switch (activity._tag) {
    case "Waiting":
      return activity.nextAt
    case "Probing":
      return activity.expiresAt
    case "Resting":
    case "Standing":
      return undefined
  }
}

/**
 * Returns what a checker has decided so far, as it says it: for a server that joins one that runs already.
 *
 * @category queries
 * @since 0.1.0
 */
export const decision = ({ adjustment, reason, verdict }: Checker): Decided | undefined => {
  switch (verdict) {
    case "Unknown":
      return undefined
    case "Up":
      return { _tag: "Decided", verdict, ...(adjustment !== undefined && { adjustment }) }
    case "Down":
      return { _tag: "Decided", verdict, reason: reason ?? "" }
  }
}

/**
 * Takes one event. Total and deterministic.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (state: Checker, event: Event): Step => {
  switch (event._tag) {
    case "Started":
    case "Resumed":
      return state.activity._tag === "Resting" ? begin(state, event.at, event.spread) : stay(state)
    case "Woken":
      return wake(state, event.at)
    case "Reported":
      return hear(state, event.at, event.result)
    case "Suspended":
      return rest(state)
  }
}

const begin = (state: Checker, at: Instant, spread: number): Step => {
  const { probe, timing } = state.plan
  if (probe._tag === "Broken") return goDown({ ...state, activity: standing }, probe.reason)
  if (probe._tag === "File") return { state: { ...state, activity: standing }, actions: [startProbe] }
  if (timing.warmup !== undefined && timing.warmup > 0) {
    const nextAt = plus(at, Math.floor(spread * timing.warmup) as Micros)
    return nextAt === at ? launch(state, at, timing.delay) : stay(waiting(state, nextAt))
  }
  // The other end of the range than the spread's: the second probe never comes together with the first.
  return launch(state, at, Math.ceil((1 - spread) * timing.delay) as Micros)
}

/** Starts a probe. `dueAt` is its place on the grid; the next one is `untilNext` after it. */
const launch = (state: Checker, at: Instant, untilNext: Micros, dueAt: Instant = at): Step => {
  const nextAt = plus(dueAt, untilNext)
  const expiresAt = plus(at, state.plan.timing.timeout)
  return {
    state: { ...state, activity: { _tag: "Probing", expiresAt, nextAt, isRepeated: false } },
    actions: [startProbe]
  }
}

const wake = (state: Checker, at: Instant): Step => {
  const { activity, plan } = state
  const due = deadline(state)
  if (due === undefined || at < due) return stay(state)
  if (activity._tag === "Waiting") {
    // Late by more than a whole delay (the machine stood still): the grid begins anew, so that no burst follows.
    const isLate = at > plus(activity.nextAt, plan.timing.delay)
    return launch(state, at, plan.timing.delay, isLate ? at : activity.nextAt)
  }
  if (activity._tag === "Probing" && !activity.isRepeated && at >= plus(activity.expiresAt, stallMin)) {
    const expiresAt = plus(at, plan.timing.timeout)
    const repeated = { ...state, activity: { ...activity, expiresAt, isRepeated: true } }
    return { state: repeated, actions: [cancelProbe, startProbe] }
  }
  const silent = meansSuccess(plan.probe)
    ? goUp(onGrid(state, at), undefined)
    : fail(state, at, `no answer within ${formatSeconds(plan.timing.timeout)} s`)
  return { state: silent.state, actions: [cancelProbe, ...silent.actions] }
}

/** A datagram that nobody refused has arrived as far as anybody can tell (`require_reply` asks for more). */
const meansSuccess = (probe: Probe): boolean => probe._tag === "Udp" && !probe.requireReply

const hear = (state: Checker, at: Instant, result: ProbeResult): Step => {
  const { _tag } = state.activity
  if (_tag !== "Probing" && _tag !== "Standing") return stay(state)
  switch (result._tag) {
    case "Passed":
      return goUp(onGrid(state, at), result.adjustment)
    case "Failed":
      return fail(state, at, result.reason)
    case "Refused":
      return goDown(onGrid(state, at), result.reason)
  }
}

const goUp = (state: Checker, adjustment: WeightAdjustment | undefined): Step => {
  const isNews = state.verdict !== "Up" || !PlainData.equals(state.adjustment, adjustment)
  const next: Checker = { ...state, verdict: "Up", failures: 0, adjustment, reason: undefined }
  return isNews ? announce(next) : stay(next)
}

const goDown = (state: Checker, reason: string): Step => {
  const isNews = state.verdict !== "Down"
  const next: Checker = { ...state, verdict: "Down", failures: 0, adjustment: undefined, reason }
  return isNews ? announce(next) : stay(next)
}

const fail = (state: Checker, at: Instant, reason: string): Step => {
  const { activity, failures, plan, verdict } = state
  // A file is not asked again: it speaks when it changes.
  const isBorne = verdict === "Up" && activity._tag === "Probing" && failures < plan.timing.retries
  if (!isBorne) return goDown(onGrid(state, at), reason)
  const retriesLeft = plan.timing.retries - failures
  return {
    state: waiting({ ...state, failures: failures + 1 }, plus(at, plan.timing.retryDelay)),
    actions: [{ _tag: "FailureBorne", reason, retriesLeft }]
  }
}

/** After a result: waits for the next place on the grid, or for the first that is not over. A standing probe stands. */
const onGrid = (state: Checker, at: Instant): Checker => {
  const { activity, plan } = state
  if (activity._tag !== "Probing") return state
  const { nextAt } = activity
  if (nextAt >= at || plan.timing.delay === 0) return waiting(state, nextAt >= at ? nextAt : at)
  const missed = Math.ceil((at - nextAt) / plan.timing.delay)
  return waiting(state, plus(nextAt, (missed * plan.timing.delay) as Micros))
}

const rest = (state: Checker): Step => {
  const { activity, plan } = state
  const isInFlight =
    activity._tag === "Probing" || (activity._tag === "Standing" && plan.probe._tag !== "Broken")
  return {
    state: { ...state, activity: resting, failures: 0 },
    actions: isInFlight ? [cancelProbe] : []
  }
}

const waiting = (state: Checker, nextAt: Instant): Checker => ({
  ...state,
  activity: { _tag: "Waiting", nextAt }
})

const announce = (state: Checker): Step => {
  const decided = decision(state)
  return { state, actions: decided === undefined ? [] : [decided] }
}

const stay = (state: Checker): Step => ({ state, actions: [] })

/** A deadline that comes up so late says that this process stood still, and nothing of the server. */
const stallMin = seconds(0.5)

const resting: Activity = { _tag: "Resting" }
const standing: Activity = { _tag: "Standing" }
const startProbe: Action = { _tag: "StartProbe" }
const cancelProbe: Action = { _tag: "CancelProbe" }
