/**
 * What a program with all its processes and threads has used, by `/proc`.
 *
 * @since 0.1.0
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import * as Child from "../lab/Child.ts"

/**
 * Resident memory in megabytes (10^6 bytes), summed over the processes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Memory {
  readonly resident: number
  /** Resident with each shared page divided among all that share it. */
  readonly proportional: number
}

/**
 * Returns the processor time all threads have used, in seconds.
 *
 * @category getters
 * @since 0.1.0
 */
export const cpuSeconds = (pid: number): number => {
  const seconds = Child.tree(pid).flatMap((process) =>
    threads(process).map((thread) => threadCpuSeconds(process, thread))
  )
  return seconds.reduce((sum, each) => sum + each, 0)
}

/** None of a process that has just ended. */
const threads = (process: number): ReadonlyArray<number> =>
  existsSync(`/proc/${process}/task`) ? readdirSync(`/proc/${process}/task`).map(Number) : []

const threadCpuSeconds = (process: number, thread: number): number =>
  Number(readFileSync(`/proc/${process}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e9

/**
 * Returns the memory of all processes.
 *
 * @category getters
 * @since 0.1.0
 */
export const memory = (pid: number): Memory => {
  const rollups = Child.tree(pid).map((process) => readFileSync(`/proc/${process}/smaps_rollup`, "utf8"))
  const sum = (field: string): number =>
    rollups.reduce(
      (total, text) =>
        total + Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN),
      0
    )
  return { resident: sum("Rss") * megabytesPerKib, proportional: sum("Pss") * megabytesPerKib }
}

const megabytesPerKib = 1024 / 1e6
