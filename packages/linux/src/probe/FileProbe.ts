/**
 * Probes of a number in a file (`FILE_CHECK`): told at the start and whenever it changes.
 *
 * **Details**
 * - The number, times the factor, is added to the weight. With factor 0 any number but 0 fails.
 * - A product of `downAtMost` or less fails: the server goes out.
 * - The directory is watched, so that a file is seen to come, go and be replaced; where the directory itself is missing, the nearest one
 *   above it.
 *
 * **Gotchas**
 * - A file that is missing, unreadable or holds no number is refused, and the server goes out. keepalived takes it for 0; but what
 *   cannot be checked must not serve.
 * - Where the path is a link, the link's directory is watched, and not the file it leads to.
 *
 * @see keepalived.conf(5), `FILE_CHECK`, `track_file`; docs/reference/scripts.md
 * @since 0.1.0
 */
import type { ProbeResult } from "@holdfast/balancer/Probe"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { closeSync, constants, fstatSync, type FSWatcher, openSync, readSync, statSync, watch } from "node:fs"
import { dirname } from "node:path"
import type { Launch, ProbeOf } from "./Launch.ts"

/**
 * The products that mean "down" and the greatest that is added: the range of a weight in the kernel, and keepalived's.
 *
 * @category constants
 * @since 0.1.0
 */
export const downAtMost = -2_147_483_648

/** @category constants @since 0.1.0 */
export const adjustmentMax = 2_147_483_647

/**
 * Opens this kind of probe.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<Launch<"File">, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => new Set<() => void>()),
    (ends) => Effect.sync(() => ends.forEach((end) => end()))
  ),
  (ends) => (probe, onResult) => {
    const stop = observe(probe, onResult)
    const end = (): void => {
      ends.delete(end)
      stop()
    }
    ends.add(end)
    return end
  }
)

/** Reports the file now, soon after this returns, and at every change. Returns how to end that. */
const observe = (probe: ProbeOf<"File">, onResult: (result: ProbeResult) => void): (() => void) => {
  let watched: Watched | undefined
  let told = ""
  let isEnded = false

  const look = (): void => {
    if (isEnded) return
    // The watch comes first, so that no change falls between; what it missed before, the reading sees.
    for (let moves = 0; moves < movesMax && !isCurrent(watched, probe.path); moves++) {
      watched?.watcher.close()
      watched = attach(probe.path, look)
    }
    const result = watched === undefined ? unwatched(probe) : read(probe)
    const text = JSON.stringify(result)
    if (text === told) return
    told = text
    onResult(result)
  }

  const first = setImmediate(look)
  return () => {
    isEnded = true
    clearImmediate(first)
    watched?.watcher.close()
  }
}

/** Directories may appear while their place is looked for; nobody makes more than this at once. */
const movesMax = 16

const unwatched = ({ path }: ProbeOf<"File">): ProbeResult => ({
  _tag: "Refused",
  reason: `${path} cannot be watched; raise fs.inotify.max_user_watches and max_user_instances`
})

interface Watched {
  readonly directory: string
  readonly inode: number
  readonly watcher: FSWatcher
}

/** Watches the nearest directory above the file that exists. Nothing when the system has no watch to spare. */
const attach = (path: string, onChange: () => void): Watched | undefined => {
  const place = nearest(path)
  const watcher = Result.try(() => watch(place.directory, onChange))
  if (Result.isFailure(watcher)) return undefined
  // A directory that was taken away while it was watched: the next look finds the one above.
  watcher.success.on("error", onChange)
  return { ...place, watcher: watcher.success }
}

const isCurrent = (watched: Watched | undefined, path: string): boolean => {
  const { directory, inode } = nearest(path)
  return watched?.directory === directory && watched.inode === inode
}

const nearest = (path: string): { readonly directory: string; readonly inode: number } => {
  const directory = dirname(path)
  const stats = statSync(directory, { throwIfNoEntry: false })
  if (stats?.isDirectory() === true || directory === path) return { directory, inode: stats?.ino ?? 0 }
  return nearest(directory)
}

const read = ({ factor, path }: ProbeOf<"File">): ProbeResult => {
  const text = Result.try({
    try: () => textOf(path),
    catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
  })
  if (Result.isFailure(text)) return { _tag: "Refused", reason: `${path} cannot be read: ${text.failure}` }
  const word = text.success.trim()
  if (!/^[+-]?[0-9]{1,10}$/.test(word)) return { _tag: "Refused", reason: `${path} holds no number` }
  const value = Number(word)
  if (factor === 0)
    return value === 0 ? { _tag: "Passed" } : { _tag: "Failed", reason: `${path} holds ${value}` }
  const product = value * factor
  if (product <= downAtMost) return { _tag: "Failed", reason: `${path} holds ${value}, which means down` }
  return { _tag: "Passed", adjustment: { _tag: "Add", weight: Math.min(product, adjustmentMax) + 0 } }
}

/** A number and its end of line fit well; more is not read. */
const bytesMax = 64

/** Never waits: a pipe with nobody at its other end is refused like everything else that is no file. */
const textOf = (path: string): string => {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(fd).isFile()) throw new Error("it is no regular file")
    const bytes = new Uint8Array(bytesMax)
    return Buffer.from(bytes.subarray(0, readSync(fd, bytes))).toString("utf8")
  } finally {
    closeSync(fd)
  }
}
