/**
 * Probes by scripts (`MISC_CHECK`).
 *
 * **Details**
 * - Code 0 passes. Other codes fail; with `dynamic` only 1 does, and 2 to 255 pass and set the weight to two less.
 * - A script that the policy refuses, or that cannot be started, is refused. Where the machine has no process or memory to spare the
 *   probe has failed instead, so that it is retried: a moment later it may be well.
 * - To cancel ends the whole process group.
 *
 * @see keepalived.conf(5), `MISC_CHECK`; docs/reference/scripts.md
 * @since 0.1.0
 */
import type { ScriptDefaults } from "@holdfast/wire/Script"
import type { ProbeResult } from "@holdfast/balancer/Probe"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as ScriptPolicy from "../script/ScriptPolicy.ts"
import * as ScriptRunner from "../script/ScriptRunner.ts"
import type { Launch, ProbeOf } from "./Launch.ts"

/**
 * Opens this kind of probe. `defaults` is read at each probe.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (defaults: ScriptDefaults): Effect.Effect<Launch<"Script">, never, Scope.Scope> =>
  Effect.map(ScriptRunner.open, (runner) => (probe, onResult) => {
    const policy = ScriptPolicy.check(probe.script, defaults)
    if (Result.isFailure(policy)) {
      const reason = policy.failure.message
      const soon = setImmediate(() => onResult({ _tag: "Refused", reason }))
      return () => clearImmediate(soon)
    }
    let isEnded = false
    const run = runner.start(policy.success, (ending) => {
      if (!isEnded) onResult(resultOf(probe, ending))
    })
    return () => {
      isEnded = true
      run.end()
    }
  })

const resultOf = ({ dynamic, script }: ProbeOf<"Script">, ending: ScriptRunner.Ending): ProbeResult => {
  if (ending._tag === "Exited") {
    if (ending.code === 0) return { _tag: "Passed" }
    if (dynamic && ending.code >= firstWeightCode)
      return { _tag: "Passed", adjustment: { _tag: "Set", weight: ending.code - firstWeightCode } }
  }
  const reason = `${script.words[0]}: ${ScriptRunner.describe(ending)}`
  return { _tag: ending._tag === "NotStarted" && !ending.isTransient ? "Refused" : "Failed", reason }
}

/** The code that sets the weight to zero. */
const firstWeightCode = 2
