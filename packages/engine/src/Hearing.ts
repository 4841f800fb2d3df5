/**
 * What the actor hears of its channels: batches of adverts, in its turn, or at once where it asks the channels itself.
 *
 * **Details** a batch goes to the router of each VRID; a VRID that nobody here runs is counted and muted. So many batches may
 * wait that a flood of adverts crowds nothing else out of the inbox.
 *
 * @since 0.1.0
 */
import { type Instant, plus } from "@holdfast/wire/Instant"
import type { Channels, Listeners } from "./Channels.ts"
import type { Delivery } from "./Delivery.ts"
import * as ForeignRouters from "./ForeignRouters.ts"
import type { Lateness } from "./Lateness.ts"
import * as Rehearsal from "./Rehearsal.ts"
import type { Routers } from "./Routers.ts"
import type { RunningRouter } from "./RunningRouter.ts"
import type { TimerHeap } from "./TimerHeap.ts"

/**
 * What waited on a channel, as its listeners are told of it (`Channels.Listeners`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch {
  readonly deliveries: ReadonlyArray<Delivery>
  readonly arrivedAt: ReadonlyArray<Instant>
  readonly counts: ReadonlyArray<number> | undefined
}

/**
 * What hearing needs of its engine. Channels and routers are made after it.
 *
 * - `tell`: puts a batch into the inbox; false when that is full.
 * - `onMutesOver`: VRIDs of others shall be heard again.
 *
 * @category models
 * @since 0.1.0
 */
export interface Means {
  readonly heap: TimerHeap
  readonly lateness: Lateness
  readonly timer: { readonly now: () => Instant; readonly waitUntil: (deadline: Instant) => Instant }
  readonly channels: () => Channels
  readonly routers: () => Routers
  readonly tell: (batch: Batch) => boolean
  readonly onMutesOver: () => void
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Hearing {
  /** Takes what the channels tell. */
  readonly onDelivered: Listeners["onDelivered"]
  /** Hears a batch that waited in the inbox. */
  readonly take: (batch: Batch) => void
  /** Hears at once what the channels tell meanwhile. */
  readonly ask: (receive: () => void) => void
  /**
   * Waits for a Backup's takeover, and hears what has arrived by then: also when it comes late, since a process that stood
   * still may be woken by its timer first. Before that the takeover is gone through, so that what it needs is in the
   * processor's caches.
   */
  readonly approach: (router: RunningRouter, deadline: Instant) => Instant
}

/**
 * Makes what has heard nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (means: Means): Hearing => {
  const { heap, lateness, timer } = means
  let waitingCount = 0
  let isAsking = false
  const muteExpiry = heap.slot((now) => {
    means.onMutesOver()
    heap.arm(muteExpiry, plus(now, ForeignRouters.muteMicros))
  })

  const hear = ({ arrivedAt, counts, deliveries }: Batch): void => {
    const [first] = deliveries
    // All are of one channel.
    const here = first === undefined ? undefined : means.routers().on(first.interface, first.family)
    for (let index = 0; index < deliveries.length; index++) {
      const delivery = deliveries[index]!
      const at = arrivedAt[index]!
      const count = counts?.[index] ?? 1
      const router = here?.get(delivery.vrid)
      if (router !== undefined) router.hear(delivery, at, count)
      else if (means.channels().hearForeign(delivery, at, count) && muteExpiry.wakeAt === undefined)
        heap.arm(muteExpiry, plus(at, ForeignRouters.muteMicros))
    }
  }

  const ask = (receive: () => void): void => {
    isAsking = true
    receive()
    isAsking = false
  }

  return {
    ask,
    onDelivered: (deliveries, arrivedAt, counts) => {
      const batch = { deliveries, arrivedAt, counts }
      if (isAsking) return hear(batch)
      if (waitingCount < batchesMax && means.tell(batch)) waitingCount += 1
      else lateness.countFlooded(counts?.reduce((sum, count) => sum + count, 0) ?? deliveries.length)
    },
    take: (batch) => {
      waitingCount -= 1
      hear(batch)
    },
    approach: (router, deadline) => {
      ask(() => {
        const channels = means.channels()
        const receive = (): void => channels.receive(router.state().parameters)
        Rehearsal.takeover(router, { deadline, now: timer.now, receive, send: channels.rehearse })
        timer.waitUntil(deadline)
        receive()
      })
      return timer.waitUntil(deadline)
    }
  }
}

/** Half of the inbox: the rest stays free for links, addresses and commands. */
const batchesMax = 512
