/**
 * Probes of a number in a file (`FILE_CHECK`): told at the start and whenever it changes.
 *
 * **Details**
 * - The number, times the factor, is added to the weight. With factor 0 any number but 0 fails.
 * - A product of `downAtMost` or less fails: the server goes out.
 *
 * **Gotchas**
 * - A file that is missing, unreadable or holds no number is refused, and the server goes out. keepalived takes it for 0; but what
 *   cannot be checked must not serve.
 *
 * @see keepalived.conf(5), `FILE_CHECK`, `track_file`; docs/reference/scripts.md
 * @since 0.1.0
 */
import type { ProbeResult } from "@holdfast/balancer/Probe"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as WatchedFile from "../file/WatchedFile.ts"
import type { Launch, ProbeOf } from "./Launch.ts"

/**
 * The products that mean "down" and the greatest that is added: the range of a weight in the kernel, and keepalived's.
 *
 * @category constants
 * @since 0.1.0
 */
export const downAtMost = -2_147_483_648

/** @category constants @since 0.1.0 */
export const adjustmentMax = 2_147_483_647

/**
 * Opens this kind of probe.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<Launch<"File">, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => new Set<() => void>()),
    (ends) => Effect.sync(() => ends.forEach((end) => end()))
  ),
  (ends) => (probe, onResult) => {
    const stop = observe(probe, onResult)
    const end = (): void => {
      ends.delete(end)
      stop()
    }
    ends.add(end)
    return end
  }
)

/** Reports the file now, soon after this returns, and at every change. Returns how to end that. */
const observe = (probe: ProbeOf<"File">, onResult: (result: ProbeResult) => void): (() => void) => {
  let told = ""
  const tell = (result: ProbeResult): void => {
    const text = JSON.stringify(result)
    if (text === told) return
    told = text
    onResult(result)
  }
  let file: WatchedFile.WatchedFile | undefined
  const first = setImmediate(() => {
    file = WatchedFile.open(probe.path, (reading) => tell(resultOf(probe, reading)))
    tell(resultOf(probe, file.reading))
  })
  return () => {
    clearImmediate(first)
    file?.close()
  }
}

const resultOf = ({ factor, path }: ProbeOf<"File">, reading: WatchedFile.Reading): ProbeResult => {
  if (reading._tag !== "Text") return { _tag: "Refused", reason: `${path} cannot be read: ${reading.reason}` }
  const word = reading.text.trim()
  if (!/^[+-]?[0-9]{1,10}$/.test(word)) return { _tag: "Refused", reason: `${path} holds no number` }
  const value = Number(word)
  if (factor === 0)
    return value === 0 ? { _tag: "Passed" } : { _tag: "Failed", reason: `${path} holds ${value}` }
  const product = value * factor
  if (product <= downAtMost) return { _tag: "Failed", reason: `${path} holds ${value}, which means down` }
  return { _tag: "Passed", adjustment: { _tag: "Add", weight: Math.min(product, adjustmentMax) + 0 } }
}
