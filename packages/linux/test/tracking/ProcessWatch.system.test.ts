/**
 * The watch of processes, both ways: as the kernel tells here, and where it does not.
 */
import { assert, describe, it } from "@effect/vitest"
import { type ProcessChange, ProcessWatch, type WatchReport } from "@holdfast/engine/tracking/ProcessWatch"
import * as LinuxProcessWatch from "@holdfast/linux/tracking/ProcessWatch"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { vi } from "vitest"

const stepMillis = 2

const eventually = (what: string, check: () => boolean) =>
  Effect.gen(function* () {
    while (!check()) yield* Effect.sleep(stepMillis)
  }).pipe(
    Effect.timeoutOrElse({ duration: "5 seconds", orElse: () => Effect.die(new Error(`never: ${what}`)) })
  )

/** An open watch, and the processes that it knows. */
const watch = Effect.gen(function* () {
  const reports: Array<WatchReport> = []
  const known = new Map<number, string>()
  let isOpen = false
  let lists = 0
  const take = (change: ProcessChange): void => {
    if (change._tag === "Listed") {
      lists += 1
      known.clear()
      for (const [pid, { name }] of change.processes) known.set(pid, name)
    }
    if (change._tag === "Forked") known.set(change.pid, known.get(change.parent) ?? "")
    if (change._tag === "Executed") known.set(change.pid, change.process.name)
    if (change._tag === "Exited") known.delete(change.pid)
  }
  const watching = yield* (yield* ProcessWatch).open(
    (changes) => {
      assert.isTrue(isOpen, "a change before the watch is open")
      changes.forEach(take)
    },
    (report) => {
      assert.isTrue(isOpen, "a report before the watch is open")
      reports.push(report)
    }
  )
  isOpen = true
  take({ _tag: "Listed", processes: watching.list() })
  return { known, reports, watching, lists: () => lists }
})

const start = (
  ...words: readonly [string, ...ReadonlyArray<string>]
): Effect.Effect<ChildProcess, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(words[0], words.slice(1), { stdio: "ignore" })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** Starts and kills processes; returns how long the watch took to see the last one go. */
const follow = ({ known }: Effect.Success<typeof watch>) =>
  Effect.gen(function* () {
    const child = yield* start("/usr/bin/sleep", "1000")
    const pid = child.pid ?? 0
    yield* eventually("it is seen", () => known.get(pid) === "sleep")
    // A shell that becomes another program.
    const other = yield* start("/usr/bin/sh", "-c", "sleep 0.05; exec sleep 1000")
    yield* eventually("the other program is seen", () => known.get(other.pid ?? 0) === "sleep")
    const killedAt = performance.now()
    child.kill("SIGKILL")
    yield* eventually("it is gone", () => !known.has(pid))
    return performance.now() - killedAt
  })

describe("ProcessWatch", () => {
  it.live(
    "sees processes start, become another program and end; says so where the kernel does not tell",
    () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const watched = yield* watch.pipe(Effect.provide(LinuxProcessWatch.layer), Scope.provide(scope))
        yield* Effect.sleep(0)
        const millis = yield* follow(watched)
        const isPolled = watched.reports.some(({ _tag }) => _tag === "Polled")
        assert.isTrue(isPolled || millis < LinuxProcessWatch.pollMillis / 2, `it took ${millis} ms`)
        yield* Scope.close(scope, Exit.void)
        const count = watched.known.size
        const late = yield* start("/usr/bin/true")
        yield* Effect.callback<void>((resume) => void late.once("exit", () => resume(Effect.void)))
        yield* Effect.sleep(stepMillis)
        assert.strictEqual(watched.known.size, count)
      })
  )

  it.live("in another network namespace it lists, and says so once", () =>
    Effect.gen(function* () {
      const namespace = yield* NetworkNamespace.make
      const watched = yield* watch.pipe(
        Effect.provide(LinuxProcessWatch.layer),
        NetworkNamespace.provide(namespace)
      )
      const millis = yield* follow(watched)
      assert.isBelow(millis, 2 * LinuxProcessWatch.pollMillis)
      assert.deepStrictEqual(watched.reports, [
        { _tag: "Polled", reason: "ECONNREFUSED: not in this network namespace", intervalMillis: 1000 }
      ])
    })
  )

  it.live("lists all again each minute, whatever the kernel told", () =>
    Effect.gen(function* () {
      yield* Effect.acquireRelease(
        Effect.sync(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })),
        () => Effect.sync(() => vi.useRealTimers())
      )
      const opening = yield* Effect.forkChild(watch.pipe(Effect.provide(LinuxProcessWatch.layer)))
      // The kernel is given a moment to say that it tells of processes.
      yield* Effect.promise(() => vi.advanceTimersByTimeAsync(1_000))
      const { lists } = yield* Fiber.join(opening)
      const before = lists()
      yield* Effect.promise(() => vi.advanceTimersByTimeAsync(LinuxProcessWatch.compareMillis))
      assert.isAbove(lists(), before)
    })
  )
})
