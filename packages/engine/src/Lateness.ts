/**
 * How late the engine's timers were, and what it had to leave unheard.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Lateness of wake-ups behind their deadlines.
 *
 * @category models
 * @since 0.1.0
 */
export const LatenessSummary = Schema.Struct({
  wakeCount: Schema.Int,
  latenessMicrosMax: Schema.Int,
  latenessMicrosMean: Schema.Int,
  /** Wake-ups later than 10 ms. */
  lateCount: Schema.Int,
  /** Adverts dropped here because the inbox was full. */
  floodedCount: Schema.Int
})

/**
 * @category models
 * @since 0.1.0
 */
export type LatenessSummary = typeof LatenessSummary.Type

/**
 * Records lateness.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lateness {
  readonly record: (micros: number) => void
  readonly countFlooded: (adverts: number) => void
  readonly summary: () => LatenessSummary
}

/**
 * Makes a record of nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Lateness => {
  let wakeCount = 0
  let sum = 0
  let max = 0
  let lateCount = 0
  let floodedCount = 0

  return {
    record: (micros) => {
      wakeCount += 1
      sum += micros
      if (micros > max) max = micros
      if (micros > lateMicros) lateCount += 1
    },
    countFlooded: (adverts) => void (floodedCount += adverts),
    summary: () => ({
      wakeCount,
      latenessMicrosMax: max,
      latenessMicrosMean: wakeCount === 0 ? 0 : Math.round(sum / wakeCount),
      lateCount,
      floodedCount
    })
  }
}

/** The shortest advert interval of VRRP: whoever is later than this misses one (RFC 9568 section 5.2.7). */
const lateMicros = 10_000
