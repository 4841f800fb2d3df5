import { assert, describe, it } from "@effect/vitest"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { execFileSync } from "node:child_process"
import { readlinkSync } from "node:fs"

const here = () => readlinkSync("/proc/thread-self/ns/net")
const inChild = () => execFileSync("readlink", ["/proc/self/ns/net"], { encoding: "utf8" }).trim()

describe("NetworkNamespace", () => {
  it.live("makes a new namespace and leaves the thread where it was", () =>
    Effect.gen(function* () {
      const home = here()

      const namespace = yield* NetworkNamespace.make
      const inside = NetworkNamespace.within(namespace, here)

      assert.notStrictEqual(inside, home)
      assert.strictEqual(readlinkSync(NetworkNamespace.pathOf(namespace)), inside)
      assert.strictEqual(here(), home)
    })
  )

  it.live("passes the namespace on to child processes", () =>
    Effect.gen(function* () {
      const namespace = yield* NetworkNamespace.make

      const inside = NetworkNamespace.within(namespace, () => [here(), inChild()])

      assert.strictEqual(inside[1], inside[0])
      assert.strictEqual(inChild(), here())
    })
  )

  it.live("nests, and returns when the function throws", () =>
    Effect.gen(function* () {
      const outer = yield* NetworkNamespace.make
      const inner = yield* NetworkNamespace.make
      const home = here()

      const [before, after] = NetworkNamespace.within(outer, () => {
        const start = here()
        assert.throws(() =>
          NetworkNamespace.within(inner, () => {
            throw new Error("inside")
          })
        )
        return [start, here()]
      })

      assert.strictEqual(after, before)
      assert.notStrictEqual(after, home)
      assert.strictEqual(here(), home)
    })
  )

  it.live("is the machine's only holder: closing the scope closes the descriptor", () =>
    Effect.gen(function* () {
      const namespace = yield* Effect.scoped(NetworkNamespace.make)

      const exit = yield* Effect.exit(Effect.void.pipe(NetworkNamespace.provide(namespace)))

      assert.isTrue(Exit.isFailure(exit))
      assert.throws(() => readlinkSync(NetworkNamespace.pathOf(namespace)))
    })
  )

  it.live("opens the current namespace and says when there is none at a path", () =>
    Effect.gen(function* () {
      const current = yield* NetworkNamespace.current
      const error = yield* Effect.flip(NetworkNamespace.open("/run/netns/absent"))

      assert.strictEqual(NetworkNamespace.within(current, here), here())
      assert.deepStrictEqual(
        [error.operation, error.code],
        ["open network namespace /run/netns/absent", "ENOENT"]
      )
    })
  )
})
