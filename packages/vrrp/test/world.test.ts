import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { second } from "./Fixture.ts"
import * as World from "./World.ts"

const scenario = Arbitrary.all({
  members: Arbitrary.array(Arbitrary.schema(World.Member), { minLength: 2, maxLength: 5 }),
  network: Arbitrary.schema(World.Network),
  disturbances: Arbitrary.array(Arbitrary.schema(World.Disturbance), { maxLength: 12 })
})

/** A failure prints the replay token of its run. */
const options = { arbitrary: { runs: 1_000, seed: "world", size: 12 } }
const watched = 5 * second

describe("two to five routers on one network", () => {
  it.prop(
    "have one Master at most once 3 intervals, the skew and the latency have passed without a fault, and after " +
      "healing exactly one, of the highest priority if all preempt",
    { scenario },
    ({ scenario: { disturbances, members, network } }) => {
      const world = World.make(members, network)
      for (const disturbance of disturbances) {
        world.runUntil(world.now() + disturbance.after * world.pace)
        world.disturb(disturbance)
      }

      settle(world, () => {
        for (const island of world.masters())
          assert.isAtMost(island.length, 1, "one Master at most in an island")
      })

      world.heal()
      settle(world, () => {
        const [masters] = world.masters()
        assert.strictEqual(masters?.length, 1, "exactly one Master")
        if (!members.every(({ preempt }) => preempt)) return
        assert.strictEqual(masters![0]!.priority, Math.max(...members.map(({ priority }) => priority)))
      })
    },
    options
  )
})

const settle = (world: World.World, observe: () => void): void => {
  const settledAt = world.quietFrom() + world.settlingTime
  world.runUntil(settledAt)
  observe()
  world.runUntil(settledAt + watched * world.pace, observe)
}
