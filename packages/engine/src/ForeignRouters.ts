/**
 * VRIDs heard on a device that no router here runs: counted, told once, then muted in the kernel for a while.
 *
 * A segment may carry 255 routers of others; without muting each of their adverts would wake this process.
 *
 * @since 0.1.0
 */
import type { Instant, Micros } from "@holdfast/wire/Instant"

/**
 * The foreign VRIDs of one device.
 *
 * @category models
 * @since 0.1.0
 */
export interface ForeignRouters {
  /** Counts so many adverts, the last of them then; true when this VRID shall be told and muted now. */
  readonly heard: (vrid: number, at: Instant, count: number) => boolean
  /** The VRIDs that are muted now. */
  readonly muted: () => ReadonlySet<number>
  /** Forgets mutes that are over, so that those VRIDs are heard again; true when any was. */
  readonly expire: (at: Instant) => boolean
  /** Adverts heard per VRID; muted ones are not heard and not counted. */
  readonly counts: ReadonlyMap<number, number>
}

/**
 * Makes an empty set.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): ForeignRouters => {
  const counts = new Map<number, number>()
  const mutedUntil = new Map<number, number>()

  return {
    heard: (vrid, at, count) => {
      counts.set(vrid, (counts.get(vrid) ?? 0) + count)
      if (mutedUntil.has(vrid)) return false
      mutedUntil.set(vrid, at + muteMicros)
      return true
    },
    muted: () => new Set(mutedUntil.keys()),
    expire: (at) => {
      let any = false
      for (const [vrid, until] of mutedUntil)
        if (until <= at) {
          mutedUntil.delete(vrid)
          any = true
        }
      return any
    },
    counts
  }
}

/**
 * How long a foreign VRID is not heard: once a minute it is, so that the counts show whether it is still there.
 *
 * @category constants
 * @since 0.1.0
 */
export const muteMicros = 60_000_000 as Micros
