/**
 * A question that is asked until the answer is the wanted one, where nothing tells of the change.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Child from "./Child.ts"
import type { Namespace } from "./Namespace.ts"

/**
 * Asks until the answer fits, and returns it; reports the last answer where none does in time.
 *
 * @category actions
 * @since 0.1.0
 */
export const until = <A, E, R>(
  wanted: string,
  question: Effect.Effect<A, E, R>,
  fits: (answer: A) => boolean
): Effect.Effect<A, E, R> => {
  let last: A | undefined
  return Effect.tap(question, (answer) => Effect.sync(() => (last = answer))).pipe(
    Effect.repeat({ until: fits, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOrElse({
      duration: "10 seconds",
      orElse: () => Effect.die(new Error(`never ${wanted}; the last answer: ${String(last)}`))
    })
  )
}

/**
 * Runs a command inside until what it prints fits.
 *
 * @category actions
 * @since 0.1.0
 */
export const untilPrinted = (
  namespace: Namespace,
  command: string,
  wanted: string,
  fits: (printed: string) => boolean
): Effect.Effect<string, Child.CommandFailed> => until(wanted, print(namespace, command), fits)

/**
 * Runs a command of words without quotes inside and returns what it prints.
 *
 * @category actions
 * @since 0.1.0
 */
export const print = (namespace: Namespace, command: string): Effect.Effect<string, Child.CommandFailed> => {
  const [program = "", ...words] = command.split(" ")
  return Child.run(namespace, [program, ...words])
}
