/**
 * `FileWatch` on this machine.
 *
 * @since 0.1.0
 */
import { FileWatch } from "@holdfast/engine/tracking/FileWatch"
import type { TrackFile } from "@holdfast/vrrp/TrackingParameters"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { statSync, writeFileSync } from "node:fs"
import * as WatchedFile from "../file/WatchedFile.ts"

/**
 * The port.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<FileWatch> = Layer.succeed(
  FileWatch,
  FileWatch.of({
    watch: WatchedFile.open,
    initialise: (path, initial) =>
      Result.match(Result.try({ try: () => initialise(path, initial), catch: messageOf }), {
        onSuccess: (reason) => reason,
        onFailure: (reason) => reason
      })
  })
)

/** What is there and no file, such as a pipe or a device, is not written to. */
const initialise = (
  path: string,
  { overwrite, value }: NonNullable<TrackFile["initial"]>
): string | undefined => {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats !== undefined && !overwrite) return undefined
  if (stats !== undefined && !stats.isFile()) return "it is no regular file"
  writeFileSync(path, `${value}\n`, { mode: fileMode })
  return undefined
}

/** Others may read it; those who shall write it are for the operator to name. */
const fileMode = 0o644

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
