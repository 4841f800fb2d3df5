/**
 * Which channels doze: those where nothing but the repetition of a Master's adverts is to be heard.
 *
 * A Backup does one thing with each such advert, it starts its timer anew, and by the time at which the kernel got it. So
 * it need not be woken for each of thousands a second: it asks for all that wait from time to time, and before it takes over.
 * A Master that leaves rings at once, and a Master of our own hears each advert.
 *
 * @see docs/decisions/0031-a-backup-dozes.md
 * @since 0.1.0
 */
import type { Instant, Micros } from "@holdfast/wire/Instant"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Family } from "@holdfast/wire/Address"
import type { State } from "@holdfast/vrrp/State"
import type { TimerHeap } from "./TimerHeap.ts"

/**
 * What dozes and is asked: `Channels`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sleepers {
  /** Lets the channels doze that are named here, and wakes the others. */
  readonly doze: (shallDoze: (device: InterfaceName, family: Family) => boolean) => void
  /** Tells now what has arrived at the channels that doze. */
  readonly receiveDozing: () => void
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Dozing {
  /** Decides anew: roles or routers changed. */
  readonly reassess: (at: Instant) => void
  /** Looks now if it is time to, and nothing has to be decided anew; whether it did. */
  readonly look: (at: Instant) => boolean
}

/**
 * Makes what decides for the routers that `states` returns, and wakes itself by the engine's heap.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (heap: TimerHeap, sleepers: Sleepers, states: () => ReadonlyArray<State>): Dozing => {
  let shortest: number = lookMicros
  let lookAt = 0
  const slot = heap.slot((at) => {
    sleepers.receiveDozing()
    if (at >= lookAt) reassess(at)
    else heap.arm(slot, (at + shortest) as Instant)
  })
  const look = (at: Instant): boolean => {
    if (slot.wakeAt === undefined || slot.wakeAt > at || at >= lookAt) return false
    sleepers.receiveDozing()
    heap.arm(slot, (at + shortest) as Instant)
    return true
  }
  const reassess = (at: Instant): void => {
    const all = states()
    const dozes = dozesOf(all)
    sleepers.doze((device, family) => dozes.has(`${device}/${family}`))
    shortest = Math.min(lookMicros, ...dozes.values())
    lookAt = at + lookMicros
    if (all.length < heardMin) heap.disarm(slot)
    else heap.arm(slot, (at + shortest) as Instant)
  }
  return { reassess, look }
}

/**
 * Returns how long the channels of these routers may doze, by device and family; those that may not are not in it.
 *
 * @category queries
 * @since 0.1.0
 */
export const dozesOf = (states: ReadonlyArray<State>): ReadonlyMap<string, Micros> => {
  const places = Map.groupBy(states, ({ parameters }) => `${parameters.interface}/${parameters.family}`)
  const dozes = new Map<string, Micros>()
  for (const [place, here] of places) {
    const doze = dozeOf(here)
    if (doze !== undefined) dozes.set(place, doze)
  }
  return dozes
}

const dozeOf = (states: ReadonlyArray<State>): Micros | undefined => {
  let shortest: number = dozeMicrosMax
  let perMicro = 0
  for (const { role } of states) {
    if (role._tag !== "Backup" || role.willing || role.takeover._tag !== "Silence") return undefined
    const patience = role.masterDownAt - role.countedFrom
    shortest = Math.min(shortest, patience - role.masterInterval * heardWithin)
    perMicro += 1 / role.masterInterval
  }
  return shortest * perMicro >= heardMin ? (Math.floor(shortest) as Micros) : undefined
}

/** What is heard in a doze must be more than a wake-up each would cost. */
const heardMin = 8
/** Whom the Master was heard by that many intervals ago is told of the next advert before its takeover is prepared. */
const heardWithin = 1.25
/** A status, a count and a difference of parameters may be as late as this. */
const dozeMicrosMax = 250_000
/** How often it is decided anew when no role changed: Masters may be faster now, or speak at last. */
const lookMicros = 5_000_000
