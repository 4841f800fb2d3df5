/**
 * A VRRP daemon under test in one namespace: ours or keepalived, by one command line.
 *
 * @since 0.1.0
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Child from "./Child.ts"
import * as Journal from "./Journal.ts"
import type { Namespace } from "./Namespace.ts"

/**
 * Which program runs; both take keepalived's options.
 *
 * @category models
 * @since 0.1.0
 */
export interface Program {
  readonly name: "holdfast" | "keepalived"
  readonly command: (files: Files) => readonly [string, ...ReadonlyArray<string>]
  /** The line of its log that says an instance runs. */
  readonly started: RegExp
}

/**
 * The daemon's private files.
 *
 * @category models
 * @since 0.1.0
 */
export interface Files {
  readonly directory: string
  readonly configuration: string
  readonly statistics: string
}

/**
 * A line of the daemon's log, with the time it was read.
 *
 * @category models
 * @since 0.1.0
 */
export interface LogLine {
  readonly atMicros: number
  readonly text: string
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Daemon extends Pick<Child.Child, "pid" | "exit" | "signal" | "crash"> {
  readonly program: Program
  readonly files: Files
  readonly log: Journal.Journal<LogLine>
  /** Replaces the configuration file; SIGHUP makes the daemon read it. */
  readonly configure: (text: string) => Effect.Effect<void>
}

/**
 * Debian's keepalived.
 *
 * @category constants
 * @since 0.1.0
 */
export const keepalived: Program = {
  name: "keepalived",
  command: (files) => ["keepalived", "-D", "-G", ...options(files)],
  started: /Entering BACKUP STATE/
}

/**
 * The daemon of this repository.
 *
 * @category constants
 * @since 0.1.0
 */
export const holdfast: Program = {
  name: "holdfast",
  command: (files) => [holdfastPath, "--stats-file", files.statistics, ...options(files)],
  started: /Init -> Backup/
}

/**
 * The daemon whose own rules are tested: ours, or with `HOLDFAST_TEST_PROGRAM=keepalived` the other one, to learn what
 * it does where ours is held to a rule.
 *
 * @category constants
 * @since 0.1.0
 */
export const underTest: Program =
  process.env["HOLDFAST_TEST_PROGRAM"] === "keepalived" ? keepalived : holdfast

/**
 * Starts a daemon on a configuration. The scope's end kills what is left of it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  namespace: Namespace,
  program: Program,
  configuration: string
): Effect.Effect<Daemon, never, Scope.Scope> =>
  Effect.gen(function* () {
    const files = yield* privateFiles
    writeFileSync(files.configuration, configuration)
    const child = yield* Child.start(namespace, program.command(files), {
      PATH: `${toolsPath}${delimiter}${process.env["PATH"] ?? ""}`
    })
    const log = Journal.make<LogLine>(
      `${namespace.name} ${program.name}`,
      (line) => `${new Date(line.atMicros / 1000).toISOString().slice(11, 23)} ${line.text}`
    )
    // A test that failed is understood by what the daemons said meanwhile.
    yield* Effect.addFinalizer((exit) =>
      Exit.isFailure(exit) ? Effect.logInfo(Journal.print(log)) : Effect.void
    )
    for (const stream of [child.stdout, child.stderr]) {
      Child.onLines(stream, (text) => log.append({ atMicros: Date.now() * 1000, text }))
    }
    return {
      ...child,
      program,
      files,
      log,
      configure: (text) => Effect.sync(() => writeFileSync(files.configuration, text))
    }
  })

/**
 * Waits until an instance of the daemon runs, as Backup.
 *
 * @category actions
 * @since 0.1.0
 */
export const started = (daemon: Daemon): Effect.Effect<void, Journal.NeverCame> =>
  Effect.asVoid(daemon.log.waitFor("start of an instance", ({ text }) => daemon.program.started.test(text)))

/**
 * Asks the daemon to stop and waits for its end.
 *
 * @category actions
 * @since 0.1.0
 */
export const stop = (daemon: Daemon): Effect.Effect<Child.Exit> =>
  Effect.andThen(daemon.signal("SIGTERM"), daemon.exit)

const privateFiles: Effect.Effect<Files, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-lab-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  ),
  (directory) => ({
    directory,
    configuration: join(directory, "daemon.conf"),
    statistics: join(directory, "stats.json")
  })
)

const options = (files: Files): ReadonlyArray<string> => [
  "-n",
  "-l",
  "-P",
  "-f",
  files.configuration,
  "-p",
  join(files.directory, "main.pid"),
  "-r",
  join(files.directory, "vrrp.pid")
]

const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const holdfastPath = inRepository("apps/holdfast/bin/holdfast")
// The pinned Node, before the machine's.
const toolsPath = inRepository("node_modules/.bin")
