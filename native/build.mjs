// SPDX-License-Identifier: MIT
/**
 * Builds the addon and the program of the last will with the system's C compiler: `node build.mjs [--if-stale]`.
 *
 * Plain JavaScript on purpose: it must run on any Node that starts the project, before anything is installed.
 * With `--if-stale` it compiles only when the output is missing or older than a source, a header or this file.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const here = dirname(fileURLToPath(import.meta.url))
const sourceFolder = join(here, "src")
const addon = join(here, "build", "holdfast.node")
const will = join(here, "build", "holdfast-will")
const willSource = join(sourceFolder, "will.c")
const inputs = readdirSync(sourceFolder)
  .filter((name) => name.endsWith(".c") || name.endsWith(".h"))
  .map((name) => join(sourceFolder, name))

if (process.argv.includes("--if-stale") && !isStale()) process.exit(0)
compileAddon()
compileWill()

function isStale() {
  if (!existsSync(addon) || !existsSync(will)) return true
  const builtAt = Math.min(statSync(addon).mtimeMs, statSync(will).mtimeMs)
  return [...inputs, fileURLToPath(import.meta.url)].some((path) => statSync(path).mtimeMs > builtAt)
}

function compileAddon() {
  const sources = inputs.filter((path) => path.endsWith(".c") && path !== willSource)
  const flags = ["-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-D_GNU_SOURCE", `-I${headerFolder()}`]
  if (!compile([...flags, ...sources], addon, "inherit")) failToCompile()
}

/** Static where the system has the C library as an archive: that is half the memory. */
function compileWill() {
  const flags = ["-Os", willSource]
  const compiled = compile(["-static", ...flags], will, "ignore") || compile(flags, will, "inherit")
  if (!compiled) failToCompile()
}

/** Returns whether it compiles. */
function compile(words, output, stdio) {
  mkdirSync(dirname(output), { recursive: true })
  // Compiled beside the target and moved over it: a process that has the old one loaded keeps it, and nobody
  // ever sees half a file.
  const partial = `${output}.${process.pid}`
  const compiler = process.env.CC || "cc"
  const result = spawnSync(compiler, ["-std=gnu11", "-Wall", "-Wextra", ...words, "-o", partial], { stdio })
  if (result.error !== undefined) {
    fail(
      `there is no C compiler (${compiler}: ${result.error.code}).`,
      "Install one: apt-get install gcc libc6-dev (or build-essential)."
    )
  }
  if (result.status !== 0) return false
  renameSync(partial, output)
  return true
}

/** @returns {never} */
function failToCompile() {
  fail(
    "the native addon does not compile.",
    "The compiler's messages are above; apt-get install build-essential brings the C library's headers."
  )
}

/** The headers of the Node that runs this, else those of the system. Node-API is stable, so either serves any Node. */
function headerFolder() {
  const candidates = [join(dirname(process.execPath), "..", "include", "node"), "/usr/include/node"]
  const found = candidates.find((folder) => existsSync(join(folder, "node_api.h")))
  return (
    found ??
    fail(
      "Node's C headers were not found.",
      `Looked in ${candidates.join(" and ")}; apt-get install libnode-dev brings them.`
    )
  )
}

/** @returns {never} */
function fail(problem, remedy) {
  console.error(`native: ${problem}\n${remedy}`)
  process.exit(1)
}
