/**
 * The times in which a processor of the machine ran nothing of ours, told by a program that is before all others.
 *
 * **Details** a guest whose host gives its processors to somebody else for 50 ms is silent for 50 ms, whoever is Master. That is
 * no fault of the daemon that is measured, and it is not to be overlooked either.
 *
 * @since 0.1.0
 */
import { availableParallelism } from "node:os"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "../lab/Child.ts"
import type { Namespace } from "../lab/Namespace.ts"
import * as Program from "./Program.ts"

/**
 * A time in which one processor stood still.
 *
 * @category models
 * @since 0.1.0
 */
export interface Halt {
  readonly fromMicros: number
  readonly toMicros: number
}

/**
 * Watches every processor till the scope ends, and returns the list of halts, which grows. Needs CAP_SYS_NICE.
 *
 * @category constructors
 * @since 0.1.0
 */
export const watch = (namespace: Namespace): Effect.Effect<ReadonlyArray<Halt>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const program = yield* Program.build("stillness")
    const halts: Array<Halt> = []
    for (let processor = 0; processor < availableParallelism(); processor++) {
      const child = yield* Child.start(namespace, [program, `${processor}`])
      const watching = Deferred.makeUnsafe<void>()
      Child.onLines(child.stdout, (line) => {
        const [fromMicros, toMicros] = line.split(" ").map(Number)
        if (fromMicros === undefined || toMicros === undefined) Deferred.doneUnsafe(watching, Effect.void)
        else halts.push({ fromMicros, toMicros })
      })
      const ended = Effect.flatMap(child.exit, () => Effect.die(new Error("the watch for halts ended")))
      yield* Effect.raceFirst(Deferred.await(watching), ended)
    }
    return halts
  })

/**
 * Returns for how long of a time one processor or more stood still, in microseconds.
 *
 * @category getters
 * @since 0.1.0
 */
export const within = (halts: ReadonlyArray<Halt>, time: Halt): number => {
  let [sum, counted] = [0, time.fromMicros]
  for (const { fromMicros, toMicros } of halts.toSorted((a, b) => a.fromMicros - b.fromMicros)) {
    const from = Math.max(fromMicros, counted)
    const to = Math.min(toMicros, time.toMicros)
    if (to <= from) continue
    sum += to - from
    counted = to
  }
  return sum
}

/**
 * Returns for how long one processor stood still at once within a time, at most, in microseconds.
 *
 * @category getters
 * @since 0.1.0
 */
export const longest = (halts: ReadonlyArray<Halt>, time: Halt): number =>
  halts.reduce(
    (longest, { fromMicros, toMicros }) =>
      Math.max(longest, Math.min(toMicros, time.toMicros) - Math.max(fromMicros, time.fromMicros)),
    0
  )
