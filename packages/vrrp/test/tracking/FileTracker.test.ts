import { assert, describe, it } from "@effect/vitest"
import * as FileTracker from "@holdfast/vrrp/tracking/FileTracker"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const parameters = { name: "f", path: "/run/number" }

const read = (...readings: ReadonlyArray<FileTracker.Reading>) => {
  let state = FileTracker.make(parameters)
  const actions = readings.flatMap((reading) => {
    const next = FileTracker.step(state, { _tag: "Read", reading })
    state = next.state
    return next.actions
  })
  return { state, actions }
}

const text = (value: string): FileTracker.Reading => ({ _tag: "Text", text: value })
const missing: FileTracker.Reading = { _tag: "Missing" }

describe("FileTracker", () => {
  // As keepalived 2.2.7 reads them.
  const cases = [
    { held: "5\n", value: 5 },
    { held: "0x10", value: 16 },
    { held: "010", value: 8 },
    { held: "5abc", value: 5 },
    { held: "  -3", value: -3 },
    { held: "5.9", value: 5 },
    { held: "2 3", value: 2 },
    { held: "+7", value: 7 },
    { held: "08", value: 0 },
    { held: "-0", value: 0 },
    { held: "-2147483648", value: -2_147_483_648 }
  ]
  for (const { held, value } of cases) {
    it(`"${held.trim()}" is ${value}`, () => {
      const { state } = read(text(held))
      assert.strictEqual(state.value, value)
      assert.isUndefined(state.problem)
    })
  }

  it("a file that is missing, empty, unreadable or without a number counts as 0, and that is told", () => {
    const unreadable: FileTracker.Reading = { _tag: "Unreadable", reason: "permission denied" }
    for (const reading of [missing, text(""), text("abc"), unreadable]) {
      const { actions, state } = read(text("9"), reading)
      assert.strictEqual(state.value, 0)
      assert.deepStrictEqual(actions.slice(1), [
        { _tag: "Observe", observation: { _tag: "Value", value: 0 } },
        { _tag: "Report", problem: state.problem }
      ])
      assert.isDefined(state.problem)
    }
  })

  it("a number that does not fit is ignored: the last one stays", () => {
    const { actions, state } = read(text("7"), text("99999999999"), text("-3000000000"))
    assert.strictEqual(state.value, 7)
    assert.strictEqual(actions.length, 2)
    assert.strictEqual(read(text("99999999999")).state.value, 0)
  })

  it("tells the first reading, then what differs, and that a problem is over", () => {
    const { actions } = read(missing, missing, text("0"), text("0"), text("4"))
    assert.deepStrictEqual(actions, [
      { _tag: "Observe", observation: { _tag: "Value", value: 0 } },
      { _tag: "Report", problem: "it does not exist" },
      { _tag: "Report", problem: undefined },
      { _tag: "Observe", observation: { _tag: "Value", value: 4 } }
    ])
  })

  it.effect.prop(
    "whatever a file holds, the number is whole and of 32 bits",
    [Schema.String, Schema.Int],
    ([junk, number]) =>
      Effect.sync(() => {
        for (const held of [junk, `${number}`, `${number}${junk}`, `${junk}${number}`]) {
          const { value } = read(text(held)).state
          assert.isTrue(Number.isInteger(value) && value === ((value ?? 0) | 0))
        }
        if (Math.abs(number) < 2 ** 31) assert.strictEqual(read(text(`${number}\n`)).state.value, number + 0)
      }),
    { arbitrary: { runs: 1000 } }
  )
})
