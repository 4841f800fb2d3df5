/**
 * The intervals of VRRP and the arithmetic of periodic deadlines.
 *
 * **Details** the skew of version 2 is a part of a second whatever the interval is; that of version 3 is a part of the
 * interval, so that failover gets faster with it.
 *
 * @see RFC 3768 section 6.1; RFC 9568 section 6.1
 * @since 0.1.0
 */
import type { Advertisement } from "@holdfast/wire/Advertisement"
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import type { Parameters, Version } from "./Parameters.ts"

/**
 * Returns the head start that a higher priority has over a lower one: (256 - priority) / 256 seconds (RFC 3768 6.1,
 * Skew_Time), or that part of the Master's interval in version 3 (RFC 9568 6.1).
 *
 * Rounded up to a whole microsecond, so that no router acts before its time; 256 priorities stay 256 different spans,
 * because two neighbours are 3,906.25 µs apart, or 39 µs at the shortest interval of version 3. keepalived counts
 * microseconds here too and rounds down: in a mixed pair the order of the priorities holds.
 *
 * @category intervals
 * @since 0.1.0
 */
export const skewTime = (version: Version, priority: number, masterInterval: Micros): Micros =>
  Math.ceil(((256 - priority) * (version === 2 ? secondMicros : masterInterval)) / 256) as Micros

/**
 * Returns the silence after which a Backup takes its Master for dead: 3 × interval + skew (RFC 3768 6.1,
 * Master_Down_Interval; RFC 9568 6.1, Active_Down_Interval), with `downAdverts` in place of 3.
 *
 * @category intervals
 * @since 0.1.0
 */
export const masterDownIntervalOf = (
  { downAdverts, version }: Pick<Parameters, "downAdverts" | "version">,
  priority: number,
  masterInterval: Micros
): Micros => (downAdverts * masterInterval + skewTime(version, priority, masterInterval)) as Micros

/**
 * Returns the same for a Master with our own interval, and the priority that we are configured with.
 *
 * @category intervals
 * @since 0.1.0
 */
export const masterDownInterval = (
  parameters: Pick<Parameters, "advertInterval" | "downAdverts" | "priority" | "version">
): Micros => masterDownIntervalOf(parameters, parameters.priority, parameters.advertInterval)

/**
 * Returns the interval between adverts that an advert announces. An interval of 0 is none: ours stands for it.
 *
 * @category intervals
 * @since 0.1.0
 */
export const intervalHeard = (
  { advertInterval }: Pick<Parameters, "advertInterval">,
  { advertIntervalMicros }: Pick<Advertisement, "advertIntervalMicros">
): Micros => (advertIntervalMicros === 0 ? advertInterval : (advertIntervalMicros as Micros))

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

const secondMicros = 1_000_000
