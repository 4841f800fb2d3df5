/**
 * The deadlines of all virtual routers of an engine, as one heap.
 *
 * **Details**
 * A slot is one timer. Arming a slot later than it stands costs nothing: the entry stays where it is, and when it comes
 * up first it is put back at its true place. A Backup moves its master-down timer with every advert it hears; so hearing
 * costs no heap work, and being put back once per master-down interval pays for it.
 *
 * Of slots with the same deadline the one that was made first expires first: the adverts of many routers that leave together
 * are in the same order each time, and so each of them at its own interval.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"

/**
 * One timer of the heap and what to do when it expires.
 *
 * @category models
 * @since 0.1.0
 */
export interface Slot {
  readonly onExpired: (now: Instant) => void
  readonly lead: Lead | undefined
  /** Slots of a heap are numbered as they are made. */
  readonly number: number
  /** When it shall expire; absent while disarmed. */
  wakeAt: Instant | undefined
  /** Where its live entry stands in the heap; other entries of the slot are stale. */
  queuedAt: Instant | undefined
}

/**
 * How a slot that must expire exactly is waited for: it comes up `micros` early, and `wait` then lasts until the deadline, if
 * that is still to come, and returns the time it then is. It may arm slots, also this one: then this one does not expire.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lead {
  readonly micros: number
  readonly wait: (deadline: Instant) => Instant
}

interface Entry {
  at: Instant
  readonly slot: Slot
}

/**
 * A binary heap of timer slots.
 *
 * @category models
 * @since 0.1.0
 */
export interface TimerHeap {
  readonly slot: (onExpired: (now: Instant) => void, lead?: Lead) => Slot
  readonly arm: (slot: Slot, wakeAt: Instant) => void
  readonly disarm: (slot: Slot) => void
  /** When the next slot comes up. */
  readonly next: () => Instant | undefined
  /** Expires every slot that is due, earliest and then first made first, also those that the expiries themselves make due. */
  readonly expire: (now: Instant) => void
}

/**
 * Makes an empty heap.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): TimerHeap => {
  const entries: Array<Entry> = []
  let slotCount = 0

  const push = (entry: Entry): void => {
    let index = entries.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(entry, entries[parent]!)) break
      entries[index] = entries[parent]!
      index = parent
    }
    entries[index] = entry
  }

  const pop = (): Entry => {
    const top = entries[0]!
    const last = entries.pop()!
    if (entries.length > 0) sink(last)
    return top
  }

  const sink = (entry: Entry): void => {
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= entries.length) break
      if (child + 1 < entries.length && isBefore(entries[child + 1]!, entries[child]!)) child += 1
      if (!isBefore(entries[child]!, entry)) break
      entries[index] = entries[child]!
      index = child
    }
    entries[index] = entry
  }

  const queue = (slot: Slot, wakeAt: Instant): void => {
    const at = earliest(slot, wakeAt)
    slot.queuedAt = at
    push({ at, slot })
  }

  const isStale = (entry: Entry): boolean => entry.slot.queuedAt !== entry.at

  return {
    slot: (onExpired, lead) => ({
      onExpired,
      lead,
      number: slotCount++,
      wakeAt: undefined,
      queuedAt: undefined
    }),
    arm: (slot, wakeAt) => {
      slot.wakeAt = wakeAt
      if (slot.queuedAt === undefined || slot.queuedAt > earliest(slot, wakeAt)) queue(slot, wakeAt)
    },
    disarm: (slot) => {
      slot.wakeAt = undefined
    },
    next: () => {
      while (entries.length > 0) {
        const top = entries[0]!
        const { at, slot } = top
        if (isStale(top)) pop()
        else if (slot.wakeAt === undefined) {
          slot.queuedAt = undefined
          pop()
        } else {
          const wakeAt = earliest(slot, slot.wakeAt)
          if (wakeAt <= at) return at
          slot.queuedAt = top.at = wakeAt
          sink(top)
        }
      }
      return undefined
    },
    expire: (from) => {
      let now = from
      while (entries.length > 0 && entries[0]!.at <= now) {
        const entry = pop()
        if (isStale(entry)) continue
        const slot = entry.slot
        slot.queuedAt = undefined
        if (slot.wakeAt === undefined) continue
        if (earliest(slot, slot.wakeAt) > now) {
          queue(slot, slot.wakeAt)
          continue
        }
        const deadline = slot.wakeAt
        const isAhead = deadline > now
        const waited = slot.lead?.wait(deadline) ?? now
        // Those that are late expire together: routers that become Master at one time go on sharing their wake-ups.
        if (isAhead) now = waited
        // What came while it was waited for may have moved it, and queued it with that.
        if (slot.wakeAt !== deadline) continue
        slot.wakeAt = undefined
        slot.onExpired(now)
      }
    }
  }
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.at < other.at || (one.at === other.at && one.slot.number < other.slot.number)

/** When a slot comes up. */
const earliest = (slot: Slot, wakeAt: Instant): Instant => (wakeAt - (slot.lead?.micros ?? 0)) as Instant
