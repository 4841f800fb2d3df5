/**
 * The machine under the measurements: how busy it is, waiting till it is not, and making it so.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "../lab/Child.ts"
import type { Namespace } from "../lab/Namespace.ts"

/**
 * Seconds of all processors since the start of the machine.
 *
 * @category models
 * @since 0.1.0
 */
export interface Usage {
  readonly busy: number
  readonly total: number
}

/**
 * Returns what the processors have done so far.
 *
 * @category getters
 * @since 0.1.0
 */
export const usage = (): Usage => {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? ""
  // user nice system idle iowait irq softirq steal, in ticks of a hundredth of a second.
  const ticks = line.split(/\s+/).slice(1, 9).map(Number)
  const total = ticks.reduce((sum, each) => sum + each, 0)
  return { busy: (total - (ticks[3] ?? 0) - (ticks[4] ?? 0)) / 100, total: total / 100 }
}

/**
 * Returns the share of the machine that was busy since, from 0 to 1.
 *
 * @category getters
 * @since 0.1.0
 */
export const busySince = (since: Usage): number => {
  const now = usage()
  return (now.busy - since.busy) / Math.max(now.total - since.total, 1e-9)
}

/**
 * Waits until little else runs, but not for long: a machine that is never quiet is measured as it is.
 *
 * @category actions
 * @since 0.1.0
 */
export const quiet: Effect.Effect<void> = Effect.gen(function* () {
  for (let waited = 0; waited < quietMillisMax; waited += quietWindowMillis) {
    const before = usage()
    yield* Effect.sleep(quietWindowMillis)
    if (busySince(before) <= quietShareMax) return
  }
})

/**
 * Keeps every processor busy till the scope ends.
 *
 * @category constructors
 * @since 0.1.0
 */
export const burn = (namespace: Namespace): Effect.Effect<void, never, Scope.Scope> =>
  Effect.forEach(
    Array.from({ length: availableParallelism() }),
    () => Child.start(namespace, ["sh", "-c", "while :; do :; done"]),
    { discard: true }
  )

const quietWindowMillis = 500
// Other work on a shared machine comes in pieces of a few seconds.
const quietMillisMax = 3_000
const quietShareMax = 0.25
