/**
 * A named pipe that lines are written to.
 *
 * **Details**
 * - It is made when it is missing (mode 0600), and stays when it is closed: a reader that waits at it keeps it over a restart.
 * - It is opened for reading too, so that to open it never waits and a missing reader is no error: the pipe keeps what
 *   fits (64 KiB by default) until one comes.
 * - A line is written whole or not at all. When the pipe is full it is lost, counted, and told: the first loss at once,
 *   further ones together, once in `lossReportMillis`.
 *
 * **Gotchas** a pipe that somebody removes is not missed until the next configuration: lines go to those who still have it open.
 *
 * @see fifo(7), pipe(7)
 * @since 0.1.0
 */
import * as NamedPipe from "@holdfast/raw-socket/NamedPipe"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs"

/**
 * A pipe cannot be made or opened.
 *
 * @category errors
 * @since 0.1.0
 */
export class FifoError extends Schema.TaggedError<FifoError>()("FifoError", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.path}: ${this.reason}`
  }
}

/**
 * `write` adds the end of the line. It never waits and never throws.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fifo {
  readonly write: (line: string) => void
}

/** How often lost lines are told. @category constants @since 0.1.0 */
export const lossReportMillis = 1_000

/** What the kernel writes whole (PIPE_BUF). @category constants @since 0.1.0 */
export const lineBytesMax = 4_096

/** Lines name servers and states: none but root's business. */
const mode = 0o600

/**
 * Opens a pipe, which is closed with the scope. `onLost` gets the count of lines that were lost since the last time.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (path: string, onLost: (count: number) => void) {
  yield* Effect.catchIf(
    NamedPipe.make(path, mode),
    ({ code }) => code === "EEXIST",
    () => Effect.void
  ).pipe(Effect.mapError(({ code }) => new FifoError({ path, reason: `it cannot be made (${code})` })))
  const fd = yield* Effect.acquireRelease(openPipe(path), (opened) => Effect.sync(() => closeSync(opened)))
  const losses = yield* Effect.acquireRelease(
    Effect.sync(() => makeLosses(onLost)),
    ({ close }) => Effect.sync(close)
  )
  return {
    write: (line) => {
      if (!writeLine(fd, line)) losses.add()
    }
  } satisfies Fifo
})

const openPipe = (path: string): Effect.Effect<number, FifoError> =>
  Effect.try({
    try: () => {
      const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
      if (fstatSync(fd).isFIFO()) return fd
      closeSync(fd)
      throw new Error("it is there and no named pipe; remove it, or name another path")
    },
    catch: (cause) => new FifoError({ path, reason: cause instanceof Error ? cause.message : String(cause) })
  })

const writeLine = (fd: number, line: string): boolean => {
  const bytes = Buffer.from(`${line}\n`)
  if (bytes.length > lineBytesMax) return false
  try {
    return writeSync(fd, bytes) === bytes.length
  } catch {
    return false
  }
}

const makeLosses = (
  onLost: (count: number) => void
): { readonly add: () => void; readonly close: () => void } => {
  let count = 0
  let quiet: NodeJS.Timeout | undefined

  const tell = (): void => {
    quiet = undefined
    if (count === 0) return
    const told = count
    count = 0
    quiet = setTimeout(tell, lossReportMillis)
    onLost(told)
  }

  return {
    add: () => {
      count += 1
      if (quiet === undefined) tell()
    },
    close: () => {
      clearTimeout(quiet)
      if (count > 0) onLost(count)
      count = 0
    }
  }
}
