/**
 * The scripts, processes and files that trackers name.
 *
 * @since 0.1.0
 */
import type { Micros } from "@holdfast/wire/Instant"
import type { Script } from "@holdfast/wire/Script"

/**
 * A script that is run again and again (`vrrp_script`): exit code 0 is success.
 *
 * - `script`: its own `timeout` is how long a run may last; a run that lasts longer has failed. Absent: as long as `interval`.
 * - `interval`: between starts of runs, 1 s by default; a run that is still on when the next is due takes its place.
 * - `rise`, `fall`: how many runs in a row must succeed or fail before that counts; 1 by default.
 * - `initFail`: it counts as down before the first result, which otherwise is unknown.
 *
 * @category models
 * @since 0.1.0
 */
export interface TrackScript {
  readonly name: string
  readonly script: Script
  readonly interval: Micros
  readonly rise: number
  readonly fall: number
  readonly initFail: boolean
}

/**
 * A process that shall run (`vrrp_track_process`).
 *
 * - `command`: name of the program, or its path and arguments with `fullCommand`.
 * - `parameters`: arguments to match; absent when they do not matter. `Exact`: these and no others; `Partial`: these first; `Initial`:
 *   these first, and the last of them may be longer.
 * - `quorum`, `quorumMax`: it counts as up while at least, and at most, so many run; 1 and no limit by default.
 * - `terminateDelay`, `forkDelay`: how long less, or more, than before must last until it counts (`delay`, `terminate_delay`, `fork_delay`).
 *
 * @category models
 * @since 0.1.0
 */
export interface TrackProcess {
  readonly name: string
  readonly command: string
  readonly parameters?: {
    readonly words: ReadonlyArray<string>
    readonly match: "Exact" | "Initial" | "Partial"
  }
  readonly fullCommand: boolean
  readonly quorum: number
  readonly quorumMax?: number
  readonly terminateDelay: Micros
  readonly forkDelay: Micros
}

/**
 * A file with a number in it (`track_file`).
 *
 * - `initial`: what is written to it at the start, and whether also over what it holds (`init_file`).
 *
 * @category models
 * @since 0.1.0
 */
export interface TrackFile {
  readonly name: string
  readonly path: string
  readonly initial?: { readonly value: number; readonly overwrite: boolean }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface TrackingParameters {
  readonly scripts: ReadonlyArray<TrackScript>
  readonly processes: ReadonlyArray<TrackProcess>
  readonly files: ReadonlyArray<TrackFile>
}

/**
 * Nothing tracked.
 *
 * @category constants
 * @since 0.1.0
 */
export const none: TrackingParameters = { scripts: [], processes: [], files: [] }
