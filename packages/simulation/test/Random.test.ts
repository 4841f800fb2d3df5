import * as Random from "@holdfast/simulation/Random"
import { assert, describe, it } from "@effect/vitest"

const take = (random: Random.Random): ReadonlyArray<number> => Array.from({ length: 1_000 }, random.fraction)

describe("Random", () => {
  it("gives the same numbers for the same seed and stream, on every machine", () => {
    const random = Random.make(42)

    assert.deepStrictEqual(
      Array.from({ length: 4 }, () => random.integer(0, 0xffff)),
      [19_091, 10_015, 7_296, 50_023]
    )
    assert.deepStrictEqual(take(Random.make(1, 2)), take(Random.make(1, 2)))
  })

  it("gives unlike numbers for neighbouring seeds and streams", () => {
    const first = take(Random.make(1, 1))

    for (const other of [Random.make(2, 1), Random.make(1, 2), Random.make(0, 0)])
      assert.isEmpty(take(other).filter((fraction, index) => fraction === first[index]))
  })

  it("covers a range evenly, both ends included", () => {
    const random = Random.make(3)
    const counts = [0, 0, 0, 0, 0]

    for (let draw = 0; draw < 10_000; draw++) {
      const index = random.integer(0, 4)
      counts[index] = (counts[index] ?? 0) + 1
    }

    for (const count of counts) assert.approximately(count, 2_000, 200)
  })
})
