/**
 * The daemon: reads the file, runs the VRRP thread, and answers signals.
 *
 * **Details** start: file → pid file → thread → routers. HUP: file → routers, by difference; a file with a mistake
 * changes nothing. USR1, USR2: the status as JSON. TERM or INT: stop.
 *
 * @since 0.1.0
 */
import { renameSync, writeFileSync } from "node:fs"
import type * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as EngineEvent from "@holdfast/engine/EngineEvent"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as BalancerHandle from "./BalancerHandle.ts"
import type { DaemonOptions } from "./CommandLine.ts"
import type * as ConfigurationFile from "./ConfigurationFile.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Log from "./Log.ts"
import * as PidFile from "./PidFile.ts"
import * as VrrpThreadHandle from "./VrrpThreadHandle.ts"

type Signal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGUSR1" | "SIGUSR2"

/**
 * Runs until it is told to stop, and returns the exit code. `onStarted` is called once the routers run.
 *
 * @category main
 * @since 0.1.0
 */
export const run = (
  options: DaemonOptions,
  file: ConfigurationFile.ConfigurationFile,
  configuration: Configuration.Configuration,
  onStarted: () => void
): Effect.Effect<number> =>
  Effect.gen(function* () {
    const signals = yield* takeSignals
    const log = yield* Log.open(options)
    yield* takePidFiles(options)
    const balancer = yield* BalancerHandle.make(log)
    const thread = yield* VrrpThreadHandle.start((reply) => {
      if (reply._tag === "Logged") return log.write(reply.level, reply.message)
      const { event } = reply
      if (event._tag === "RoleChanged") balancer.tellRole(event.router, event.to === "Master")
      const { level, message } = EngineEvent.describe(event)
      log.write(level, message, { event })
    })
    const apply = ({ balancer: wanted, routers }: Configuration.Configuration) =>
      Effect.all(
        [
          options.vrrp ? thread.apply(routers) : Effect.void,
          options.balancer ? balancer.apply(wanted) : Effect.void
        ],
        { concurrency: "unbounded", discard: true }
      )

    // The address first: what answers for it may take longer.
    if (options.vrrp) yield* thread.apply(configuration.routers)
    onStarted()
    if (options.balancer) yield* balancer.apply(configuration.balancer)

    const reload = Effect.gen(function* () {
      const reading = yield* file.read
      for (const diagnostic of reading.diagnostics)
        log.write(diagnostic.severity, Diagnostic.format(diagnostic))
      if (Option.isNone(reading.configuration))
        return log.write("error", `${options.file} has mistakes; nothing was changed`)
      yield* apply(reading.configuration.value)
    }).pipe(
      Effect.catchTag("Unreadable", (error) =>
        Effect.sync(() => log.write("error", `${error.message}; nothing was changed`))
      )
    )

    const serve: Effect.Effect<number, VrrpThreadHandle.ThreadEnded> = Effect.gen(function* () {
      for (;;) {
        switch (yield* Queue.take(signals)) {
          case "SIGHUP":
            yield* reload
            break
          case "SIGUSR1":
          case "SIGUSR2": {
            const balancing = yield* balancer.status
            const status = yield* thread.status
            writeStatus(log, options.statsFile, {
              ...status,
              ...(balancing === undefined ? {} : { balancer: balancing })
            })
            break
          }
          case "SIGTERM":
          case "SIGINT":
            // Priority 0 first: then clients go to the next Master while the services here end.
            yield* thread.stop
            yield* balancer.stop({ keepServices: options.keepServices })
            return ExitCode.ok
        }
      }
    })
    // Who cannot tell which servers work must not attract their clients.
    const failed = Effect.raceFirst(
      thread.ended,
      Effect.tapError(balancer.ended, () => thread.stop)
    )
    return yield* Effect.raceFirst(serve, failed)
  }).pipe(
    Effect.scoped,
    Effect.catchTags({
      PidFileError: (error) =>
        complain(error.message, error.reason === "Running" ? ExitCode.running : ExitCode.permission),
      ThreadEnded: (error) => complain(error.message, ExitCode.failed),
      BalancerEnded: (error) => complain(error.message, ExitCode.failed)
    })
  )

const complain = (message: string, code: number): Effect.Effect<number> =>
  Effect.sync(() => {
    console.error(`holdfast: ${message}`)
    return code
  })

const takeSignals = Effect.gen(function* () {
  const signals = yield* Queue.bounded<Signal>(signalsMax)
  const handler = (signal: NodeJS.Signals): void => void Queue.offerUnsafe(signals, signal as Signal)
  yield* Effect.acquireRelease(
    Effect.sync(() => handled.forEach((signal) => process.on(signal, handler))),
    () => Effect.sync(() => handled.forEach((signal) => process.off(signal, handler)))
  )
  return signals
})

const takePidFiles = (options: DaemonOptions) =>
  Effect.forEach(
    new Set(
      [options.pidFile, options.vrrpPidFile, options.checkersPidFile].filter((path) => path !== undefined)
    ),
    PidFile.take,
    { discard: true }
  )

const writeStatus = (log: Log.Log, path: string, status: object): void => {
  try {
    // Whoever waits for the file sees all of it or nothing.
    writeFileSync(`${path}.new`, `${JSON.stringify(status, undefined, 2)}\n`)
    renameSync(`${path}.new`, path)
  } catch (error) {
    log.write(
      "error",
      `cannot write the status to ${path}: ${error instanceof Error ? error.message : String(error)}`
    )
  }
}

/** SIGUSR1 is here also because Node would open its debugger to the machine when nobody listens to it. */
const handled: ReadonlyArray<Signal> = ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"]

/** Signals that may wait while a reload runs; more of them would ask for the same again. */
const signalsMax = 16
