/**
 * What 255 virtual routers cost their Master: the processor time of all threads, as a share of one processor.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import type { Contenders } from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Machine from "./Machine.ts"
import * as Pairing from "./Pairing.ts"
import * as Processes from "./Processes.ts"
import * as Recording from "./Recording.ts"
import * as Routers from "./Routers.ts"
import * as Steady from "./Steady.ts"

/**
 * At an advert a second.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  figures(contenders, "CPU, 255 virtual routers", Routers.everySecond, 1)

/**
 * At an advert every 100 ms.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measureSubsecond = (contenders: Contenders) =>
  figures(contenders, "CPU, 255 virtual routers at 100 ms", Routers.every(100), 0.6)

const figures = (contenders: Contenders, name: string, pace: Routers.Pace, factor: number) =>
  Effect.map(
    Pairing.inTurn(roundCount, contenders, (program) => percent(program, pace)),
    (rounds) => [
      Figure.make(
        {
          name,
          unit: "%",
          runs: `${roundCount} × ${windowMillis / 1000} s`,
          reach: { _tag: "TimesKeepalived", factor }
        },
        rounds
      )
    ]
  )

const percent = (program: Daemon.Program, pace: Routers.Pace): Effect.Effect<number, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const { topology, daemon } = yield* Steady.start(program, Routers.vridMax, pace)
    const recording = yield* Recording.start(topology.LD1, Routers.networkInterface)
    yield* Machine.quiet
    const before = { cpu: Processes.cpuSeconds(daemon.pid), millis: performance.now() }
    yield* Effect.sleep(windowMillis)
    const seconds = Processes.cpuSeconds(daemon.pid) - before.cpu
    const share = seconds / ((performance.now() - before.millis) / 1000)
    // Cheap because it does nothing would be no merit.
    const adverts = (yield* recording.finish).filter(Frame.isAdvert).length
    if (adverts < (Routers.vridMax * windowMillis * 0.99) / pace.intervalMillis) {
      throw new Error(`${program.name} sent only ${adverts} adverts`)
    }
    return share * 100
  })

const roundCount = 3
const windowMillis = 20_000
