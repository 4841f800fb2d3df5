/**
 * The programs that are measured beside each other, started alike.
 *
 * @since 0.1.0
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type * as Daemon from "../lab/Daemon.ts"

/**
 * Both programs, and which form of ours it is.
 *
 * @category models
 * @since 0.1.0
 */
export interface Contenders {
  readonly keepalived: Daemon.Program
  readonly holdfast: Daemon.Program
  readonly form: "released bundle" | "checkout"
}

/**
 * Builds the release and returns both programs; with `checkout` ours is the one of the sources.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (form: Contenders["form"]): Contenders => {
  if (form === "released bundle") execFileSync(process.execPath, [inRepository("apps/holdfast/build.ts")])
  const ours = form === "checkout" ? [checkout] : [process.execPath, bundle]
  return {
    form,
    keepalived: { name: "keepalived", command: (files) => ["keepalived", ...options(files)], started: /^/ },
    holdfast: {
      name: "holdfast",
      command: (files) => [
        ours[0] ?? checkout,
        ...ours.slice(1),
        "--stats-file",
        files.statistics,
        ...options(files)
      ],
      started: /^/
    }
  }
}

const options = (files: Daemon.Files): ReadonlyArray<string> => [
  ...["-n", "-l", "-P", "-f", files.configuration],
  ...["-p", join(files.directory, "main.pid"), "-r", join(files.directory, "vrrp.pid")]
]

const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const checkout = inRepository("apps/holdfast/bin/holdfast")
const bundle = inRepository("apps/holdfast/dist/release/holdfast.mjs")
