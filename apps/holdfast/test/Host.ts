/**
 * A host for the command: a network namespace with one device, and a directory that the command is started in.
 */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"

const holdfast = fileURLToPath(new URL("../bin/holdfast", import.meta.url))

/** The address of the host's `eth0`. */
const own = "192.0.2.1"

/** Makes a host. The scope's end ends what was started. */
export const make = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-command-test-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const file = (name: string): string => join(directory, name)
  const namespace = yield* NetworkNamespace.make
  const ip = (...words: ReadonlyArray<string>): string =>
    NetworkNamespace.within(namespace, () => execFileSync("ip", words, { encoding: "utf8" }))
  ip("link", "set", "lo", "up")
  ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
  ip("addr", "add", `${own}/24`, "dev", "eth0")
  ip("link", "set", "eth0", "up")
  ip("link", "set", "peer0", "up")
  // Also a daemon that a failed test has left in the background.
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.try(() => killHolder(file("pid")))))

  /** Starts the command, by another command where one is given. */
  const start = (words: string, ...wrapper: ReadonlyArray<string>) =>
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => {
          const [program, ...rest] = [...wrapper, holdfast, ...words.split(" ")]
          return NetworkNamespace.within(namespace, () => spawn(program!, rest, { cwd: directory }))
        }),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      ),
      (child) => {
        let output = ""
        for (const stream of [child.stdout, child.stderr])
          stream.on("data", (data) => (output += String(data)))
        // Not "exit": what was printed has arrived only at "close".
        const closed = once(child, "close")
        return {
          pid: child.pid,
          output: () => output,
          signal: (name: NodeJS.Signals) => child.kill(name),
          stop: () => child.kill("SIGTERM"),
          code: Effect.promise(async () => (await closed)[0] as number | null)
        }
      }
    )

  return {
    file,
    ip,
    start,
    read: (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), "utf8") : ""),
    write: (name: string, text: string, mode = 0o644) => writeFileSync(file(name), text, { mode }),
    holds: (address: string): boolean => ip("addr", "show", "dev", "eth0").includes(` ${address}/`)
  }
})

const killHolder = (pidFile: string): void => {
  if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL")
}

/** Waits until something is true. */
export const until = (what: string, check: () => boolean): Effect.Effect<void> =>
  Effect.promise(async () => {
    for (let waited = 0; !check(); waited += stepMillis) {
      if (waited > waitMillisMax) throw new Error(`it does not come true that ${what}`)
      await pause(stepMillis)
    }
  })

const stepMillis = 10
const waitMillisMax = 20_000
