/**
 * The small programs in C that a measurement needs beside it.
 *
 * @since 0.1.0
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * Compiles a program of this folder and returns its path; it is gone when the scope closes. Needs a C compiler, as the
 * addon does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const build = (name: "accept" | "stillness"): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const program = join(mkdtempSync(join(tmpdir(), "holdfast-bench-")), name)
      execFileSync("cc", ["-O2", "-o", program, fileURLToPath(new URL(`${name}.c`, import.meta.url))])
      return program
    }),
    (program) => Effect.sync(() => rmSync(join(program, ".."), { recursive: true, force: true }))
  )
