import { assert, describe, it } from "vitest"
import * as Statistics from "./Statistics.ts"

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)

describe("Statistics", () => {
  it("a quantile is the least number that is not below that share", () => {
    assert.strictEqual(Statistics.quantile(hundred, 0.99), 99)
    assert.strictEqual(Statistics.quantile(hundred, 1), 100)
    assert.strictEqual(Statistics.quantile(hundred, 0), 1)
    assert.strictEqual(Statistics.quantile([7], 0.99), 7)
  })

  it("an even count has its median between the middle two", () => {
    assert.strictEqual(Statistics.median([4, 1, 3, 2]), 2.5)
    assert.strictEqual(Statistics.median([9, 1]), 5)
  })

  it("an odd count has its median in the middle", () => {
    assert.strictEqual(Statistics.median([10, 2, 33]), 10)
  })

  it("a spread holds the median and both ends", () => {
    assert.deepStrictEqual(Statistics.spread([3, 1, 2]), { value: 2, least: 1, greatest: 3 })
  })

  it("numbers are ordered as numbers, not as text", () => {
    assert.strictEqual(Statistics.median([100, 20, 3]), 20)
  })

  it("no numbers have no quantile", () => {
    assert.throws(() => Statistics.quantile([], 0.5), RangeError)
  })

  it("a deviation counts early and late alike", () => {
    assert.deepStrictEqual(Statistics.deviations([0, 10, 19, 31], 10), [0, 1, 2])
  })
})
