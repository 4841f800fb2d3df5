/**
 * Bundles the command: `dist/release/holdfast.mjs`, its parts beside it, the native addon, `holdfast.node`, and
 * `holdfast-will`, which outlives it.
 *
 * A thread reads the parts that it needs: one file of everything cost 15 MB in the two threads of a director that only
 * holds addresses.
 *
 * @since 0.1.0
 */
import { chmodSync, copyFileSync, mkdirSync, rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "rolldown"

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const release = here("./dist/release")

// A daemon lives for months and shares its machine with what it serves: docs/decisions/0014. bin/holdfast says the same.
const smallAllocator = "MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=65536 MALLOC_TRIM_THRESHOLD_=65536"
const smallHeap = "--max-semi-space-size=1"

// A daemon that runs has read its parts; one that needs another later ends in order and says why (BalancerEnded).
rmSync(release, { recursive: true, force: true })
mkdirSync(release, { recursive: true })
await build({
  input: here("./src/main.ts"),
  platform: "node",
  output: {
    dir: release,
    entryFileNames: "holdfast.mjs",
    chunkFileNames: "[name]-[hash].mjs",
    format: "esm",
    banner: `#!/usr/bin/env -S ${smallAllocator} node ${smallHeap}`,
    minify: true
  },
  logLevel: "warn"
})
chmodSync(`${release}/holdfast.mjs`, 0o755)
for (const name of ["holdfast.node", "holdfast-will"])
  copyFileSync(here(`../../native/build/${name}`), `${release}/${name}`)
console.log(`${release}/holdfast.mjs`)
