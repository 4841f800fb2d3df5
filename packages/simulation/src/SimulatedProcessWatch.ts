/**
 * The processes of a machine as a map that a test changes.
 *
 * @since 0.1.0
 */
import {
  type ProcessChange,
  type Processes,
  ProcessWatch,
  type WatchReport
} from "@holdfast/engine/tracking/ProcessWatch"
import type { Process } from "@holdfast/vrrp/tracking/ProcessTracker"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * - `start`: a new process; returns its number.
 * - `fork`: a copy of a process; returns its number.
 * - `execute`: a process becomes another program.
 * - `kill`: a process is gone.
 * - `relist`: tells all processes, as after a loss.
 * - `isSilent`: nobody is told of what happens; a field that a test may write.
 * - `watchers`: how many watch.
 *
 * @category models
 * @since 0.1.0
 */
export interface SimulatedProcessWatch {
  readonly start: (process: Process) => number
  readonly fork: (parent: number) => number
  readonly execute: (pid: number, process: Process) => void
  readonly kill: (pid: number) => void
  readonly relist: () => void
  readonly report: (report: WatchReport) => void
  isSilent: boolean
  readonly watchers: () => number
  readonly layer: Layer.Layer<ProcessWatch>
}

/**
 * Makes a machine without processes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): SimulatedProcessWatch => {
  interface Watcher {
    readonly onChanges: (changes: ReadonlyArray<ProcessChange>) => void
    readonly onReport: (report: WatchReport) => void
  }
  const processes = new Map<number, Process>()
  const watchers = new Set<Watcher>()
  let pidNext = 100
  const tell = (...changes: ReadonlyArray<ProcessChange>): void => {
    if (!simulated.isSilent) watchers.forEach(({ onChanges }) => onChanges(changes))
  }
  const list = (): Processes => new Map(processes)

  const simulated: SimulatedProcessWatch = {
    isSilent: false,
    start: (process) => {
      const pid = pidNext++
      processes.set(pid, process)
      tell({ _tag: "Forked", parent: 1, pid }, { _tag: "Executed", pid, process })
      return pid
    },
    fork: (parent) => {
      const pid = pidNext++
      const process = processes.get(parent)
      if (process !== undefined) processes.set(pid, process)
      tell({ _tag: "Forked", parent, pid })
      return pid
    },
    execute: (pid, process) => {
      processes.set(pid, process)
      tell({ _tag: "Executed", pid, process })
    },
    kill: (pid) => {
      processes.delete(pid)
      tell({ _tag: "Exited", pid })
    },
    relist: () => tell({ _tag: "Listed", processes: list() }),
    report: (report) => watchers.forEach(({ onReport }) => onReport(report)),
    watchers: () => watchers.size,
    layer: Layer.succeed(
      ProcessWatch,
      ProcessWatch.of({
        open: (onChanges, onReport) =>
          Effect.acquireRelease(
            Effect.sync(() => {
              const watcher: Watcher = { onChanges, onReport }
              watchers.add(watcher)
              return watcher
            }),
            (watcher) => Effect.sync(() => watchers.delete(watcher))
          ).pipe(Effect.as({ list }))
      })
    )
  }
  return simulated
}
