/**
 * Gives back the memory that a large file took for a moment.
 *
 * **Details** reading a file of ten thousand servers and filling the kernel's table leaves three times its lasting size behind in
 * half-empty pages, which V8 keeps for a load that never comes again. A full collection with compaction frees them; it
 * holds this thread up for a tenth of a second, once, when everything has settled. Virtual routers run in another thread.
 *
 * @see docs/decisions/0014-memory-before-peak-speed.md
 * @since 0.1.0
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Native from "@holdfast/native/Native"

/**
 * Collects and compacts this thread's heap, and gives free memory of the process back.
 *
 * @category effects
 * @since 0.1.0
 */
export const compact = (): void => {
  collector({ type: "major", execution: "sync", flavor: "last-resort" })
  Native.load().mallocTrim()
}

type Collector = (options: {
  readonly type: string
  readonly execution: string
  readonly flavor: string
}) => void

const collector = ((): Collector => {
  setFlagsFromString("--expose-gc")
  const gc: unknown = runInNewContext("gc")
  setFlagsFromString("--no-expose-gc")
  return typeof gc === "function" ? (gc as Collector) : () => undefined
})()
