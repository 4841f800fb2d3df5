/**
 * How long after its start a program's first advert is on the wire, as owner, who need not wait.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
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
  Effect.map(Pairing.inTurn(roundCount, contenders, firstAdvert), (rounds) => [
    Figure.make(
      {
        name: "Start to first advert",
        unit: "ms",
        runs: `${roundCount} starts`,
        reach: { _tag: "AtMost", value: 120 }
      },
      rounds
    )
  ])

const firstAdvert = (program: Daemon.Program): Effect.Effect<number, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    const recording = yield* Recording.start(topology.LD1, Routers.networkInterface)
    const atMicros = WallClock.nowMicros()
    yield* Daemon.start(
      topology.LD1,
      program,
      Routers.many("LD1", 1, () => Routers.priorityOwner)
    )
    yield* Effect.sleep(startedMillis)
    const frames = yield* recording.finish
    const first = frames.find(Frame.advertOf(Routers.source("LD1")))
    if (first === undefined) throw new Error(`${program.name} sent no advert`)
    return (first.atMicros - atMicros) / 1000
  })

const roundCount = 10
// Many times what either needs, so that a slow start is measured and not missed.
const startedMillis = 3_000
