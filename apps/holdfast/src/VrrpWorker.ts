/**
 * The worker of the VRRP thread. It can be had before it is needed: loading its half of the code takes longer than
 * anything else at the start, and meanwhile the main thread loads its own and reads the file.
 *
 * @since 0.1.0
 */
import { Worker } from "node:worker_threads"

let waiting: Worker | undefined

/**
 * Lets a worker load its code. It begins with nothing before it is told to, and ends with the process.
 *
 * @category constructors
 * @since 0.1.0
 */
export const prepare = (): void => {
  waiting = make()
  waiting.unref()
}

/**
 * Returns the worker that was prepared, or a new one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const take = (): Worker => {
  const worker = waiting ?? make()
  waiting = undefined
  worker.ref()
  return worker
}

/** The worker runs this very program: main.ts sees that it is in a thread. */
const make = (): Worker =>
  new Worker(new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./holdfast.mjs", import.meta.url))
