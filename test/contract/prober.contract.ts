import { type Probing, type ProbeReport, Prober } from "@holdfast/engine/Prober"
import type { Probe } from "@holdfast/balancer/Probe"
import type { Instant } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/** Three servers, and how to wait for what they answer. */
export interface ProberHarness {
  /** Connects. */
  readonly good: Probe
  /** Is refused. */
  readonly refused: Probe
  /** Is never answered. */
  readonly silent: Probe
  readonly now: () => Instant
  readonly eventually: (what: string, check: () => boolean) => Effect.Effect<void>
  readonly pass: (millis: number) => Effect.Effect<void>
}

/** Runs one test on fresh servers; everything is gone at its end. */
export type RunProber = (
  test: (harness: ProberHarness) => Effect.Effect<void, unknown, Prober | Scope.Scope>
) => Effect.Effect<void, unknown>

const broken: Probe = { _tag: "Broken", reason: "no such script" }

/** An open prober and what it reported. */
const open = Effect.gen(function* () {
  const reports: Array<ProbeReport> = []
  const probing: Probing = yield* (yield* Prober).open((found) => reports.push(...found))
  const resultsOf = (id: number) => reports.filter((report) => report.id === id).map(({ result }) => result)
  return { probing, reports, resultsOf }
})

export const proberContract = (run: RunProber) =>
  describe("Prober", () => {
    it.live("reports what it found once, under the number that it was given, at the time it was found", () =>
      run(({ eventually, good, now, pass, refused }) =>
        Effect.gen(function* () {
          const { probing, reports, resultsOf } = yield* open

          const before = now()
          probing.start(1, good)
          probing.start(7, refused)
          yield* eventually("both report", () => reports.length === 2)
          yield* pass(20)

          assert.lengthOf(reports, 2)
          assert.deepStrictEqual(resultsOf(1), [{ _tag: "Passed" }])
          assert.deepStrictEqual(resultsOf(7), [{ _tag: "Failed", reason: "connection refused" }])
          for (const { at } of reports) {
            assert.isAtLeast(at, before)
            assert.isAtMost(at, now())
          }
        })
      )
    )

    it.live("refuses a probe that cannot be made, with its reason", () =>
      run(({ eventually }) =>
        Effect.gen(function* () {
          const { probing, resultsOf } = yield* open

          probing.start(1, broken)
          yield* eventually("it reports", () => resultsOf(1).length === 1)

          assert.deepStrictEqual(resultsOf(1), [{ _tag: "Refused", reason: "no such script" }])
        })
      )
    )

    it.live("never reports before it returns", () =>
      run(({ eventually, good, refused }) =>
        Effect.gen(function* () {
          const { probing, reports } = yield* open

          probing.start(1, good)
          probing.start(2, refused)
          probing.start(3, broken)
          assert.isEmpty(reports)

          yield* eventually("all report", () => reports.length === 3)
        })
      )
    )

    it.live("has no patience of its own: a server that is silent is not reported", () =>
      run(({ pass, silent }) =>
        Effect.gen(function* () {
          const { probing, reports } = yield* open

          probing.start(1, silent)
          yield* pass(50)

          assert.isEmpty(reports)
        })
      )
    )

    it.live("reports no more once cancelled, and ignores a number that it does not know", () =>
      run(({ eventually, good, pass, refused, silent }) =>
        Effect.gen(function* () {
          const { probing, reports } = yield* open

          for (const [index, probe] of [good, refused, silent, broken].entries()) probing.start(index, probe)
          for (let id = 0; id < 5; id++) probing.cancel(id)
          probing.start(9, good)
          yield* eventually("the other reports", () => reports.length > 0)
          yield* pass(20)
          probing.cancel(9)

          assert.deepStrictEqual(
            reports.map(({ id }) => id),
            [9]
          )
        })
      )
    )

    it.live("takes a number again after it reported or was cancelled", () =>
      run(({ eventually, good, refused, silent }) =>
        Effect.gen(function* () {
          const { probing, resultsOf } = yield* open

          probing.start(1, good)
          yield* eventually("it passes", () => resultsOf(1).length === 1)
          probing.start(1, silent)
          probing.cancel(1)
          probing.start(1, refused)
          yield* eventually("it fails", () => resultsOf(1).length === 2)

          assert.deepStrictEqual(
            resultsOf(1).map(({ _tag }) => _tag),
            ["Passed", "Failed"]
          )
        })
      )
    )

    it.live("can be started from a report", () =>
      run(({ eventually, good }) =>
        Effect.gen(function* () {
          const reported: Array<number> = []
          const probing = yield* (yield* Prober).open((found) => {
            for (const { id } of found) {
              reported.push(id)
              if (id < 3) probing.start(id + 1, good)
            }
          })

          probing.start(1, good)
          yield* eventually("three report", () => reported.length === 3)

          assert.deepStrictEqual(reported, [1, 2, 3])
        })
      )
    )

    it.live("reports no more once its scope is closed", () =>
      run(({ good, pass }) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const { probing, reports } = yield* Scope.provide(open, scope)

          probing.start(1, good)
          probing.start(2, broken)
          yield* Scope.close(scope, Exit.void)
          yield* pass(50)

          assert.isEmpty(reports)
        })
      )
    )
  })
