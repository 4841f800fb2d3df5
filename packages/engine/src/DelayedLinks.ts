/**
 * Devices as they count: one with a delay changes only when it has stayed up, or down, for long enough.
 *
 * @see keepalived `interface_up_down_delays`
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { InterfaceDelay } from "@holdfast/vrrp/SharedParameters"
import { type Instant, plus } from "@holdfast/wire/Instant"
import type { Link, Links } from "./LinkWatch.ts"
import type { Slot, TimerHeap } from "./TimerHeap.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface DelayedLinks {
  /** The devices as they count now. */
  readonly current: () => Links
  /** Takes what the kernel says. */
  readonly tell: (links: Links, at: Instant) => void
  readonly setDelays: (delays: ReadonlyArray<InterfaceDelay>, at: Instant) => void
}

interface Delayed {
  readonly delay: InterfaceDelay
  readonly slot: Slot
  /** Whether it counts as up; unknown until it was seen once, which counts at once. */
  counts: boolean | undefined
}

/**
 * Makes a view without delays. `onChange` is called when a delay has passed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (heap: TimerHeap, onChange: () => void): DelayedLinks => {
  const delayed = new Map<InterfaceName, Delayed>()
  let told: Links = new Map()
  let current: Links | undefined

  const settle = (name: InterfaceName, entry: Delayed, at: Instant): void => {
    const link = told.get(name)
    // A device that is gone is not down for a while: what it carried is lost.
    if (link === undefined || entry.counts === undefined || link.up === entry.counts) {
      entry.counts = link?.up
      return heap.disarm(entry.slot)
    }
    const wait = link.up ? entry.delay.up : entry.delay.down
    if (wait === 0) entry.counts = link.up
    else if (entry.slot.wakeAt === undefined) heap.arm(entry.slot, plus(at, wait))
  }

  const expire = (name: InterfaceName): void => {
    const entry = delayed.get(name)
    if (entry === undefined) return
    heap.disarm(entry.slot)
    entry.counts = told.get(name)?.up
    current = undefined
    onChange()
  }

  return {
    current: () => (current ??= withDelays(told, delayed)),
    tell: (links, at) => {
      told = links
      current = undefined
      for (const [name, entry] of delayed) settle(name, entry, at)
    },
    setDelays: (delays, at) => {
      const wanted = new Map(delays.map((delay) => [delay.interface, delay]))
      for (const [name, { slot }] of delayed)
        if (!wanted.has(name)) {
          heap.disarm(slot)
          delayed.delete(name)
        }
      for (const [name, delay] of wanted) {
        const before = delayed.get(name)
        const slot = before?.slot ?? heap.slot(() => expire(name))
        delayed.set(name, { delay, slot, counts: before?.counts ?? told.get(name)?.up })
      }
      current = undefined
      for (const [name, entry] of delayed) settle(name, entry, at)
    }
  }
}

const withDelays = (told: Links, delayed: ReadonlyMap<InterfaceName, Delayed>): Links => {
  if (delayed.size === 0) return told
  const links = new Map<InterfaceName, Link>(told)
  for (const [name, { counts }] of delayed) {
    const link = told.get(name)
    if (link !== undefined && counts !== undefined && link.up !== counts)
      links.set(name, { ...link, up: counts })
  }
  return links
}
