/**
 * Where log lines go and how they look: one line each for people, or JSON for programs; standard error or syslog.
 *
 * @since 0.1.0
 */
import { existsSync, writeSync } from "node:fs"
import * as UnixDatagramSocket from "@holdfast/raw-socket/UnixDatagramSocket"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * How much a person cares; `detail` is told with `--log-detail` only.
 *
 * @category models
 * @since 0.1.0
 */
export type Level = "detail" | "info" | "warning" | "error"

/**
 * Writes log lines. Never throws and never waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface Log {
  /** `fields` are the typed facts behind the message; only JSON shows them. */
  readonly write: (level: Level, message: string, fields?: object) => void
}

/**
 * What kind of log is wanted.
 *
 * @category models
 * @since 0.1.0
 */
export interface LogOptions {
  readonly logTarget: "console" | "syslog" | "nowhere"
  readonly logDetail: boolean
  readonly logFormat: "line" | "json"
}

/**
 * Opens a log: standard error, or syslog where a daemon listens on `/dev/log` and standard error where none does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  options: LogOptions
): Effect.fn.Return<Log, never, Scope.Scope> {
  const emit = yield* targets[options.logTarget]
  const render = options.logFormat === "json" ? renderJson : renderLine
  return {
    write: (level, message, fields) => {
      if (level === "detail" && !options.logDetail) return
      emit(level, render(level, message, fields, emit === toConsole))
    }
  }
})

type Emit = (level: Level, line: string) => void

const toConsole: Emit = (_, line) => {
  try {
    writeSync(standardError, `${line}\n`)
  } catch {
    // Whoever read it is gone, or reads too slowly; a log must not stop the daemon.
  }
}

const toNowhere: Emit = () => undefined

const openSyslog = Effect.gen(function* () {
  if (!existsSync(syslogPath)) return toConsole
  const socket = yield* UnixDatagramSocket.open(syslogPath)
  const emit: Emit = (level, line) => {
    const priority = facilityDaemon * 8 + severities[level]
    socket.send(Buffer.from(`<${priority}>holdfast[${process.pid}]: ${line}`))
  }
  return emit
})

const targets = {
  console: Effect.succeed(toConsole),
  syslog: Effect.orElseSucceed(openSyslog, () => toConsole),
  nowhere: Effect.succeed(toNowhere)
}

const renderLine = (level: Level, message: string, _: object | undefined, withTime: boolean): string =>
  `${withTime ? `${new Date().toISOString()} ` : ""}${level === "info" || level === "detail" ? "" : `${level}: `}${oneLine(message)}`

const renderJson = (level: Level, message: string, fields: object | undefined): string =>
  JSON.stringify({ time: new Date().toISOString(), level, message: oneLine(message), ...fields })

const oneLine = (message: string): string => message.replaceAll("\n", " | ")

const standardError = 2
const syslogPath = "/dev/log"
const facilityDaemon = 3 // RFC 3164 4.1.1
const severities: Record<Level, number> = { detail: 7, info: 6, warning: 4, error: 3 } // RFC 3164 4.1.1
