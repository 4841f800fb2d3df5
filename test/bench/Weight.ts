/**
 * One changed weight among 37,000 real servers: from SIGHUP to the weight in the kernel.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Balancing from "./Balancing.ts"
import * as Contender from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Pairing from "./Pairing.ts"
import * as RealServers from "./RealServers.ts"
import * as Statistics from "./Statistics.ts"
import * as VirtualServers from "./VirtualServers.ts"
import * as Task from "./uml/Task.ts"

/**
 * On IPVS, beside keepalived.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contender.Contenders) =>
  Effect.gen(function* () {
    const servers = yield* RealServers.build
    const rounds = yield* Pairing.inTurn(roundCount, contenders, (program) =>
      Task.run({
        program: program.name,
        words: contenders.words,
        servers,
        shape,
        settleMillis,
        reloads: reloadCount,
        windowMillis: 0
      })
    )
    return [
      Figure.make(
        { name: "A weight among 37,000, IPVS", unit: "ms", runs, reach },
        Pairing.map(rounds, (marks) =>
          Statistics.median(Task.marked(marks, "reweighted").map(({ value }) => value))
        )
      )
    ]
  }).pipe(Effect.scoped)

/**
 * On nf_tables, of this machine's kernel.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measureNfTables = (contenders: Contender.Contenders) =>
  Effect.gen(function* () {
    const servers = yield* RealServers.build
    const { holdfast } = Contender.programs(contenders.words, "virtual servers")
    const rounds = yield* Pairing.alone(
      roundCount,
      Effect.gen(function* () {
        const balancing = yield* Balancing.start(holdfast, servers, VirtualServers.many(shape))
        yield* Balancing.filled(balancing, shape)
        yield* Effect.sleep(settleMillis)
        const millis: Array<number> = []
        for (let reload = 0; reload < reloadCount; reload++) {
          millis.push(yield* Balancing.reweighted(balancing, shape, reload + 2))
          yield* Effect.sleep(reloadedMillis)
        }
        return Statistics.median(millis)
      })
    )
    return [Figure.alone({ name: "A weight among 37,000, nf_tables", unit: "ms", runs, reach }, rounds)]
  }).pipe(Effect.scoped)

const shape: VirtualServers.Shape = { count: 9250, serversEach: 4 }
const reach = { _tag: "AtMost", value: 100 } as const
const roundCount = 2
const reloadCount = 4
const runs = `${roundCount} × ${reloadCount} reloads`
// Past what follows a full table: it is read back, and the heap is compacted.
const settleMillis = 14_000
// Past what follows a reload: ours compares the whole table, and answers the next signal after that.
const reloadedMillis = 6_000
