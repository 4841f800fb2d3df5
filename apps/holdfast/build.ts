/**
 * Bundles the command into one file, with the native addon beside it: `dist/release/holdfast.mjs`, `holdfast.node`.
 *
 * @since 0.1.0
 */
import { chmodSync, copyFileSync, mkdirSync, renameSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "rolldown"

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const release = here("./dist/release")

// A daemon lives for months and shares its machine with what it serves: docs/decisions/0014. bin/holdfast says the same.
const smallAllocator = "MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=65536 MALLOC_TRIM_THRESHOLD_=65536"
const smallHeap = "--max-semi-space-size=1"

mkdirSync(release, { recursive: true })
await build({
  input: here("./src/main.ts"),
  platform: "node",
  output: {
    file: `${release}/holdfast.mjs`,
    format: "esm",
    banner: `#!/usr/bin/env -S ${smallAllocator} node ${smallHeap}`,
    minify: true,
    // The demo is imported when asked for; one file holds it all the same.
    codeSplitting: false
  },
  logLevel: "warn"
})
chmodSync(`${release}/holdfast.mjs`, 0o755)
// Renamed into place: a daemon that runs has the old file mapped and keeps it.
copyFileSync(here("../../native/build/holdfast.node"), `${release}/holdfast.node.new`)
renameSync(`${release}/holdfast.node.new`, `${release}/holdfast.node`)
console.log(`${release}/holdfast.mjs`)
