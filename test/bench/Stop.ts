/**
 * How long after SIGTERM the advert of priority 0 is on the wire, by which the Backup need not wait.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Topology from "../lab/Topology.ts"
import type { Contenders } from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Pairing from "./Pairing.ts"
import * as Recording from "./Recording.ts"
import * as Routers from "./Routers.ts"
import * as WallClock from "./WallClock.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.map(Pairing.inTurn(roundCount, contenders, farewell), (rounds) => [
    Figure.make(
      {
        name: "SIGTERM to priority 0",
        unit: "ms",
        runs: `${roundCount} stops`,
        reach: { _tag: "AtMost", value: 5 }
      },
      rounds
    )
  ])

const farewell = (program: Daemon.Program): Effect.Effect<number, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    const recording = yield* Recording.start(topology.LD1, Routers.networkInterface)
    const daemon = yield* Daemon.start(
      topology.LD1,
      program,
      Routers.many("LD1", 1, () => Routers.priorityOwner)
    )
    yield* Effect.sleep(masterMillis + (yield* Random.nextBetween(0, intervalMillis)))
    const atMicros = WallClock.nowMicros()
    yield* daemon.signal("SIGTERM")
    const frames = yield* recording.finish
    const zero = frames.find(Frame.advertOf(Routers.source("LD1"), 0))
    if (zero === undefined) throw new Error(`${program.name} stopped without an advert of priority 0`)
    return (zero.atMicros - atMicros) / 1000
  })

const roundCount = 10
const intervalMillis = 1000
// Past the start and its first adverts.
const masterMillis = 1_500
