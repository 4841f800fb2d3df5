/**
 * Scripts in the order of what they tell: one after the other for each object, those of different objects at once.
 *
 * **Details**
 * - At most `waitingMax` wait for one object: when more come, the oldest is dropped and that is told. The newest news counts most.
 * - At most `runningMax` run at once. Objects get their turn in the order in which they asked for it.
 * - Each start has a turn of the event loop of its own, since it takes milliseconds.
 *
 * @since 0.1.0
 */
import type { Script, ScriptDefaults } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as ScriptPolicy from "./ScriptPolicy.ts"
import * as ScriptRunner from "./ScriptRunner.ts"

/**
 * How long a notification script may take that has no limit of its own. Long enough for a mail or a web hook; a script
 * that hangs delays the next one of its object by this much.
 *
 * @category constants
 * @since 0.1.0
 */
export const timeoutMillisDefault = 30_000

/** A server that goes up and down every second fills this in a minute of a script that hangs. @category constants @since 0.1.0 */
export const waitingMax = 64

/** Each is a process: a router with a thousand servers must not start a thousand at once. @category constants @since 0.1.0 */
export const runningMax = 32

/**
 * - `add`: never waits and never throws.
 * - `drained`: returns when everything added so far is over.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScriptQueue {
  readonly add: (object: string, script: Script) => void
  readonly drained: Effect.Effect<void>
}

/**
 * Learns of a script that did not do its work.
 *
 * @category models
 * @since 0.1.0
 */
export type OnFailure = (object: string, command: string, reason: string) => void

/**
 * Opens a queue. Closing the scope forgets what waits; what runs belongs to the runner.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (
  runner: ScriptRunner.ScriptRunner,
  defaults: ScriptDefaults,
  onFailure: OnFailure
): Effect.Effect<ScriptQueue, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => make(runner, defaults, onFailure)),
      ({ close }) => Effect.sync(close)
    ),
    ({ queue }) => queue
  )

interface Job {
  readonly number: number
  readonly script: Script
}

/** The scripts of one object; it is there while one of them runs or waits. */
interface Lane {
  readonly object: string
  readonly waiting: Array<Job>
}

const make = (
  runner: ScriptRunner.ScriptRunner,
  defaults: ScriptDefaults,
  onFailure: OnFailure
): { readonly queue: ScriptQueue; readonly close: () => void } => {
  const lanes = new Map<string, Lane>()
  const ready: Array<Lane> = []
  /** The numbers of the jobs that are not over, in ascending order. */
  const pending = new Set<number>()
  const waiters = new Set<() => void>()
  let lastNumber = 0
  let runningCount = 0
  let turn: NodeJS.Immediate | undefined
  let isClosed = false

  const schedule = (): void => {
    if (ready.length > 0 && runningCount < runningMax) turn ??= setImmediate(startNext)
  }

  const startNext = (): void => {
    turn = undefined
    const lane = ready.shift()
    const job = lane?.waiting.shift()
    if (lane === undefined || job === undefined) return
    runningCount += 1
    run(runner, defaults, job.script, (failure) => {
      if (isClosed) return
      runningCount -= 1
      if (failure !== undefined) onFailure(lane.object, commandOf(job.script), failure)
      if (lane.waiting.length > 0) ready.push(lane)
      else lanes.delete(lane.object)
      settle(job)
      schedule()
    })
    schedule()
  }

  const settle = (job: Job): void => {
    pending.delete(job.number)
    for (const waiter of waiters) waiter()
  }

  const add = (object: string, script: Script): void => {
    if (isClosed) return
    const lane = lanes.get(object) ?? { object, waiting: [] }
    const job = { number: ++lastNumber, script }
    pending.add(job.number)
    if (!lanes.has(object)) {
      lanes.set(object, lane)
      ready.push(lane)
    }
    lane.waiting.push(job)
    if (lane.waiting.length > waitingMax) {
      const [dropped] = lane.waiting.splice(0, 1)
      if (dropped !== undefined) {
        onFailure(object, commandOf(dropped.script), `it was dropped: ${waitingMax} newer ones wait`)
        settle(dropped)
      }
    }
    schedule()
  }

  const drained = Effect.callback<void>((resume) => {
    const upTo = lastNumber
    const look = (): void => {
      const [oldest] = pending
      if (oldest !== undefined && oldest <= upTo) return
      waiters.delete(look)
      resume(Effect.void)
    }
    waiters.add(look)
    look()
    return Effect.sync(() => waiters.delete(look))
  })

  return {
    queue: { add, drained },
    close: () => {
      isClosed = true
      clearImmediate(turn)
      pending.clear()
      for (const waiter of waiters) waiter()
    }
  }
}

/** Runs one script; `onOver` gets why it failed, if it did, and not before this returns. */
const run = (
  runner: ScriptRunner.ScriptRunner,
  defaults: ScriptDefaults,
  script: Script,
  onOver: (failure: string | undefined) => void
): void => {
  const policy = ScriptPolicy.check(script, defaults)
  if (Result.isFailure(policy)) {
    setImmediate(() => onOver(policy.failure.message))
    return
  }
  const timeoutMillis = script.timeout === undefined ? timeoutMillisDefault : script.timeout / 1_000
  runner.start(
    policy.success,
    (ending) =>
      onOver(ending._tag === "Exited" && ending.code === 0 ? undefined : ScriptRunner.describe(ending)),
    timeoutMillis
  )
}

const commandOf = ({ words }: Script): string => words.join(" ")
