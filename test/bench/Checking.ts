/**
 * TCP checks by the thousand, on the loopback: how many a second one processor makes, and what they cost.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Balancing from "./Balancing.ts"
import * as Contender from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Pairing from "./Pairing.ts"
import * as Processes from "./Processes.ts"
import * as RealServers from "./RealServers.ts"
import * as VirtualServers from "./VirtualServers.ts"
import * as Task from "./uml/Task.ts"

/**
 * Beside keepalived, on IPVS, where daemon, real servers and kernel share one processor: at the same rate what a thousand
 * checks cost all in all; and how many a second are made when more are asked for than can be.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contender.Contenders) =>
  Effect.gen(function* () {
    const servers = yield* RealServers.build
    const run = (shape: VirtualServers.Shape) =>
      Pairing.inTurn(roundCount, contenders, (program) =>
        Effect.map(
          Task.run({
            program: program.name,
            words: contenders.words,
            servers,
            shape,
            settleMillis,
            reloads: 0,
            windowMillis
          }),
          Task.window
        )
      )
    const same = yield* run({ count: 1000, serversEach: 1, delaySeconds: 1 })
    const most = yield* run({ count: 5000, serversEach: 2, delaySeconds: 1 })
    return [
      Figure.make(
        { name: "1,000 checks, IPVS", unit: "ms", runs, reach: { _tag: "TimesKeepalived", factor: 1 } },
        Pairing.map(same, ({ checks, cpuSeconds }) => (cpuSeconds / checks) * 1e6)
      ),
      Figure.make(
        {
          name: "Most checks, IPVS",
          unit: "checks/s",
          runs,
          reach: { _tag: "AtLeastTimesKeepalived", factor: 1 }
        },
        Pairing.map(most, ({ checks, seconds }) => checks / seconds)
      )
    ]
  }).pipe(Effect.scoped)

/**
 * Ours alone, on this machine's kernel, with all of its threads on one processor.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measureOnOneProcessor = (contenders: Contender.Contenders) =>
  Effect.gen(function* () {
    const servers = yield* RealServers.build
    const words = ["taskset", "--cpu-list", "0", ...contenders.words]
    const { holdfast } = Contender.programs(words, "virtual servers")
    const run = (shape: VirtualServers.Shape) =>
      Pairing.alone(
        roundCount,
        Effect.gen(function* () {
          const balancing = yield* Balancing.start(holdfast, servers, VirtualServers.many(shape))
          yield* Balancing.filled(balancing, shape)
          yield* Effect.sleep(settleMillis)
          return yield* watched(balancing)
        })
      )
    const enough = yield* run({ count: 5000, serversEach: 1, delaySeconds: 1 })
    const most = yield* run({ count: 3000, serversEach: 10, delaySeconds: 1 })
    return [
      Figure.alone(
        { name: "CPU, 5,000 checks a second", unit: "%", runs, reach: { _tag: "AtMost", value: 100 } },
        enough.map(({ cpuSeconds, seconds }) => (cpuSeconds / seconds) * 100)
      ),
      Figure.alone(
        {
          name: "Most checks, one processor",
          unit: "checks/s",
          runs,
          reach: { _tag: "AtLeast", value: 5000 }
        },
        most.map(({ checks, seconds }) => checks / seconds)
      )
    ]
  }).pipe(Effect.scoped)

const watched = ({ daemon, namespace }: Balancing.Balancing) =>
  Effect.gen(function* () {
    const before = {
      checks: RealServers.accepted(namespace),
      cpu: Processes.cpuSeconds(daemon.pid),
      at: performance.now()
    }
    yield* Effect.sleep(windowMillis)
    return {
      checks: RealServers.accepted(namespace) - before.checks,
      cpuSeconds: Processes.cpuSeconds(daemon.pid) - before.cpu,
      seconds: (performance.now() - before.at) / 1000
    }
  })

const roundCount = 2
const windowMillis = 10_000
const runs = `${roundCount} × ${windowMillis / 1000} s`
// Past the first checks, which all come at once, and past reading the table back.
const settleMillis = 5_000
