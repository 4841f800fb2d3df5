/**
 * A director with 2,000 virtual servers of two real servers each, checked every five seconds: how long after its start
 * all servers are in the kernel's table, and what the checks cost from then on.
 *
 * **Details** the table is full when it has every service, and every destination with a weight. With `alpha` both programs
 * let a server in only when a check has found that it answers. Without it keepalived begins with all servers in the
 * table, as yet unchecked; ours does not, and that is told as a figure of its own.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Contenders } from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Pairing from "./Pairing.ts"
import * as RealServers from "./RealServers.ts"
import * as Task from "./uml/Task.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.gen(function* () {
    const servers = yield* RealServers.build
    const run = (alpha: boolean) =>
      Pairing.inTurn(roundCount, contenders, (program) =>
        Task.run({
          program: program.name,
          words: contenders.words,
          servers,
          shape: { count: 2000, serversEach: 2, delaySeconds: 5, alpha },
          settleMillis,
          reloads: 0,
          windowMillis: alpha ? windowMillis : 0
        })
      )
    const checked = yield* run(true)
    const unchecked = yield* run(false)
    const runs = `${roundCount} starts`
    return [
      Figure.make(
        { name: "2,000 virtual servers, all checked", unit: "ms", runs, reach: halfOfKeepalived },
        Pairing.map(checked, filledMillis)
      ),
      Figure.make(
        { name: "2,000 virtual servers, in the table", unit: "ms", runs, reach: { _tag: "Open" } },
        Pairing.map(unchecked, filledMillis)
      ),
      Figure.make(
        {
          name: "CPU, 800 checks a second, IPVS",
          unit: "%",
          runs: `${roundCount} × ${windowMillis / 1000} s`,
          reach: { _tag: "TimesKeepalived", factor: 1 }
        },
        Pairing.map(checked, percent)
      )
    ]
  }).pipe(Effect.scoped)

const filledMillis = (marks: ReadonlyArray<Task.Mark>): number => Task.marked(marks, "filled")[0]!.value

const percent = (marks: ReadonlyArray<Task.Mark>): number => {
  const { checks, cpuSeconds, seconds } = Task.window(marks)
  // Cheap because it does nothing would be no merit.
  if (checks < checksPerSecond * seconds * 0.97) throw new Error(`only ${checks} checks were made`)
  return (cpuSeconds / seconds) * 100
}

const halfOfKeepalived = { _tag: "TimesKeepalived", factor: 0.5 } as const
const roundCount = 3
const checksPerSecond = 800
// Past what follows a full table, such as reading it back.
const settleMillis = 6_000
const windowMillis = 15_000
