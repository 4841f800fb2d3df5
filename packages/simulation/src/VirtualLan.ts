/**
 * One network segment: carries every frame to every other port, as well or as badly as its conditions say.
 *
 * A hub, not a switch: a port decides itself whether a frame is for it, as a host's kernel does. The segment knows
 * nothing of what a frame holds. It owns the faults of a network: latency, jitter, loss (single and in bursts),
 * duplication, reordering, one-way partitions and clogged ports.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import type { Random } from "./Random.ts"
import type { World } from "./World.ts"

/**
 * How well a segment carries frames.
 *
 * @category models
 * @since 0.1.0
 */
export interface Conditions {
  /** From sending to receiving, in microseconds. */
  readonly latencyMicros: number
  /** Added to the latency of each frame: a number from 0 to this, in microseconds. */
  readonly jitterMicros: number
  /** Probability that a frame is lost on its way to one port. */
  readonly lossRate: number
  /** Probability that a lost frame begins a burst, in which the frames that follow to that port are lost too. */
  readonly burstRate: number
  /** Frames of a burst at most. */
  readonly burstLengthMax: number
  /** Probability that a port gets a frame twice. */
  readonly duplicationRate: number
  /** Probability that a frame is held back, so that later ones overtake it. */
  readonly reorderRate: number
  /** How long a frame is held back at most, in microseconds. */
  readonly reorderMicros: number
}

/**
 * A quiet segment: every frame arrives once, in order, 0.1 ms later.
 *
 * @category constants
 * @since 0.1.0
 */
export const calm: Conditions = {
  latencyMicros: 100,
  jitterMicros: 0,
  lossRate: 0,
  burstRate: 0,
  burstLengthMax: 0,
  duplicationRate: 0,
  reorderRate: 0,
  reorderMicros: 0
}

/**
 * Returns the longest time a frame takes under these conditions, in microseconds.
 *
 * @category conversions
 * @since 0.1.0
 */
export const latencyMicrosMax = (conditions: Conditions): number =>
  conditions.latencyMicros +
  conditions.jitterMicros +
  (conditions.reorderRate > 0 ? conditions.reorderMicros : 0)

/**
 * One segment.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualLan<Frame> {
  /** Plugs a port in; returns the function that pulls it out. Frames on their way to it are then lost. */
  readonly attach: (port: string, onFrame: (at: Instant, frame: Frame) => void) => () => void
  /** Sends a frame from a port to all others. */
  readonly send: (port: string, frame: Frame) => void
  /** Sets the conditions of frames from now on; a burst of losses is over. */
  readonly setConditions: (conditions: Conditions) => void
  readonly conditions: () => Conditions
  /** Loses what `from` sends to `to` until `heal`; the other way stays open. */
  readonly block: (from: string, to: string) => void
  /** Separates the ports into islands that do not hear each other, instead of any former islands; a port in none hears nobody. */
  readonly partition: (islands: ReadonlyArray<ReadonlyArray<string>>) => void
  /** Holds what is sent to a port back until a point of time; then all of it arrives at once. */
  readonly clog: (port: string, until: Instant) => void
  /** Takes back blocks, partitions, clogs and bursts; the conditions stay. */
  readonly heal: () => void
  /** Tells whether what `from` sends reaches `to`. */
  readonly reaches: (from: string, to: string) => boolean
  /** Calls back for every frame sent, before the network has its way with it. */
  readonly onSent: (observe: (at: Instant, port: string, frame: Frame) => void) => void
}

/**
 * Makes a segment without ports.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Frame>(world: World, random: Random, initial: Conditions = calm): VirtualLan<Frame> => {
  const ports = new Map<string, (at: Instant, frame: Frame) => void>()
  const blocked = new Set<string>()
  let islandOf: ReadonlyMap<string, number> | undefined
  const cloggedUntil = new Map<string, Instant>()
  const burstRemaining = new Map<string, number>()
  const observers: Array<(at: Instant, port: string, frame: Frame) => void> = []
  let conditions = initial

  const isLost = (port: string): boolean => {
    const remaining = burstRemaining.get(port) ?? 0
    if (remaining > 0) {
      burstRemaining.set(port, remaining - 1)
      return true
    }
    if (!random.chance(conditions.lossRate)) return false
    if (random.chance(conditions.burstRate))
      burstRemaining.set(port, random.integer(1, conditions.burstLengthMax))
    return true
  }

  const arrivalAt = (port: string): Instant => {
    const held = random.chance(conditions.reorderRate) ? random.integer(0, conditions.reorderMicros) : 0
    const at = world.now() + conditions.latencyMicros + random.integer(0, conditions.jitterMicros) + held
    return Math.max(at, cloggedUntil.get(port) ?? 0) as Instant
  }

  const reaches = (from: string, to: string): boolean => {
    if (blocked.has(path(from, to))) return false
    return islandOf === undefined || (islandOf.has(from) && islandOf.get(from) === islandOf.get(to))
  }

  const carry = (to: string, onFrame: (at: Instant, frame: Frame) => void, frame: Frame): void => {
    world.schedule(arrivalAt(to), () => {
      if (ports.get(to) === onFrame) onFrame(world.now(), frame)
    })
  }

  return {
    attach: (port, onFrame) => {
      ports.set(port, onFrame)
      return () => {
        if (ports.get(port) === onFrame) ports.delete(port)
      }
    },
    send: (from, frame) => {
      for (const observe of observers) observe(world.now(), from, frame)
      for (const [to, onFrame] of ports) {
        if (to === from || !reaches(from, to) || isLost(to)) continue
        carry(to, onFrame, frame)
        if (random.chance(conditions.duplicationRate)) carry(to, onFrame, frame)
      }
    },
    setConditions: (next) => {
      conditions = next
      burstRemaining.clear()
    },
    conditions: () => conditions,
    block: (from, to) => {
      blocked.add(path(from, to))
    },
    partition: (islands) => {
      islandOf = new Map(islands.flatMap((island, index) => island.map((port) => [port, index] as const)))
    },
    clog: (port, until) => {
      cloggedUntil.set(port, until)
    },
    heal: () => {
      blocked.clear()
      islandOf = undefined
      cloggedUntil.clear()
      burstRemaining.clear()
    },
    reaches,
    onSent: (observe) => {
      observers.push(observe)
    }
  }
}

/** Port names hold no space. */
const path = (from: string, to: string): string => `${from} ${to}`
