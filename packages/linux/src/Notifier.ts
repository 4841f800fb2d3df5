/**
 * `Notifier` on this kernel: scripts as processes, and named pipes.
 *
 * @see docs/reference/scripts.md
 * @since 0.1.0
 */
import type { NotifyFifo, ScriptDefaults } from "@holdfast/wire/Script"
import { type NotifierReport, type Notifying, Notifier } from "@holdfast/engine/Notifier"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Fifo from "./Fifo.ts"
import * as FifoReader from "./FifoReader.ts"
import * as ScriptQueue from "./script/ScriptQueue.ts"
import * as ScriptRunner from "./script/ScriptRunner.ts"

/**
 * How long `drained` waits at most: a stop must end before a supervisor kills the daemon (systemd: 90 s).
 *
 * @category constants
 * @since 0.1.0
 */
export const drainMillisMax = 30_000

/**
 * The port on this kernel. `defaults` is read at each run of a script.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (defaults: ScriptDefaults): Layer.Layer<Notifier> =>
  Layer.succeed(Notifier, Notifier.of({ open: (onReport) => open(defaults, onReport) }))

/** A pipe that lines are written to, and what closes it and ends its reader. */
interface OpenFifo {
  readonly write: (line: string) => void
  readonly scope: Scope.Closeable
}

const open = Effect.fnUntraced(function* (
  defaults: ScriptDefaults,
  onReport: (report: NotifierReport) => void
) {
  const runner = yield* ScriptRunner.open
  const queue = yield* ScriptQueue.open(runner, defaults, (object, command, reason) =>
    onReport({ _tag: "ScriptFailed", object, command, reason })
  )
  const fifos = new Map<string, OpenFifo>()
  const oneAtATime = yield* Semaphore.make(1)
  const setFifos = (wanted: ReadonlyArray<NotifyFifo>): Effect.Effect<void> =>
    oneAtATime
      .withPermits(1)(
        Effect.gen(function* () {
          const keys = new Set(wanted.map(keyOf))
          yield* close(fifos, (key) => !keys.has(key))
          for (const fifo of wanted) {
            if (fifos.has(keyOf(fifo))) continue
            const opened = yield* openFifo(runner, fifo, defaults, onReport)
            if (opened !== undefined) fifos.set(keyOf(fifo), opened)
          }
        })
      )
      .pipe(Effect.uninterruptible)
  yield* Effect.addFinalizer(() => setFifos([]))

  return {
    notify: ({ fifoLine, object, script }) => {
      if (fifoLine !== undefined) for (const { write } of fifos.values()) write(fifoLine)
      if (script !== undefined) queue.add(object, script)
    },
    setFifos,
    drained: Effect.timeoutOrElse(queue.drained, {
      duration: drainMillisMax,
      orElse: () => Effect.void
    })
  } satisfies Notifying
})

const keyOf = (fifo: NotifyFifo): string => JSON.stringify([fifo.path, fifo.script])

const close = (fifos: Map<string, OpenFifo>, isOver: (key: string) => boolean): Effect.Effect<void> =>
  Effect.forEach(
    [...fifos].filter(([key]) => isOver(key)),
    ([key, { scope }]) => {
      fifos.delete(key)
      return Scope.close(scope, Exit.void)
    },
    { concurrency: "unbounded", discard: true }
  )

/** Opens a pipe and starts its reader; nothing, and a report, when the pipe cannot be opened. */
const openFifo = Effect.fnUntraced(function* (
  runner: ScriptRunner.ScriptRunner,
  { path, script }: NotifyFifo,
  defaults: ScriptDefaults,
  onReport: (report: NotifierReport) => void
) {
  const scope = yield* Scope.make()
  const opened = yield* Effect.gen(function* () {
    const fifo = yield* Fifo.open(path, (count) => onReport({ _tag: "LinesLost", path, count }))
    if (script !== undefined) {
      yield* FifoReader.open(runner, { path, script }, defaults, (reason) =>
        onReport({ _tag: "ScriptFailed", object: path, command: script.words.join(" "), reason })
      )
    }
    return { write: fifo.write, scope }
  }).pipe(Scope.provide(scope), Effect.result)
  if (Result.isSuccess(opened)) return opened.success
  yield* Scope.close(scope, Exit.void)
  onReport({ _tag: "FifoFailed", path, message: opened.failure.reason })
  return undefined
})
