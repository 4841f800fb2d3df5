/**
 * What a real server with a TCP check adds to the daemon's resident memory: the difference between a director with 1,000 of
 * them and one with 11,000.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Daemon from "../lab/Daemon.ts"
import * as Balancing from "./Balancing.ts"
import * as Contender from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Pairing from "./Pairing.ts"
import * as Processes from "./Processes.ts"
import * as RealServers from "./RealServers.ts"
import * as VirtualServers from "./VirtualServers.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contender.Contenders) =>
  Effect.gen(function* () {
    const servers = yield* RealServers.build
    const { holdfast } = Contender.programs(contenders.words, "virtual servers")
    const rounds = yield* Pairing.alone(
      roundCount,
      Effect.all({ few: resident(holdfast, servers, few), many: resident(holdfast, servers, many) })
    )
    const runs = `${roundCount} runs`
    return [
      Figure.alone(
        { name: "Memory, a real server", unit: "kB", runs, reach: { _tag: "AtMost", value: 4 } },
        rounds.map((round) => ((round.many - round.few) * 1000) / (serverCount(many) - serverCount(few)))
      ),
      Figure.alone(
        { name: "Memory, 1,000 real servers", unit: "MB", runs, reach: { _tag: "Open" } },
        rounds.map((round) => round.few)
      )
    ]
  }).pipe(Effect.scoped)

const resident = (program: Daemon.Program, servers: string, shape: VirtualServers.Shape) =>
  Effect.scoped(
    Effect.gen(function* () {
      const balancing = yield* Balancing.start(program, servers, VirtualServers.many(shape))
      yield* Balancing.filled(balancing, shape)
      yield* Effect.sleep(settledMillis)
      return Processes.memory(balancing.daemon.pid).resident
    })
  )

const serverCount = ({ count, serversEach }: VirtualServers.Shape): number => count * serversEach

const few = { count: 250, serversEach: 4, delaySeconds: 10 }
const many = { ...few, count: 2750 }
const roundCount = 2
// A second round of checks, and the reading back of the table.
const settledMillis = 20_000
