/**
 * Files that exist in a map that a test changes.
 *
 * @since 0.1.0
 */
import { FileWatch } from "@holdfast/engine/tracking/FileWatch"
import type { Reading } from "@holdfast/vrrp/tracking/FileTracker"
import * as Layer from "effect/Layer"

/**
 * - `write`, `remove`: what somebody does to a file.
 * - `text`: what a file holds now.
 * - `refuse`: first numbers are not written from now on.
 * - `watchers`: how many watch.
 *
 * @category models
 * @since 0.1.0
 */
export interface SimulatedFileWatch {
  readonly write: (path: string, text: string) => void
  readonly remove: (path: string) => void
  readonly text: (path: string) => string | undefined
  readonly refuse: (reason: string) => void
  readonly watchers: () => number
  readonly layer: Layer.Layer<FileWatch>
}

/**
 * Makes a machine without files.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): SimulatedFileWatch => {
  interface Watcher {
    readonly path: string
    readonly onReading: (reading: Reading) => void
  }
  const files = new Map<string, string>()
  const watchers = new Set<Watcher>()
  let refusal: string | undefined
  const read = (path: string): Reading => {
    const text = files.get(path)
    return text === undefined ? { _tag: "Missing" } : { _tag: "Text", text }
  }
  const tell = (path: string): void =>
    watchers.forEach((watcher) => {
      if (watcher.path === path) watcher.onReading(read(path))
    })
  const write = (path: string, text: string): void => {
    files.set(path, text)
    tell(path)
  }

  return {
    write,
    remove: (path) => {
      files.delete(path)
      tell(path)
    },
    text: (path) => files.get(path),
    refuse: (reason) => {
      refusal = reason
    },
    watchers: () => watchers.size,
    layer: Layer.succeed(
      FileWatch,
      FileWatch.of({
        watch: (path, onReading) => {
          const watcher: Watcher = { path, onReading }
          watchers.add(watcher)
          return { reading: read(path), close: () => void watchers.delete(watcher) }
        },
        initialise: (path, { overwrite, value }) => {
          if (files.has(path) && !overwrite) return undefined
          if (refusal !== undefined) return refusal
          write(path, `${value}\n`)
          return undefined
        }
      })
    )
  }
}
