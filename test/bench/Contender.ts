/**
 * The programs that are measured beside each other, started alike.
 *
 * @since 0.1.0
 */
import { execFileSync } from "node:child_process"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Daemon from "../lab/Daemon.ts"
import type { Pair } from "./Pairing.ts"

/**
 * Both programs, and which form of ours it is, of which commit; with a plus where product files differed from that.
 *
 * @category models
 * @since 0.1.0
 */
export interface Contenders extends Pair<Daemon.Program> {
  readonly form: "released bundle" | "checkout"
  readonly commit: string
  /** How ours is run. */
  readonly words: ReadonlyArray<string>
}

/**
 * Builds the release and returns both programs; with `checkout` ours is the one of the sources. The release is
 * measured from a copy that no other build can replace meanwhile.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (form: Contenders["form"]): Effect.Effect<Contenders, never, Scope.Scope> =>
  Effect.map(form === "checkout" ? Effect.succeed([checkout]) : released, (words) => ({
    form,
    commit: commit(),
    words,
    ...programs(words, "virtual routers")
  }))

/**
 * What a program runs; the option of the other half of its work is not given to it.
 *
 * @category models
 * @since 0.1.0
 */
export type Work = keyof typeof workOptions

/**
 * Returns both programs, of which ours is run by these words.
 *
 * @category constructors
 * @since 0.1.0
 */
export const programs = (
  [program = "", ...words]: ReadonlyArray<string>,
  work: Work
): Pair<Daemon.Program> => ({
  keepalived: {
    name: "keepalived",
    command: (files) => ["keepalived", ...options(files, work)],
    started: anyLine
  },
  holdfast: {
    name: "holdfast",
    command: (files) => [program, ...words, "--stats-file", files.statistics, ...options(files, work)],
    started: anyLine
  }
})

/**
 * Where the checker process of keepalived writes its number.
 *
 * @category getters
 * @since 0.1.0
 */
export const checkersPidFile = ({ directory }: Daemon.Files): string => join(directory, "checkers.pid")

const released = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      execFileSync(process.execPath, [inRepository("apps/holdfast/build.ts")])
      const directory = mkdtempSync(join(tmpdir(), "holdfast-bench-"))
      cpSync(dirname(bundle), directory, { recursive: true })
      return directory
    }),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  ),
  // As an operator runs it: its first line names the interpreter and how to start it.
  (directory) => [join(directory, "holdfast.mjs")]
)

const options = (files: Daemon.Files, work: Work): ReadonlyArray<string> => [
  // Without --no-syslog keepalived writes each line to the machine's console too where nothing takes syslog: 1.3 ms.
  "-nlG",
  ...workOptions[work],
  `--use-file=${files.configuration}`,
  `--pid=${join(files.directory, "main.pid")}`,
  `--vrrp_pid=${join(files.directory, "vrrp.pid")}`,
  `--checkers_pid=${checkersPidFile(files)}`
]

const workOptions = { "virtual routers": ["-P"], "virtual servers": ["-C"], both: [] } as const

// The benchmarks wait for what is on the wire and not for a line of a log.
const anyLine = /^/
const commit = (): string => {
  const git = (...words: ReadonlyArray<string>) =>
    execFileSync("git", ["-C", inRepository("."), ...words], { encoding: "utf8" }).trim()
  const changed = git("status", "--porcelain", "--untracked-files=no", "apps", "packages", "native") !== ""
  return `${git("rev-parse", "--short", "HEAD")}${changed ? "+" : ""}`
}

const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const checkout = inRepository("apps/holdfast/bin/holdfast")
const bundle = inRepository("apps/holdfast/dist/release/holdfast.mjs")
