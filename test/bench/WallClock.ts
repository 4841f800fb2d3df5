/**
 * The wall clock in microseconds, on which the kernel stamps captured frames.
 *
 * @since 0.1.0
 */
import { performance } from "node:perf_hooks"

/**
 * Returns the wall clock to a few microseconds: Node offers it in whole milliseconds only, so the monotonic clock is
 * laid on the edge of the next one, which takes up to a millisecond.
 *
 * @category getters
 * @since 0.1.0
 */
export const nowMicros = (): number => {
  const before = Date.now()
  let edge = before
  while (edge === before) edge = Date.now()
  const offsetMillis = edge - performance.now()
  return (offsetMillis + performance.now()) * 1000
}
