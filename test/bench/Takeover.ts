/**
 * How late a Backup takes over: from the dead Master's last advert to the new one's first, over the time the protocol
 * has it wait.
 *
 * **Details** Both adverts are stamped by the Backup's kernel; the Master is killed (SIGKILL), not stopped. Two shapes:
 * - One router: some networks at the same time, each with a pair of directors that have one router. The Backups have
 *   never taken over before, as in life. The takeovers do not meet: at an advert a second the Masters start 125 ms apart
 *   and so advertise, and below that they are killed one after the other.
 * - Forty routers: one pair of directors. The Backup's priorities differ, and so do its skew times, by 23 ms: one
 *   router after the other takes over, each by itself.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
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

/**
 * At an advert a second, in both shapes.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.gen(function* () {
    const single = yield* Pairing.inTurn(roundCount, contenders, (program) =>
      inManyNetworks(program, Routers.everySecond, { networkCount: 8, apartMillis: 0 })
    )
    const forty = yield* Pairing.inTurn(fortyRoundCount, contenders, inOneNetwork)
    return [
      ...figures("one router", `${roundCount} × 8`, single),
      ...figures("40 routers", `${fortyRoundCount} × ${routerCount}`, forty)
    ]
  })

/**
 * At 100, 50 and 10 ms, one router each.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measureSubsecond = (contenders: Contenders) =>
  Effect.forEach([100, 50, 10], (intervalMillis) =>
    Effect.map(
      Pairing.inTurn(roundCount, contenders, (program) =>
        inManyNetworks(program, Routers.every(intervalMillis), { networkCount: 4, apartMillis: 500 })
      ),
      (rounds) =>
        Figure.ofQuantile(
          {
            name: `Takeover at ${intervalMillis} ms, median`,
            unit: "ms",
            runs: `${roundCount} × 4`,
            reach: { _tag: "AtMost", value: 0.3 }
          },
          rounds,
          0.5
        )
    )
  )

const figures = (
  shape: string,
  runs: string,
  rounds: ReadonlyArray<Pairing.Pair<ReadonlyArray<number>>>
): ReadonlyArray<Figure.Figure> =>
  (
    [
      ["median", 0.5, 0.5],
      ["p99", 0.99, 3]
    ] as const
  ).map(([name, share, value]) =>
    Figure.ofQuantile(
      { name: `Takeover, ${shape}, ${name}`, unit: "ms", runs, reach: { _tag: "AtMost", value } },
      rounds,
      share
    )
  )

const inManyNetworks = (
  program: Daemon.Program,
  pace: Routers.Pace,
  { apartMillis, networkCount }: { readonly networkCount: number; readonly apartMillis: number }
) =>
  Effect.gen(function* () {
    const crashed = yield* Latch.make()
    const networks = yield* Effect.forEach(Array.from({ length: networkCount }), () => network)
    const each = (on: Network, index: number) =>
      Effect.andThen(
        Effect.sleep((index * pace.intervalMillis) / networkCount),
        takenOver(on, {
          program,
          pace,
          count: 1,
          priorityOf: () => prioritySingle,
          dying: Effect.andThen(crashed.await, Effect.sleep(index * apartMillis))
        })
      )
    const waiting = yield* Effect.forkScoped(Effect.forEach(networks, each, { concurrency: "unbounded" }))
    yield* Effect.sleep(backupLaterMillis + settledMillis)
    yield* crashed.open
    return (yield* Fiber.join(waiting)).flat()
  })

const inOneNetwork = (program: Daemon.Program) =>
  Effect.gen(function* () {
    const crashed = yield* Latch.make()
    const on = yield* network
    const plan = { program, count: routerCount, priorityOf: prioritySpread, pace: Routers.everySecond }
    const waiting = yield* Effect.forkScoped(takenOver(on, { ...plan, dying: crashed.await }))
    // Anywhere between two adverts.
    yield* Effect.sleep(
      backupLaterMillis + settledMillis + (yield* Random.nextBetween(0, plan.pace.intervalMillis))
    )
    yield* crashed.open
    return yield* Fiber.join(waiting)
  })

interface Network {
  readonly topology: Topology.Topology
  readonly recording: Recording.Recording
}

const network = Effect.gen(function* () {
  const topology = yield* Topology.make
  return { topology, recording: yield* Recording.start(topology.LD2, Routers.networkInterface) }
})

interface Plan {
  readonly program: Daemon.Program
  readonly pace: Routers.Pace
  readonly count: number
  readonly priorityOf: (vrid: number) => number
  /** Ends when it is time that the Master dies. */
  readonly dying: Effect.Effect<unknown>
}

/** Lets a Backup take over what a Master has when it is time, and returns how late it was for each router. */
const takenOver = (
  { topology, recording }: Network,
  { count, dying, pace, priorityOf, program }: Plan
): Effect.Effect<ReadonlyArray<number>, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const master = yield* Daemon.start(
      topology.LD1,
      program,
      Routers.many("LD1", count, () => priorityMaster, pace)
    )
    yield* Effect.sleep(backupLaterMillis)
    yield* Daemon.start(topology.LD2, program, Routers.many("LD2", count, priorityOf, pace))
    yield* dying
    yield* master.crash
    yield* Effect.sleep(takenOverMillis)
    const adverts = (yield* recording.finish).filter(Frame.isAdvert)
    return Array.from({ length: count }, (_, index) =>
      lateness(adverts, index + 1, Routers.masterDownMillis(pace, priorityOf(index + 1)))
    )
  })

/**
 * Returns how long after the Master's last advert and the time that is due the Backup spoke first, in milliseconds.
 *
 * @category getters
 * @since 0.1.0
 */
export const lateness = (adverts: ReadonlyArray<Frame.Advert>, vrid: number, due: number): number => {
  const own = adverts.filter((advert) => advert.vrid === vrid)
  const last = own.findLast((advert) => advert.source === Routers.source("LD1"))
  if (last === undefined) throw new Error(`virtual router ${vrid} never had a Master to kill`)
  const first = own.find(
    ({ atMicros, source }) => source === Routers.source("LD2") && atMicros > last.atMicros
  )
  if (first === undefined) throw new Error(`virtual router ${vrid} was not taken over`)
  const late = (first.atMicros - last.atMicros) / 1000 - due
  if (late < -due / 2) throw new Error(`virtual router ${vrid} had two Masters`)
  return late
}

const prioritySpread = (vrid: number): number => vrid * priorityStep

const roundCount = 5
const fortyRoundCount = 3
const routerCount = 40
// Not an owner, who would be Master at once; above every Backup.
const priorityMaster = 254
const prioritySingle = 150
const priorityStep = 6
const backupLaterMillis = 1_000
// The Master waits three seconds and its skew before it is one, and announces again five seconds later; half-way.
const settledMillis = 4_500
const takenOverMillis = 4_200
