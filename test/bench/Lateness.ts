/**
 * How far the adverts of 255 virtual routers are from their interval: while every processor is busy, and while nothing
 * else runs.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import type * as Topology from "../lab/Topology.ts"
import type { Contenders } from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Machine from "./Machine.ts"
import * as Pairing from "./Pairing.ts"
import * as Recording from "./Recording.ts"
import * as Routers from "./Routers.ts"
import * as Statistics from "./Statistics.ts"
import * as Steady from "./Steady.ts"

/**
 * At an advert a second, with every processor busy.
 *
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
        Pairing.map(rounds, greatest)
      ),
      Figure.ofQuantile(
        { name: "Advert lateness, busy, p99", unit: "ms", runs, reach: { _tag: "Open" } },
        rounds,
        0.99
      )
    ]
  })

/**
 * At an advert every 100 ms on a machine that is idle: the standard deviation, and the greatest deviation.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measureSubsecond = (contenders: Contenders) =>
  Effect.gen(function* () {
    const pace = Routers.every(100)
    const rounds = yield* Pairing.inTurn(roundCount, contenders, (program) =>
      Effect.flatMap(Steady.start(program, Routers.vridMax, pace), ({ topology }) => watched(topology, pace))
    )
    const figure = (name: string, of: (all: ReadonlyArray<number>) => number) =>
      Figure.make(
        {
          name: `Advert interval of 100 ms, idle, ${name}`,
          unit: "ms",
          runs: `${roundCount} × ${windowMillis / 1000} s`,
          reach: { _tag: "TimesKeepalived", factor: 1 }
        },
        Pairing.map(rounds, of)
      )
    return [figure("standard deviation", Statistics.rootMeanSquare), figure("greatest deviation", greatest)]
  })

const deviations = (program: Daemon.Program): Effect.Effect<ReadonlyArray<number>, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const { topology } = yield* Steady.start(program, Routers.vridMax)
    yield* Machine.burn(topology.client)
    return yield* watched(topology, Routers.everySecond)
  })

const watched = (topology: Topology.Topology, pace: Routers.Pace) =>
  Effect.gen(function* () {
    const recording = yield* Recording.start(topology.LD1, Routers.networkInterface)
    yield* Effect.sleep(windowMillis)
    return deviationsOf(yield* recording.finish, pace)
  })

/**
 * Returns how far each advert of each of the 255 routers was from an interval after the one before, in milliseconds.
 *
 * @category getters
 * @since 0.1.0
 */
export const deviationsOf = (
  frames: ReadonlyArray<Frame.Frame>,
  { intervalMillis }: Routers.Pace = Routers.everySecond
): ReadonlyArray<number> => {
  const moments = Map.groupBy(frames.filter(Frame.isAdvert), (advert) => advert.vrid)
  if (moments.size !== Routers.vridMax) throw new Error(`adverts of ${moments.size} virtual routers`)
  return [...moments.values()].flatMap((adverts) =>
    Statistics.deviations(
      adverts.map((advert) => advert.atMicros / 1000),
      intervalMillis
    )
  )
}

// Tens of thousands are too many for the arguments of one call.
const greatest = (all: ReadonlyArray<number>): number => Statistics.quantile(all, 1)

const roundCount = 5
const windowMillis = 12_000
