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
    addresses: () => run("-brief", "addr", "show"),
    start: (example: string, ...addresses: ReadonlyArray<string>) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const path = new URL(`../${example}`, import.meta.url).pathname
          return NetworkNamespace.within(namespace, () =>
            spawn(process.execPath, [path, "eth0", ...addresses], { stdio: ["ignore", "pipe", "inherit"] })
          )
        }),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
  }
})

/** Waits for a line that the example has not written yet. */
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
        const child = yield* host.start(example, `${address}/24`)

        yield* Effect.promise(() => lineWith(child, says))
        assert.include(host.addresses(), address)

        const exit = once(child, "exit")
        child.kill("SIGTERM")
        yield* Effect.promise(() => exit)
        assert.notInclude(host.addresses(), address)
      })
    )

  it.live("03-only-while-well.ts gives its address up while it is ill", () =>
    Effect.gen(function* () {
      const host = yield* inNamespace
      const child = yield* host.start("03-only-while-well.ts", `${address}/24`)
      yield* Effect.promise(() => lineWith(child, "(web) addresses held"))

      const ill = lineWith(child, "script service is down")
      const gone = lineWith(child, "(web) addresses given up")
      child.kill("SIGUSR2")
      yield* Effect.promise(() => Promise.all([ill, gone]))
      assert.notInclude(host.addresses(), address)

      const back = lineWith(child, "(web) addresses held")
      child.kill("SIGUSR2")
      yield* Effect.promise(() => back)
      assert.include(host.addresses(), address)
    })
  )

  it.live("04-both-families.ts holds both or none, on devices of its own", () =>
    Effect.gen(function* () {
      const host = yield* inNamespace
      const addresses = [`${address}/24`, "fe80::10/64", "2001:db8::10/64"]
      const child = yield* host.start("04-both-families.ts", ...addresses)
      const held = ["web", "web (IPv6)"].map((router) => lineWith(child, `${router}: holds`))
      yield* Effect.promise(() => Promise.all([lineWith(child, "web: Backup -> Master"), ...held]))

      assert.match(host.addresses(), /^vrrp\.51@eth0 .* 192\.0\.2\.10\/24/m)
      assert.match(host.addresses(), /^vrrp6\.51@eth0 .* 2001:db8::10\/64/m)

      const exit = once(child, "exit")
      child.kill("SIGTERM")
      yield* Effect.promise(() => exit)
      assert.notInclude(host.addresses(), "vrrp")
    })
  )
})
