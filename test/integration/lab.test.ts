/**
 * The lab itself: it leaves nothing behind, and with keepalived on both sides it shows that the rules our daemon is
 * held to are rules keepalived keeps.
 */
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Child from "../lab/Child.ts"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Journal from "../lab/Journal.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Takeover from "../lab/rules/Takeover.ts"

const keepalivedOnBothSides = { LD1: Daemon.keepalived, LD2: Daemon.keepalived }

Requirement.suite("keepalived beside keepalived, multicast", [...Requirement.lab, "keepalived"], () => {
  Takeover.register(keepalivedOnBothSides, "a-basic")
})

Requirement.suite("the lab", Requirement.lab, () => {
  it.live("ends everything it started when a test fails", () =>
    Effect.gen(function* () {
      const started: Array<number> = []
      const failing = Effect.gen(function* () {
        const lab = yield* Takeover.running(ours, scenarioA)
        started.push(...Child.tree(lab.LD1.pid), ...Child.tree(lab.LD2.pid))
        return yield* Effect.fail("as meant")
      })

      yield* Effect.flip(Effect.scoped(failing))

      assert.isAtLeast(started.length, 2)
      // What a killed daemon had started itself is collected by the machine's first process, a moment later.
      yield* allGone(started)
    })
  )

  it.live("finds a process also while its threads end", () =>
    Effect.gen(function* () {
      const child = yield* restless

      for (let look = 0; look < looks; look++) assert.include(Child.tree(child.pid ?? 0), child.pid)
    })
  )

  it.live("dies with the process that runs it, even by SIGKILL", () =>
    Effect.gen(function* () {
      const victim = yield* victimStarted
      const lines = Journal.make<string>("victim", (line) => line)
      Child.onLines(victim.stdout, lines.append)
      Child.onLines(victim.stderr, lines.append)
      yield* lines.waitFor("readiness", (line) => line === "ready")
      const started = Child.tree(victim.pid ?? 0).slice(1)

      victim.kill("SIGKILL")

      // Two captures and two daemons at least.
      assert.isAtLeast(started.length, 4)
      yield* allGone(started)
    })
  )
})

/** Its own directory for files, because a killed process removes none. */
const victimStarted = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const directory = mkdtempSync(join(tmpdir(), "holdfast-victim-"))
      const script = fileURLToPath(new URL("./victim.ts", import.meta.url))
      const child = spawn(process.execPath, [script], { env: { ...process.env, TMPDIR: directory } })
      return { directory, child }
    }),
    ({ directory, child }) =>
      Effect.sync(() => {
        child.kill("SIGKILL")
        rmSync(directory, { recursive: true, force: true })
      })
  ),
  ({ child }) => child
)

/** Starts and ends a thread all the time. */
const restless = Effect.acquireRelease(
  Effect.sync(() => spawn(process.execPath, ["--eval", threadAfterThread])),
  (child) => Effect.sync(() => child.kill("SIGKILL"))
)
const threadAfterThread = `
  const { Worker } = require("node:worker_threads")
  const next = () => new Worker("", { eval: true }).on("exit", next)
  next()`
/** One in 500 met the end of a thread. */
const looks = 50_000

const allGone = (started: ReadonlyArray<number>) =>
  Effect.repeat(Effect.sleep(pollMillis), { until: () => !started.some(isAlive) }).pipe(
    Effect.timeoutOrElse({
      duration: goneWithinMillis,
      orElse: () => Effect.die(new Error(`still there: ${started.filter(isAlive).join(", ")}`))
    })
  )

const ours = { LD1: Daemon.underTest, LD2: Daemon.underTest }
const scenarioA = (director: Configuration.Director) => Configuration.scenario("a-basic", director)
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)
const pollMillis = 20
// keepalived takes a second to stop.
const goneWithinMillis = 5_000
