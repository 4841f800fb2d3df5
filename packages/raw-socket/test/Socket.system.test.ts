import { assert, describe, it } from "@effect/vitest"
import * as Linux from "@holdfast/raw-socket/Linux"
import * as SendArena from "@holdfast/raw-socket/SendArena"
import * as Socket from "@holdfast/raw-socket/Socket"
import * as SocketAddress from "@holdfast/raw-socket/SocketAddress"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"

const address = SocketAddress.encode({ _tag: "Unix", path: `@holdfast-socket-test-${process.pid}` })
const unixDatagram = { domain: Linux.AF_UNIX, type: Linux.SOCK_DGRAM, protocol: 0 }
const messageOf = (value: number, length = 1) => ({ data: new Uint8Array(length).fill(value), address })

interface Heard {
  readonly data: Uint8Array
  readonly isTruncated: boolean
}

const receiveInto = (heard: Queue.Enqueue<Heard>, onBatch: (count: number) => void = () => {}) => ({
  ...unixDatagram,
  bind: address,
  receive: {
    dataSize: 4,
    slotCount: 2,
    controlSize: 0,
    onBatch: (batch: Socket.Batch) => {
      for (let index = 0; index < batch.count; index++) {
        Queue.offerUnsafe(heard, {
          data: batch.dataAt(index).slice(),
          isTruncated: batch.isTruncatedAt(index)
        })
      }
      onBatch(batch.count)
    },
    onEvent: (event: Socket.SocketEvent) => assert.fail(event._tag)
  }
})

describe("Socket", () => {
  it.live("drains in batches of at most its slots", () =>
    Effect.gen(function* () {
      const heard = yield* Queue.bounded<Heard>(64)
      const batchSizes: Array<number> = []
      yield* Socket.open(receiveInto(heard, (count) => batchSizes.push(count)))
      const sender = yield* Socket.open(unixDatagram)

      sender.send([1, 2, 3, 4, 5].map((value) => messageOf(value)))
      const messages = yield* Queue.takeN(heard, 5)

      assert.deepStrictEqual(
        messages.map(({ data }) => data[0]),
        [1, 2, 3, 4, 5]
      )
      assert.deepStrictEqual(batchSizes, [2, 2, 1])
    })
  )

  it.live("marks what was longer than a slot", () =>
    Effect.gen(function* () {
      const heard = yield* Queue.bounded<Heard>(64)
      yield* Socket.open(receiveInto(heard))
      const sender = yield* Socket.open(unixDatagram)

      sender.send([messageOf(7, 5), messageOf(8, 4)])
      const messages = yield* Queue.takeN(heard, 2)

      assert.deepStrictEqual(messages, [
        { data: new Uint8Array(4).fill(7), isTruncated: true },
        { data: new Uint8Array(4).fill(8), isTruncated: false }
      ])
    })
  )

  it.live("reads no further when the callback closes its scope", () =>
    Effect.gen(function* () {
      const heard = yield* Queue.bounded<Heard>(64)
      const scope = yield* Scope.make()
      const closeScope = () => Effect.runSync(Scope.close(scope, Exit.void))
      yield* Scope.provide(Socket.open(receiveInto(heard, closeScope)), scope)
      const sender = yield* Socket.open(unixDatagram)

      sender.send([1, 2, 3].map((value) => messageOf(value)))
      yield* Queue.takeN(heard, 2)
      const outcome = sender.send([messageOf(4)])

      assert.strictEqual(yield* Queue.size(heard), 0)
      assert.deepStrictEqual(outcome, { sentCount: 0, errno: 111 }) // ECONNREFUSED
    })
  )

  it.live("does nothing once its scope is closed, though its number lives on in another socket", () =>
    Effect.gen(function* () {
      const heard = yield* Queue.bounded<Heard>(64)
      yield* Socket.open(receiveInto(heard))
      const closed = yield* Effect.scoped(
        Effect.map(Socket.open(unixDatagram), (socket) => ({ ...socket, fd: socket.descriptor.fd }))
      )
      const heir = yield* Socket.open(unixDatagram)

      const outcome = closed.send([messageOf(1)])
      heir.send([messageOf(2)])

      assert.strictEqual(heir.descriptor.fd, closed.fd)
      assert.deepStrictEqual(outcome, { sentCount: 0, errno: 9 }) // EBADF
      assert.deepStrictEqual((yield* Queue.take(heard)).data, Uint8Array.of(2))
    })
  )

  it.live("sends an arena that was filled once, again and again", () =>
    Effect.gen(function* () {
      const heard = yield* Queue.bounded<Heard>(64)
      yield* Socket.open(receiveInto(heard))
      const sender = yield* Socket.open(unixDatagram)
      const arena = SendArena.make(2, 1024)
      SendArena.append(arena, messageOf(1))
      SendArena.append(arena, messageOf(2))

      const outcomes = [sender.sendArena(arena), sender.sendArena(arena)]
      const messages = yield* Queue.takeN(heard, 4)

      assert.deepStrictEqual(outcomes, [
        { sentCount: 2, errno: 0 },
        { sentCount: 2, errno: 0 }
      ])
      assert.deepStrictEqual(
        messages.map(({ data }) => data[0]),
        [1, 2, 1, 2]
      )
    })
  )

  it.live("stops watching when an error does not go away, and says so once", () =>
    Effect.gen(function* () {
      const events = yield* Queue.bounded<Socket.SocketEvent>(256)

      // A stream socket that is not connected is always ready and always fails.
      yield* Socket.open({
        domain: Linux.AF_INET,
        type: 1,
        protocol: 0,
        receive: {
          dataSize: 4,
          slotCount: 1,
          controlSize: 0,
          onBatch: () => assert.fail("nothing to receive"),
          onEvent: (event) => Queue.offerUnsafe(events, event)
        }
      })
      const reported = yield* Queue.takeN(events, 64)

      assert.deepStrictEqual(reported[0], { _tag: "SocketFailed", code: "ENOTCONN", stopped: false })
      assert.deepStrictEqual(reported[63], { _tag: "SocketFailed", code: "ENOTCONN", stopped: true })
      assert.strictEqual(yield* Queue.size(events), 0)
    })
  )
})
