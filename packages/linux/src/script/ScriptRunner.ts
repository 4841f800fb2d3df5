/**
 * Runs scripts, each in a process group of its own, and leaves nothing of them behind.
 *
 * **Details**
 * - A script has its user and group and no supplementary ones, `/` as directory, no input, and its output goes nowhere.
 *   Its environment is `PATH`, `HOME`, `USER` and `LOGNAME`, nothing of the daemon's.
 * - It is asked to end with TERM, and killed `graceMillis` later; both reach all of its group.
 * - Once the program itself ends, what it left in its group is killed. What is to stay must leave the group (`setsid`).
 *
 * **Gotchas**
 * - To start one takes the event loop 1 to 7 ms (fork and exec), so this does not belong in the thread of the routers.
 * - Node drops the supplementary groups whenever a user or group is given: so both always are.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { type RunnableScript, searchPath } from "./ScriptPolicy.ts"

/**
 * How a run ended.
 *
 * - `NotStarted`: nothing ran. `isTransient`: the machine had no process or memory to spare, so that the next run may succeed.
 *
 * @category models
 * @since 0.1.0
 */
export type Ending =
  | { readonly _tag: "Exited"; readonly code: number }
  | { readonly _tag: "Signalled"; readonly signal: string }
  | { readonly _tag: "TimedOut" }
  | { readonly _tag: "NotStarted"; readonly message: string; readonly isTransient: boolean }

/**
 * A run. `end` asks it to end and, when it does not, kills it; on a run that is over it does nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Run {
  readonly end: () => void
}

/**
 * - `start`: never throws. `onEnd` is called once, not before this returns and not after the runner's scope closes.
 *   `timeoutMillis`: after it the run is ended; absent is never.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScriptRunner {
  readonly start: (script: RunnableScript, onEnd: (ending: Ending) => void, timeoutMillis?: number) => Run
}

/**
 * How long a script may take to obey TERM.
 *
 * @category constants
 * @since 0.1.0
 */
export const graceMillis = 2_000

/** A process that sleeps in the kernel does not die at once; the daemon's end does not wait for it any longer. */
const killWait = "2 seconds"

/**
 * Opens a runner. Closing the scope kills every group and waits until the programs are gone.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<ScriptRunner, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync((): Running => ({ groups: new Set(), isClosed: false })),
    (running) => close(running)
  ),
  (running) => ({ start: (script, onEnd, timeoutMillis) => start(running, script, onEnd, timeoutMillis) })
)

/**
 * Says how a run ended, for the operator.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describe = (ending: Ending): string => {
  switch (ending._tag) {
    case "Exited":
      return `it ended with code ${ending.code}`
    case "Signalled":
      return `it was ended by ${ending.signal}`
    case "TimedOut":
      return "it did not end in its time"
    case "NotStarted":
      return `it could not be started: ${ending.message}`
  }
}

/** Everything that one runner started and that is not over. */
interface Running {
  readonly groups: Set<Group>
  isClosed: boolean
}

/** A process group that runs. */
interface Group {
  readonly child: ChildProcess
  readonly pid: number
  onGone: () => void
  isTimedOut: boolean
  timeout: NodeJS.Timeout | undefined
  grace: NodeJS.Timeout | undefined
}

const start = (
  running: Running,
  script: RunnableScript,
  onEnd: (ending: Ending) => void,
  timeoutMillis: number | undefined
): Run => {
  const tell = (ending: Ending): void => {
    if (!running.isClosed) onEnd(ending)
  }
  const attempted = attempt(script)
  if (Result.isFailure(attempted)) {
    setImmediate(() => tell(notStarted(attempted.failure)))
    return { end: () => {} }
  }
  const child = attempted.success
  if (child.pid === undefined) {
    child.once("error", (cause) => tell(notStarted(cause)))
    return { end: () => {} }
  }
  const group: Group = {
    child,
    pid: child.pid,
    onGone: () => {},
    isTimedOut: false,
    timeout: undefined,
    grace: undefined
  }
  running.groups.add(group)
  if (timeoutMillis !== undefined) {
    group.timeout = setTimeout(() => {
      group.isTimedOut = true
      end(group)
    }, timeoutMillis)
  }
  // A signal that could not be sent: the process is gone, and its exit follows.
  child.on("error", () => {})
  child.once("exit", (code, signal) => {
    clearTimeout(group.timeout)
    clearTimeout(group.grace)
    running.groups.delete(group)
    // Its number stays taken while its group has members; without any there is nothing to kill.
    send(group, "SIGKILL")
    group.onGone()
    tell(endingOf(group, code, signal))
  })
  return { end: () => end(group) }
}

/** Node tells some failures by an exception, and others by an event of a child without a number. */
const attempt = (script: RunnableScript): Result.Result<ChildProcess, unknown> =>
  Result.try(() => {
    const [program, ...args] = script.words
    return spawn(script.path, args, {
      argv0: program,
      cwd: "/",
      detached: true,
      env: { PATH: searchPath, HOME: script.home, USER: script.userName, LOGNAME: script.userName },
      gid: script.gid,
      stdio: "ignore",
      uid: script.uid
    })
  })

const transientCodes: ReadonlySet<unknown> = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"])

const notStarted = (cause: unknown): Ending => ({
  _tag: "NotStarted",
  message: cause instanceof Error ? cause.message : String(cause),
  isTransient: cause instanceof Error && "code" in cause && transientCodes.has(cause.code)
})

const endingOf = (group: Group, code: number | null, signal: string | null): Ending => {
  if (group.isTimedOut) return { _tag: "TimedOut" }
  return code === null ? { _tag: "Signalled", signal: signal ?? "a signal" } : { _tag: "Exited", code }
}

const end = (group: Group): void => {
  if (group.child.exitCode !== null || group.child.signalCode !== null || group.grace !== undefined) return
  clearTimeout(group.timeout)
  send(group, "SIGTERM")
  group.grace = setTimeout(() => send(group, "SIGKILL"), graceMillis)
}

const send = (group: Group, signal: "SIGTERM" | "SIGKILL"): void => {
  try {
    process.kill(-group.pid, signal)
  } catch {
    // Nobody is left in the group.
  }
}

const close = (running: Running): Effect.Effect<void> =>
  Effect.suspend(() => {
    running.isClosed = true
    return Effect.forEach(
      [...running.groups],
      (group) =>
        Effect.callback<void>((resume) => {
          group.onGone = () => resume(Effect.void)
          send(group, "SIGKILL")
        }),
      { concurrency: "unbounded", discard: true }
    )
  }).pipe(Effect.timeoutOrElse({ duration: killWait, orElse: () => Effect.void }))
