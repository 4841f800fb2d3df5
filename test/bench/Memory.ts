/**
 * Resident memory of a Master past its announcements, with one virtual router and with 255.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Daemon from "../lab/Daemon.ts"
import type { Contenders } from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Pairing from "./Pairing.ts"
import * as Processes from "./Processes.ts"
import * as Steady from "./Steady.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.gen(function* () {
    const rounds = yield* Pairing.inTurn(roundCount, contenders, (program) =>
      Effect.all(
        { one: resident(program, 1), all: resident(program, Steady.routerCountMax) },
        {
          concurrency: "unbounded"
        }
      )
    )
    const figure = (name: string, value: number, of: (sizes: { one: number; all: number }) => number) =>
      Figure.make(
        { name, unit: "MB", runs: `${roundCount} runs`, reach: { _tag: "AtMost", value } },
        Pairing.map(rounds, of)
      )
    return [
      figure("Memory, 1 virtual router", 80, ({ one }) => one),
      figure("Memory, 255 virtual routers", 90, ({ all }) => all)
    ]
  })

const resident = (
  program: Daemon.Program,
  routerCount: number
): Effect.Effect<number, unknown, Scope.Scope> =>
  Effect.map(Steady.start(program, routerCount), ({ daemon }) => Processes.memory(daemon.pid).resident)

const roundCount = 3
