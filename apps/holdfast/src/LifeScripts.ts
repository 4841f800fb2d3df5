/**
 * The scripts at the beginning and at the end of the daemon (`startup_script`, `shutdown_script`): run and waited for.
 *
 * @since 0.1.0
 */
import * as ScriptRuns from "@holdfast/linux/tracking/ScriptRuns"
import * as Ports from "@holdfast/engine/tracking/ScriptRuns"
import * as ScriptTracker from "@holdfast/vrrp/tracking/ScriptTracker"
import type { Micros } from "@holdfast/wire/Instant"
import type { Script, ScriptDefaults } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"

/**
 * Runs a script to its end. Returns what went wrong, if anything did.
 *
 * @category commands
 * @since 0.1.0
 */
export const run = (script: Script, defaults: ScriptDefaults): Effect.Effect<string | undefined> =>
  Effect.gen(function* () {
    const runs = yield* Ports.ScriptRuns
    const outcome = yield* runs.run(script, script.timeout ?? timeoutDefault, () => {})
    return outcome._tag === "Exited" && outcome.code === 0 ? undefined : ScriptTracker.describe(outcome)
  }).pipe(Effect.provide(ScriptRuns.layer(defaults)))

/** As long as keepalived waits where the file does not say. */
const timeoutDefault = 10_000_000 as Micros
