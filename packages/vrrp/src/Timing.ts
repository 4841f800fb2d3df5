/**
 * The intervals of VRRP version 2 and the arithmetic of periodic deadlines.
 *
 * @see RFC 3768 section 6.1
 * @since 0.1.0
 */
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import type { Parameters, Priority } from "./Parameters.ts"

/**
 * Returns the head start that a higher priority has over a lower one: (256 - priority) / 256 seconds (RFC 3768 6.1,
 * Skew_Time). Rounded up to a whole microsecond, so that no router acts before its time; 256 priorities stay 256
 * different spans, because two neighbours are 3,906.25 µs apart.
 *
 * @category intervals
 * @since 0.1.0
 */
export const skewTime = (priority: Priority): Micros =>
  Math.ceil(((256 - priority) * secondMicros) / 256) as Micros

/**
 * Returns the silence after which a Backup takes its Master for dead: 3 × interval + skew (RFC 3768 6.1,
 * Master_Down_Interval).
 *
 * @category intervals
 * @since 0.1.0
 */
export const masterDownInterval = (parameters: Pick<Parameters, "advertInterval" | "priority">): Micros =>
  (advertsMissedMax * parameters.advertInterval + skewTime(parameters.priority)) as Micros

/**
 * Returns the next deadline of a periodic timer that expired at `at`: one interval after the old *deadline*, so that
 * lateness does not add up; but one interval after `at` when more than one interval late, so that no burst follows a
 * stall.
 *
 * @category deadlines
 * @since 0.1.0
 */
export const nextPeriodic = (deadline: Instant, interval: Micros, at: Instant): Instant =>
  at - deadline > interval ? plus(at, interval) : plus(deadline, interval)

/** Adverts that a Backup misses before it takes over (RFC 3768 6.1). */
const advertsMissedMax = 3

const secondMicros = 1_000_000
