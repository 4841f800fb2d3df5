/**
 * Measurements in a kernel with IPVS, of which this machine's kernel may have none: one boot of User-Mode Linux for each run of
 * a program.
 *
 * @since 0.1.0
 */
import { fileURLToPath } from "node:url"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "../../lab/Child.ts"
import * as Processes from "../Processes.ts"
import type * as VirtualServers from "../VirtualServers.ts"

/**
 * What to do inside: start a program, wait for the full table, reload, and let it run.
 *
 * - `words`: how ours is run.
 * - `servers`: the program of the real servers.
 * - `settleMillis`: between the full table and what follows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task {
  readonly program: "keepalived" | "holdfast"
  readonly words: ReadonlyArray<string>
  readonly servers: string
  readonly shape: VirtualServers.Shape
  readonly settleMillis: number
  readonly reloads: number
  readonly windowMillis: number
}

/**
 * A moment inside. Of `begin` and `end` also the processor time that the machine had spent on that kernel by then, all in
 * all.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mark {
  readonly name: string
  readonly value: number
  readonly cpuSeconds: number
}

/**
 * Boots, runs the task, and returns its marks.
 *
 * @category actions
 * @since 0.1.0
 */
export const run = (task: Task): Effect.Effect<ReadonlyArray<Mark>, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const here = { ...(yield* NetworkNamespace.current), name: "host" }
    const command = [process.execPath, inside, JSON.stringify(task)] as const
    const child = yield* Child.start(here, [boot, "-t", `${limitSeconds}`, "--", ...command])
    const marks: Array<Mark> = []
    const told: Array<string> = []
    Child.onLines(child.stdout, (line) => {
      const [word, name = "", value] = line.split(" ")
      if (word !== "mark") return void told.push(line)
      // Boot and end have processes that come and go; while a daemon runs there are none.
      const isWatched = name === "begin" || name === "end"
      const cpuSeconds = isWatched ? Processes.cpuSeconds(child.pid) : Number.NaN
      marks.push({ name, value: Number(value), cpuSeconds })
    })
    Child.onLines(child.stderr, (line) => told.push(line))
    const exit = yield* child.exit
    if (exit.code !== 0) throw new Error(`${task.program} in User-Mode Linux: ${told.join("\n")}`)
    return marks
  })

/**
 * Returns what was marked with this name.
 *
 * @category getters
 * @since 0.1.0
 */
export const marked = (marks: ReadonlyArray<Mark>, name: string): ReadonlyArray<Mark> => {
  const found = marks.filter((mark) => mark.name === name)
  if (found.length === 0) throw new Error(`nothing was marked as ${name}`)
  return found
}

/**
 * What was done between `begin` and `end`: seconds, seconds of processor time, and checks.
 *
 * @category getters
 * @since 0.1.0
 */
export const window = (
  marks: ReadonlyArray<Mark>
): { readonly seconds: number; readonly cpuSeconds: number; readonly checks: number } => {
  const [[begin], [end], [length]] = (["begin", "end", "window"] as const).map((name) =>
    marked(marks, name)
  ) as [[Mark], [Mark], [Mark]]
  return {
    seconds: length.value / 1000,
    cpuSeconds: end.cpuSeconds - begin.cpuSeconds,
    checks: end.value - begin.value
  }
}

const boot = fileURLToPath(new URL("../../lab/uml/run", import.meta.url))
const inside = fileURLToPath(new URL("main.ts", import.meta.url))
const limitSeconds = 240
