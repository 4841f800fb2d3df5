/**
 * A directory of a test for the operator's scripts and files, with pipes that say what scripts were run.
 *
 * @since 0.1.0
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "./Child.ts"
import * as Journal from "./Journal.ts"
import type { Namespace } from "./Namespace.ts"

/**
 * A line of a pipe, with the time it was read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Line {
  readonly atMicros: number
  readonly text: string
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Scratch {
  /** Returns the path of a file. */
  readonly path: (name: string) => string
  /** Writes a file in one step, by a rename. */
  readonly write: (name: string, text: string) => Effect.Effect<string>
  /** Writes a program for `/bin/sh`. */
  readonly script: (name: string, body: string) => Effect.Effect<string>
  readonly remove: (name: string) => Effect.Effect<void>
  /** Makes a pipe and reads it from now on. */
  readonly pipe: (name: string) => Effect.Effect<Journal.Journal<Line>, never, Scope.Scope>
}

/**
 * Makes the directory; the end of the scope removes it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (namespace: Namespace): Effect.Effect<Scratch, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-scratch-"))),
      (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
    ),
    (directory) => {
      const path = (name: string) => join(directory, name)
      const write = (name: string, text: string, mode = 0o644) =>
        Effect.sync(() => {
          writeFileSync(path(`${name}.new`), text, { mode })
          renameSync(path(`${name}.new`), path(name))
          return path(name)
        })
      return {
        path,
        write: (name, text) => write(name, text),
        script: (name, body) => write(name, `#!/bin/sh\n${body}\n`, 0o755),
        remove: (name) => Effect.sync(() => rmSync(path(name), { force: true })),
        pipe: (name) => read(namespace, path(name))
      }
    }
  )

const read = (namespace: Namespace, path: string): Effect.Effect<Journal.Journal<Line>, never, Scope.Scope> =>
  Effect.gen(function* () {
    execFileSync("mkfifo", [path])
    // Opened for both: the pipe has no end when its writer closes it.
    const child = yield* Child.start(namespace, ["sh", "-c", 'exec cat 0<>"$0"', path])
    const lines = Journal.make<Line>(path, ({ text }) => text)
    Child.onLines(child.stdout, (text) => lines.append({ atMicros: Date.now() * 1000, text }))
    return lines
  })
