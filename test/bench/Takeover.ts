/**
 * How late a Backup takes over: from the dead Master's last advert to the new one's first, over the time the protocol
 * has it wait.
 *
 * **Details** One pair of directors has forty virtual routers. The Backup's priorities differ, and so do its skew
 * times, by 23 ms: when the Master's process is killed, one router after the other takes over, each by itself. Both
 * adverts are stamped by the Backup's kernel.
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
import * as Machine from "./Machine.ts"
import * as Pairing from "./Pairing.ts"
import * as Recording from "./Recording.ts"
import * as Routers from "./Routers.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.gen(function* () {
    const rounds = yield* Pairing.inTurn(roundCount, contenders, latenesses)
    const runs = `${roundCount} × ${routerCount} takeovers`
    return [
      Figure.ofQuantile(
        { name: "Takeover, median", unit: "ms", runs, reach: { _tag: "AtMost", value: 0.5 } },
        rounds,
        0.5
      ),
      Figure.ofQuantile(
        { name: "Takeover, p99", unit: "ms", runs, reach: { _tag: "AtMost", value: 3 } },
        rounds,
        0.99
      )
    ]
  })

const latenesses = (program: Daemon.Program): Effect.Effect<ReadonlyArray<number>, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    const recording = yield* Recording.start(topology.LD2, Routers.networkInterface)
    const master = yield* Daemon.start(
      topology.LD1,
      program,
      Routers.many("LD1", routerCount, () => priorityMaster)
    )
    yield* Effect.sleep(backupLaterMillis)
    yield* Daemon.start(topology.LD2, program, Routers.many("LD2", routerCount, priorityBackup))
    yield* Effect.sleep(settledMillis)
    yield* Machine.quiet
    // Anywhere between two adverts.
    yield* Effect.sleep(yield* Random.nextBetween(0, intervalMillis))
    yield* master.crash
    yield* Effect.sleep(takenOverMillis)
    const adverts = (yield* recording.finish).filter(Frame.isAdvert)
    return Array.from({ length: routerCount }, (_, index) => lateness(adverts, index + 1))
  })

const lateness = (adverts: ReadonlyArray<Frame.Advert>, vrid: number): number => {
  const own = adverts.filter((advert) => advert.vrid === vrid)
  const last = own.findLast((advert) => advert.source === Routers.source("LD1"))
  const first = own.find((advert) => advert.source === Routers.source("LD2"))
  if (last === undefined || first === undefined || first.atMicros < last.atMicros) {
    throw new Error(`virtual router ${vrid} was not taken over`)
  }
  return (first.atMicros - last.atMicros) / 1000 - masterDownMillis(priorityBackup(vrid))
}

/** RFC 3768 6.1: three intervals and the skew time. */
const masterDownMillis = (priority: number): number =>
  3 * intervalMillis + ((256 - priority) / 256) * intervalMillis

const priorityBackup = (vrid: number): number => vrid * priorityStep

const roundCount = 5
const routerCount = 40
const intervalMillis = 1000
// Not an owner, who would be Master at once; above every Backup.
const priorityMaster = 254
const priorityStep = 6
const backupLaterMillis = 1_000
// The Master waits three seconds and its skew before it is one, and announces again five seconds later; half-way.
const settledMillis = 4_500
const takenOverMillis = 4_200
