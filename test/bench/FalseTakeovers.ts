/**
 * Whether anybody takes over who should not: a pair of directors at an advert every 10 ms, every processor busy, and one
 * of the two with 1,000 checks a second and a reload every ten seconds.
 *
 * **Details** Three pairs, each as long: our Master under load beside our Backup; the same beside keepalived's; and
 * keepalived's Master without checks and reloads beside our Backup under load. Told by what is on the wire where the
 * Backup listens, and counted against who is at fault: a Master that was silent for the protocol's time, or a Backup that
 * began before. Ours is both in the first pair, where everything counts. A takeover is told apart when the machine itself
 * stood still, and but for that the Master was silent for less than two intervals (`Stillness`): one of these is the
 * silence of a Master that is in time. Every other one is logged with its halts, and with what the Master said then.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Topology from "../lab/Topology.ts"
import * as Contender from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Machine from "./Machine.ts"
import * as RealServers from "./RealServers.ts"
import * as Recording from "./Recording.ts"
import * as Routers from "./Routers.ts"
import type { Settings } from "./Settings.ts"
import * as Stillness from "./Stillness.ts"
import * as VirtualServers from "./VirtualServers.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contender.Contenders, { busySeconds }: Settings) =>
  Effect.gen(function* () {
    const servers = yield* RealServers.build
    const { holdfast: loaded } = Contender.programs(contenders.words, "both")
    const { holdfast, keepalived } = contenders
    const run = (pair: Pick<Plan, "master" | "backup" | "loadOn">) =>
      Effect.scoped(watched({ ...pair, busySeconds, servers }))
    const ours = yield* run({ master: loaded, backup: holdfast, loadOn: "LD1" })
    const beside = yield* run({ master: loaded, backup: keepalived, loadOn: "LD1" })
    const above = yield* run({ master: keepalived, backup: loaded, loadOn: "LD2" })
    const figure = (name: string, value: number, reach: typeof none | typeof open = none) =>
      Figure.alone(
        {
          name,
          unit: name.startsWith("Longest") ? "ms" : "takeovers",
          runs: `${busySeconds} s`,
          reach
        },
        [value]
      )
    const all = [ours, beside, above]
    return [
      figure("False takeovers, our Master, our Backup", ours.takeovers.length),
      figure("False takeovers, our Master, keepalived's Backup", beside.takeovers.length - beside.early),
      figure("False takeovers, keepalived's Master, our Backup", above.early),
      figure("Takeovers while the machine stood still", sum(all, "halted"), open),
      figure("Longest halt of the machine itself", greatest(all, "haltMillisMax"), open),
      figure(
        "Longest silence at 10 ms, busy, our Master",
        greatest([ours, beside], "silenceMillisMax"),
        open
      ),
      figure("Longest silence at 10 ms, busy, keepalived's Master", above.silenceMillisMax, open)
    ]
  }).pipe(Effect.scoped)

interface Plan {
  readonly master: Daemon.Program
  readonly backup: Daemon.Program
  /** Who makes checks and is reloaded. */
  readonly loadOn: "LD1" | "LD2"
  readonly busySeconds: number
  /** The program of the real servers. */
  readonly servers: string
}

/**
 * What a watch of a Master (LD1) and its Backup (LD2) has seen.
 *
 * @category models
 * @since 0.1.0
 */
export interface Watched {
  /** Without those that halts of the machine explain. */
  readonly takeovers: ReadonlyArray<Silence>
  /** Those of a Master that had spoken within the protocol's time. */
  readonly early: number
  /** Those that halts of the machine explain. */
  readonly halted: number
  /** The longest time between two adverts of the Master, but for halts of the machine. */
  readonly silenceMillisMax: number
  /** The longest time in which a processor ran nothing of ours. */
  readonly haltMillisMax: number
}

/**
 * How long the Master had been silent when the Backup took over, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Silence {
  /** When the Backup took over, in microseconds of the wall clock. */
  readonly atMicros: number
  readonly millis: number
  /** Without all halts of the machine. */
  readonly runningMillis: number
  /** The longest of these halts. */
  readonly haltMillis: number
}

const watched = ({ backup, busySeconds, loadOn, master, servers }: Plan) =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    const loaded = topology[loadOn]
    yield* RealServers.listen(servers, loaded)
    const configuration = (director: "LD1" | "LD2", lastWeight: number) => {
      const routers = Routers.many(director, 1, () => priority[director], pace)
      return director === loadOn ? `${routers}\n${VirtualServers.blocks({ ...shape, lastWeight })}` : routers
    }
    const directors = {
      LD1: yield* Daemon.start(topology.LD1, master, configuration("LD1", 1)),
      LD2: yield* Daemon.start(topology.LD2, backup, configuration("LD2", 1))
    }
    yield* Effect.sleep(settledMillis)
    yield* Machine.burn(topology.client)
    const halts = yield* Stillness.watch(topology.client)
    const recording = yield* Recording.start(topology.LD2, Routers.networkInterface)
    const before = RealServers.accepted(loaded)
    for (let reload = 0; reload < busySeconds / reloadSeconds; reload++) {
      // Another virtual server each time, and the same router.
      yield* directors[loadOn].configure(configuration(loadOn, 2 + reload))
      yield* directors[loadOn].signal("SIGHUP")
      yield* Effect.sleep(reloadSeconds * 1000)
    }
    const checks = RealServers.accepted(loaded) - before
    if (checks < shape.count * busySeconds * checksShareMin)
      throw new Error(`only ${checks} checks were made`)
    const watched = judge((yield* recording.finish).filter(Frame.isAdvert), halts)
    for (const silence of watched.takeovers)
      yield* Effect.logWarning("halts do not explain a takeover", silence, saidAround(directors.LD1, silence))
    return watched
  })

const saidAround = ({ log }: Daemon.Daemon, { atMicros }: Silence): ReadonlyArray<string> =>
  log.entries.filter((line) => Math.abs(line.atMicros - atMicros) < aroundMicros).map(({ text }) => text)

/**
 * Judges the adverts of a watch, in order. A Backup that spoke a moment ago has not yet heard that it shall not: only one that
 * was silent takes over.
 *
 * @category queries
 * @since 0.1.0
 */
export const judge = (
  adverts: ReadonlyArray<Frame.Advert>,
  halts: ReadonlyArray<Stillness.Halt>
): Watched => {
  const due = Routers.masterDownMillis(pace, priority.LD2)
  const takeovers: Array<Silence> = []
  const watched = { takeovers, early: 0, halted: 0, silenceMillisMax: 0 }
  const spokeAt = { LD1: adverts[0]?.atMicros ?? 0, LD2: -Infinity }
  for (const { atMicros, source } of adverts) {
    const speaker = source === Routers.source("LD1") ? "LD1" : "LD2"
    const time = { fromMicros: spokeAt.LD1, toMicros: atMicros }
    const millis = (atMicros - spokeAt.LD1) / 1000
    const runningMillis = millis - Stillness.within(halts, time) / 1000
    if (speaker === "LD1") watched.silenceMillisMax = Math.max(watched.silenceMillisMax, runningMillis)
    else if ((atMicros - spokeAt.LD2) / 1000 > due / 2) {
      const haltMillis = Stillness.longest(halts, time) / 1000
      if (millis >= due && runningMillis < 2 * pace.intervalMillis) watched.halted += 1
      else takeovers.push({ atMicros, millis, runningMillis, haltMillis })
      if (millis < due) watched.early += 1
    }
    spokeAt[speaker] = atMicros
  }
  if (!adverts.some(Frame.advertOf(Routers.source("LD1")))) throw new Error("the Master never spoke")
  const haltMillisMax = Stillness.longest(halts, { fromMicros: -Infinity, toMicros: Infinity }) / 1000
  return { ...watched, haltMillisMax }
}

type Count = Exclude<keyof Watched, "takeovers">

const sum = (pairs: ReadonlyArray<Watched>, key: Count) => pairs.reduce((total, pair) => total + pair[key], 0)
const greatest = (pairs: ReadonlyArray<Watched>, key: Count) => Math.max(...pairs.map((pair) => pair[key]))

const none = { _tag: "AtMost", value: 0 } as const
const open = { _tag: "Open" } as const
const pace = Routers.every(10)
const shape = { count: 1000, serversEach: 1, delaySeconds: 1 }
const priority = { LD1: 200, LD2: 100 }
const reloadSeconds = 10
const aroundMicros = 500_000
// Busy loops on every processor hold checks back, too.
const checksShareMin = 0.9
// Past the first checks, which all come at once, and past reading the table back.
const settledMillis = 14_000
