/**
 * The command: what was asked, done, and ended with its exit code.
 *
 * @since 0.1.0
 */
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Background from "./Background.ts"
import * as CommandLine from "./CommandLine.ts"
import * as ConfigurationFile from "./ConfigurationFile.ts"
import * as Daemon from "./Daemon.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Privilege from "./Privilege.ts"
import { version } from "./Version.ts"

/**
 * Does what the words ask and ends the process.
 *
 * @category main
 * @since 0.1.0
 */
export const main = (words: ReadonlyArray<string>): void => {
  if (Number.parseInt(process.versions.node, 10) < nodeMajorMin) {
    console.error(
      `holdfast: needs Node.js ${nodeMajorMin} or later, this is ${process.versions.node}; install a newer one`
    )
    process.exitCode = ExitCode.failed
    return
  }
  Effect.runFork(run(words)).addObserver((exit) => {
    if (Exit.isSuccess(exit)) process.exitCode = exit.value
    else {
      console.error(`holdfast: ${Cause.pretty(exit.cause)}`)
      process.exitCode = ExitCode.failed
    }
  })
}

const run = (words: ReadonlyArray<string>): Effect.Effect<number> => {
  const command = CommandLine.read(words)
  switch (command._tag) {
    case "Run":
      return runDaemon(command.options, words)
    case "Check":
      return Effect.flatMap(
        Effect.promise(() => import("./CheckCommand.ts")),
        (check) => check.run(command.file)
      )
    case "Demo":
      return Effect.flatMap(
        Effect.promise(() => import("./demo/Demo.ts")),
        (demo) => demo.run
      )
    case "Genhash":
      return Effect.flatMap(
        Effect.promise(() => import("./GenhashCommand.ts")),
        (genhash) => genhash.run(command.words)
      )
    case "Version":
      return print(`Holdfast ${version}`)
    case "Help":
      return print(CommandLine.help)
    case "Misused":
      return refuse(`${command.message}; see holdfast --help`, ExitCode.usage)
  }
}

/** Everything that can be refused is refused here, in the foreground, before a process or a file is made. */
const runDaemon = (options: CommandLine.DaemonOptions, words: ReadonlyArray<string>): Effect.Effect<number> =>
  Effect.gen(function* () {
    const file = ConfigurationFile.make(options.file)
    const { configuration, diagnostics } = yield* file.read
    for (const diagnostic of diagnostics) console.error(Diagnostic.format(diagnostic))
    if (Option.isNone(configuration))
      return yield* refuse(`${options.file} has mistakes; nothing was started`, ExitCode.mistakes)
    const missing = Privilege.missing()
    if (missing.length > 0)
      return yield* refuse(
        `needs ${missing.join(" and ")}: run it as root or grant the capabilities`,
        ExitCode.permission
      )
    return options.foreground
      ? yield* Daemon.run(options, file, configuration.value, Background.reportReady)
      : yield* Background.detach(words)
  }).pipe(Effect.catchTag("Unreadable", (error) => refuse(error.message, ExitCode.unreadable)))

const print = (text: string): Effect.Effect<number> =>
  Effect.sync(() => {
    console.log(text)
    return ExitCode.ok
  })

const refuse = (message: string, code: number): Effect.Effect<number> =>
  Effect.sync(() => {
    console.error(`holdfast: ${message}`)
    return code
  })

/** The oldest version that the tests run on. */
const nodeMajorMin = 24
