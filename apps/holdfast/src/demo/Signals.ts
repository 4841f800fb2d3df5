/**
 * The signals that end a demo early.
 *
 * @since 0.1.0
 */
import { constants } from "node:os"
import * as Effect from "effect/Effect"

/** Ctrl-C, a service manager, a terminal that is closed. @category constants @since 0.1.0 */
export const stopping: ReadonlyArray<NodeJS.Signals> = ["SIGINT", "SIGTERM", "SIGHUP"]

/**
 * Waits for one of them, and returns the exit code that says so.
 *
 * @category commands
 * @since 0.1.0
 */
export const wait: Effect.Effect<number> = Effect.callback<number>((resume) => {
  const handler = (signal: NodeJS.Signals) => resume(Effect.succeed(exitCode(signal)))
  for (const signal of stopping) process.on(signal, handler)
  return Effect.sync(() => {
    for (const signal of stopping) process.off(signal, handler)
  })
})

/**
 * Returns the exit code of a command that a signal ended, as shells count it: 128 and the signal's number.
 *
 * @category getters
 * @since 0.1.0
 */
export const exitCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]
