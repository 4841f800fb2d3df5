/**
 * How far the adverts of 255 virtual routers are from one a second while every processor is busy: the greatest
 * deviation between two adverts of a router.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import type { Contenders } from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Machine from "./Machine.ts"
import * as Pairing from "./Pairing.ts"
import * as Recording from "./Recording.ts"
import * as Routers from "./Routers.ts"
import * as Statistics from "./Statistics.ts"
import * as Steady from "./Steady.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.gen(function* () {
    const rounds = yield* Pairing.inTurn(roundCount, contenders, deviations)
    const runs = `${roundCount} × ${windowMillis / 1000} s`
    return [
      Figure.make(
        {
          name: "Advert lateness, busy, max",
          unit: "ms",
          runs,
          reach: { _tag: "TimesKeepalived", factor: 1 }
        },
        Pairing.map(rounds, (all) => Math.max(...all))
      ),
      Figure.ofQuantile(
        { name: "Advert lateness, busy, p99", unit: "ms", runs, reach: { _tag: "Open" } },
        rounds,
        0.99
      )
    ]
  })

const deviations = (program: Daemon.Program): Effect.Effect<ReadonlyArray<number>, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const { topology } = yield* Steady.start(program, Steady.routerCountMax)
    yield* Machine.burn(topology.client)
    const recording = yield* Recording.start(topology.LD1, Routers.networkInterface)
    yield* Effect.sleep(windowMillis)
    return deviationsOf(yield* recording.finish)
  })

/**
 * Returns how far each advert of each of the 255 routers was from a second after the one before, in milliseconds.
 *
 * @category getters
 * @since 0.1.0
 */
export const deviationsOf = (frames: ReadonlyArray<Frame.Frame>): ReadonlyArray<number> => {
  const moments = Map.groupBy(frames.filter(Frame.isAdvert), (advert) => advert.vrid)
  if (moments.size !== Steady.routerCountMax) throw new Error(`adverts of ${moments.size} virtual routers`)
  return [...moments.values()].flatMap((adverts) =>
    Statistics.deviations(
      adverts.map((advert) => advert.atMicros / 1000),
      intervalMillis
    )
  )
}

const roundCount = 5
const windowMillis = 12_000
const intervalMillis = 1000
