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
 * - `lingerMicros`: how long a run whose time is over takes to be gone; a field that a test may write.
 * - `startedCount`: runs so far.
 * - `running`: how many are on now.
 * - `endedCount`: runs that were ended before they were over.
 *
 * @category models
 * @since 0.1.0
 */
export interface SimulatedScriptRuns {
  readonly set: (program: string, outcome: Outcome, duration?: Micros) => void
  lingerMicros: number
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

  const run: ScriptRuns["Service"]["run"] = ({ words: [program = ""] }, timeout, onTimedOut) =>
    Effect.callback<Outcome>((resume) => {
      started.set(program, (started.get(program) ?? 0) + 1)
      const { duration, outcome } = plans.get(program) ?? missing(program)
      running += 1
      const finish = (result: Outcome): void => {
        running -= 1
        resume(Effect.succeed(result))
      }
      const expire = (): void => {
        onTimedOut()
        const goneAt = plus(world.now(), simulated.lingerMicros as Micros)
        task = world.schedule(goneAt, () => finish({ _tag: "TimedOut" }))
      }
      let task =
        duration < timeout
          ? world.schedule(plus(world.now(), duration), () => finish(outcome))
          : world.schedule(plus(world.now(), timeout), expire)
      return Effect.sync(() => {
        world.cancel(task)
        running -= 1
        ended += 1
      })
    })

  const simulated: SimulatedScriptRuns = {
    lingerMicros: 0,
    set: (program, outcome, duration = noTime) => void plans.set(program, { outcome, duration }),
    startedCount: (program) => started.get(program) ?? 0,
    running: () => running,
    endedCount: () => ended,
    layer: Layer.succeed(ScriptRuns, ScriptRuns.of({ run }))
  }
  return simulated
}

const noTime = 0 as Micros

const missing = (program: string): { readonly outcome: Outcome; readonly duration: Micros } => ({
  outcome: { _tag: "NotRunnable", reason: `${program} cannot be found` },
  duration: noTime
})
