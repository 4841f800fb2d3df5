import { assert, describe, it } from "@effect/vitest"
import * as Errno from "@holdfast/raw-socket/Errno"
import * as Linux from "@holdfast/raw-socket/Linux"
import * as Socket from "@holdfast/raw-socket/Socket"
import * as SocketAddress from "@holdfast/raw-socket/SocketAddress"
import * as UnixDatagramSocket from "@holdfast/raw-socket/UnixDatagramSocket"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Exit from "effect/Exit"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const encode = (text: string) => new TextEncoder().encode(text)

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

/** A reader on this path; made anew, it takes over the path of a former one. */
const listenAt = Effect.fnUntraced(function* (path: string) {
  const texts = yield* Queue.bounded<string>(64)
  yield* Socket.open({
    domain: Linux.AF_UNIX,
    type: Linux.SOCK_DGRAM,
    protocol: 0,
    bind: SocketAddress.encode({ _tag: "Unix", path }),
    receive: {
      dataSize: 1024,
      slotCount: 8,
      controlSize: 0,
      onBatch: (batch) => {
        for (let index = 0; index < batch.count; index++) {
          Queue.offerUnsafe(texts, new TextDecoder().decode(batch.dataAt(index)))
        }
      },
      onEvent: (event) => assert.fail(event._tag)
    }
  })
  yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(path, { force: true })))
  return texts
})

describe("UnixDatagramSocket", () => {
  it.live("sends datagrams to a path, and to the receiver that takes the path over", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryFolder, "log")
      const socket = yield* UnixDatagramSocket.open(path)
      const firstScope = yield* Scope.make()
      const first = yield* Scope.provide(listenAt(path), firstScope)

      socket.send(encode("READY=1"))
      const heardFirst = yield* Queue.take(first)
      yield* Scope.close(firstScope, Exit.void)
      const unheard = socket.send(encode("lost"))
      const second = yield* listenAt(path)
      const outcome = socket.send(encode("STOPPING=1"))
      const heardSecond = yield* Queue.take(second)

      assert.deepStrictEqual([heardFirst, heardSecond], ["READY=1", "STOPPING=1"])
      assert.strictEqual(Errno.nameOf(unheard.errno), "ENOENT")
      assert.deepStrictEqual(outcome, { sentCount: 1, errno: 0 })
    })
  )

  it.live("reaches abstract names, and never waits for a reader that is full", () =>
    Effect.gen(function* () {
      const path = `@holdfast-test-${process.pid}`
      yield* listenAt(path)
      const socket = yield* UnixDatagramSocket.open(path)

      const outcomes = Array.from({ length: 2000 }, () => socket.send(encode("x")))

      assert.deepStrictEqual(outcomes[0], { sentCount: 1, errno: 0 })
      assert.deepStrictEqual(outcomes.at(-1), { sentCount: 0, errno: Errno.EAGAIN })
    })
  )
})
