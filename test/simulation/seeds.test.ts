/**
 * Scenarios from seeds: every rule of `Invariants` after every event, and one Master after everything was healed.
 *
 * A failure prints `SIM_SEED=…`; with that in the environment this file runs the one seed. `SIM_SEEDS` sets how many.
 */
import * as Scenario from "@holdfast/simulation/Scenario"
import type { Simulation } from "@holdfast/simulation/Simulation"
import { assert, describe, it } from "@effect/vitest"

const seedCount = Number(process.env["SIM_SEEDS"] ?? 1_000)
const only = process.env["SIM_SEED"]
const seeds = only === undefined ? Array.from({ length: seedCount }, (_, index) => index + 1) : [Number(only)]

const runSeed = (seed: number, observe?: (simulation: Simulation) => void): Scenario.Outcome => {
  const commands = Scenario.generate(seed)
  const outcome = Scenario.run(commands, observe)
  if (outcome.violations.length > 0) assert.fail(Scenario.describeFailure(seed, commands))
  return outcome
}

/** What the seeds reached, as words. */
const reached = { pairs: new Set<string>(), edges: new Set<string>(), causes: new Set<string>() }

const record = (simulation: Simulation): void =>
  simulation.observe({
    onStepped: ({ before, event, step }) => {
      reached.pairs.add(`${before.role._tag} ${event._tag}`)
      for (const action of step.actions) {
        if (action._tag !== "PublishTransition") continue
        reached.edges.add(`${action.from} ${action.to}`)
        reached.causes.add(action.cause._tag)
      }
    }
  })

describe("seeds", () => {
  it(`holds every invariant over ${seeds.length} seeds`, { timeout: 60_000 }, () => {
    for (const seed of seeds) runSeed(seed, record)
  })

  it("gives the same transcript for the same seed, and another one for another seed", () => {
    for (const seed of seeds.slice(0, 20)) {
      assert.strictEqual(runSeed(seed).transcript, runSeed(seed).transcript)
      assert.notStrictEqual(runSeed(seed).transcript, runSeed(seed + 1).transcript)
    }
  })

  it.runIf(only === undefined)("reaches every event in every role, every edge and every cause", () => {
    const pairs = roles.flatMap((role) => events.map((event) => `${role} ${event}`))
    const edges = roles.flatMap((from) => roles.filter((to) => to !== from).map((to) => `${from} ${to}`))

    assert.deepStrictEqual([...reached.pairs].toSorted(), pairs.toSorted())
    assert.deepStrictEqual([...reached.edges].toSorted(), edges.toSorted())
    assert.deepStrictEqual([...reached.causes].toSorted(), causes.toSorted())
  })
})

const roles = ["Init", "Backup", "Master", "Fault"]

const events = [
  "Started",
  "Stopped",
  "AdvertReceived",
  "MalformedReceived",
  "TimerExpired",
  "InterfaceChanged",
  "AddressesHeld",
  "OwnershipChanged",
  "Reconfigured"
]

const causes = [
  "Started",
  "Stopped",
  "AddressOwner",
  "MasterSilent",
  "MasterLeft",
  "LowerPriorityHeard",
  "HigherPriorityHeard",
  "HigherAddressHeard",
  "Stalled",
  "Faulted",
  "FaultsCleared"
]
