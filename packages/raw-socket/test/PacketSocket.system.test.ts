import { assert, describe, it } from "@effect/vitest"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as PacketSocket from "@holdfast/raw-socket/PacketSocket"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Cable from "./Cable.ts"

const etherTypeArp = 0x0806

/** A gratuitous ARP of 10.0.0.n from the hardware address of virtual router n. */
const frameOf = (n: number, etherType = etherTypeArp): Uint8Array => {
  const mac = [0, 0, 0x5e, 0, 1, n]
  const broadcast = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
  const header = [...broadcast, ...mac, etherType >> 8, etherType & 0xff]
  return Uint8Array.of(...header, 0, 1, 8, 0, 6, 4, 0, 1, ...mac, 10, 0, 0, n, ...broadcast, 10, 0, 0, n)
}

const witnessAt = Effect.fnUntraced(function* (end: Cable.End) {
  const frames = yield* Queue.bounded<Uint8Array>(1024)
  yield* PacketSocket.open({
    etherType: etherTypeArp,
    interfaceIndex: end.interfaceIndex,
    onBatch: (batch) => {
      for (const { bytes } of batch) Queue.offerUnsafe(frames, bytes.slice())
    },
    onEvent: (event) => assert.fail(event._tag)
  }).pipe(NetworkNamespace.provide(end.namespace))
  return frames
})

describe("PacketSocket", () => {
  it.live("sends a batch of ARP frames that the other end receives in order", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const frames = yield* witnessAt(left)
      const sender = yield* PacketSocket.open().pipe(NetworkNamespace.provide(right.namespace))
      const sent = Array.from({ length: 100 }, (_, index) => frameOf(index + 1))

      const outcome = sender.send(sent.map((bytes) => ({ bytes, interfaceIndex: right.interfaceIndex })))
      const received = yield* Queue.takeN(frames, 100)

      assert.deepStrictEqual(outcome, { sentCount: 100, errno: 0 })
      assert.deepStrictEqual(received, sent)
    })
  )

  it.live("receives one Ethernet type, and not what this machine sends", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const frames = yield* witnessAt(left)
      const here = yield* PacketSocket.open().pipe(NetworkNamespace.provide(left.namespace))
      const there = yield* PacketSocket.open().pipe(NetworkNamespace.provide(right.namespace))

      here.send([{ bytes: frameOf(1), interfaceIndex: left.interfaceIndex }])
      there.send([
        { bytes: frameOf(2, 0x88b5), interfaceIndex: right.interfaceIndex },
        { bytes: frameOf(3), interfaceIndex: right.interfaceIndex }
      ])
      const first = yield* Queue.take(frames)

      assert.deepStrictEqual(first, frameOf(3))
    })
  )

  it.live("reports a device that is gone as a value and sends by the others", () =>
    Effect.gen(function* () {
      const { right } = yield* Cable.make
      const sender = yield* PacketSocket.open().pipe(NetworkNamespace.provide(right.namespace))

      const outcome = sender.send([{ bytes: frameOf(1), interfaceIndex: 9999 }])
      const next = sender.send([{ bytes: frameOf(1), interfaceIndex: right.interfaceIndex }])

      assert.deepStrictEqual(outcome, { sentCount: 0, errno: 6 }) // ENXIO
      assert.deepStrictEqual(next, { sentCount: 1, errno: 0 })
    })
  )
})
