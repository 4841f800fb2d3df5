/**
 * A director of the demo: the real daemon, as a process of its own, started as an operator would.
 *
 * @since 0.1.0
 */
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { decodeLine, type DirectorEvent } from "./DirectorEvent.ts"
import * as Lifeline from "./Lifeline.ts"

/**
 * How to start a director.
 *
 * - `directory`: where its files go.
 * - `onEvent`: gets each event that it logs, and the line's text.
 * - `onEnded`: it ended by itself; `log` is the end of what it said.
 *
 * @category models
 * @since 0.1.0
 */
export interface DirectorOptions {
  readonly name: string
  readonly namespace: NetworkNamespace.NetworkNamespace
  readonly configuration: string
  readonly directory: string
  readonly onEvent: (event: DirectorEvent, message: string) => void
  readonly onEnded: (log: ReadonlyArray<string>) => void
}

/**
 * Starts a director that is killed, not stopped, when the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (options: DirectorOptions): Effect.Effect<void, SocketError, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => spawn(options)).pipe(NetworkNamespace.provide(options.namespace)),
      (director) => director.kill
    )
  )

const spawn = (options: DirectorOptions): { readonly kill: Effect.Effect<void> } => {
  const file = join(options.directory, `${options.name}.conf`)
  writeFileSync(file, options.configuration)
  const words = ["--dont-fork", "--log-console", "--log-format", "json", "--use-file", file]
  const child = Lifeline.start({
    words: [...words, "--pid", join(options.directory, `${options.name}.pid`)],
    stdio: ["ignore", "ignore", "pipe"],
    detached: true
  })
  const log: Array<string> = []
  createInterface({ input: child.stderr! }).on("line", (text) => {
    log.push(text)
    if (log.length > logLinesMax) log.shift()
    const line = Option.getOrUndefined(decodeLine(text))
    if (line !== undefined) options.onEvent(line.event, line.message)
  })
  const closed = once(child, "close")
  let isKilled = false
  child.on("close", () => {
    if (!isKilled) options.onEnded(log)
  })
  return {
    kill: Effect.promise(async () => {
      isKilled = true
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
      await closed
    })
  }
}

/** Enough to see why it ended. */
const logLinesMax = 20
