/**
 * The tracked files: writes their first numbers, watches them and tells their numbers.
 *
 * @since 0.1.0
 */
import { keyOf } from "@holdfast/vrrp/Tracker"
import type { TrackFile } from "@holdfast/vrrp/TrackingParameters"
import * as FileTracker from "@holdfast/vrrp/tracking/FileTracker"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import type * as Scope from "effect/Scope"
import { FileWatch } from "./FileWatch.ts"
import type { TrackingShell } from "./TrackingShell.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface FileStatus {
  readonly name: string
  readonly path: string
  readonly value: number
  readonly problem: string | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface TrackedFiles {
  /** Makes these the files that are watched, by difference. */
  readonly apply: (wanted: ReadonlyArray<TrackFile>) => void
  readonly status: () => ReadonlyArray<FileStatus>
}

interface Tracked {
  state: FileTracker.FileTracker
  readonly subject: string
  close: () => void
}

/**
 * Makes none. Closing the scope ends the watches.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (shell: TrackingShell): Effect.Effect<TrackedFiles, never, FileWatch | Scope.Scope> =>
  Effect.gen(function* () {
    const watches = yield* FileWatch
    const tracked = new Map<string, Tracked>()
    let isFirst = true
    yield* Effect.addFinalizer(() => Effect.sync(() => tracked.forEach(({ close }) => close())))

    const hear = (one: Tracked, reading: FileTracker.Reading): void => {
      const { actions, state } = FileTracker.step(one.state, { _tag: "Read", reading })
      one.state = state
      const { name, path } = state.parameters
      for (const action of actions) {
        switch (action._tag) {
          case "Observe":
            shell.observe(one.subject, action.observation)
            shell.publish({ _tag: "FileChanged", at: shell.now(), name, value: action.observation.value })
            break
          case "Report":
            shell.publish({ _tag: "FileProblem", at: shell.now(), name, path, problem: action.problem })
        }
      }
    }

    const initialise = ({ initial, name, path }: TrackFile): void => {
      if (initial === undefined) return
      const overwrite = initial.overwrite && isFirst
      const reason = watches.initialise(path, { ...initial, overwrite })
      if (reason !== undefined)
        shell.publish({ _tag: "FileNotInitialised", at: shell.now(), name, reason: `${path}: ${reason}` })
    }

    const begin = (parameters: TrackFile): void => {
      const one: Tracked = {
        state: FileTracker.make(parameters),
        subject: keyOf({ _tag: "File", name: parameters.name }),
        close: () => {}
      }
      const { close, reading } = watches.watch(parameters.path, (next) => hear(one, next))
      one.close = close
      tracked.set(parameters.name, one)
      hear(one, reading)
    }

    return {
      apply: (wanted) => {
        const names = new Set(wanted.map(({ name }) => name))
        for (const [name, one] of tracked) {
          if (names.has(name)) continue
          tracked.delete(name)
          one.close()
          shell.forget(one.subject)
        }
        for (const parameters of wanted) {
          const present = tracked.get(parameters.name)
          if (Equal.equals(present?.state.parameters, parameters)) continue
          present?.close()
          initialise(parameters)
          begin(parameters)
        }
        isFirst = false
      },
      status: () =>
        Array.from(tracked.values(), ({ state }) => ({
          name: state.parameters.name,
          path: state.parameters.path,
          value: state.value ?? 0,
          problem: state.problem
        }))
    }
  })
