import { assert, describe, it } from "@effect/vitest"
import { Action, Counter, DropReason, RoleName, TransitionCause } from "@holdfast/vrrp/Action"
import { Event } from "@holdfast/vrrp/Event"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import { Command, coverage, run, Setup } from "./Scenario.ts"

/** A failure prints the replay token of its run; both tests use the same scenarios. */
const seed = "virtual-router"
const runs = 600

const scenario = Arbitrary.all({
  setup: Arbitrary.schema(Setup),
  commands: Arbitrary.array(Arbitrary.schema(Command), { minLength: 10, maxLength: 50 })
})

describe("VirtualRouter.step, in all scenarios", () => {
  it.prop(
    "is total and deterministic and keeps the invariants of its module",
    { scenario },
    ({ scenario }) => run(scenario.setup, scenario.commands),
    { arbitrary: { runs, seed, size: 50 } }
  )

  it.effect("reaches every event in every role, every edge of the role graph, and every cause", () =>
    Effect.gen(function* () {
      const scenarios = yield* Arbitrary.sampleEffect(scenario, { count: runs, seed, size: 50 })
      const seen = coverage()

      for (const { commands, setup } of scenarios) run(setup, commands, seen)

      const events = Object.keys(Event.cases)
      assert.deepStrictEqual(
        sorted(seen.pairs),
        sorted(RoleName.literals.flatMap((role) => events.map((event) => `${role} ${event}`)))
      )
      assert.deepStrictEqual(sorted(seen.edges), sorted(legalEdges))
      assert.deepStrictEqual(sorted(seen.causes), sorted(Object.keys(TransitionCause.cases)))
      assert.deepStrictEqual(sorted(seen.actions), sorted(Object.keys(Action.cases)))
      assert.deepStrictEqual(sorted(seen.counters), sorted(Counter.literals))
      assert.deepStrictEqual(sorted(seen.drops), sorted(DropReason.literals))
    })
  )
})

const sorted = (names: Iterable<string>): ReadonlyArray<string> => [...names].toSorted()

const legalEdges = [
  "Init Backup",
  "Init Master",
  "Init Fault",
  "Backup Init",
  "Backup Master",
  "Backup Fault",
  "Master Init",
  "Master Backup",
  "Master Fault",
  "Fault Init",
  "Fault Backup",
  "Fault Master"
]
