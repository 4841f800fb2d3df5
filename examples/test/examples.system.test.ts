/**
 * Every example does on a real kernel what its first line says.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { assert, describe, it } from "@effect/vitest"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"

const address = "192.0.2.10"

const inNamespace = Effect.gen(function* () {
  const namespace = yield* NetworkNamespace.make
  const run = (...words: ReadonlyArray<string>) =>
    NetworkNamespace.within(namespace, () => execFileSync("ip", words, { encoding: "utf8" }))
  run("link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
  run("addr", "add", "192.0.2.1/24", "dev", "eth0")
  run("link", "set", "eth0", "up")
  run("link", "set", "peer0", "up")
  return {
    addresses: () => run("-4", "addr", "show", "dev", "eth0"),
    start: (example: string) =>
      Effect.acquireRelease(
        Effect.sync(() =>
          NetworkNamespace.within(namespace, () =>
            spawn(
              process.execPath,
              [new URL(`../${example}`, import.meta.url).pathname, "eth0", `${address}/24`],
              {
                stdio: ["ignore", "pipe", "inherit"]
              }
            )
          )
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
  }
})

const lineWith = (child: ChildProcess, part: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout! })
    lines.on("line", (line) => line.includes(part) && resolve(line))
    child.once("exit", (code) => reject(new Error(`the example ended with ${code} before it said "${part}"`)))
  })

describe("examples", () => {
  for (const { example, says } of [
    { example: "01-hold-an-address.ts", says: "web: holds" },
    { example: "02-inside-effect.ts", says: "(web) addresses held" }
  ])
    it.live(`${example} holds its address and gives it up on SIGTERM`, () =>
      Effect.gen(function* () {
        const host = yield* inNamespace
        const child = yield* host.start(example)

        yield* Effect.promise(() => lineWith(child, says))
        assert.include(host.addresses(), address)

        const exit = once(child, "exit")
        child.kill("SIGTERM")
        yield* Effect.promise(() => exit)
        assert.notInclude(host.addresses(), address)
      })
    )
})
