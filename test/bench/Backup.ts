/**
 * What it costs to be Backup of 255 virtual routers at an advert every 100 ms, and how late all of them are taken over.
 *
 * **Details** The Master is keepalived's for both programs, so that both hear the same 2,550 adverts a second.
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
import * as Machine from "./Machine.ts"
import * as Pairing from "./Pairing.ts"
import * as Processes from "./Processes.ts"
import * as Recording from "./Recording.ts"
import * as Routers from "./Routers.ts"
import * as Statistics from "./Statistics.ts"
import * as Steady from "./Steady.ts"
import * as Takeover from "./Takeover.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.gen(function* () {
    const rounds = yield* Pairing.inTurn(roundCount, contenders, (program) =>
      watched(contenders.keepalived, program)
    )
    return [
      Figure.make(
        {
          name: "CPU, Backup of 255 virtual routers at 100 ms",
          unit: "%",
          runs: `${roundCount} × ${windowMillis / 1000} s`,
          reach: { _tag: "TimesKeepalived", factor: 1 }
        },
        Pairing.map(rounds, ({ percent }) => percent)
      ),
      Figure.make(
        {
          name: "Takeover of 255 virtual routers at 100 ms, median",
          unit: "ms",
          runs: `${roundCount} × ${Routers.vridMax}`,
          reach: { _tag: "Open" }
        },
        Pairing.map(rounds, ({ lateness }) => Statistics.median(lateness))
      )
    ]
  })

const watched = (
  masterProgram: Daemon.Program,
  program: Daemon.Program
): Effect.Effect<
  { readonly percent: number; readonly lateness: ReadonlyArray<number> },
  unknown,
  Scope.Scope
> =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    const many = (director: "LD1" | "LD2", priority: number) =>
      Routers.many(director, Routers.vridMax, () => priority, pace)
    const master = yield* Daemon.start(topology.LD1, masterProgram, many("LD1", priorityMaster))
    const backup = yield* Daemon.start(topology.LD2, program, many("LD2", priorityBackup))
    yield* Effect.sleep(Steady.settledMillis)
    const recording = yield* Recording.start(topology.LD2, Routers.networkInterface)
    yield* Machine.quiet
    const before = { cpu: Processes.cpuSeconds(backup.pid), millis: performance.now() }
    yield* Effect.sleep(windowMillis)
    const seconds = Processes.cpuSeconds(backup.pid) - before.cpu
    const millis = performance.now() - before.millis
    yield* master.crash
    yield* Effect.sleep(takenOverMillis)
    const adverts = (yield* recording.finish).filter(Frame.isAdvert)
    const heard = adverts.filter(Frame.advertOf(Routers.source("LD1"))).length
    // Cheap because there was little to hear would be no merit.
    if (heard < (Routers.vridMax * windowMillis * 0.99) / pace.intervalMillis)
      throw new Error(`only ${heard} adverts were to be heard`)
    const due = Routers.masterDownMillis(pace, priorityBackup)
    const vrids = Array.from({ length: Routers.vridMax }, (_, index) => index + 1)
    return {
      percent: (seconds / millis) * 100_000,
      lateness: vrids.map((vrid) => Takeover.lateness(adverts, vrid, due))
    }
  })

const pace = Routers.every(100)
const priorityMaster = 200
const priorityBackup = 100
const roundCount = 3
const windowMillis = 20_000
const takenOverMillis = 1_000
