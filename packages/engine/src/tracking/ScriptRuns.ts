/**
 * The port for running tracked scripts.
 *
 * @since 0.1.0
 */
import type { Outcome } from "@holdfast/vrrp/tracking/ScriptTracker"
import type { Micros } from "@holdfast/wire/Instant"
import type { Script } from "@holdfast/wire/Script"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/**
 * Runs scripts.
 *
 * @category services
 * @since 0.1.0
 */
export class ScriptRuns extends Context.Service<
  ScriptRuns,
  {
    /**
     * Runs a script and returns how that ended, once its process is gone. After `timeout` its process group is ended: that
     * is told at once by `onTimedOut`, since a process that hangs in the kernel does not die. Interrupting ends it, too, and
     * does not wait for that.
     */
    readonly run: (script: Script, timeout: Micros, onTimedOut: () => void) => Effect.Effect<Outcome>
  }
>()("@holdfast/engine/tracking/ScriptRuns") {}
