/**
 * Points and spans of monotonic time, as data.
 *
 * The shell stamps every event with an `Instant`; nothing pure reads a clock. Both kinds are whole
 * microseconds, so that arithmetic is exact and a value crosses a thread or JSON as it is.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Two to the fifty-second microseconds are 142 years: no uptime reaches it, and sums stay exact. */
const microsMax = 2 ** 52

/**
 * A point of the monotonic clock (CLOCK_MONOTONIC), in microseconds.
 *
 * @category models
 * @since 0.1.0
 */
export const Instant = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: microsMax })).pipe(
  Schema.brand("Instant")
)

/**
 * @category models
 * @since 0.1.0
 */
export type Instant = typeof Instant.Type

/**
 * A span of time in microseconds.
 *
 * @category models
 * @since 0.1.0
 */
export const Micros = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: microsMax })).pipe(
  Schema.brand("Micros")
)

/**
 * @category models
 * @since 0.1.0
 */
export type Micros = typeof Micros.Type

/**
 * Returns the point a span after another.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const plus = (instant: Instant, span: Micros): Instant => (instant + span) as Instant

/**
 * Returns the span from seconds, rounded to the nearest microsecond.
 *
 * @category constructors
 * @since 0.1.0
 */
export const seconds = (value: number): Micros => Math.round(value * 1_000_000) as Micros

/**
 * Returns a span as decimal seconds for people, such as `3.414`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const formatSeconds = (span: number): string => (span / 1_000_000).toFixed(3)
