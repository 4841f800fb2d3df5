/**
 * A VRRP daemon under test in one namespace: ours or keepalived, by one command line.
 *
 * @since 0.1.0
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
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
  started: /Entering (BACKUP|FAULT) STATE/
}

/** The daemon of this repository. */
const holdfast: Program = holdfastAt(inRepository("apps/holdfast/bin/holdfast"))

/**
 * The daemon whose own rules are tested: that of this repository, or what `HOLDFAST_TEST_PROGRAM` names. That is
 * `keepalived`, to learn what it does where ours is held to a rule, or the path of another build of ours.
 *
 * @category constants
 * @since 0.1.0
 */
export const underTest: Program = programNamed(process.env["HOLDFAST_TEST_PROGRAM"])

/**
 * Returns a program that runs the virtual servers of its file beside the virtual routers.
 *
 * @category combinators
 * @since 0.1.0
 */
export const balancing = (program: Program): Program =>
  withWords(program, (words) => words.filter((word) => word !== vrrpOnly))

/**
 * Returns a program that runs the virtual servers of its file alone.
 *
 * @category combinators
 * @since 0.1.0
 */
export const checking = (program: Program): Program => ({
  ...withWords(program, (words) => words.map((word) => (word === vrrpOnly ? checksOnly : word))),
  started: /virtual servers applied|Startup complete/
})

/**
 * Returns a program that leaves its services in the kernel when it is told to stop.
 *
 * @category combinators
 * @since 0.1.0
 */
export const keepingServices = (program: Program): Program => withWords(program, (words) => [...words, "-I"])

/**
 * Starts a daemon on a configuration and waits until an instance runs. The scope's end kills what is left of it.
 *
 * **Details** daemons of this process start one after the other: starting burns a core for half a second, and all at
 * once they would make those that run already miss their times.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  namespace: Namespace,
  program: Program,
  configuration: string
): Effect.Effect<Daemon, never, Scope.Scope> =>
  Semaphore.withPermit(
    starting,
    Effect.gen(function* () {
      const files = yield* privateFiles
      writeFileSync(files.configuration, configuration)
      const child = yield* Child.start(namespace, program.command(files), {
        NODE_COMPILE_CACHE: compileCache
      })
      const log = yield* logOf(`${namespace.name} ${program.name}`, child)
      yield* Effect.raceFirst(
        Effect.orDie(log.waitFor("start of an instance", ({ text }) => program.started.test(text), patience)),
        Effect.flatMap(child.exit, ({ code, signal }) =>
          Effect.die(new Error(`${program.name} ended with ${code ?? signal} and ran no instance`))
        )
      )
      return {
        ...child,
        program,
        files,
        log,
        configure: (text) => Effect.sync(() => writeFileSync(files.configuration, text))
      }
    })
  )

/**
 * Asks the daemon to stop and waits for its end.
 *
 * @category actions
 * @since 0.1.0
 */
export const stop = (daemon: Daemon): Effect.Effect<Child.Exit> =>
  Effect.andThen(daemon.signal("SIGTERM"), daemon.exit)

/** Keeps what a child prints, and shows it when its scope ends by a failure: that explains most failed tests. */
const logOf = (
  name: string,
  child: Child.Child
): Effect.Effect<Journal.Journal<LogLine>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const log = Journal.make<LogLine>(
      name,
      (line) => `${new Date(line.atMicros / 1000).toISOString().slice(11, 23)} ${line.text}`
    )
    yield* Effect.addFinalizer((exit) =>
      Exit.isFailure(exit) ? Effect.logInfo(Journal.print(log)) : Effect.void
    )
    for (const stream of [child.stdout, child.stderr]) {
      Child.onLines(stream, (text) => log.append({ atMicros: Date.now() * 1000, text }))
    }
    return log
  })

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

function programNamed(name: string | undefined): Program {
  if (name === undefined) return holdfast
  return name === "keepalived" ? keepalived : holdfastAt(name)
}

function holdfastAt(path: string): Program {
  return {
    name: "holdfast",
    command: (files) => [path, "--stats-file", files.statistics, ...options(files)],
    started: /Init -> (Backup|Fault|Master)/
  }
}

const withWords = (
  program: Program,
  change: (words: ReadonlyArray<string>) => ReadonlyArray<string>
): Program => ({
  ...program,
  command: (files) => {
    const [path, ...words] = program.command(files)
    return [path, ...change(words)]
  }
})

function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url))
}

const options = (files: Files): ReadonlyArray<string> => [
  "-n",
  "-l",
  vrrpOnly,
  "-f",
  files.configuration,
  "-p",
  join(files.directory, "main.pid"),
  "-r",
  join(files.directory, "vrrp.pid"),
  "-c",
  join(files.directory, "checkers.pid")
]

const vrrpOnly = "-P"
const checksOnly = "-C"

// Halves the work of starting from source.
const compileCache = inRepository("node_modules/.cache/holdfast-test")
const starting = Semaphore.makeUnsafe(1)
/** In User-Mode Linux a start from source takes two to five seconds, more when the machine is busy. */
const patience = { withinMillis: 40_000 } as const
