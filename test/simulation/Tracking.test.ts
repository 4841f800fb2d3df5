/**
 * Tracking on a simulated machine, in virtual time: what the shell owes the reducers.
 */
import { assert, describe, it } from "@effect/vitest"
import { type Observed, Tracking } from "@holdfast/engine/tracking/Tracking"
import * as TrackingEvent from "@holdfast/engine/tracking/TrackingEvent"
import { WakeTimer } from "@holdfast/engine/WakeTimer"
import * as SimulatedFileWatch from "@holdfast/simulation/SimulatedFileWatch"
import * as SimulatedHost from "@holdfast/simulation/SimulatedHost"
import * as SimulatedNetwork from "@holdfast/simulation/SimulatedNetwork"
import * as SimulatedProcessWatch from "@holdfast/simulation/SimulatedProcessWatch"
import * as SimulatedScriptRuns from "@holdfast/simulation/SimulatedScriptRuns"
import type { ScriptTracker } from "@holdfast/vrrp/tracking/ScriptTracker"
import * as TrackingParameters from "@holdfast/vrrp/TrackingParameters"
import { type Micros, seconds } from "@holdfast/wire/Instant"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"

const passed = { _tag: "Exited", code: 0 } as const
const failed = { _tag: "Exited", code: 1 } as const

const script = (
  name: string,
  options: Partial<TrackingParameters.TrackScript> = {}
): TrackingParameters.TrackScript => ({
  name,
  script: { words: [`/usr/bin/${name}`] },
  interval: seconds(1),
  rise: 1,
  fall: 1,
  initFail: false,
  ...options
})

const process = (
  name: string,
  options: Partial<TrackingParameters.TrackProcess> = {}
): TrackingParameters.TrackProcess => ({
  name,
  command: name,
  fullCommand: false,
  quorum: 1,
  terminateDelay: 0 as Micros,
  forkDelay: 0 as Micros,
  ...options
})

const wanted = (
  options: Partial<TrackingParameters.TrackingParameters>
): TrackingParameters.TrackingParameters => ({ ...TrackingParameters.none, ...options })

const haproxy = { name: "haproxy", arguments: ["haproxy"] }

const makeMachine = Effect.gen(function* () {
  const network = yield* SimulatedNetwork.make()
  const host = SimulatedHost.make(network, { name: "r1" })
  const scripts = SimulatedScriptRuns.make(network.world)
  const processes = SimulatedProcessWatch.make()
  const files = SimulatedFileWatch.make()
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const ports = Layer.mergeAll(
    Layer.effect(WakeTimer, WakeTimer).pipe(Layer.provide(SimulatedHost.layer(host))),
    scripts.layer,
    processes.layer,
    files.layer
  )
  const layer = Layer.fresh(Tracking.layer.pipe(Layer.provide(ports)))
  const tracking = Context.get(yield* Layer.buildWithScope(layer, scope), Tracking)
  const messages: Array<string> = []
  yield* tracking.events.pipe(
    Stream.runForEach((event) => Effect.sync(() => messages.push(TrackingEvent.describe(event).message))),
    Effect.forkScoped({ startImmediately: true })
  )
  const told: Array<string> = []
  yield* tracking.subscribe((observed) => told.push(...observed.map(lineOf)))
  /** What is known, as lines. */
  const known = Effect.map(tracking.observations, (observed) => observed.map(lineOf))
  return { scripts, processes, files, tracking, messages, told, known, close: Scope.close(scope, Exit.void) }
})

const lineOf = ({ observation, subject }: Observed): string =>
  `${subject} ${observation._tag === "Value" ? observation.value : observation._tag}`

/** Lets what was caused outside the clock arrive, then lets time pass. */
const run = (span: number) =>
  Effect.yieldNow.pipe(Effect.repeat({ times: 20 }), Effect.andThen(TestClock.adjust(`${span} seconds`)))

describe("Tracking: scripts", () => {
  it.effect("runs a script at each interval and tells what changes", () =>
    Effect.gen(function* () {
      const { known, scripts, told, tracking } = yield* makeMachine
      scripts.set("/usr/bin/check", passed)
      yield* tracking.apply(wanted({ scripts: [script("check")] }))
      assert.deepStrictEqual(yield* known, ["Script check Unknown"])
      yield* run(2.5)
      assert.strictEqual(scripts.startedCount("/usr/bin/check"), 3)
      scripts.set("/usr/bin/check", failed)
      yield* run(1)
      scripts.set("/usr/bin/check", passed)
      yield* run(1)
      assert.deepStrictEqual(told, [
        "Script check Unknown",
        "Script check Up",
        "Script check Down",
        "Script check Up"
      ])
      assert.deepStrictEqual(yield* known, ["Script check Up"])
    })
  )

  it.effect("D1: a script that cannot be run is down, and why is said once", () =>
    Effect.gen(function* () {
      const { known, messages, tracking } = yield* makeMachine
      yield* tracking.apply(wanted({ scripts: [script("missing", { fall: 5 })] }))
      yield* run(5)
      assert.deepStrictEqual(yield* known, ["Script missing Down"])
      assert.deepStrictEqual(messages, [
        "script missing is down: it cannot be run: /usr/bin/missing cannot be found"
      ])
    })
  )

  it.effect("a run that takes too long is ended and has failed; those due meanwhile are skipped", () =>
    Effect.gen(function* () {
      const { known, messages, scripts, tracking } = yield* makeMachine
      scripts.set("/usr/bin/slow", passed, seconds(60))
      const slow = script("slow", { script: { words: ["/usr/bin/slow"], timeout: seconds(2.5) } })
      yield* tracking.apply(wanted({ scripts: [slow] }))
      yield* run(2.9)
      assert.deepStrictEqual(yield* known, ["Script slow Down"])
      assert.strictEqual(scripts.startedCount("/usr/bin/slow"), 1)
      assert.deepStrictEqual(messages, [
        "script slow takes longer than its interval; runs that are due meanwhile are skipped",
        "script slow is down: it did not end in its time"
      ])
      yield* run(0.2)
      assert.strictEqual(scripts.startedCount("/usr/bin/slow"), 2)
    })
  )

  it.effect(
    "a script that hangs and does not die is down when its time is over, and is not run again meanwhile",
    () =>
      Effect.gen(function* () {
        const { known, scripts, tracking } = yield* makeMachine
        scripts.set("/usr/bin/check", passed)
        yield* tracking.apply(wanted({ scripts: [script("check")] }))
        yield* run(0.5)
        scripts.set("/usr/bin/check", passed, seconds(60))
        scripts.lingerMicros = seconds(1000)
        yield* run(1.6)
        assert.deepStrictEqual(yield* known, ["Script check Down"])
        yield* run(100)
        assert.strictEqual(scripts.startedCount("/usr/bin/check"), 2)
        assert.strictEqual(scripts.running(), 1)
      })
  )

  it.effect("a reload keeps what did not change, and what is known of a program that is run otherwise", () =>
    Effect.gen(function* () {
      const { known, scripts, told, tracking } = yield* makeMachine
      for (const name of ["one", "two", "three"]) scripts.set(`/usr/bin/${name}`, passed)
      yield* tracking.apply(wanted({ scripts: [script("one"), script("two"), script("three")] }))
      yield* run(0.5)
      told.length = 0
      const other = script("three", { script: { words: ["/usr/bin/other"] } })
      yield* tracking.apply(wanted({ scripts: [script("one"), script("two", { rise: 3 }), other] }))
      assert.sameMembers([...(yield* known)], ["Script one Up", "Script two Up", "Script three Unknown"])
      assert.deepStrictEqual(told, ["Script two Up", "Script three Unknown"])
      yield* run(0.1)
      assert.strictEqual(scripts.startedCount("/usr/bin/one"), 1)
      assert.strictEqual(scripts.startedCount("/usr/bin/two"), 2)
      assert.sameMembers([...(yield* known)], ["Script one Up", "Script two Up", "Script three Down"])
    })
  )

  it.effect("a script that is removed between two runs is not run again", () =>
    Effect.gen(function* () {
      const { known, scripts, told, tracking } = yield* makeMachine
      scripts.set("/usr/bin/check", passed)
      yield* tracking.apply(wanted({ scripts: [script("check")] }))
      yield* run(0.5)
      yield* tracking.apply(wanted({}))
      told.length = 0
      yield* run(5)
      assert.strictEqual(scripts.startedCount("/usr/bin/check"), 1)
      assert.isEmpty(told)
      assert.isEmpty(yield* known)
    })
  )

  it.effect("a removed script is ended and forgotten; stop and the end of the scope end all", () =>
    Effect.gen(function* () {
      const { close, known, scripts, tracking } = yield* makeMachine
      for (const name of ["one", "two"]) scripts.set(`/usr/bin/${name}`, passed, seconds(0.9))
      yield* tracking.apply(wanted({ scripts: [script("one"), script("two")] }))
      yield* run(0.5)
      assert.strictEqual(scripts.running(), 2)
      yield* tracking.apply(wanted({ scripts: [script("two")] }))
      assert.strictEqual(scripts.running(), 1)
      assert.deepStrictEqual(yield* known, ["Script two Unknown"])
      yield* tracking.stop
      assert.strictEqual(scripts.running(), 0)
      yield* run(5)
      assert.isEmpty(yield* known)
      assert.strictEqual(scripts.startedCount("/usr/bin/one"), 1)
      yield* tracking.apply(wanted({ scripts: [script("two")] }))
      yield* run(0.5)
      yield* close
      assert.strictEqual(scripts.running(), 0)
      assert.strictEqual(scripts.endedCount(), 3)
    })
  )
})

describe("Tracking: processes", () => {
  it.effect("counts those that run already, that are started, fork, become another program and exit", () =>
    Effect.gen(function* () {
      const { known, processes, told, tracking } = yield* makeMachine
      const first = processes.start(haproxy)
      yield* tracking.apply(wanted({ processes: [process("haproxy", { quorumMax: 2 }), process("bird")] }))
      assert.deepStrictEqual(yield* known, ["Process haproxy Up", "Process bird Down"])
      told.length = 0
      const second = processes.fork(first)
      const third = processes.fork(second)
      processes.kill(first)
      processes.execute(second, { name: "bird", arguments: [] })
      processes.kill(third)
      assert.deepStrictEqual(told, [
        "Process haproxy Down",
        "Process haproxy Up",
        "Process bird Up",
        "Process haproxy Down"
      ])
      processes.kill(second)
      assert.strictEqual(told.at(-1), "Process bird Down")
    })
  )

  it.effect("a process that is restarted within its delay stays up", () =>
    Effect.gen(function* () {
      const { known, messages, processes, tracking } = yield* makeMachine
      const pid = processes.start(haproxy)
      yield* tracking.apply(wanted({ processes: [process("haproxy", { terminateDelay: seconds(2) })] }))
      processes.kill(pid)
      yield* run(1.9)
      const again = processes.start(haproxy)
      yield* run(5)
      assert.deepStrictEqual(yield* known, ["Process haproxy Up"])
      processes.kill(again)
      yield* run(2)
      assert.deepStrictEqual(yield* known, ["Process haproxy Down"])
      assert.deepStrictEqual(messages, ["process haproxy is up: 1 runs", "process haproxy is down: 0 run"])
    })
  )

  it.effect(
    "a list replaces what was known, and the watch is open only while there is something to count",
    () =>
      Effect.gen(function* () {
        const { known, messages, processes, tracking } = yield* makeMachine
        assert.strictEqual(processes.watchers(), 0)
        yield* tracking.apply(wanted({ processes: [process("haproxy")] }))
        yield* tracking.apply(wanted({ processes: [process("haproxy"), process("bird")] }))
        assert.strictEqual(processes.watchers(), 1)
        processes.isSilent = true
        processes.start(haproxy)
        processes.isSilent = false
        processes.relist()
        processes.report({ _tag: "Polled", reason: "no answer", intervalMillis: 1000 })
        yield* run(0)
        assert.deepStrictEqual(yield* known, ["Process haproxy Up", "Process bird Down"])
        assert.include(
          messages,
          "processes are looked for every 1 s, because the kernel does not tell of them: no answer"
        )
        yield* tracking.apply(wanted({}))
        assert.strictEqual(processes.watchers(), 0)
        assert.isEmpty(yield* known)
      })
  )
})

describe("Tracking: files", () => {
  const path = "/run/number"

  it.effect("tells the number in a file, and 0 when it is gone", () =>
    Effect.gen(function* () {
      const { files, messages, told, tracking } = yield* makeMachine
      files.write(path, "5\n")
      yield* tracking.apply(wanted({ files: [{ name: "f", path }] }))
      files.write(path, "-7")
      files.remove(path)
      yield* run(0)
      assert.deepStrictEqual(told, ["File f 5", "File f -7", "File f 0"])
      assert.include(messages, `file f: ${path}: it does not exist`)
    })
  )

  it.effect("writes the first number where there is none, and over one at the start alone", () =>
    Effect.gen(function* () {
      const { files, told, tracking } = yield* makeMachine
      const file = (name: string, value: number, overwrite: boolean) => ({
        name,
        path: `/run/${name}`,
        initial: { value, overwrite }
      })
      files.write("/run/kept", "1")
      files.write("/run/written", "1")
      files.write("/run/late", "1")
      yield* tracking.apply(
        wanted({ files: [file("new", 9, false), file("kept", 9, false), file("written", 9, true)] })
      )
      assert.deepStrictEqual(told, ["File new 9", "File kept 1", "File written 9"])
      told.length = 0
      yield* tracking.apply(wanted({ files: [file("late", 9, true), file("later", 9, false)] }))
      assert.deepStrictEqual(told, ["File late 1", "File later 9"])
    })
  )

  it.effect("a first number that cannot be written is told, and the file counts as it is", () =>
    Effect.gen(function* () {
      const { files, known, messages, tracking } = yield* makeMachine
      files.refuse("read-only file system")
      yield* tracking.apply(wanted({ files: [{ name: "f", path, initial: { value: 9, overwrite: true } }] }))
      yield* run(0)
      assert.deepStrictEqual(yield* known, ["File f 0"])
      assert.include(messages, `file f: init_file: ${path}: read-only file system`)
      yield* tracking.stop
      assert.strictEqual(files.watchers(), 0)
    })
  )
})

describe("Tracking: subscribers", () => {
  it.effect("a late subscriber is told all that is known, and none after its scope closes", () =>
    Effect.gen(function* () {
      const { files, scripts, tracking } = yield* makeMachine
      scripts.set("/usr/bin/check", passed)
      yield* tracking.apply(wanted({ scripts: [script("check")], files: [{ name: "f", path: "/f" }] }))
      yield* run(0.1)
      const scope = yield* Scope.make()
      const late: Array<string> = []
      yield* tracking.subscribe((observed) => late.push(...observed.map(lineOf))).pipe(Scope.provide(scope))
      assert.sameMembers(late, ["Script check Up", "File f 0"])
      yield* Scope.close(scope, Exit.void)
      files.write("/f", "3")
      assert.strictEqual(late.length, 2)
    })
  )

  it.effect("status says what each is and why", () =>
    Effect.gen(function* () {
      const { processes, scripts, tracking } = yield* makeMachine
      scripts.set("/usr/bin/check", { _tag: "Exited", code: 3 } satisfies ScriptTracker["outcome"])
      processes.start(haproxy)
      yield* tracking.apply({
        scripts: [script("check")],
        processes: [process("haproxy")],
        files: [{ name: "f", path: "/f" }]
      })
      yield* run(0.1)
      assert.deepStrictEqual(yield* tracking.status, {
        scripts: [
          {
            name: "check",
            observation: { _tag: "Down" },
            isRunning: false,
            outcome: "it ended with code 3"
          }
        ],
        processes: [{ name: "haproxy", observation: { _tag: "Up" }, count: 1 }],
        files: [{ name: "f", path: "/f", value: 0, problem: "it does not exist" }]
      })
    })
  )
})
