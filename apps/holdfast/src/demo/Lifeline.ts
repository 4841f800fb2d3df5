/**
 * A child process that stops when its parent is gone, however the parent ended: a pipe that nobody writes to, whose end
 * the kernel closes.
 *
 * **Details** works without the child's help: node runs a few lines in it before the program.
 *
 * @since 0.1.0
 */
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process"

/**
 * Starts this very command again with other words and perhaps under another command, and holds its lifeline.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (options: {
  readonly words: ReadonlyArray<string>
  readonly under?: readonly [string, ...ReadonlyArray<string>]
  readonly stdio: readonly ["ignore" | "inherit", "ignore" | "inherit", "pipe" | "inherit"]
  readonly env?: Readonly<Record<string, string>>
  /** Out of reach of the terminal's Ctrl-C. */
  readonly detached?: boolean
}): ChildProcess => {
  const node = [process.execPath, "--import", watch, process.argv[1]!, ...options.words] as const
  const [command, ...rest] = options.under === undefined ? node : ([...options.under, ...node] as const)
  const stdio: StdioOptions = [...options.stdio, "pipe"]
  return spawn(command, rest, {
    stdio,
    detached: options.detached ?? false,
    env: { ...process.env, ...options.env }
  })
}

/** The place after standard error in `stdio`. */
const descriptor = 3

/** Asks the program to stop, as anybody would: it still has things to clean up. */
const watch = `data:text/javascript,${encodeURIComponent(`
import { isMainThread } from "node:worker_threads"
import { Socket } from "node:net"
if (isMainThread)
  new Socket({ fd: ${descriptor} }).on("close", () => process.kill(process.pid, "SIGTERM")).resume().unref()
`)}`
