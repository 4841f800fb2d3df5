/**
 * The port for the processes of this machine.
 *
 * @since 0.1.0
 */
import type { Process } from "@holdfast/vrrp/tracking/ProcessTracker"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * All processes by number.
 *
 * @category models
 * @since 0.1.0
 */
export type Processes = ReadonlyMap<number, Process>

/**
 * What became of processes.
 *
 * - `Listed`: these are all; what was told before no longer counts.
 * - `Forked`: a copy of a process; unknown of what, when the parent is unknown.
 * - `Executed`: a process is this program now, or has this name.
 * - `Exited`: a process is gone.
 *
 * @category models
 * @since 0.1.0
 */
export type ProcessChange =
  | { readonly _tag: "Listed"; readonly processes: Processes }
  | { readonly _tag: "Forked"; readonly parent: number; readonly pid: number }
  | { readonly _tag: "Executed"; readonly pid: number; readonly process: Process }
  | { readonly _tag: "Exited"; readonly pid: number }

/**
 * What an operator should know of the watch. Each is told once.
 *
 * - `Polled`: the kernel tells nothing here, so that all processes are listed again and again.
 * - `Hidden`: processes of other users cannot be seen (`hidepid`), and count as not running.
 *
 * @category models
 * @since 0.1.0
 */
export type WatchReport =
  | { readonly _tag: "Polled"; readonly reason: string; readonly intervalMillis: number }
  | { readonly _tag: "Hidden"; readonly reason: string }

/**
 * An open watch.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProcessWatching {
  /** All processes now. Changes told later may be older than that; to apply them again does no harm. */
  readonly list: () => Processes
}

/**
 * Watches processes.
 *
 * @category services
 * @since 0.1.0
 */
export class ProcessWatch extends Context.Service<
  ProcessWatch,
  {
    /**
     * Calls back with what changed, until the scope closes. Where the kernel does not tell it calls back with all
     * processes each time. Neither callback is called before this returns, and neither may throw.
     */
    readonly open: (
      onChanges: (changes: ReadonlyArray<ProcessChange>) => void,
      onReport: (report: WatchReport) => void
    ) => Effect.Effect<ProcessWatching, never, Scope.Scope>
  }
>()("@holdfast/engine/tracking/ProcessWatch") {}
