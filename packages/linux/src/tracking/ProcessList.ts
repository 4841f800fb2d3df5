/**
 * The processes of this machine as `/proc` shows them.
 *
 * @see proc_pid_stat(5), proc_pid_cmdline(5)
 * @since 0.1.0
 */
import type { Process } from "@holdfast/vrrp/tracking/ProcessTracker"
import * as Result from "effect/Result"
import { readdirSync, readFileSync } from "node:fs"

/**
 * Returns all processes that run, by number. Those that have ended and wait for their parent do not. None where
 * `/proc` cannot be read.
 *
 * @category reading
 * @since 0.1.0
 */
export const list = (root = "/proc"): ReadonlyMap<number, Process> => {
  const processes = new Map<number, Process>()
  const names = Result.getOrElse(
    Result.try(() => readdirSync(root)),
    () => []
  )
  for (const name of names) {
    if (!/^[0-9]+$/.test(name)) continue
    const process = read(Number(name), root)
    if (process !== undefined) processes.set(Number(name), process)
  }
  return processes
}

/**
 * Returns a process, or nothing when it is gone, has ended or may not be seen.
 *
 * **Details** its arguments are read when somebody asks for them: they are in its own memory, which may have to be fetched from disk.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (pid: number, root = "/proc"): Process | undefined => {
  const stat = textOf(`${root}/${pid}/stat`)
  const name = stat === undefined ? undefined : nameOf(stat)
  if (name === undefined) return undefined
  let words: ReadonlyArray<string> | undefined
  return {
    name,
    get arguments() {
      return (words ??= wordsOf(textOf(`${root}/${pid}/cmdline`) ?? ""))
    }
  }
}

/**
 * Returns the name in the text of `stat`; nothing of a process that has ended.
 *
 * @category reading
 * @since 0.1.0
 */
export const nameOf = (stat: string): string | undefined => {
  // A name may hold parentheses: the last one ends it.
  const end = stat.lastIndexOf(")")
  const state = stat[end + stateOffset]
  return end < 0 || state === undefined || ended.has(state)
    ? undefined
    : stat.slice(stat.indexOf("(") + 1, end)
}

/**
 * Returns the words in the text of `cmdline`.
 *
 * @category reading
 * @since 0.1.0
 */
export const wordsOf = (commandLine: string): ReadonlyArray<string> => {
  const words = commandLine.split("\0")
  // Each word ends with a zero; who writes his own text there may leave it out.
  return words.at(-1) === "" ? words.slice(0, -1) : words
}

/**
 * Returns why processes of other users cannot be seen, or nothing when they can.
 *
 * @see proc(5), `hidepid`
 * @category reading
 * @since 0.1.0
 */
export const hidden = (root = "/proc"): string | undefined => {
  const mounts = textOf(`${root}/self/mounts`)
  if (mounts === undefined) return `${root} cannot be read; mount it`
  const options = mounts.split("\n").flatMap((line) => {
    const [, place, type, text = ""] = line.split(" ")
    return type === "proc" && place === "/proc" ? [text.split(",")] : []
  })
  const hides = options.at(-1)?.find((option) => hidepid.test(option))
  // Who may trace all processes sees them all the same (1 and 2).
  if (hides === undefined || read(1, root) !== undefined) return undefined
  return `/proc is mounted with ${hides}; mount it without, or run as root`
}

/** The name's parenthesis, a space, and then the state. */
const stateOffset = 2

/** Zombie and dead. */
const ended: ReadonlySet<string> = new Set(["Z", "X", "x"])

const hidepid = /^hidepid=(?:[1-4]|noaccess|invisible|ptraceable)$/

const textOf = (path: string): string | undefined =>
  Result.getOrUndefined(Result.try(() => readFileSync(path, "utf8")))
