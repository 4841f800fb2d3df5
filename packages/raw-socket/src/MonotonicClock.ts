/**
 * The clock that deadlines are measured on: CLOCK_MONOTONIC, which no correction of the wall time moves.
 *
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"

/**
 * Returns the time since an arbitrary start, in whole microseconds, rounded down.
 *
 * @category clock
 * @since 0.1.0
 */
export const now = (): number => Native.load().clockMonotonic()
