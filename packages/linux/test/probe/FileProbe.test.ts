import type { ProbeResult } from "@holdfast/balancer/Probe"
import * as FileProbe from "@holdfast/linux/probe/FileProbe"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const waitMillisMax = 5_000
const stepMillis = 2

/** A folder, a probe of a file in it, and what it reported. */
const start = Effect.fnUntraced(function* (
  factor: number,
  options: { readonly content?: string; readonly below?: string } = {}
) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-file-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const path = join(folder, options.below ?? "", "number")
  if (options.content !== undefined) writeFileSync(path, options.content)
  const launch = yield* FileProbe.open
  const results: Array<ProbeResult> = []
  const end = launch({ _tag: "File", path, factor }, (result) => results.push(result))
  assert.isEmpty(results)
  let seen = 0
  /** Waits for the next result. */
  const next = Effect.gen(function* () {
    for (let waited = 0; waited < waitMillisMax; waited += stepMillis) {
      const result = results[seen]
      if (result !== undefined) {
        seen += 1
        return result
      }
      yield* Effect.sleep(stepMillis)
    }
    return yield* Effect.die(new Error("no further result comes"))
  })
  /** Waits until a result is this one; what a writer does is more than one step. */
  const nextIs = Effect.fnUntraced(function* (expected: ProbeResult) {
    let result = yield* next
    while (JSON.stringify(result) !== JSON.stringify(expected)) result = yield* next
  })
  return { folder, path, results, end, next, nextIs }
})

const adds = (weight: number): ProbeResult => ({ _tag: "Passed", adjustment: { _tag: "Add", weight } })

describe("FileProbe", () => {
  const cases = [
    { content: "5\n", factor: 1, result: adds(5) },
    { content: "-5", factor: 3, result: adds(-15) },
    { content: " +7 ", factor: -1, result: adds(-7) },
    { content: "0", factor: -1, result: adds(0) },
    { content: "2147483647", factor: 2, result: adds(2_147_483_647) },
    { content: "-2147483647", factor: 1, result: adds(-2_147_483_647) },
    { content: "0", factor: 0, result: { _tag: "Passed" } }
  ]
  for (const { content, factor, result } of cases) {
    it.live(`"${content.trim()}" times ${factor}`, () =>
      Effect.gen(function* () {
        const { next } = yield* start(factor, { content })
        assert.deepStrictEqual<unknown>(yield* next, result)
      })
    )
  }

  it.live("fails at the number that means down, and at any but 0 when the factor is 0", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* (yield* start(1, { content: "-2147483648" })).next)._tag, "Failed")
      assert.strictEqual((yield* (yield* start(-2, { content: "2147483647" })).next)._tag, "Failed")
      assert.strictEqual((yield* (yield* start(0, { content: "1" })).next)._tag, "Failed")
    })
  )

  it.live("refuses what is missing or holds no number", () =>
    Effect.gen(function* () {
      for (const content of ["", "five", "5 6", "1e3", "0x10", "99999999999"])
        assert.strictEqual((yield* (yield* start(1, { content })).next)._tag, "Refused")
      assert.strictEqual((yield* (yield* start(1)).next)._tag, "Refused")
    })
  )

  it.live("follows the file: written, replaced, gone, there again", () =>
    Effect.gen(function* () {
      const { folder, next, nextIs, path } = yield* start(1, { content: "1" })
      assert.deepStrictEqual(yield* next, adds(1))
      writeFileSync(path, "2")
      yield* nextIs(adds(2))
      writeFileSync(join(folder, "new"), "3")
      renameSync(join(folder, "new"), path)
      yield* nextIs(adds(3))
      unlinkSync(path)
      assert.strictEqual((yield* next)._tag, "Refused")
      writeFileSync(path, "4")
      yield* nextIs(adds(4))
    })
  )

  it.live("follows its directory: made later, replaced, gone", () =>
    Effect.gen(function* () {
      const { folder, next, nextIs, path } = yield* start(1, { below: "a/b" })
      assert.strictEqual((yield* next)._tag, "Refused")
      mkdirSync(join(folder, "a/b"), { recursive: true })
      writeFileSync(path, "1")
      yield* nextIs(adds(1))
      renameSync(join(folder, "a/b"), join(folder, "a/old"))
      assert.strictEqual((yield* next)._tag, "Refused")
      mkdirSync(join(folder, "a/new"))
      writeFileSync(join(folder, "a/new/number"), "2")
      renameSync(join(folder, "a/new"), join(folder, "a/b"))
      yield* nextIs(adds(2))
      rmSync(join(folder, "a"), { recursive: true })
      yield* Effect.map(next, (result) => assert.strictEqual(result._tag, "Refused"))
    })
  )

  it.live("reports nothing when the number is the same, nor once it is ended", () =>
    Effect.gen(function* () {
      const { end, next, path, results } = yield* start(1, { content: "1" })
      yield* next
      writeFileSync(path, "1\n")
      const other = yield* start(1, { content: "1" })
      yield* other.next
      end()
      writeFileSync(path, "2")
      writeFileSync(other.path, "2")
      // The other file was written later: once its news is there, that of the first would be.
      yield* other.nextIs(adds(2))
      assert.isEmpty(results.filter((result) => JSON.stringify(result) === JSON.stringify(adds(2))))
    })
  )
})
