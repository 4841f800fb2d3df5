/**
 * How often a dropped advert is told: the first of its kind at once, the rest summed up once a minute.
 *
 * @since 0.1.0
 */
import type { DropReason } from "@holdfast/vrrp/Action"
import type { Instant } from "@holdfast/wire/Instant"
import type { IpAddress } from "@holdfast/wire/Address"

/**
 * Decides what is told.
 *
 * @category models
 * @since 0.1.0
 */
export interface DropReport {
  /** Counts one drop and returns how many to tell now; 0 for none. */
  readonly count: (reason: DropReason, source: IpAddress, at: Instant) => number
}

/**
 * Makes a report that has told nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): DropReport => {
  const untold = new Map<string, { count: number; tellAt: number }>()

  return {
    count: (reason, source, at) => {
      const key = `${reason} ${source}`
      const entry = untold.get(key)
      if (entry !== undefined && at < entry.tellAt) {
        entry.count += 1
        return 0
      }
      if (entry === undefined && untold.size >= kindsMax) untold.clear()
      untold.set(key, { count: 0, tellAt: at + quietMicros })
      return (entry?.count ?? 0) + 1
    }
  }
}

/** One line a minute tells that a fault lasts without filling a log. */
const quietMicros = 60_000_000

/** Bound on remembered (reason, source) pairs: a forger of sources costs memory only up to here. */
const kindsMax = 1024
