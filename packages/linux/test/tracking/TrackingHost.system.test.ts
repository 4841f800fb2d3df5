/**
 * Tracking on this machine: real scripts, processes and files.
 */
import { assert, describe, it } from "@effect/vitest"
import { type Observed, Tracking } from "@holdfast/engine/tracking/Tracking"
import * as TrackingEvent from "@holdfast/engine/tracking/TrackingEvent"
import * as TrackingHost from "@holdfast/linux/TrackingHost"
import * as WakeTimer from "@holdfast/linux/WakeTimer"
import * as TrackingParameters from "@holdfast/vrrp/TrackingParameters"
import { type Micros, seconds } from "@holdfast/wire/Instant"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type ChildProcess, spawn } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"

const stepMillis = 5
const eventually = (what: string, check: () => boolean) =>
  Effect.gen(function* () {
    while (!check()) yield* Effect.sleep(stepMillis)
  }).pipe(
    Effect.timeoutOrElse({ duration: "8 seconds", orElse: () => Effect.die(new Error(`never: ${what}`)) })
  )

const machine = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync("/run/holdfast-tracking-")),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const ports = Layer.mergeAll(TrackingHost.layer({ security: true, user: "root" }), WakeTimer.layer)
  const layer = Layer.fresh(Tracking.layer.pipe(Layer.provide(ports)))
  const tracking = Context.get(yield* Layer.buildWithScope(layer, scope), Tracking)
  const messages: Array<string> = []
  yield* tracking.events.pipe(
    Stream.runForEach((event) => Effect.sync(() => messages.push(TrackingEvent.describe(event).message))),
    Effect.forkScoped({ startImmediately: true })
  )
  const told: Array<string> = []
  const lineOf = ({ observation, subject }: Observed) =>
    `${subject} ${observation._tag === "Value" ? observation.value : observation._tag}`
  yield* tracking.subscribe((observed) => told.push(...observed.map(lineOf)))
  const write = (name: string, text: string, mode = 0o644): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }
  /** Starts a copy of `sleep` under another name; it is gone when the test is. */
  const program = (name: string): string => {
    const path = join(folder, name)
    copyFileSync("/usr/bin/sleep", path)
    chmodSync(path, 0o755)
    return path
  }
  const start = (
    path: string,
    ...args: ReadonlyArray<string>
  ): Effect.Effect<ChildProcess, never, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.sync(() => spawn(path, args, { stdio: "ignore" })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
  const last = () => told.at(-1)
  return {
    folder,
    last,
    messages,
    program,
    start,
    told,
    tracking,
    write,
    close: Scope.close(scope, Exit.void)
  }
})

const track = (options: Partial<TrackingParameters.TrackingParameters>) => ({
  ...TrackingParameters.none,
  ...options
})

const script = (
  words: ReadonlyArray<string>,
  options: Partial<TrackingParameters.TrackScript> = {}
): TrackingParameters.TrackScript => ({
  name: "check",
  script: { words },
  interval: seconds(0.1),
  rise: 1,
  fall: 1,
  initFail: false,
  ...options
})

const tracked = (
  command: string,
  options: Partial<TrackingParameters.TrackProcess> = {}
): TrackingParameters.TrackProcess => ({
  name: "prog",
  command,
  fullCommand: false,
  quorum: 1,
  terminateDelay: 0 as Micros,
  forkDelay: 0 as Micros,
  ...options
})

describe("tracking on this machine", () => {
  it.live("a script that fails and recovers", () =>
    Effect.gen(function* () {
      const { folder, last, told, tracking, write } = yield* machine
      const path = write("check", `#!/bin/sh\ntest -e ${folder}/well\n`, 0o755)
      yield* tracking.apply(track({ scripts: [script([path])] }))
      yield* eventually("down", () => last() === "Script check Down")
      write("well", "")
      yield* eventually("up", () => last() === "Script check Up")
      rmSync(join(folder, "well"))
      yield* eventually("down again", () => last() === "Script check Down")
      assert.deepStrictEqual(told.slice(0, 2), ["Script check Unknown", "Script check Down"])
    })
  )

  it.live("a script that takes too long has failed, and its process group is gone", () =>
    Effect.gen(function* () {
      const { folder, last, messages, tracking, write } = yield* machine
      const path = write("slow", `#!/bin/sh\nsleep 1000 &\necho $$ $! >${folder}/pids\nwait\n`, 0o755)
      const slow = script([path], { interval: seconds(60), script: { words: [path], timeout: seconds(0.3) } })
      yield* tracking.apply(track({ scripts: [slow] }))
      yield* eventually("down", () => last() === "Script check Down")
      assert.include(messages, "script check is down: it did not end in its time")
      const pids = readFileSync(join(folder, "pids"), "utf8").trim().split(" ")
      assert.strictEqual(pids.length, 2)
      yield* eventually("gone", () => pids.every((pid) => !existsSync(`/proc/${pid}`)))
    })
  )

  it.live("a script that does not obey is down when its time is over, and killed", () =>
    Effect.gen(function* () {
      const { folder, last, tracking, write } = yield* machine
      const text = `#!/bin/sh\ntrap "" TERM\necho $$ >${folder}/pid\nwhile :; do sleep 0.1; done\n`
      const path = write("deaf", text, 0o755)
      const deaf = script([path], { interval: seconds(60), script: { words: [path], timeout: seconds(0.3) } })
      yield* tracking.apply(track({ scripts: [deaf] }))
      yield* eventually("down", () => last() === "Script check Down")
      const pid = readFileSync(join(folder, "pid"), "utf8").trim()
      assert.isTrue(existsSync(`/proc/${pid}`))
      yield* eventually("gone", () => !existsSync(`/proc/${pid}`))
    })
  )

  it.live(
    "D1: scripts that are missing, may not be run, or could be changed by others are down, and say why",
    () =>
      Effect.gen(function* () {
        const { messages, told, tracking, write } = yield* machine
        const scripts = [
          script(["/nonexistent/check"], { name: "missing" }),
          script([write("plain", "")], { name: "plain" }),
          script([write("open", "#!/bin/sh\n", 0o777)], { name: "open" }),
          // Through the link of a merged /usr, as D1 has it.
          script(["/bin/false"], { name: "link" }),
          script(["/bin/true"], { name: "well" })
        ]
        yield* tracking.apply(track({ scripts }))
        const expected = ["missing Down", "plain Down", "open Down", "link Down", "well Up"]
        yield* eventually("all are known", () => expected.every((line) => told.includes(`Script ${line}`)))
        for (const [name, why] of [
          ["missing", "cannot be found"],
          ["plain", "is not executable"],
          ["open", "others than root can change"]
        ] as const) {
          const said = messages.filter((message) =>
            message.startsWith(`script ${name} is down: it cannot be run`)
          )
          assert.strictEqual(said.length, 1)
          assert.include(said[0], why)
        }
        assert.include(messages, "script link is down: it ended with code 1")
      })
  )

  it.live("stop ends what runs", () =>
    Effect.gen(function* () {
      const { folder, tracking, write } = yield* machine
      const path = write("long", `#!/bin/sh\necho $$ >${folder}/pid\nexec sleep 1000\n`, 0o755)
      yield* tracking.apply(track({ scripts: [script([path], { interval: seconds(60) })] }))
      const pid = () => (existsSync(`${folder}/pid`) ? readFileSync(`${folder}/pid`, "utf8").trim() : "")
      yield* eventually("it runs", () => pid() !== "")
      yield* tracking.stop
      yield* eventually("it is gone", () => !existsSync(`/proc/${pid()}`))
    })
  )

  it.live("a process that is killed and started", () =>
    Effect.gen(function* () {
      const { last, program, start, tracking } = yield* machine
      const path = program("hf-tracked")
      const first = yield* start(path, "1000")
      yield* eventually("it runs", () => existsSync(`/proc/${first.pid}/exe`))
      yield* tracking.apply(track({ processes: [tracked("hf-tracked")] }))
      assert.strictEqual(last(), "Process prog Up")
      first.kill("SIGKILL")
      yield* eventually("down", () => last() === "Process prog Down")
      yield* start(path, "1000")
      yield* eventually("up", () => last() === "Process prog Up")
    })
  )

  it.live("a process by its arguments, and too many of one", () =>
    Effect.gen(function* () {
      const { last, program, start, tracking, told } = yield* machine
      const path = program("hf-args")
      const parameters = { words: ["1000"], match: "Partial" } as const
      yield* tracking.apply(
        track({ processes: [tracked(path, { fullCommand: true, parameters, quorumMax: 1 })] })
      )
      assert.strictEqual(last(), "Process prog Down")
      yield* start(path, "999")
      const one = yield* start(path, "1000", "5")
      yield* eventually("one", () => last() === "Process prog Up")
      const two = yield* start(path, "1000")
      yield* eventually("two", () => last() === "Process prog Down")
      two.kill("SIGKILL")
      yield* eventually("one again", () => last() === "Process prog Up")
      one.kill("SIGKILL")
      yield* eventually("none", () => last() === "Process prog Down")
      assert.strictEqual(told.length, 5)
    })
  )

  it.live("a file that is changed, replaced and removed, with its first number", () =>
    Effect.gen(function* () {
      const { folder, messages, told, tracking, write } = yield* machine
      const path = join(folder, "number")
      const held = write("held", "1\n")
      yield* tracking.apply(
        track({
          files: [
            { name: "number", path, initial: { value: 7, overwrite: false } },
            { name: "held", path: held, initial: { value: 7, overwrite: false } },
            { name: "device", path: "/dev/null", initial: { value: 7, overwrite: true } }
          ]
        })
      )
      assert.deepStrictEqual(told, ["File number 7", "File held 1", "File device 0"])
      assert.strictEqual(readFileSync(path, "utf8"), "7\n")
      const refused = "file device: init_file: /dev/null: it is no regular file"
      yield* eventually("the device is refused", () => messages.includes(refused))
      told.length = 0
      writeFileSync(path, "-5")
      yield* eventually("changed", () => told.at(-1) === "File number -5")
      renameSync(write("next", "6"), path)
      yield* eventually("replaced", () => told.at(-1) === "File number 6")
      rmSync(path)
      yield* eventually("removed", () => told.at(-1) === "File number 0")
      assert.deepStrictEqual(told, ["File number -5", "File number 6", "File number 0"])
    })
  )
})
