/**
 * A network in the time of Effect's clock: the segments that simulated hosts share, and the fiber that drives them.
 *
 * One fiber sleeps until the earliest task of the `World` and runs it; wake-ups, frames and answers of every kernel are
 * tasks. Under `TestClock.layer()` a test therefore decides when anything happens, to the microsecond.
 *
 * **Gotchas** under a hand-made `TestClock.make()` sleeps do not wake in order; use `TestClock.layer()` or `it.effect`.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/vrrp/Instant"
import type { Ipv4Address, MacAddress } from "@holdfast/wire/Address"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
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
    readonly source: Ipv4Address
    readonly destination: Ipv4Address
    readonly hopLimit: number
    readonly payload: Uint8Array
  }
  GratuitousArp: { readonly mac: MacAddress; readonly address: Ipv4Address }
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
  const earlierTask = Latch.makeUnsafe(false)
  const world = World.make({ now, onScheduled: () => earlierTask.openUnsafe() })
  const random = Random.make(options.seed ?? 1)
  const lans = new Map<string, VirtualLan.VirtualLan<Frame>>()

  yield* drive(world, earlierTask).pipe(Effect.forkScoped({ startImmediately: true }))
  return {
    world,
    lan: (name) => {
      const lan = lans.get(name) ?? VirtualLan.make<Frame>(world, random, options.conditions)
      lans.set(name, lan)
      return lan
    }
  }
})

const drive = (world: World.World, earlierTask: Latch.Latch): Effect.Effect<never> =>
  Effect.gen(function* () {
    world.runUntil(world.now())
    earlierTask.closeUnsafe()
    const at = world.nextAt()
    if (at === undefined) return yield* earlierTask.await
    yield* Effect.sleep(Duration.micros(BigInt(at - world.now()))).pipe(Effect.raceFirst(earlierTask.await))
  }).pipe(Effect.forever)

const nanosPerMicro = 1_000
