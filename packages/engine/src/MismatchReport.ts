/**
 * Which mismatches were told: each once for a peer, until it is another.
 *
 * @since 0.1.0
 */
import type { Mismatch } from "@holdfast/vrrp/Action"
import type { IpAddress } from "@holdfast/wire/Address"

/**
 * Decides what is told.
 *
 * @category models
 * @since 0.1.0
 */
export interface MismatchReport {
  /** Notes a mismatch; true when this one was not noted of this peer before. */
  readonly isNews: (mismatch: Mismatch, source: IpAddress) => boolean
}

/**
 * Makes a report that has told nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): MismatchReport => {
  const told = new Map<string, Mismatch>()

  return {
    isNews: (mismatch, source) => {
      const key = `${source} ${mismatch._tag}`
      const before = told.get(key)
      // A peer sends the same again and again: what is compared is mostly equal at the first look.
      if (before !== undefined && JSON.stringify(before) === JSON.stringify(mismatch)) return false
      if (before === undefined && told.size >= kindsMax) told.clear()
      told.set(key, mismatch)
      return true
    }
  }
}

/** Bound on remembered mismatches: a forger of sources costs memory only up to here. */
const kindsMax = 256
