/**
 * A reload that adds one address to a Master of a thousand: from SIGHUP to its first gratuitous ARP.
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
import * as Statistics from "./Statistics.ts"
import * as Steady from "./Steady.ts"
import * as WallClock from "./WallClock.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.map(Pairing.inTurn(roundCount, contenders, added), (rounds) => [
    Figure.make(
      {
        name: "An address added to 1,000",
        unit: "ms",
        runs: `${roundCount} × ${reloadCount} reloads`,
        reach: { _tag: "AtMost", value: 15 }
      },
      Pairing.map(rounds, Statistics.median)
    )
  ])

const added = (program: Daemon.Program): Effect.Effect<ReadonlyArray<number>, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    const configuration = (count: number) => Routers.withAddresses("LD1", count, Steady.priority)
    const daemon = yield* Daemon.start(topology.LD1, program, configuration(addressCount))
    yield* Effect.sleep(Steady.settledMillis)
    const recording = yield* Recording.start(topology.LD1, Routers.networkInterface)
    const asked: Array<{ readonly number: number; readonly atMicros: number }> = []
    for (let number = addressCount + 1; number <= addressCount + reloadCount; number++) {
      yield* daemon.configure(configuration(number))
      // Anywhere between two adverts.
      yield* Effect.sleep(yield* Random.nextBetween(0, intervalMillis))
      const atMicros = WallClock.nowMicros()
      yield* daemon.signal("SIGHUP")
      asked.push({ number, atMicros })
      // The next file is written when this one has been read.
      yield* Effect.sleep(apartMillis)
    }
    const frames = yield* recording.finish
    return asked.flatMap(({ atMicros, number }) => {
      const first = frames.find(Frame.announcementOf(Routers.address(number)))
      if (first !== undefined) return [(first.atMicros - atMicros) / 1000]
      // keepalived leaves its role at some reloads of this kind, and announces nothing then.
      if (program.name === "keepalived") return []
      throw new Error(`${program.name} never announced ${Routers.address(number)}`)
    })
  })

const addressCount = 1000
const roundCount = 3
const reloadCount = 10
// Past the burst of the address before.
const apartMillis = 1_000
const intervalMillis = 1000
