/**
 * A small file whose text is told whenever it changes.
 *
 * **Details**
 * - The directory is watched, so that a file is seen to come, go and be replaced; where the directory itself is missing, the nearest one
 *   above it.
 * - It is read every `rereadMillis` besides: a file system of another machine tells nothing, a link may lead elsewhere, and the
 *   system may have no watch to spare (`fs.inotify.max_user_watches`).
 * - A file that has become empty is mostly about to be written: it counts as empty when it still is after `settleMillis`.
 *
 * **Gotchas** where the path is a link, the link's directory is watched, and not the file it leads to.
 *
 * @see inotify(7)
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { closeSync, constants, fstatSync, type FSWatcher, openSync, readSync, statSync, watch } from "node:fs"
import { dirname } from "node:path"

/**
 * What a look at a file found.
 *
 * @category models
 * @since 0.1.0
 */
export type Reading =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Missing"; readonly reason: string }
  | { readonly _tag: "Unreadable"; readonly reason: string }

/**
 * A file that is watched.
 *
 * - `reading`: what was found when the watch began.
 *
 * @category models
 * @since 0.1.0
 */
export interface WatchedFile {
  readonly reading: Reading
  readonly close: () => void
}

/** How late a change is seen that the kernel does not tell of. @category constants @since 0.1.0 */
export const rereadMillis = 5_000

/** How long a writer may take between emptying a file and writing to it. @category constants @since 0.1.0 */
export const settleMillis = 50

/** A number and its end of line fit well; more is not read. @category constants @since 0.1.0 */
export const bytesMax = 64

/**
 * Watches a file until it is closed. `onReading` is called with each reading that is not the same as the last one, and not
 * before this returns.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (path: string, onReading: (reading: Reading) => void): WatchedFile => {
  let watched: Watched | undefined
  let settling: NodeJS.Timeout | undefined
  let isClosed = false

  const follow = (): void => {
    for (let moves = 0; moves < movesMax && !isCurrent(watched, path); moves++) {
      watched?.watcher.close()
      watched = attach(path, look)
    }
  }
  const look = (): void => {
    if (isClosed) return
    // The watch comes first, so that no change falls between; what it missed before, the reading sees.
    follow()
    const reading = read(path)
    if (isEmpty(reading) && !isEmpty(last)) settling ??= setTimeout(settle, settleMillis)
    else tell(reading)
  }
  const settle = (): void => tell(read(path))
  const tell = (reading: Reading): void => {
    clearTimeout(settling)
    settling = undefined
    if (isSame(reading, last)) return
    last = reading
    onReading(reading)
  }

  follow()
  const reading = read(path)
  let last = reading
  const rereading = setInterval(look, rereadMillis)
  return {
    reading,
    close: () => {
      isClosed = true
      clearInterval(rereading)
      clearTimeout(settling)
      watched?.watcher.close()
    }
  }
}

/** Directories may appear while their place is looked for; nobody makes more than this at once. */
const movesMax = 16

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
  // What cannot be entered, or leads in a circle, is as good as missing.
  const stats = Result.getOrUndefined(Result.try(() => statSync(directory, { throwIfNoEntry: false })))
  if (stats?.isDirectory() === true || directory === path) return { directory, inode: stats?.ino ?? 0 }
  return nearest(directory)
}

/** Never waits: a pipe with nobody at its other end is refused like everything else that is no file. */
const read = (path: string): Reading =>
  Result.match(Result.try({ try: () => textOf(path), catch: (cause) => cause }), {
    onSuccess: (text): Reading => ({ _tag: "Text", text }),
    onFailure: (cause): Reading => ({
      _tag: cause instanceof Error && "code" in cause && cause.code === "ENOENT" ? "Missing" : "Unreadable",
      reason: cause instanceof Error ? cause.message : String(cause)
    })
  })

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

const isEmpty = (reading: Reading): boolean => reading._tag === "Text" && reading.text === ""

const isSame = (one: Reading, other: Reading): boolean => JSON.stringify(one) === JSON.stringify(other)
