/**
 * The wall clock in microseconds, on which the kernel stamps captured frames.
 *
 * @since 0.1.0
 */
import { performance } from "node:perf_hooks"

/**
 * Returns the wall clock to a few microseconds, and takes some milliseconds for it.
 *
 * **Details** Node offers the wall clock in whole milliseconds only, so the monotonic clock is laid on the moment at
 * which the next one begins. That moment is seen late when the process has to give way, and never early: of several
 * attempts the one that puts the wall clock furthest ahead is right.
 *
 * @category getters
 * @since 0.1.0
 */
export const nowMicros = (): number => {
  const offsetMillis = Math.max(...Array.from({ length: attemptCount }, offsetSeen))
  return (offsetMillis + performance.now()) * 1000
}

const offsetSeen = (): number => {
  const before = Date.now()
  let edge = before
  while (edge === before) edge = Date.now()
  return edge - performance.now()
}

const attemptCount = 10
