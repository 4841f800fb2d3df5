/**
 * A network in the time of Effect's clock: the segments that simulated hosts share, and what drives them.
 *
 * One fiber sleeps until the earliest task of the `World` and runs it; wake-ups, frames and answers of every kernel are
 * tasks. Under `TestClock.layer()` a test therefore decides when anything happens, to the microsecond. What is due now
 * happens a turn later, without the clock: nothing ever runs inside the call that caused it.
 *
 * **Gotchas** under a hand-made `TestClock.make()` sleeps do not wake in order; use `TestClock.layer()` or `it.effect`.
 * What a test causes outside `TestClock.adjust` takes a few turns to arrive: yield some before moving the clock.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import type { IpAddress, MacAddress } from "@holdfast/wire/Address"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Random from "./Random.ts"
import * as VirtualLan from "./VirtualLan.ts"
import * as World from "./World.ts"

/**
 * What hosts send each other.
 *
 * @category models
 * @since 0.1.0
 */
export type Frame = Data.TaggedEnum<{
  Advert: {
    readonly source: IpAddress
    readonly destination: IpAddress
    readonly hopLimit: number
    readonly payload: Uint8Array
    /** Where it comes from; absent where that does not matter. */
    readonly mac?: MacAddress
  }
  GratuitousArp: { readonly mac: MacAddress; readonly address: IpAddress }
}>

/**
 * @category constructors
 * @since 0.1.0
 */
export const Frame = Data.taggedEnum<Frame>()

/**
 * The network that hosts are attached to.
 *
 * @category models
 * @since 0.1.0
 */
export interface SimulatedNetwork {
  readonly world: World.World
  /** Returns the segment of this name; makes it when it is named for the first time. */
  readonly lan: (name: string) => VirtualLan.VirtualLan<Frame>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Decides jitter, loss and the like; 1 when absent. */
  readonly seed?: number | undefined
  /** Of every segment at first; calm when absent. */
  readonly conditions?: VirtualLan.Conditions | undefined
}

/**
 * Makes a network and drives it until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<SimulatedNetwork, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const now = (): Instant => Math.round(Number(clock.monotonicTimeNanosUnsafe()) / nanosPerMicro) as Instant
  const world = yield* makeWorld(now)
  const random = Random.make(options.seed ?? 1)
  const lans = new Map<string, VirtualLan.VirtualLan<Frame>>()

  return {
    world,
    lan: (name) => {
      const lan = lans.get(name) ?? VirtualLan.make<Frame>(world, random, options.conditions)
      lans.set(name, lan)
      return lan
    }
  }
})

/**
 * A world whose earliest task has a fiber that sleeps until its time. The sleep is registered within the call that
 * schedules the task: a clock that a test moves next cannot miss it.
 */
const makeWorld = Effect.fnUntraced(function* (now: () => Instant) {
  const fork = Effect.runForkWith(yield* Effect.context())
  let sleeper:
    | { readonly until: Instant; readonly isDue: boolean; readonly fiber: Fiber.Fiber<void> }
    | undefined
  let isRunning = false
  let isClosed = false

  const stopSleeping = (): void => {
    sleeper?.fiber.interruptUnsafe()
    sleeper = undefined
  }

  const run = Effect.sync(() => {
    sleeper = undefined
    isRunning = true
    world.runUntil(now())
    isRunning = false
    sleep()
  })

  const sleep = (): void => {
    const at = world.nextAt()
    if (isRunning || isClosed || at === undefined) return
    const isDue = at <= now()
    if (sleeper !== undefined && (sleeper.isDue || (!isDue && sleeper.until <= at))) return
    stopSleeping()
    sleeper = { until: at, isDue, fiber: fork(Effect.andThen(sleepFor(at - now()), run)) }
  }

  const world = World.make({ now, onScheduled: sleep })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      stopSleeping()
    })
  )
  return world
})

const sleepFor = (micros: number): Effect.Effect<void> =>
  micros > 0 ? Effect.sleep(Duration.nanos(BigInt(micros * nanosPerMicro - earlyNanos))) : Effect.yieldNow

const nanosPerMicro = 1_000

/**
 * Sleeps end this much early, which rounding to microseconds makes good: clocks count in fractions of milliseconds, and
 * a sum of them that is a hair too large would sleep past the very end of what a test adjusts.
 */
const earlyNanos = 400
