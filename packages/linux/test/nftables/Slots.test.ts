import { assert, describe, it } from "@effect/vitest"
import type { Scheduler } from "@holdfast/balancer/Service"
import * as Slots from "@holdfast/linux/nftables/Slots"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { server } from "./Fixture.ts"

const turnsOf = (scheduler: Scheduler, weights: ReadonlyArray<number>) =>
  Slots.slotsOf(
    scheduler,
    weights.map((weight, index) => server(`10.0.0.${index}`, 80, weight))
  ).map(({ address }) => Number(address.slice("10.0.0.".length)))

const countsOf = (turns: ReadonlyArray<number>, size: number) =>
  Array.from({ length: size }, (_, index) => turns.filter((turn) => turn === index).length)

describe("Slots", () => {
  it.each([
    ["wrr", [3, 1], [0, 0, 0, 1]],
    ["wrr", [200, 100, 100], [0, 0, 1, 2]],
    ["wrr", [0, 0], []],
    ["wrr", [0, 7], [1]],
    ["rr", [3, 1, 0], [0, 1]],
    ["lc", [3, 1], [0, 1]],
    ["fo", [1, 5, 5], [1]],
    ["fo", [0, 0], []],
    ["sh", [2, 1], [0, 0, 1]]
  ] as const)("%s of %j goes %j", (scheduler, weights, turns) => {
    assert.deepStrictEqual(turnsOf(scheduler, weights), [...turns])
  })

  it.effect.prop(
    "gives each its share, exactly while the list is short",
    [
      Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))).check(
        Schema.isMaxLength(8)
      )
    ],
    ([weights]) =>
      Effect.sync(() => {
        const turns = turnsOf("wrr", weights)
        const counts = countsOf(turns, weights.length)
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        assert.isAtMost(turns.length, 1024 + weights.length)
        weights.forEach((weight, index) => {
          assert.strictEqual(counts[index] === 0, weight === 0)
          const share = weight / Math.max(total, 1)
          assert.closeTo(counts[index]! / Math.max(turns.length, 1), share, weights.length / 500)
        })
      })
  )

  it("is exact for coprime weights of usual size", () => {
    assert.deepStrictEqual(countsOf(turnsOf("wrr", [253, 251, 241]), 3), [253, 251, 241])
  })
})
