import * as Random from "@holdfast/simulation/Random"
import * as SimulatedNetwork from "@holdfast/simulation/SimulatedNetwork"
import type { Instant } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"

describe("SimulatedNetwork", () => {
  it.effect("runs a task at its microsecond, also when the clock stops exactly there", () =>
    Effect.gen(function* () {
      const { world } = yield* SimulatedNetwork.make()
      const random = Random.make(1)

      for (let round = 0; round < 500; round++) {
        const pieces = [0, 0, 0].map(() => random.integer(1, 3_000_000))
        const at = (world.now() + pieces.reduce((sum, micros) => sum + micros, 0)) as Instant
        let ranAt: Instant | undefined
        world.schedule(at, () => {
          ranAt = world.now()
        })
        for (const micros of pieces) yield* TestClock.adjust(Duration.micros(BigInt(micros)))
        assert.strictEqual(ranAt, at)
      }
    })
  )

  it.effect("runs what is due now a turn later: not inside the call, and without the clock", () =>
    Effect.gen(function* () {
      const { world } = yield* SimulatedNetwork.make()
      let ran = false
      world.schedule(1_000_000 as Instant, () => {})

      world.schedule(world.now(), () => {
        ran = true
      })
      assert.isFalse(ran)
      yield* Effect.yieldNow

      assert.isTrue(ran)
    })
  )

  it.effect("wakes earlier for a task that is scheduled later for an earlier time", () =>
    Effect.gen(function* () {
      const { world } = yield* SimulatedNetwork.make()
      const ran: Array<number> = []

      for (const at of [3_000, 1_000, 2_000]) world.schedule(at as Instant, () => ran.push(world.now()))
      yield* TestClock.adjust("1 second")

      assert.deepStrictEqual(ran, [1_000, 2_000, 3_000])
    })
  )

  it.effect("runs nothing once its scope is closed", () =>
    Effect.gen(function* () {
      const network = yield* Effect.scoped(SimulatedNetwork.make())
      let ran = false

      network.world.schedule(1_000 as Instant, () => {
        ran = true
      })
      yield* TestClock.adjust("1 second")

      assert.isFalse(ran)
    })
  )
})
