/**
 * Pid files: written under a lock that the kernel drops with the process, so that a stale file never stops a start.
 *
 * @since 0.1.0
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * The pid file cannot be taken.
 *
 * @category errors
 * @since 0.1.0
 */
export class PidFileError extends Schema.TaggedError<PidFileError>()("PidFileError", {
  reason: Schema.Literals(["Running", "Unwritable"]),
  message: Schema.String
}) {}

/**
 * Takes a pid file for the life of the scope, writes this process's id, and removes the file at the end.
 *
 * @category constructors
 * @since 0.1.0
 */
export const take = (path: string): Effect.Effect<void, PidFileError, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.try({
        try: () => lock(path),
        catch: (error) =>
          error instanceof PidFileError
            ? error
            : new PidFileError({
                reason: "Unwritable",
                message: `cannot write pid file ${path}: ${error instanceof Error ? error.message : String(error)}; name another with --pid`
              })
      }),
      (fd) =>
        Effect.sync(() => {
          unlinkSync(path)
          closeSync(fd)
        }).pipe(Effect.ignore)
    )
  )

const lock = (path: string): number => {
  mkdirSync(dirname(path), { recursive: true })
  const fd = openSync(path, "a+", pidFileMode)
  if (Native.load().flock(fd, lockExclusive | lockNonBlocking) < 0) {
    closeSync(fd)
    throw new PidFileError({
      reason: "Running",
      message: `already running as process ${readFileSync(path, "utf8").trim() || "?"} (pid file ${path}); stop it first or name another with --pid`
    })
  }
  ftruncateSync(fd)
  writeSync(fd, `${process.pid}\n`)
  return fd
}

const pidFileMode = 0o644
const lockExclusive = 2 // LOCK_EX of sys/file.h
const lockNonBlocking = 4 // LOCK_NB of sys/file.h
