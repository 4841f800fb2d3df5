/** The contracts of the ports of tracking on both adapters. They need no network, so they have a file of their own. */
import * as TrackingHost from "@holdfast/linux/TrackingHost"
import * as SimulatedFileWatch from "@holdfast/simulation/SimulatedFileWatch"
import * as SimulatedNetwork from "@holdfast/simulation/SimulatedNetwork"
import * as SimulatedProcessWatch from "@holdfast/simulation/SimulatedProcessWatch"
import * as SimulatedScriptRuns from "@holdfast/simulation/SimulatedScriptRuns"
import type { Micros } from "@holdfast/wire/Instant"
import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { type RunTracking, trackingContract, type TrackingHarness } from "./tracking.contract.ts"

/** How long a wait lasts; the kernel answers within milliseconds, a loaded machine does not. */
const waitMillisMax = 10_000
const stepMillis = 2

const eventuallyBy = (pass: (millis: number) => Effect.Effect<void>): TrackingHarness["eventually"] =>
  Effect.fnUntraced(function* (what, check) {
    for (let waited = 0; waited < waitMillisMax; waited += stepMillis) {
      if (check()) return
      yield* pass(stepMillis)
    }
    return yield* Effect.die(new Error(`it does not come true that ${what}`))
  })

describe("linux", () => {
  const run: RunTracking = (test) =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync("/run/holdfast-tracking-")),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const pids = new Set<number>()
      yield* Effect.addFinalizer(() => Effect.sync(() => pids.forEach((pid) => process.kill(pid, "SIGKILL"))))
      const text = `echo >"$0/$$"; trap 'rm "$0/$$"; exit 1' TERM; sleep "$1" & wait; rm "$0/$$"; exit "$2"`
      const path = `${folder}/number`
      yield* test({
        script: (code, millis = 0) => ({
          words: ["/bin/sh", "-c", text, folder, `${millis / 1_000}`, `${code}`]
        }),
        missingScript: { words: [`${folder}/none`] },
        running: () => readdirSync(folder).filter((name) => existsSync(`/proc/${name}`)).length,
        path,
        write: (value) => writeFileSync(path, value),
        remove: () => rmSync(path),
        held: () => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
        start: () => {
          const { pid = 0 } = spawn("/usr/bin/sleep", ["1000"], { stdio: "ignore" })
          pids.add(pid)
          return pid
        },
        processName: "sleep",
        kill: (pid) => {
          pids.delete(pid)
          process.kill(pid, "SIGKILL")
        },
        eventually: eventuallyBy(Effect.sleep),
        pass: Effect.sleep
      }).pipe(Effect.scoped, Effect.provide(TrackingHost.layer({ security: false, user: "root" })))
    }).pipe(Effect.scoped)
  trackingContract(run)
})

describe("simulation", () => {
  const pass = (millis: number): Effect.Effect<void> =>
    Effect.andThen(TestClock.adjust(`${millis} millis`), Effect.yieldNow)
  const run: RunTracking = (test) =>
    Effect.gen(function* () {
      const { world } = yield* SimulatedNetwork.make()
      const scripts = SimulatedScriptRuns.make(world)
      const processes = SimulatedProcessWatch.make()
      const files = SimulatedFileWatch.make()
      const path = "/run/number"
      yield* test({
        script: (code, millis = 0) => {
          const program = `/program-${code}`
          scripts.set(program, { _tag: "Exited", code }, (millis * 1_000) as Micros)
          return { words: [program] }
        },
        missingScript: { words: ["/none"] },
        running: scripts.running,
        path,
        write: (text) => files.write(path, text),
        remove: () => files.remove(path),
        held: () => files.text(path),
        start: () => processes.start({ name: "program", arguments: ["program"] }),
        processName: "program",
        kill: processes.kill,
        eventually: eventuallyBy(pass),
        pass
      }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(scripts.layer, processes.layer, files.layer)))
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))
  trackingContract(run)
})
