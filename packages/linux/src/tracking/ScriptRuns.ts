/**
 * `ScriptRuns` on this machine: the policy decides at each run whether a script may run and as whom, and the runner runs it.
 *
 * @see docs/decisions/0020-scripts-fail-closed.md
 * @since 0.1.0
 */
import { ScriptRuns } from "@holdfast/engine/tracking/ScriptRuns"
import type { Outcome } from "@holdfast/vrrp/tracking/ScriptTracker"
import type { Micros } from "@holdfast/wire/Instant"
import type { ScriptDefaults } from "@holdfast/wire/Script"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
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
          Effect.suspend((): Effect.Effect<Outcome> => {
            const policy = ScriptPolicy.check(script, defaults)
            return Result.isFailure(policy)
              ? Effect.succeed({ _tag: "NotRunnable", reason: policy.failure.message })
              : Effect.scoped(runFor(runner, policy.success, timeout, onTimedOut))
          })
      })
    )
  )

/** The scope's end ends the run. */
const runFor = Effect.fnUntraced(function* (
  runner: ScriptRunner.ScriptRunner,
  script: ScriptPolicy.RunnableScript,
  timeout: Micros,
  onTimedOut: () => void
): Effect.fn.Return<Outcome, never, Scope.Scope> {
  const ended = yield* Deferred.make<ScriptRunner.Ending>()
  const run = runner.start(script, (ending) => void Deferred.doneUnsafe(ended, Effect.succeed(ending)))
  yield* Effect.addFinalizer(() => Effect.sync(run.end))
  const millis = Math.min(Math.ceil(timeout / microsPerMilli), timeoutMillisMax)
  const inTime = yield* Effect.timeoutOption(Deferred.await(ended), `${millis} millis`)
  if (Option.isSome(inTime)) return outcomeOf(inTime.value)
  run.end()
  onTimedOut()
  yield* Deferred.await(ended)
  return { _tag: "TimedOut" }
})

const microsPerMilli = 1000

/** Node's timers count in 31 bits and take more for nothing: 24 days. */
const timeoutMillisMax = 2 ** 31 - 1

const outcomeOf = (ending: ScriptRunner.Ending): Outcome =>
  ending._tag === "NotStarted"
    ? { _tag: ending.isTransient ? "NotStarted" : "NotRunnable", reason: ending.message }
    : ending
