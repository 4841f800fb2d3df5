/**
 * A child process inside a namespace, whose life ends with the scope and with this process.
 *
 * @since 0.1.0
 */
import * as ChildProcess from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import type { Readable } from "node:stream"
import { StringDecoder } from "node:string_decoder"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Namespace } from "./Namespace.ts"

/**
 * A command ended with another code than zero.
 *
 * @category errors
 * @since 0.1.0
 */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {
  command: Schema.String,
  exit: Schema.String,
  output: Schema.String
}) {
  override get message(): string {
    return `${this.command}: ${this.exit}: ${this.output}`
  }
}

/**
 * How a process ended: with a code, or by a signal.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Child {
  readonly pid: number
  readonly stdin: NodeJS.WritableStream
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exit: Effect.Effect<Exit>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Ends the process and all it started without a last word: all are stopped before any is killed. */
  readonly crash: Effect.Effect<void>
}

/**
 * Starts a program inside. The scope's end kills it with everything it started; so does the death of this process.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  namespace: Namespace,
  command: readonly [string, ...ReadonlyArray<string>],
  environment: Readonly<Record<string, string>> = {}
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(namespace, command, environment)),
    (child) => Effect.andThen(child.crash, child.exit)
  )

/**
 * Runs a command inside to its end and returns what it printed.
 *
 * @category actions
 * @since 0.1.0
 */
export const run = (
  namespace: Namespace,
  command: readonly [string, ...ReadonlyArray<string>],
  input = ""
): Effect.Effect<string, CommandFailed> =>
  Effect.scoped(
    Effect.gen(function* () {
      const child = yield* start(namespace, command)
      const output: Array<string> = []
      const errors: Array<string> = []
      onLines(child.stdout, (line) => output.push(line))
      onLines(child.stderr, (line) => errors.push(line))
      child.stdin.end(input)
      const exit = yield* child.exit
      if (exit.code === 0) return output.join("\n")
      return yield* new CommandFailed({
        command: `${namespace.name}: ${command.join(" ")}`,
        exit: `${exit.code ?? exit.signal}`,
        output: [...errors, ...output].join("\n")
      })
    })
  )

/**
 * Calls `onLine` with each line of a stream, the last one also without its end.
 *
 * @category actions
 * @since 0.1.0
 */
export const onLines = (stream: Readable, onLine: (line: string) => void): void => {
  const decoder = new StringDecoder("utf8")
  let rest = ""
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) onLine(line)
  })
  stream.on("end", () => {
    if (rest !== "") onLine(rest)
  })
}

/**
 * Returns a process and all it started, as far as they still have it as their parent.
 *
 * @category getters
 * @since 0.1.0
 */
export const tree = (pid: number): ReadonlyArray<number> => {
  for (let tries = 0; existsSync(`/proc/${pid}`); tries++) {
    try {
      return [pid, ...childrenOf(pid).flatMap(tree)]
    } catch (error) {
      // A thread ended meanwhile, and what it had started is another thread's now.
      if (tries === triesMax) throw error
    }
  }
  return []
}

/** Of each thread: a worker of Node starts children, too. */
const childrenOf = (pid: number): ReadonlyArray<number> =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number)
  )

/** A process that did nothing but start and end threads needed one in three. */
const triesMax = 1000

const spawn = (
  namespace: Namespace,
  command: readonly [string, ...ReadonlyArray<string>],
  environment: Readonly<Record<string, string>>
): Child => {
  const child = NetworkNamespace.within(namespace, () =>
    ChildProcess.spawn("setpriv", ["--pdeathsig", "KILL", "--", ...command], {
      env: { ...process.env, ...environment }
    })
  )
  const { pid, stdin, stdout, stderr } = child
  if (pid === undefined) {
    throw new Error(`${command[0]} could not be started: is setpriv (util-linux) installed?`)
  }
  const ended = Deferred.makeUnsafe<Exit>()
  // Once it was waited for, its number may be another process's.
  let gone = false
  child.on("exit", () => (gone = true))
  // "close" and not "exit": by then all the output has been read.
  child.on("close", (code, signal) => Deferred.doneUnsafe(ended, Effect.succeed({ code, signal })))
  // A child that ended before it read its input is judged by its exit.
  stdin.on("error", () => undefined)

  return {
    pid,
    stdin,
    stdout,
    stderr,
    exit: Deferred.await(ended),
    signal: (signal) => Effect.sync(() => (gone ? undefined : sendSignal(pid, signal))),
    crash: Effect.sync(() => {
      const all = gone ? [] : tree(pid)
      for (const each of all) sendSignal(each, "SIGSTOP")
      for (const each of all) sendSignal(each, "SIGKILL")
    })
  }
}

const sendSignal = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself.
  }
}
