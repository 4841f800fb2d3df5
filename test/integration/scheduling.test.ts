/**
 * How the kernel schedules the daemon: docs/decisions/0030.
 */
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Child from "../lab/Child.ts"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Topology from "../lab/Topology.ts"

describe("a daemon that runs", () => {
  it.live("its VRRP thread is before V8's helpers, both before all else, and what it starts is not", () =>
    Effect.gen(function* () {
      const topology = yield* Topology.make
      const daemon = yield* Daemon.start(topology.LD1, Daemon.underTest, Configuration.make("LD1"))

      const threads = threadsOf(daemon.pid)
      const [, will] = Child.tree(daemon.pid)

      assert.deepStrictEqual(priorities(threads, "WorkerThread"), [2])
      assert.deepStrictEqual([...new Set(priorities(threads, "node-V8Worker"))], [1])
      assert.deepStrictEqual(
        threads.filter(({ name }) => name === "node-MainThread").map(({ nice }) => nice),
        [-20]
      )
      assert.deepStrictEqual(
        threadsOf(will ?? daemon.pid).map(({ nice, priority }) => ({ nice, priority })),
        [{ nice: 0, priority: 0 }]
      )
    }).pipe(Effect.scoped)
  )
})

interface Thread {
  readonly name: string
  readonly nice: number
  /** Of real time; zero without. */
  readonly priority: number
}

/** proc_pid_stat(5): the name is in brackets and may hold blanks; the state follows it as field 3. */
const threadsOf = (pid: number): ReadonlyArray<Thread> =>
  readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8")
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return {
      name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")),
      nice: Number(fields[16]),
      priority: Number(fields[37])
    }
  })

const priorities = (threads: ReadonlyArray<Thread>, wanted: string): ReadonlyArray<number> =>
  threads.filter(({ name }) => name === wanted).map(({ priority }) => priority)
