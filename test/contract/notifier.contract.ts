import { type NotifierReport, Notifier } from "@holdfast/engine/Notifier"
import type { Micros } from "@holdfast/wire/Instant"
import type { Script } from "@holdfast/wire/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/** A machine with programs and named pipes. */
export interface NotifierHarness {
  /** A script that runs for a time and ends with a code; the label is its first argument. */
  readonly script: (label: string, options?: { readonly millis?: number; readonly code?: number }) => Script
  /** What the scripts did: `start LABEL`, `end LABEL`. One that was killed does not end. */
  readonly log: () => ReadonlyArray<string>
  /** A path where a pipe can be made. */
  readonly pipe: (name: string) => string
  /** A path where none can be made. */
  readonly impossiblePipe: string
  /** Takes the lines out of a pipe that have come since the last call. */
  readonly read: (path: string) => ReadonlyArray<string>
  /** How many lines of 4,000 characters a pipe holds. */
  readonly pipeLinesMax: number
  readonly eventually: (what: string, check: () => boolean) => Effect.Effect<void>
  readonly pass: (millis: number) => Effect.Effect<void>
}

export type RunNotifier = (
  test: (harness: NotifierHarness) => Effect.Effect<void, unknown, Notifier | Scope.Scope>
) => Effect.Effect<void, unknown>

/** A notifier and what it told. */
const open = Effect.gen(function* () {
  const reports: Array<NotifierReport> = []
  const notifying = yield* (yield* Notifier).open((report) => reports.push(report))
  const lostOf = (path: string): number =>
    reports.reduce(
      (sum, report) => (report._tag === "LinesLost" && report.path === path ? sum + report.count : sum),
      0
    )
  return { ...notifying, reports, lostOf }
})

export const notifierContract = (run: RunNotifier) =>
  describe("Notifier", () => {
    it.live("runs the scripts of one object one after the other, in order", () =>
      run(({ eventually, log, script }) =>
        Effect.gen(function* () {
          const { notify, reports } = yield* open

          for (const label of ["a", "b", "c"])
            notify({ object: "web", script: script(label, { millis: 20 }) })
          yield* eventually("all have run", () => log().length === 6)

          assert.deepStrictEqual(log(), ["start a", "end a", "start b", "end b", "start c", "end c"])
          assert.isEmpty(reports)
        })
      )
    )

    it.live("runs those of different objects at the same time", () =>
      run(({ eventually, log, script }) =>
        Effect.gen(function* () {
          const { notify } = yield* open

          notify({ object: "web", script: script("a", { millis: 400 }) })
          notify({ object: "mail", script: script("b", { millis: 400 }) })
          yield* eventually("both run", () => log().length === 2)

          assert.sameMembers([...log()], ["start a", "start b"])
        })
      )
    )

    it.live("tells of a script that fails, that is missing, and that takes too long, and goes on", () =>
      run(({ eventually, log, script }) =>
        Effect.gen(function* () {
          const { notify, reports } = yield* open
          const missing: Script = { words: ["/nonexistent/program", "x"] }
          const slow: Script = { ...script("slow", { millis: 60_000 }), timeout: 50_000 as Micros }

          notify({ object: "web", script: script("bad", { code: 3 }) })
          notify({ object: "web", script: missing })
          notify({ object: "web", script: slow })
          notify({ object: "web", script: script("good") })
          yield* eventually("the last has run", () => log().includes("end good"))

          assert.deepStrictEqual(
            reports.map((report) => (report._tag === "ScriptFailed" ? [report.object, report.command] : [])),
            [script("bad", { code: 3 }), missing, slow].map(({ words }) => ["web", words.join(" ")])
          )
        })
      )
    )

    it.live("drains: returns when what was taken is carried out, at once when there is nothing", () =>
      run(({ eventually, log, script }) =>
        Effect.gen(function* () {
          const { drained, notify } = yield* open
          yield* drained
          let isDrained = false

          notify({ object: "web", script: script("a", { millis: 30 }) })
          notify({ object: "web", script: script("b", { millis: 30 }) })
          yield* Effect.forkScoped(
            Effect.andThen(
              drained,
              Effect.sync(() => (isDrained = true))
            )
          )
          yield* eventually("the first has run", () => log().includes("end a"))
          assert.isFalse(isDrained)
          yield* eventually("it is drained", () => isDrained)

          assert.include(log(), "end b")
        })
      )
    )

    it.live("writes lines to every pipe, in order, whether anybody reads or not", () =>
      run(({ eventually, pipe, read }) =>
        Effect.gen(function* () {
          const { notify, reports, setFifos } = yield* open
          yield* setFifos([{ path: pipe("one") }, { path: pipe("two") }])

          notify({ object: "web", fifoLine: "VS [192.0.2.1]:tcp:80 UP" })
          notify({ object: "web", fifoLine: "VS [192.0.2.1]:tcp:80 DOWN" })
          const lines: Array<string> = []
          yield* eventually("both lines come", () => lines.push(...read(pipe("one"))) === 2)

          assert.deepStrictEqual(lines, ["VS [192.0.2.1]:tcp:80 UP", "VS [192.0.2.1]:tcp:80 DOWN"])
          assert.deepStrictEqual(read(pipe("two")), lines)
          assert.isEmpty(reports)
        })
      )
    )

    it.live("loses lines that a full pipe does not take, whole ones only, and counts every one", () =>
      run(({ eventually, pipe, pipeLinesMax, read }) =>
        Effect.gen(function* () {
          const { lostOf, notify, setFifos } = yield* open
          yield* setFifos([{ path: pipe("one") }])

          const lineOf = (index: number): string => `${index} `.padEnd(4_000, "x")
          const count = pipeLinesMax + 5
          for (let index = 0; index < count; index++) notify({ object: "web", fifoLine: lineOf(index) })
          yield* eventually("all losses are told", () => lostOf(pipe("one")) === 5)

          const taken = read(pipe("one"))
          assert.deepStrictEqual(
            taken,
            Array.from({ length: pipeLinesMax }, (_, index) => lineOf(index))
          )
          notify({ object: "web", fifoLine: "there is room again" })
          assert.deepStrictEqual(read(pipe("one")), ["there is room again"])
        })
      )
    )

    it.live("opens and closes pipes by difference, and tells which cannot be made", () =>
      run(({ impossiblePipe, pipe, read }) =>
        Effect.gen(function* () {
          const { notify, reports, setFifos } = yield* open
          yield* setFifos([{ path: pipe("one") }, { path: impossiblePipe }])
          assert.deepStrictEqual(
            reports.map((report) => (report._tag === "FifoFailed" ? report.path : report._tag)),
            [impossiblePipe]
          )

          notify({ object: "web", fifoLine: "first" })
          yield* setFifos([{ path: pipe("one") }, { path: pipe("two") }])
          notify({ object: "web", fifoLine: "second" })
          assert.deepStrictEqual(read(pipe("one")), ["first", "second"])
          assert.deepStrictEqual(read(pipe("two")), ["second"])
          yield* setFifos([{ path: pipe("two") }])
          notify({ object: "web", fifoLine: "third" })
          assert.deepStrictEqual(read(pipe("two")), ["third"])
          assert.isEmpty(read(pipe("one")))
        })
      )
    )

    it.live("ends what runs when its scope closes, and tells nothing more", () =>
      run(({ eventually, log, pass, script }) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const { notify, reports } = yield* Scope.provide(open, scope)

          notify({ object: "web", script: script("a", { millis: 100 }) })
          notify({ object: "web", script: script("b") })
          yield* eventually("the first runs", () => log().includes("start a"))
          yield* Scope.close(scope, Exit.void)
          yield* pass(200)

          assert.deepStrictEqual(log(), ["start a"])
          assert.isEmpty(reports)
        })
      )
    )
  })
