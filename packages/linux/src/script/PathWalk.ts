/**
 * A path followed as the kernel follows it: every directory and link on the way, and where it ends.
 *
 * The real path alone would hide who may redirect a link; the way shows it.
 *
 * @see path_resolution(7)
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { lstatSync, readlinkSync, type Stats } from "node:fs"
import { dirname, join } from "node:path"

/**
 * One file that was passed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly path: string
  readonly stats: Stats
}

/**
 * - `steps`: from `/` to the end, in order; links and the directories that hold them, too.
 * - `end`: the file itself, which is no link.
 *
 * @category models
 * @since 0.1.0
 */
export interface Walk {
  readonly steps: ReadonlyArray<Step>
  readonly end: Step
}

/** What the kernel follows at most (MAXSYMLINKS). */
const linksMax = 40

/**
 * Follows an absolute path. Fails with the reason, in the system's words.
 *
 * @category constructors
 * @since 0.1.0
 */
export const follow = (path: string): Result.Result<Walk, string> =>
  Result.try({ try: () => walk(path), catch: messageOf })

const walk = (path: string): Walk => {
  let here: Step = { path: "/", stats: lstatSync("/") }
  const steps = [here]
  let words = path.split("/")
  let links = 0
  while (words.length > 0) {
    const [word = "", ...rest] = words
    words = rest
    if (word === "" || word === ".") continue
    // Links are resolved before: the parent of a real directory is the one that its path names.
    const next = word === ".." ? dirname(here.path) : join(here.path, word)
    const step = { path: next, stats: lstatSync(next) }
    steps.push(step)
    if (!step.stats.isSymbolicLink()) here = step
    else {
      links += 1
      if (links > linksMax) throw new Error(`${path}: too many symbolic links`)
      const target = readlinkSync(next)
      if (target.startsWith("/")) here = { path: "/", stats: lstatSync("/") }
      words = [...target.split("/"), ...words]
    }
  }
  return { steps, end: here }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
