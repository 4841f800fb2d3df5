/**
 * How far the adverts of 255 virtual routers are from one a second while the same daemon makes 5,000 checks a second.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Daemon from "../lab/Daemon.ts"
import * as Topology from "../lab/Topology.ts"
import * as Contender from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Lateness from "./Lateness.ts"
import * as Pairing from "./Pairing.ts"
import * as RealServers from "./RealServers.ts"
import * as Recording from "./Recording.ts"
import * as Routers from "./Routers.ts"
import * as VirtualServers from "./VirtualServers.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contender.Contenders) =>
  Effect.gen(function* () {
    const servers = yield* RealServers.build
    const { holdfast } = Contender.programs(contenders.words, "both")
    const rounds = yield* Pairing.alone(roundCount, deviations(holdfast, servers))
    const runs = `${roundCount} × ${windowMillis / 1000} s`
    return [
      Figure.aloneOfQuantile(
        {
          name: "Advert lateness, 5,000 checks a second, p99",
          unit: "ms",
          runs,
          reach: { _tag: "AtMost", value: 5 }
        },
        rounds,
        0.99
      ),
      Figure.aloneOfQuantile(
        { name: "Advert lateness, 5,000 checks a second, max", unit: "ms", runs, reach: { _tag: "Open" } },
        rounds,
        1
      )
    ]
  }).pipe(Effect.scoped)

const deviations = (program: Daemon.Program, servers: string) =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    yield* RealServers.listen(servers, topology.LD1)
    const routers = Routers.many("LD1", Routers.vridMax, () => priority)
    yield* Daemon.start(topology.LD1, program, `${routers}\n${VirtualServers.blocks(shape)}`)
    yield* Effect.sleep(steadyMillis)
    const recording = yield* Recording.start(topology.LD1, Routers.networkInterface)
    const before = RealServers.accepted(topology.LD1)
    yield* Effect.sleep(windowMillis)
    const checks = RealServers.accepted(topology.LD1) - before
    // Punctual because it does nothing else would be no merit.
    if (checks < (shape.count * windowMillis * 0.97) / 1000)
      throw new Error(`only ${checks} checks were made`)
    return Lateness.deviationsOf(yield* recording.finish)
  })

const shape = { count: 5000, serversEach: 1, delaySeconds: 1 }
const priority = 200
const roundCount = 3
const windowMillis = 12_000
// Past the second announcement, and past the first checks, which all come at once.
const steadyMillis = 14_000
