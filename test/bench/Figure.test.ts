import { assert, describe, it } from "vitest"
import * as Figure from "./Figure.ts"

const about = { name: "a figure", unit: "ms", runs: "3" } as const
const rounds = [
  { keepalived: 1, holdfast: 2 },
  { keepalived: 10, holdfast: 10 },
  { keepalived: 4, holdfast: 2 }
]

describe("Figure", () => {
  it("the ratio is the median of the rounds' ratios, not the ratio of the medians", () => {
    const figure = Figure.make({ ...about, reach: { _tag: "TimesKeepalived", factor: 1 } }, rounds)

    assert.strictEqual(figure.ratio, 1)
    assert.strictEqual(figure.holdfast.value / (figure.keepalived?.value ?? Number.NaN), 0.5)
  })

  it("a multiple of keepalived is held against the ratio", () => {
    const verdict = (factor: number) =>
      Figure.make({ ...about, reach: { _tag: "TimesKeepalived", factor } }, rounds).verdict

    assert.strictEqual(verdict(1), "reached")
    assert.strictEqual(verdict(0.99), "not reached")
  })

  it("a bound of its own is held against ours alone", () => {
    const verdict = (value: number) =>
      Figure.make({ ...about, reach: { _tag: "AtMost", value } }, rounds).verdict

    assert.strictEqual(verdict(2), "reached")
    assert.strictEqual(verdict(1.9), "not reached")
  })

  it("what is better when it is more must not be less", () => {
    const verdict = (value: number) =>
      Figure.alone({ ...about, reach: { _tag: "AtLeast", value } }, [1, 5, 9]).verdict
    const factor = (least: number) =>
      Figure.make({ ...about, reach: { _tag: "AtLeastTimesKeepalived", factor: least } }, rounds).verdict

    assert.deepStrictEqual([verdict(5), verdict(5.1)], ["reached", "not reached"])
    assert.deepStrictEqual([factor(1), factor(1.1)], ["reached", "not reached"])
  })

  it("where keepalived cannot run there is no ratio", () => {
    const figure = Figure.aloneOfQuantile(
      { ...about, reach: { _tag: "AtMost", value: 3 } },
      [[1, 2], [3]],
      0.5
    )

    assert.deepStrictEqual(figure.holdfast, { value: 2, least: 1, greatest: 3 })
    assert.isUndefined(figure.keepalived)
    assert.isUndefined(figure.ratio)
    assert.strictEqual(figure.verdict, "reached")
  })

  it("what nothing was promised of is not judged", () => {
    assert.strictEqual(Figure.make({ ...about, reach: { _tag: "Open" } }, rounds).verdict, "open")
  })

  it("a quantile is that of all samples, its range that of the rounds", () => {
    const samples = [
      { keepalived: [1, 1, 1], holdfast: [1, 2, 3] },
      { keepalived: [1, 1, 1], holdfast: [7, 8, 9] }
    ]

    const figure = Figure.ofQuantile({ ...about, reach: { _tag: "AtMost", value: 5 } }, samples, 0.5)

    assert.deepStrictEqual(figure.holdfast, { value: 3, least: 2, greatest: 8 })
    assert.strictEqual(figure.ratio, 5)
  })
})
