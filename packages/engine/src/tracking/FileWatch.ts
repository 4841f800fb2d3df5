/**
 * The port for tracked files.
 *
 * @since 0.1.0
 */
import type { Reading } from "@holdfast/vrrp/tracking/FileTracker"
import type { TrackFile } from "@holdfast/vrrp/TrackingParameters"
import * as Context from "effect/Context"

/**
 * A file that is watched.
 *
 * @category models
 * @since 0.1.0
 */
export interface WatchedFile {
  /** What it held when the watch began. */
  readonly reading: Reading
  /** Ends the watch: nothing is told any more. */
  readonly close: () => void
}

/**
 * Watches files and writes their first numbers.
 *
 * @category services
 * @since 0.1.0
 */
export class FileWatch extends Context.Service<
  FileWatch,
  {
    /**
     * Reads a file and tells each other reading after that: it is written, replaced, made, removed. `onReading` is not called
     * before this returns, and must not throw.
     */
    readonly watch: (path: string, onReading: (reading: Reading) => void) => WatchedFile
    /**
     * Writes a first number: where there is no file, and over one that is there if `overwrite`. Returns why it could not.
     */
    readonly initialise: (path: string, initial: NonNullable<TrackFile["initial"]>) => string | undefined
  }
>()("@holdfast/engine/tracking/FileWatch") {}
