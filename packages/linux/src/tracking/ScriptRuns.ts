/**
 * `ScriptRuns` on this machine: the policy decides at each run whether a script may run and as whom, and the runner runs it.
 *
 * @see docs/decisions/0020-scripts-fail-closed.md
 * @since 0.1.0
 */
import { ScriptRuns } from "@holdfast/engine/tracking/ScriptRuns"
import type { Outcome } from "@holdfast/vrrp/tracking/ScriptTracker"
import type { ScriptDefaults } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as ScriptPolicy from "../script/ScriptPolicy.ts"
import * as ScriptRunner from "../script/ScriptRunner.ts"

/**
 * The port. `defaults` says who scripts run as, and is read at each run. What still runs when the layer closes is killed.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (defaults: ScriptDefaults): Layer.Layer<ScriptRuns> =>
  Layer.effect(
    ScriptRuns,
    Effect.map(ScriptRunner.open, (runner) =>
      ScriptRuns.of({
        run: (script, timeout, onTimedOut) =>
          Effect.callback<Outcome>((resume) => {
            const policy = ScriptPolicy.check(script, defaults)
            if (Result.isFailure(policy))
              return resume(Effect.succeed({ _tag: "NotRunnable", reason: policy.failure.message }))
            let isTimedOut = false
            const run = runner.start(policy.success, (ending) => {
              clearTimeout(timer)
              resume(Effect.succeed(isTimedOut ? { _tag: "TimedOut" } : outcomeOf(ending)))
            })
            const timer = setTimeout(
              () => {
                isTimedOut = true
                run.end()
                onTimedOut()
              },
              Math.min(Math.ceil(timeout / microsPerMilli), timeoutMillisMax)
            )
            return Effect.sync(() => {
              clearTimeout(timer)
              run.end()
            })
          })
      })
    )
  )

const microsPerMilli = 1000

/** Node's timers count in 31 bits and take more for nothing: 24 days. */
const timeoutMillisMax = 2 ** 31 - 1

const outcomeOf = (ending: ScriptRunner.Ending): Outcome =>
  ending._tag === "NotStarted"
    ? { _tag: ending.isTransient ? "NotStarted" : "NotRunnable", reason: ending.message }
    : ending
