/**
 * Scripts that exist in a map: a test says how a run of each ends, and how long it takes.
 *
 * Scripts are named by their first word. One that the test said nothing about cannot be run.
 *
 * @since 0.1.0
 */
import { ScriptRuns } from "@holdfast/engine/tracking/ScriptRuns"
import type { Outcome } from "@holdfast/vrrp/tracking/ScriptTracker"
import { type Micros, plus } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { World } from "./World.ts"

/**
 * - `set`: how runs end that start from now on; a run that takes longer than its timeout is ended by it.
 * - `startedCount`: runs so far.
 * - `running`: how many are on now.
 * - `endedCount`: runs that were ended before they were over.
 *
 * @category models
 * @since 0.1.0
 */
export interface SimulatedScriptRuns {
  readonly set: (program: string, outcome: Outcome, duration?: Micros) => void
  readonly startedCount: (program: string) => number
  readonly running: () => number
  readonly endedCount: () => number
  readonly layer: Layer.Layer<ScriptRuns>
}

/**
 * Makes a machine without scripts, in the time of a world.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (world: World): SimulatedScriptRuns => {
  const plans = new Map<string, { readonly outcome: Outcome; readonly duration: Micros }>()
  const started = new Map<string, number>()
  let running = 0
  let ended = 0

  const run: ScriptRuns["Service"]["run"] = ({ words: [program = ""] }, timeout) =>
    Effect.callback<Outcome>((resume) => {
      started.set(program, (started.get(program) ?? 0) + 1)
      const { duration, outcome } = plans.get(program) ?? missing(program)
      running += 1
      const task = world.schedule(plus(world.now(), duration < timeout ? duration : timeout), () => {
        running -= 1
        resume(Effect.succeed(duration < timeout ? outcome : { _tag: "TimedOut" }))
      })
      return Effect.sync(() => {
        world.cancel(task)
        running -= 1
        ended += 1
      })
    })

  return {
    set: (program, outcome, duration = noTime) => void plans.set(program, { outcome, duration }),
    startedCount: (program) => started.get(program) ?? 0,
    running: () => running,
    endedCount: () => ended,
    layer: Layer.succeed(ScriptRuns, ScriptRuns.of({ run }))
  }
}

const noTime = 0 as Micros

const missing = (program: string): { readonly outcome: Outcome; readonly duration: Micros } => ({
  outcome: { _tag: "NotRunnable", reason: `${program} cannot be found` },
  duration: noTime
})
