/**
 * The daemon: reads the file, runs the VRRP thread, and answers signals.
 *
 * **Details** start: file → pid file → thread → whom to tell → what to track → routers. HUP: file → routers, by difference; a file with a mistake,
 * or an empty one, changes nothing. USR1, USR2: the status as JSON. TERM or INT: stop.
 *
 * @since 0.1.0
 */
import { renameSync, writeFileSync } from "node:fs"
import type * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as EngineEvent from "@holdfast/engine/EngineEvent"
import type { Script } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as BalancerHandle from "./BalancerHandle.ts"
import type { DaemonOptions } from "./CommandLine.ts"
import type * as ConfigurationFile from "./ConfigurationFile.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Log from "./Log.ts"
import * as NotificationHandle from "./NotificationHandle.ts"
import * as Part from "./Part.ts"
import * as PeerNames from "./PeerNames.ts"
import * as PidFile from "./PidFile.ts"
import * as SharedPipes from "./SharedPipes.ts"
import * as StartupDelay from "./StartupDelay.ts"
import * as TrackingHandle from "./TrackingHandle.ts"
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
    const notifications = yield* NotificationHandle.make(log)
    const thread = yield* VrrpThreadHandle.start((reply) => {
      if (reply._tag === "Logged") return log.write(reply.level, reply.message)
      const { event } = reply
      notifications.tell(event)
      if (event._tag === "RoleChanged") balancer.tellRole(event.router, event.to === "Master")
      const { level, message } = EngineEvent.describe(event)
      log.write(level, message, { event })
    })
    const tracking = yield* TrackingHandle.make(log, thread.observe)
    const peerNames = PeerNames.make((name, reason) =>
      log.write("warning", `peer ${name} has no address: ${reason}; it gets no adverts until it has`)
    )
    const applyRouters = (wanted: Configuration.Configuration) =>
      thread.apply(peerNames.fillIn(wanted.routers), {
        ...wanted.shared,
        startupDelay: StartupDelay.of(wanted)
      })
    const applyAll = Effect.fnUntraced(function* (wanted: Configuration.Configuration) {
      const { balancer: balancing, notifications: told, routers, tracking: tracked } = wanted
      if (options.vrrp) {
        yield* peerNames.resolve(routers)
        yield* notifications.apply(told, routers, balancing.scripts)
        yield* tracking.apply(tracked, balancing.scripts)
        yield* applyRouters(wanted)
      }
      const elsewhere = options.vrrp ? told.fifos : []
      if (options.balancer)
        yield* balancer.apply({
          ...balancing,
          fifos: SharedPipes.withoutReadersOf(elsewhere, balancing.fifos)
        })
    })
    const runLifeScript = Effect.fnUntraced(function* (
      script: Script | undefined,
      { balancer: { scripts } }: Configuration.Configuration
    ) {
      if (script === undefined) return
      const failure = yield* Part.load("the part that runs scripts", () => import("./LifeScripts.ts")).pipe(
        Effect.flatMap(({ run }) => run(script, scripts)),
        Effect.catch(({ message }) => Effect.succeed(message))
      )
      if (failure !== undefined) log.write("warning", `${script.words.join(" ")}: ${failure}`)
    })
    const warnOfScripts = (wanted: Configuration.Configuration) =>
      Part.load("the part that checks scripts", () => import("./ScriptReport.ts")).pipe(
        Effect.map((report) => report.refusals(wanted, options)),
        Effect.catch(({ message }) => Effect.succeed([message])),
        Effect.map((lines) => lines.forEach((line) => log.write("warning", line)))
      )
    let applied = configuration

    const reload = Effect.gen(function* () {
      const reading = yield* file.readAgain
      for (const diagnostic of reading.diagnostics)
        log.write(diagnostic.severity, Diagnostic.format(diagnostic))
      if (Option.isNone(reading.configuration))
        return log.write("error", `${options.file} has mistakes; nothing was changed`)
      applied = reading.configuration.value
      yield* applyAll(applied)
      notifications.restate()
      yield* warnOfScripts(applied)
    }).pipe(
      Effect.catchTag("Unreadable", (error) =>
        Effect.sync(() => log.write("error", `${error.message}; nothing was changed`))
      )
    )

    const serve: Effect.Effect<number, VrrpThreadHandle.ThreadEnded | Part.PartMissing> = Effect.gen(
      function* () {
        for (;;) {
          switch (yield* Queue.take(signals)) {
            case "SIGHUP":
              yield* reload
              break
            case "SIGUSR1":
            case "SIGUSR2": {
              const balancing = yield* balancer.status
              const status = yield* thread.status
              const tracked = yield* tracking.status
              writeStatus(log, options.statsFile, {
                ...status,
                ...(tracked === undefined ? {} : { tracking: tracked }),
                ...(balancing === undefined ? {} : { balancer: balancing })
              })
              break
            }
            case "SIGTERM":
            case "SIGINT":
              // Priority 0 first: then clients go to the next Master while the services here end.
              notifications.leave()
              yield* thread.stop
              yield* Effect.all(
                [balancer.stop({ keepServices: options.keepServices }), tracking.stop, notifications.drained],
                { concurrency: "unbounded", discard: true }
              )
              yield* runLifeScript(applied.shutdownScript, applied)
              return ExitCode.ok
          }
        }
      }
    )
    const followNames = peerNames.follow(
      () => applied.routers,
      Effect.suspend(() => applyRouters(applied))
    )
    const work = Effect.gen(function* () {
      yield* runLifeScript(configuration.startupScript, configuration)
      // The address first: what answers for it may take longer.
      yield* applyAll(configuration)
      onStarted()
      yield* warnOfScripts(configuration)
      if (options.vrrp) yield* Effect.forkScoped(Effect.ignore(followNames))
      return yield* serve
    })
    const failed = Effect.raceFirst(thread.ended, balancer.ended)
    // Who cannot go on must not attract clients, and says farewell.
    return yield* Effect.onError(Effect.raceFirst(work, failed), () => thread.stop)
  }).pipe(
    Effect.scoped,
    Effect.catchTags({
      PidFileError: (error) =>
        complain(error.message, error.reason === "Running" ? ExitCode.running : ExitCode.permission),
      ThreadEnded: (error) => complain(error.message, ExitCode.failed),
      BalancerEnded: (error) => complain(error.message, ExitCode.failed),
      PartMissing: (error) => complain(error.message, ExitCode.failed)
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
