/**
 * What of a measurement runs in a kernel with IPVS: `node test/bench/uml/main.ts TASK`, where the task is JSON.
 *
 * Prints a line `mark NAME NUMBER` at each moment that counts, on which the processor time is taken outside: this kernel
 * counts its own in ticks of 10 ms, and what always begins with a tick and ends before the next is not seen at all.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Balancing from "../Balancing.ts"
import * as Contender from "../Contender.ts"
import * as RealServers from "../RealServers.ts"
import * as VirtualServers from "../VirtualServers.ts"
import type { Task } from "./Task.ts"

const main = (task: Task): Effect.Effect<void, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const program = Contender.programs(task.words, "virtual servers")[task.program]
    const balancing = yield* Balancing.start(program, task.servers, VirtualServers.many(task.shape))
    mark("filled", yield* Balancing.filled(balancing, task.shape))
    yield* Effect.sleep(task.settleMillis)
    for (let round = 0; round < task.reloads; round++) {
      mark("reweighted", yield* Balancing.reweighted(balancing, task.shape, round + 2))
      yield* Effect.sleep(reloadedMillis)
    }
    if (task.windowMillis === 0) return
    const begin = { checks: RealServers.accepted(balancing.namespace), at: performance.now() }
    mark("begin", begin.checks)
    yield* Effect.sleep(task.windowMillis)
    const end = { checks: RealServers.accepted(balancing.namespace), at: performance.now() }
    mark("end", end.checks)
    mark("window", end.at - begin.at)
  })

const mark = (name: string, value: number): void => console.log(`mark ${name} ${value}`)

// Past what follows a reload: ours compares the whole table, and answers the next signal after that.
const reloadedMillis = 6_000

await Effect.runPromise(Effect.scoped(main(JSON.parse(process.argv[2]!) as Task)))
