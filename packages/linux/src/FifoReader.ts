/**
 * The program that reads a named pipe (`lvs_notify_fifo_script`): runs as long as the pipe is open.
 *
 * **Details**
 * - It gets the pipe's path as its last argument.
 * - When it ends it is started again: after a second at first, then twice as long each time up to a minute. Once it has run for a minute
 *   that begins anew.
 *
 * @since 0.1.0
 */
import type { Script, ScriptDefaults } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as ScriptPolicy from "./script/ScriptPolicy.ts"
import * as ScriptRunner from "./script/ScriptRunner.ts"

/** Before the first restart. @category constants @since 0.1.0 */
export const restartMillisMin = 1_000

/** Between restarts at most, and how long a run must last to count as a good one. @category constants @since 0.1.0 */
export const restartMillisMax = 60_000

/** A program that sleeps in the kernel does not even die at once; nobody waits longer for it. */
const closeMillisMax = ScriptRunner.graceMillis + 2_000

/**
 * Starts the program. Closing the scope ends it with TERM, and with KILL when it does not obey, and waits until it is gone.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (
  runner: ScriptRunner.ScriptRunner,
  reader: { readonly path: string; readonly script: Script },
  defaults: ScriptDefaults,
  onFailure: (reason: string) => void
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => keepRunning(runner, reader, defaults, onFailure)),
      (close) =>
        Effect.callback<void>((resume) => {
          close(() => resume(Effect.void))
        }).pipe(Effect.timeoutOrElse({ duration: closeMillisMax, orElse: () => Effect.void }))
    )
  )

/** Returns how to end it; what that is given is called when the program is gone. */
const keepRunning = (
  runner: ScriptRunner.ScriptRunner,
  { path, script }: { readonly path: string; readonly script: Script },
  defaults: ScriptDefaults,
  onFailure: (reason: string) => void
): ((onGone: () => void) => void) => {
  const withPath: Script = { ...script, words: [...script.words, path] }
  let run: ScriptRunner.Run | undefined
  let restart: NodeJS.Timeout | undefined
  let restartMillis = restartMillisMin
  let startedAt = 0
  let onClosed: (() => void) | undefined

  const start = (): void => {
    const policy = ScriptPolicy.check(withPath, defaults)
    if (Result.isFailure(policy)) return over(policy.failure.message)
    startedAt = performance.now()
    run = runner.start(policy.success, (ending) => over(ScriptRunner.describe(ending)))
  }

  const over = (reason: string): void => {
    if (run !== undefined && performance.now() - startedAt >= restartMillisMax)
      restartMillis = restartMillisMin
    run = undefined
    if (onClosed !== undefined) return onClosed()
    onFailure(`${reason}; it is started again in ${restartMillis / 1_000} s`)
    restart = setTimeout(start, restartMillis)
    restartMillis = Math.min(restartMillis * 2, restartMillisMax)
  }

  start()
  return (onGone) => {
    clearTimeout(restart)
    if (run === undefined) return onGone()
    onClosed = onGone
    run.end()
  }
}
