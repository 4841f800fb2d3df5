import { assert, describe, it } from "@effect/vitest"
import * as ProcessTracker from "@holdfast/vrrp/tracking/ProcessTracker"
import type { TrackProcess } from "@holdfast/vrrp/TrackingParameters"
import { type Instant, type Micros, seconds } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const process = (options: Partial<TrackProcess> = {}): TrackProcess => ({
  name: "p",
  command: "haproxy",
  fullCommand: false,
  quorum: 1,
  terminateDelay: 0 as Micros,
  forkDelay: 0 as Micros,
  ...options
})

const drive = (parameters: TrackProcess) => {
  let state = ProcessTracker.make(parameters)
  const step = (event: ProcessTracker.Event) => {
    const next = ProcessTracker.step(state, event)
    state = next.state
    return state.observation._tag
  }
  return {
    state: () => state,
    count: (count: number, at = 0) => step({ _tag: "Counted", at: at as Instant, count }),
    due: (at: number) => step({ _tag: "Due", at: at as Instant })
  }
}

describe("ProcessTracker", () => {
  it("nothing is known before the first count, which counts at once", () => {
    const { count, state } = drive(process({ forkDelay: seconds(5), terminateDelay: seconds(5) }))
    assert.strictEqual(state().observation._tag, "Unknown")
    assert.strictEqual(count(0), "Down")
    assert.strictEqual(drive(process({ forkDelay: seconds(5) })).count(1), "Up")
  })

  it("is up from quorum to quorumMax", () => {
    const { count } = drive(process({ quorum: 2, quorumMax: 3 }))
    assert.deepStrictEqual(
      [1, 2, 3, 4, 3, 0].map((number) => count(number)),
      ["Down", "Up", "Up", "Down", "Up", "Down"]
    )
    assert.deepStrictEqual(
      [0, 1].map((number) => drive(process({ quorum: 0, quorumMax: 0 })).count(number)),
      ["Up", "Down"]
    )
  })

  it("fewer than before must last for terminateDelay, more for forkDelay", () => {
    const { count, due, state } = drive(process({ terminateDelay: seconds(2), forkDelay: seconds(1) }))
    count(1)
    assert.strictEqual(count(0, seconds(10)), "Up")
    assert.strictEqual(due(seconds(11.9)), "Up")
    assert.strictEqual(due(seconds(12)), "Down")
    assert.strictEqual(count(1, seconds(20)), "Down")
    assert.strictEqual<number | undefined>(state().settlesAt, seconds(21))
    assert.strictEqual(due(seconds(21)), "Up")
  })

  it("a restart within the delay is not seen, and the deadline counts from the first loss", () => {
    const { count, due, state } = drive(process({ quorum: 2, terminateDelay: seconds(2) }))
    count(3)
    count(1, seconds(10))
    count(0, seconds(11))
    assert.strictEqual<number | undefined>(state().settlesAt, seconds(12))
    assert.strictEqual(count(2, seconds(11.5)), "Up")
    assert.isUndefined(state().settlesAt)
    assert.strictEqual(due(seconds(12)), "Up")
  })

  const called = (...words: ReadonlyArray<string>): ProcessTracker.Process => ({
    name: "prog",
    arguments: words
  })
  const wants = (match: "Exact" | "Initial" | "Partial", words: ReadonlyArray<string>) =>
    process({ command: "/bin/prog", parameters: { words, match } })

  it("matches by name, of which the kernel keeps 15 bytes", () => {
    assert.isTrue(ProcessTracker.matches(process(), { name: "haproxy", arguments: ["x"] }))
    assert.isFalse(ProcessTracker.matches(process(), { name: "haproxy2", arguments: ["haproxy"] }))
    const long = process({ command: "a-name-that-is-long" })
    assert.isTrue(ProcessTracker.matches(long, { name: "a-name-that-is-", arguments: [] }))
  })

  it("matches by how it was called, where that is asked for", () => {
    const full = process({ command: "/bin/prog", fullCommand: true })
    assert.isTrue(ProcessTracker.matches(full, called("/bin/prog", "-x")))
    assert.isFalse(ProcessTracker.matches(full, called("prog", "-x")))
    assert.isFalse(ProcessTracker.matches(full, called()))
  })

  const lines = [["a", "bc"], ["a", "bc", "d"], ["a", "bcd"], ["a", "bcd", "e"], ["a"], []]
  const cases = [
    { wanted: wants("Exact", ["a", "bc"]), matching: [0] },
    { wanted: wants("Partial", ["a", "bc"]), matching: [0, 1] },
    { wanted: wants("Initial", ["a", "bc"]), matching: [0, 1, 2, 3] },
    { wanted: wants("Exact", []), matching: [5] },
    { wanted: wants("Partial", []), matching: [0, 1, 2, 3, 4, 5] },
    { wanted: wants("Initial", []), matching: [0, 1, 2, 3, 4, 5] }
  ]
  for (const { matching, wanted } of cases) {
    it(`arguments: ${wanted.parameters?.match} ${wanted.parameters?.words.join(" ")}`, () => {
      const found = lines.flatMap((words, index) =>
        ProcessTracker.matches(wanted, called("/bin/prog", ...words)) ? [index] : []
      )
      assert.deepStrictEqual(found, matching)
    })
  }

  const Scenario = Schema.Struct({
    quorum: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })),
    spare: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 })),
    terminateDelay: Schema.Literals([0, 1_000, 2_000]),
    forkDelay: Schema.Literals([0, 1_000, 2_000]),
    counts: Schema.Array(
      Schema.Struct({
        after: Schema.Literals([0, 1, 999, 1_000, 2_001]),
        count: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))
      })
    ).check(Schema.isMinLength(10), Schema.isMaxLength(40))
  })

  it.effect.prop(
    "holds a deadline if and only if the count contradicts what is known, and is right once that is over",
    [Scenario],
    ([{ counts, forkDelay, quorum, spare, terminateDelay }]) =>
      Effect.sync(() => {
        const parameters = process({
          quorum,
          quorumMax: quorum + spare,
          terminateDelay: terminateDelay as Micros,
          forkDelay: forkDelay as Micros
        })
        const { count, due, state } = drive(parameters)
        const saidOf = (number: number) => (number >= quorum && number <= quorum + spare ? "Up" : "Down")
        let at = 0
        for (const { after, count: number } of counts) {
          at += after
          due(at)
          count(number, at)
          assert.strictEqual(state().settlesAt !== undefined, state().observation._tag !== saidOf(number))
        }
        due(at + 2_000)
        assert.strictEqual(state().observation._tag, saidOf(counts.at(-1)?.count ?? 0))
        assert.isUndefined(state().settlesAt)
      }),
    { arbitrary: { runs: 1000 } }
  )
})
