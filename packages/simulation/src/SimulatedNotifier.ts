/**
 * Scripts and named pipes of one simulated machine, in virtual time.
 *
 * @since 0.1.0
 */
import { type Notification, type NotifierReport, type Notifying, Notifier } from "@holdfast/engine/Notifier"
import type { Instant } from "@holdfast/wire/Instant"
import type { NotifyFifo, Script } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Task, World } from "./World.ts"

/**
 * What a program does: it takes a time and ends with a code.
 *
 * @category models
 * @since 0.1.0
 */
export interface Program {
  readonly takesMicros: number
  readonly code: number
}

/**
 * One run of a script; `endedAt` is absent while it runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScriptRun {
  readonly object: string
  readonly words: ReadonlyArray<string>
  readonly startedAt: Instant
  endedAt?: Instant
}

/**
 * The machine that the test administers.
 *
 * - `programOf`: what a script does; nothing when there is no such program.
 * - `runs`: every run, in the order of the starts.
 * - `pipes`: the lines in each pipe that nobody has read yet; a test takes them out.
 * - `pipeLinesMax`: how many lines a pipe holds.
 * - `refusedPipes`: paths where no pipe can be made, each with its reason.
 *
 * @category models
 * @since 0.1.0
 */
export interface SimulatedPrograms {
  programOf: (script: Script) => Program | undefined
  readonly runs: Array<ScriptRun>
  readonly pipes: Map<string, Array<string>>
  pipeLinesMax: number
  readonly refusedPipes: Map<string, string>
}

/**
 * Returns a machine on which every program does nothing and succeeds at once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): SimulatedPrograms => ({
  programOf: () => ({ takesMicros: 0, code: 0 }),
  runs: [],
  pipes: new Map(),
  pipeLinesMax: Infinity,
  refusedPipes: new Map()
})

/**
 * The port on a simulated machine.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (world: World, programs: SimulatedPrograms): Layer.Layer<Notifier> =>
  Layer.succeed(Notifier, Notifier.of({ open: (onReport) => open(world, programs, onReport) }))

/** The time limit of scripts that have none of their own. */
const timeoutMicrosDefault = 30_000_000

const open = (
  world: World,
  programs: SimulatedPrograms,
  onReport: (report: NotifierReport) => void
): Effect.Effect<Notifying, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => makeQueue(world, programs, onReport)),
      ({ close }) => Effect.sync(close)
    ),
    ({ add, drained }) => {
      let fifos: ReadonlyArray<NotifyFifo> = []
      return {
        notify: ({ fifoLine, object, script }: Notification) => {
          if (fifoLine !== undefined) for (const { path } of fifos) write(programs, path, fifoLine, onReport)
          if (script !== undefined) add(object, script)
        },
        setFifos: (wanted) =>
          Effect.sync(() => {
            const isOpen = new Set(fifos.map(({ path }) => path))
            fifos = wanted.filter(({ path }) => isOpen.has(path) || makePipe(programs, path, onReport))
          }),
        drained
      }
    }
  )

const makePipe = (
  { pipes, refusedPipes }: SimulatedPrograms,
  path: string,
  onReport: (report: NotifierReport) => void
): boolean => {
  const message = refusedPipes.get(path)
  if (message !== undefined) {
    onReport({ _tag: "FifoFailed", path, message })
    return false
  }
  if (!pipes.has(path)) pipes.set(path, [])
  return true
}

const write = (
  { pipeLinesMax, pipes }: SimulatedPrograms,
  path: string,
  line: string,
  onReport: (report: NotifierReport) => void
): void => {
  const lines = pipes.get(path) ?? []
  if (lines.length < pipeLinesMax) lines.push(line)
  else onReport({ _tag: "LinesLost", path, count: 1 })
}

/** The scripts of each object, the one that runs first. */
const makeQueue = (world: World, programs: SimulatedPrograms, onReport: (report: NotifierReport) => void) => {
  const queues = new Map<string, Array<Script>>()
  const tasks = new Set<Task>()
  const waiters = new Set<() => void>()

  const later = (micros: number, then: () => void): void => {
    const task = world.schedule((world.now() + micros) as Instant, () => {
      tasks.delete(task)
      then()
    })
    tasks.add(task)
  }

  const start = (object: string, script: Script): void => {
    const program = programs.programOf(script)
    if (program === undefined) return over(object, script, `there is no ${script.words[0]}`)
    const run: ScriptRun = { object, words: script.words, startedAt: world.now() }
    programs.runs.push(run)
    const limit = script.timeout ?? timeoutMicrosDefault
    later(Math.min(program.takesMicros, limit), () => {
      run.endedAt = world.now()
      if (program.takesMicros > limit) over(object, script, "it did not end in its time")
      else over(object, script, program.code === 0 ? undefined : `it ended with code ${program.code}`)
    })
  }

  const over = (object: string, script: Script, reason: string | undefined): void => {
    if (reason !== undefined)
      onReport({ _tag: "ScriptFailed", object, command: script.words.join(" "), reason })
    const queue = queues.get(object) ?? []
    queue.shift()
    const [next] = queue
    if (next !== undefined) return later(0, () => start(object, next))
    queues.delete(object)
    if (queues.size === 0) for (const resume of waiters) resume()
  }

  return {
    add: (object: string, script: Script): void => {
      const queue = queues.get(object)
      if (queue !== undefined) return void queue.push(script)
      queues.set(object, [script])
      later(0, () => start(object, script))
    },
    drained: Effect.callback<void>((resume) => {
      const done = (): void => resume(Effect.void)
      if (queues.size === 0) return done()
      waiters.add(done)
      return Effect.sync(() => waiters.delete(done))
    }),
    close: (): void => {
      for (const task of tasks) world.cancel(task)
    }
  }
}
