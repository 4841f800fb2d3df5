import { FileWatch } from "@holdfast/engine/tracking/FileWatch"
import { type ProcessChange, ProcessWatch } from "@holdfast/engine/tracking/ProcessWatch"
import { ScriptRuns } from "@holdfast/engine/tracking/ScriptRuns"
import type { Reading } from "@holdfast/vrrp/tracking/FileTracker"
import type { Outcome } from "@holdfast/vrrp/tracking/ScriptTracker"
import { seconds } from "@holdfast/wire/Instant"
import type { Script } from "@holdfast/wire/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"

/** A machine with scripts, processes and files. */
export interface TrackingHarness {
  /** A script that takes its time and ends with a code. */
  readonly script: (code: number, millis?: number) => Script
  readonly missingScript: Script
  /** How many scripts run now. */
  readonly running: () => number
  /** A path where a file can be made; there is none. */
  readonly path: string
  readonly write: (text: string) => void
  readonly remove: () => void
  /** What the file holds. */
  readonly held: () => string | undefined
  /** Starts a process that has this name, and returns its number. */
  readonly start: () => number
  readonly processName: string
  readonly kill: (pid: number) => void
  readonly eventually: (what: string, check: () => boolean) => Effect.Effect<void>
  readonly pass: (millis: number) => Effect.Effect<void>
}

export type RunTracking = (
  test: (
    harness: TrackingHarness
  ) => Effect.Effect<void, unknown, ScriptRuns | ProcessWatch | FileWatch | Scope.Scope>
) => Effect.Effect<void, unknown>

export const trackingContract = (run: RunTracking) => {
  scriptRunsContract(run)
  processWatchContract(run)
  fileWatchContract(run)
}

const long = seconds(30)

const scriptRunsContract = (run: RunTracking) =>
  describe("ScriptRuns", () => {
    /** Runs a script in the background, and what became of it. */
    const start = Effect.fnUntraced(function* (script: Script, timeout = long) {
      const runs = yield* ScriptRuns
      const outcomes: Array<Outcome> = []
      let timeouts = 0
      const run = runs.run(script, timeout, () => void (timeouts += 1))
      const fiber = yield* Effect.map(run, (outcome) => outcomes.push(outcome)).pipe(
        Effect.forkScoped({ startImmediately: true })
      )
      return { fiber, outcomes, timeouts: () => timeouts }
    })

    it.live("returns the code of a script", () =>
      run(({ eventually, script }) =>
        Effect.gen(function* () {
          const well = yield* start(script(0))
          const ill = yield* start(script(3))
          yield* eventually("both have ended", () => well.outcomes.length + ill.outcomes.length === 2)
          assert.deepStrictEqual(well.outcomes, [{ _tag: "Exited", code: 0 }])
          assert.deepStrictEqual(ill.outcomes, [{ _tag: "Exited", code: 3 }])
          assert.strictEqual(well.timeouts(), 0)
        })
      )
    )

    it.live("returns why a script cannot be run", () =>
      run(({ eventually, missingScript }) =>
        Effect.gen(function* () {
          const { outcomes } = yield* start(missingScript)
          yield* eventually("it is over", () => outcomes.length === 1)
          assert.strictEqual(outcomes[0]?._tag, "NotRunnable")
        })
      )
    )

    it.live("ends a script whose time is over", () =>
      run(({ eventually, running, script }) =>
        Effect.gen(function* () {
          const { outcomes, timeouts } = yield* start(script(0, 20_000), seconds(0.1))
          yield* eventually("it runs", () => running() === 1)
          yield* eventually("it is over", () => outcomes.length === 1)
          assert.deepStrictEqual(outcomes, [{ _tag: "TimedOut" }])
          assert.strictEqual(timeouts(), 1)
          yield* eventually("nothing of it is left", () => running() === 0)
        })
      )
    )

    it.live("ends a script that is interrupted", () =>
      run(({ eventually, running, script }) =>
        Effect.gen(function* () {
          const { fiber, outcomes } = yield* start(script(0, 20_000))
          yield* eventually("it runs", () => running() === 1)
          yield* Fiber.interrupt(fiber)
          yield* eventually("nothing of it is left", () => running() === 0)
          assert.isEmpty(outcomes)
        })
      )
    )
  })

const processWatchContract = (run: RunTracking) =>
  describe("ProcessWatch", () => {
    it.live("lists what runs, and tells what is started and gone until the scope closes", () =>
      run(({ eventually, kill, pass, processName, start }) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const known = new Map<number, string>()
          let told = 0
          const take = (change: ProcessChange): void => {
            told += 1
            if (change._tag === "Listed") known.clear()
            if (change._tag === "Listed") for (const [pid, { name }] of change.processes) known.set(pid, name)
            if (change._tag === "Executed") known.set(change.pid, change.process.name)
            if (change._tag === "Exited") known.delete(change.pid)
          }
          const before = start()
          const { list } = yield* (yield* ProcessWatch)
            .open(
              (changes) => changes.forEach(take),
              () => {}
            )
            .pipe(Scope.provide(scope))
          yield* eventually("the first is listed", () => list().get(before)?.name === processName)
          const after = start()
          yield* eventually("the second is told", () => known.get(after) === processName)
          kill(after)
          yield* eventually("its end is told", () => !known.has(after))
          yield* Scope.close(scope, Exit.void)
          const toldBefore = told
          kill(before)
          yield* pass(50)
          assert.strictEqual(told, toldBefore)
        })
      )
    )
  })

const fileWatchContract = (run: RunTracking) =>
  describe("FileWatch", () => {
    const text = (value: string): Reading => ({ _tag: "Text", text: value })

    it.live("returns what a file holds and tells what it holds then, until it is closed", () =>
      run(({ eventually, pass, path, remove, write }) =>
        Effect.gen(function* () {
          const readings: Array<Reading> = []
          const file = (yield* FileWatch).watch(path, (reading) => readings.push(reading))
          assert.strictEqual(file.reading._tag, "Missing")
          assert.isEmpty(readings)
          write("5\n")
          yield* eventually("it is read", () => readings.length === 1)
          write("6\n")
          yield* eventually("the next is read", () => readings.length === 2)
          remove()
          yield* eventually("it is gone", () => readings.length === 3)
          assert.deepStrictEqual(readings.slice(0, 2), [text("5\n"), text("6\n")])
          assert.strictEqual(readings[2]?._tag, "Missing")
          file.close()
          write("7\n")
          yield* pass(100)
          assert.strictEqual(readings.length, 3)
        })
      )
    )

    it.live("writes a first number where there is none, and over one only when it shall", () =>
      run(({ held, path }) =>
        Effect.gen(function* () {
          const { initialise } = yield* FileWatch
          assert.isUndefined(initialise(path, { value: 4, overwrite: false }))
          assert.strictEqual(held(), "4\n")
          assert.isUndefined(initialise(path, { value: 5, overwrite: false }))
          assert.strictEqual(held(), "4\n")
          assert.isUndefined(initialise(path, { value: -6, overwrite: true }))
          assert.strictEqual(held(), "-6\n")
        })
      )
    )
  })
