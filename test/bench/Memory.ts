/**
 * Resident memory of a Master past its announcements: with one virtual router, with 255, and with 1,000.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "../lab/Child.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Topology from "../lab/Topology.ts"
import type { Contenders } from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Pairing from "./Pairing.ts"
import * as Processes from "./Processes.ts"
import * as Routers from "./Routers.ts"
import * as Steady from "./Steady.ts"

/**
 * One and 255, which are all that a card can have.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.gen(function* () {
    const rounds = yield* Pairing.inTurn(roundCount, contenders, (program) =>
      Effect.all(
        { one: resident(program, 1), all: resident(program, Routers.vridMax) },
        {
          concurrency: "unbounded"
        }
      )
    )
    return [
      figure(
        "Memory, 1 virtual router",
        80,
        Pairing.map(rounds, ({ one }) => one)
      ),
      figure(
        "Memory, 255 virtual routers",
        90,
        Pairing.map(rounds, ({ all }) => all)
      )
    ]
  })

/**
 * A thousand on four cards, and one on them.
 *
 * @category measurements
 * @since 0.1.0
 */
export const measureThousand = (contenders: Contenders) =>
  Effect.gen(function* () {
    const rounds = yield* Pairing.inTurn(roundCount, contenders, (program) =>
      Effect.all({ one: residentOnCards(program, 1), all: residentOnCards(program, manyCount) })
    )
    return [
      figure(
        "Memory, 1,000 virtual routers",
        150,
        Pairing.map(rounds, ({ all }) => all)
      ),
      Figure.make(
        {
          name: "Memory, each of 1,000 virtual routers",
          unit: "kB",
          runs,
          reach: { _tag: "AtMost", value: 30 }
        },
        Pairing.map(rounds, ({ all, one }) => ((all - one) / (manyCount - 1)) * kilobytesPerMegabyte)
      )
    ]
  })

const figure = (name: string, value: number, rounds: ReadonlyArray<Pairing.Pair<number>>) =>
  Figure.make({ name, unit: "MB", runs, reach: { _tag: "AtMost", value } }, rounds)

const resident = (
  program: Daemon.Program,
  routerCount: number
): Effect.Effect<number, unknown, Scope.Scope> =>
  Effect.map(Steady.start(program, routerCount), ({ daemon }) => Processes.memory(daemon.pid).resident)

const residentOnCards = (
  program: Daemon.Program,
  routerCount: number
): Effect.Effect<number, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    yield* Topology.ip(
      topology.LD1,
      cards.flatMap((card, index) => [
        `link add ${card} type veth peer name far-${card}`,
        `addr add 10.78.${index}.1/24 dev ${card}`,
        `link set ${card} up`,
        `link set far-${card} up`
      ])
    )
    const configuration = Routers.onCards("LD1", routerCount, cards, Steady.priority)
    const daemon = yield* Daemon.start(topology.LD1, program, configuration)
    yield* Effect.sleep(Steady.settledMillis)
    const { resident } = Processes.memory(daemon.pid)
    // Small because it does nothing would be no merit.
    const addresses = yield* Child.run(topology.LD1, ["ip", "-4", "-o", "addr", "show"])
    const held = addresses.match(/ 10\.77\./g)?.length
    if (held !== routerCount) throw new Error(`${program.name} holds ${held} addresses of ${routerCount}`)
    return resident
  })

const roundCount = 3
const runs = `${roundCount} runs`
const manyCount = 1000
const cards = ["many0", "many1", "many2", "many3"]
const kilobytesPerMegabyte = 1000
