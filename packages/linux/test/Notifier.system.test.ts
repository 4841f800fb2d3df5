import { type NotifierReport, Notifier } from "@holdfast/engine/Notifier"
import * as LinuxNotifier from "@holdfast/linux/Notifier"
import { runningMax, waitingMax } from "@holdfast/linux/script/ScriptQueue"
import type { Script } from "@holdfast/wire/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"

const waitMillisMax = 10_000
const stepMillis = 5

const eventually = Effect.fnUntraced(function* (what: string, check: () => boolean) {
  for (let waited = 0; waited < waitMillisMax; waited += stepMillis) {
    if (check()) return
    yield* Effect.sleep(stepMillis)
  }
  return yield* Effect.die(new Error(`it does not come true that ${what}`))
})

/** The living processes that were started with this text in their command line. */
const processesWith = (text: string): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((name) => {
    if (!/^[0-9]+$/.test(name) || Number(name) === process.pid) return []
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(text) ? [Number(name)] : []
    } catch {
      return []
    }
  })

const start = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync("/run/holdfast-notifier-")),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  writeFileSync(`${folder}/log`, "")
  const reports: Array<NotifierReport> = []
  const scope = yield* Scope.fork(yield* Effect.scope)
  const notifying = yield* Effect.flatMap(Notifier, ({ open }) =>
    open((report) => reports.push(report))
  ).pipe(Effect.provide(LinuxNotifier.layer({ security: false, user: "root" })), Scope.provide(scope))
  const shell = (text: string, ...args: ReadonlyArray<string>): Script => ({
    words: ["/bin/sh", "-c", text, folder, ...args]
  })
  const log = (): ReadonlyArray<string> => readFileSync(`${folder}/log`, "utf8").split("\n").slice(0, -1)
  return { ...notifying, folder, reports, scope, shell, log, fifo: `${folder}/lvs.fifo` }
})

/** Copies what it reads from the pipe, its last argument. */
const reader = `echo "reader $#: $*" >>"$0/log"; while read line; do echo "$line" >>"$0/log"; done <"$2"`

describe("Notifier", () => {
  it.live("a reader gets the pipe's path after its own arguments, and every line", () =>
    Effect.gen(function* () {
      const { fifo, log, notify, setFifos, shell } = yield* start
      yield* setFifos([{ path: fifo, script: shell(reader, "own") }])
      notify({ object: "web", fifoLine: "VS [192.0.2.1]:tcp:80 UP" })
      yield* eventually("the line is copied", () => log().length === 2)
      assert.deepStrictEqual(log(), [`reader 2: own ${fifo}`, "VS [192.0.2.1]:tcp:80 UP"])
      assert.isTrue(statSync(fifo).isFIFO())
      assert.strictEqual(statSync(fifo).mode & 0o777, 0o600)
    })
  )

  it.live("a reader ends with its pipe: asked first, then killed", () =>
    Effect.gen(function* () {
      const { fifo, folder, log, setFifos, shell } = yield* start
      const obedient = shell(
        `trap 'echo asked >>"$0/log"; exit' TERM; echo ready >>"$0/log"; sleep 1000 & wait`
      )
      yield* setFifos([{ path: fifo, script: obedient }])
      yield* eventually("it runs", () => log().includes("ready"))
      yield* setFifos([])
      assert.deepStrictEqual(log(), ["ready", "asked"])
      yield* eventually("its group is gone", () => processesWith(folder).length === 0)

      const stubborn = shell(`trap "" TERM; echo stubborn >>"$0/log"; while :; do sleep 1000; done`)
      yield* setFifos([{ path: fifo, script: stubborn }])
      yield* eventually("it runs", () => log().includes("stubborn"))
      yield* setFifos([])
      yield* eventually("its group is gone", () => processesWith(folder).length === 0)
    })
  )

  it.live("a reader that ends is told and started again, after a second at first", () =>
    Effect.gen(function* () {
      const { fifo, log, reports, setFifos, shell } = yield* start
      const begun = performance.now()
      yield* setFifos([{ path: fifo, script: shell(`echo here >>"$0/log"; exit 4`) }])
      yield* eventually("it was started twice", () => log().length === 2)
      assert.isAtLeast(performance.now() - begun, 950)
      yield* eventually("it ended twice", () => reports.length === 2)
      assert.deepStrictEqual(
        reports.map((report) => (report._tag === "ScriptFailed" ? report.reason : report._tag)),
        [
          "it ended with code 4; it is started again in 1 s",
          "it ended with code 4; it is started again in 2 s"
        ]
      )
    })
  )

  it.live("an unchanged pipe and its reader stay; a changed reader is replaced", () =>
    Effect.gen(function* () {
      const { fifo, log, setFifos, shell } = yield* start
      const script = shell(`echo "$1 $$" >>"$0/log"; sleep 1000`, "first")
      yield* setFifos([{ path: fifo, script }])
      yield* eventually("it runs", () => log().length === 1)
      yield* setFifos([{ path: fifo, script: { ...script } }])
      yield* setFifos([{ path: fifo, script: shell(`echo "$1" >>"$0/log"; sleep 1000`, "second") }])
      yield* eventually("the other runs", () => log().length === 2)
      assert.strictEqual(log()[1], "second")
    })
  )

  it.live("what is there and no pipe is left alone and told", () =>
    Effect.gen(function* () {
      const { folder, reports, setFifos } = yield* start
      yield* setFifos([{ path: `${folder}/log` }])
      assert.deepStrictEqual(reports, [
        {
          _tag: "FifoFailed",
          path: `${folder}/log`,
          message: "it is there and no named pipe; remove it, or name another path"
        }
      ])
    })
  )

  it.live("drops the oldest scripts of an object that has too many, and tells each", () =>
    Effect.gen(function* () {
      const { folder, log, notify, reports, shell } = yield* start
      const gated = shell(`echo "$1" >>"$0/log"; while [ ! -e "$0/gate" ]; do sleep 0.01; done`, "gated")
      notify({ object: "web", script: gated })
      yield* eventually("it runs", () => log().length === 1)
      const count = waitingMax + 3
      for (let index = 0; index < count; index++)
        notify({ object: "web", script: shell(`echo "$1" >>"$0/log"`, `${index}`) })
      assert.deepStrictEqual(
        reports.map((report) => (report._tag === "ScriptFailed" ? report.command.split(" ").at(-1) : "")),
        ["0", "1", "2"]
      )
      writeFileSync(`${folder}/gate`, "")
      yield* eventually("the last has run", () => log().includes(`${count - 1}`))
      assert.deepStrictEqual(
        log().slice(1),
        Array.from({ length: waitingMax }, (_, index) => `${index + 3}`)
      )
    })
  )

  it.live("runs a bounded number at once, and the others in their turn", () =>
    Effect.gen(function* () {
      const { drained, folder, log, notify, shell } = yield* start
      const script = shell(`echo x >>"$0/log"; while [ ! -e "$0/gate" ]; do sleep 0.05; done`)
      for (let index = 0; index < runningMax + 4; index++) notify({ object: `server ${index}`, script })
      yield* eventually("as many run as may", () => log().length === runningMax)
      // They would be there: each start takes milliseconds only.
      yield* Effect.sleep(100)
      assert.lengthOf(log(), runningMax)
      writeFileSync(`${folder}/gate`, "")
      yield* drained
      assert.lengthOf(log(), runningMax + 4)
    })
  )

  it.live("leaves no process when its scope closes: scripts, their children, readers", () =>
    Effect.gen(function* () {
      const { fifo, folder, log, notify, scope, setFifos, shell } = yield* start
      yield* setFifos([{ path: fifo, script: shell(reader, "own") }])
      notify({
        object: "web",
        script: shell(`trap "" TERM; sh -c 'trap "" TERM; sleep 1000; :' "$0" & echo up >>"$0/log"; wait`)
      })
      yield* eventually("both run", () => log().length === 2)
      yield* eventually("the child runs too", () => processesWith(folder).length >= 3)
      yield* Scope.close(scope, Exit.void)
      yield* eventually("all are gone", () => processesWith(folder).length === 0)
    })
  )

  it.live("tells nothing once its scope is closed, not even what it found before", () =>
    Effect.gen(function* () {
      const { notify, reports, scope } = yield* start
      notify({ object: "web", script: { words: ["/nonexistent/program"] } })
      notify({ object: "mail", script: { words: ["/bin/sh", "x".repeat(1_000_000)] } })
      // One turn of the loop starts the first, which is refused in the next.
      yield* Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
      yield* Scope.close(scope, Exit.void)
      notify({ object: "web", script: { words: ["/nonexistent/program"] } })
      yield* Effect.sleep(20)
      assert.isEmpty(reports)
    })
  )

  it.live("a script that loses its right to run is told, and runs again when it has it", () =>
    Effect.gen(function* () {
      const { drained, folder, log, notify, reports } = yield* start
      const path = `${folder}/program`
      writeFileSync(path, `#!/bin/sh\necho ran >>${folder}/log\n`)
      notify({ object: "web", script: { words: [path] } })
      yield* drained
      assert.include(JSON.stringify(reports), "is not executable; chmod +x it")
      chmodSync(path, 0o755)
      notify({ object: "web", script: { words: [path] } })
      yield* drained
      assert.deepStrictEqual(log(), ["ran"])
      assert.lengthOf(reports, 1)
    })
  )
})
