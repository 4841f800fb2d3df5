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

/**
 * Returns what to add to a time of the wall clock, such as the kernel's stamp of a packet, to have it on this clock. True
 * for the moment: the wall clock can be set at any time.
 *
 * @category clock
 * @since 0.1.0
 */
export const offsetOfRealtime = (): number => Native.load().clockMonotonic() - Native.load().clockRealtime()
