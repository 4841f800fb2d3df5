import { type RunnableScript } from "@holdfast/linux/script/ScriptPolicy"
import * as ScriptRunner from "@holdfast/linux/script/ScriptRunner"
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync("/run/holdfast-runner-")
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A shell script, with `$1` its folder. */
const shell = (text: string, as: Partial<RunnableScript> = {}): RunnableScript => ({
  path: "/usr/bin/sh",
  words: ["sh", "-c", text, "script", folder],
  uid: 0,
  gid: 0,
  userName: "root",
  home: "/root",
  ...as
})

const run = (runner: ScriptRunner.ScriptRunner, script: RunnableScript, timeoutMillis?: number) =>
  Effect.callback<ScriptRunner.Ending>((resume) => {
    runner.start(script, (ending) => resume(Effect.succeed(ending)), timeoutMillis)
  })

const note = (name: string): string => {
  try {
    return readFileSync(`${folder}/${name}`, "utf8")
  } catch {
    return ""
  }
}

const waitMillisMax = 5_000
const stepMillis = 5

const eventually = Effect.fnUntraced(function* (what: string, check: () => boolean) {
  for (let waited = 0; waited < waitMillisMax; waited += stepMillis) {
    if (check()) return
    yield* Effect.sleep(stepMillis)
  }
  return yield* Effect.die(new Error(`it does not come true that ${what}`))
})

/** The processes of a group that live, or that are dead and ours to wait for. */
const membersOf = (group: number): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((name) => {
    if (!/^[0-9]+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8")
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      const [state, parent, members] = fields
      const isThere = state !== "Z" || Number(parent) === process.pid
      return isThere && Number(members) === group ? [Number(name)] : []
    } catch {
      return []
    }
  })

/** Begins a script that notes its process number and stays, and waits for the note. */
const stay = Effect.fnUntraced(function* (
  runner: ScriptRunner.ScriptRunner,
  text: string,
  timeoutMillis?: number
) {
  const endings: Array<ScriptRunner.Ending> = []
  const run = runner.start(shell(text), (ending) => endings.push(ending), timeoutMillis)
  yield* eventually("it notes its number", () => note("pid").endsWith("\n"))
  return { run, endings, group: Number(note("pid")) }
})

const stubborn = `trap "" TERM; sleep 1000 & echo $$ >$1/pid; while :; do wait; done`
const obedient = `sh -c 'trap "" TERM; echo $$ >$1/child; sleep 1000' child $1 & echo $$ >$1/pid; wait`

describe("ScriptRunner", () => {
  it.live("tells codes and signals", () =>
    Effect.gen(function* () {
      const runner = yield* ScriptRunner.open
      assert.deepStrictEqual(yield* run(runner, shell("exit 0")), { _tag: "Exited", code: 0 })
      assert.deepStrictEqual(yield* run(runner, shell("exit 255")), { _tag: "Exited", code: 255 })
      assert.deepStrictEqual(yield* run(runner, shell("kill -HUP $$")), {
        _tag: "Signalled",
        signal: "SIGHUP"
      })
    })
  )

  it.live("tells what cannot be started, and never before start returns", () =>
    Effect.gen(function* () {
      const runner = yield* ScriptRunner.open
      for (const script of [
        shell("", { path: "/nonexistent/program" }),
        shell("", { words: ["sh", "a\0b"] }),
        shell("x".repeat(1_000_000))
      ]) {
        let returned = false
        const ending = yield* Effect.callback<ScriptRunner.Ending>((resume) => {
          runner.start(script, (outcome) => {
            assert.isTrue(returned)
            resume(Effect.succeed(outcome))
          })
          returned = true
        })
        assert.deepInclude(ending, { _tag: "NotStarted", isTransient: false })
      }
    })
  )

  it.live("gives user and group and no other, a small environment, no input and no output", () =>
    Effect.gen(function* () {
      const before = process.getgroups?.() ?? []
      process.setgroups?.([4, 20])
      yield* Effect.addFinalizer(() => Effect.sync(() => process.setgroups?.(before)))
      const runner = yield* ScriptRunner.open
      const script = shell(
        `exec 3>$1/seen; grep -E "^(Uid|Gid|Groups)" /proc/self/status >&3; env >&3; pwd >&3; for fd in 0 1 2; do to=$(readlink /proc/$$/fd/$fd); echo "$to" >&3; done`,
        { uid: 0, gid: 7, userName: "somebody", home: "/nowhere" }
      )
      yield* run(runner, script)
      const seen = note("seen").split("\n")
      assert.deepStrictEqual(
        seen.slice(0, 3).map((line) => line.trim()),
        ["Uid:\t0\t0\t0\t0", "Gid:\t7\t7\t7\t7", "Groups:"]
      )
      assert.includeMembers(seen, ["HOME=/nowhere", "USER=somebody", "LOGNAME=somebody", "PWD=/"])
      assert.isEmpty(seen.filter((line) => line.startsWith("NODE") || line.startsWith("VITEST")))
      assert.deepStrictEqual(seen.slice(-5), ["/", "/dev/null", "/dev/null", "/dev/null", ""])
    })
  )

  it.live("runs as the user", () =>
    Effect.gen(function* () {
      const runner = yield* ScriptRunner.open
      const script = shell(`test "$(id -u):$(id -g):$(id -G)" = 1500:1600:1600`, { uid: 1500, gid: 1600 })
      assert.deepStrictEqual(yield* run(runner, script), { _tag: "Exited", code: 0 })
    })
  )

  it.live("calls the program by the name that was written", () =>
    Effect.gen(function* () {
      const runner = yield* ScriptRunner.open
      const script = shell("", { words: ["another", "-c", `test "$0" = another`] })
      assert.deepStrictEqual(yield* run(runner, script), { _tag: "Exited", code: 0 })
    })
  )

  it.live("kills what a script left behind when it ended", () =>
    Effect.gen(function* () {
      const runner = yield* ScriptRunner.open
      const ending = yield* run(runner, shell(`echo $$ >$1/pid; sleep 1000 & sleep 1000 &`))
      assert.deepStrictEqual(ending, { _tag: "Exited", code: 0 })
      yield* eventually("the group is empty", () => membersOf(Number(note("pid"))).length === 0)
    })
  )

  it.live("ends a script after its time, children that ignore TERM and all", () =>
    Effect.gen(function* () {
      const runner = yield* ScriptRunner.open
      const { endings, group } = yield* stay(runner, obedient, 200)
      yield* eventually("it has ended", () => endings.length > 0)
      assert.deepStrictEqual(endings, [{ _tag: "TimedOut" }])
      yield* eventually("the group is empty", () => membersOf(group).length === 0)
    })
  )

  it.live("kills a script that ignores TERM, and not before its grace is over", () =>
    Effect.gen(function* () {
      const runner = yield* ScriptRunner.open
      const { endings, group, run } = yield* stay(runner, stubborn)
      const begun = performance.now()
      run.end()
      run.end()
      yield* eventually("it has ended", () => endings.length > 0)
      assert.isAtLeast(performance.now() - begun, ScriptRunner.graceMillis - 50)
      assert.deepStrictEqual(endings, [{ _tag: "Signalled", signal: "SIGKILL" }])
      yield* eventually("the group is empty", () => membersOf(group).length === 0)
    })
  )

  it.live("leaves no process when its scope closes, and tells nothing more", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const runner = yield* Scope.provide(ScriptRunner.open, scope)
      const { endings, group } = yield* stay(runner, stubborn)
      assert.isAtLeast(membersOf(group).length, 2)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(membersOf(group).includes(group))
      yield* eventually("the group is empty", () => membersOf(group).length === 0)
      // A turn of the loop, in which it would be told.
      yield* Effect.sleep(0)
      assert.isEmpty(endings)
    })
  )
})
