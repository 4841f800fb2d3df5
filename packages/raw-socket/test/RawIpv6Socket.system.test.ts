import { assert, describe, it } from "@effect/vitest"
import * as Ethernet from "@holdfast/wire/Ethernet"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as PacketFilter from "@holdfast/raw-socket/PacketFilter"
import * as PacketSocket from "@holdfast/raw-socket/PacketSocket"
import * as RawIpv6Socket from "@holdfast/raw-socket/RawIpv6Socket"
import type * as Socket from "@holdfast/raw-socket/Socket"
import * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Cable from "./Cable.ts"

const group = Address.Ipv6Address.make("ff02::12")
/** The checksum is wrong on purpose: it is the sender's business. */
const advertOf = (vrid: number) => Uint8Array.of(0x31, vrid, 100, 1, 0, 1, 0xab, 0xcd)

interface OpenOptions {
  readonly filter?: PacketFilter.Program
  readonly receiveBufferSize?: number
  readonly onEvent?: (event: Socket.SocketEvent) => void
}

const openAt = Effect.fnUntraced(function* (end: Cable.End, options: OpenOptions = {}) {
  const arrivals = yield* Queue.bounded<RawIpv6Socket.ReceivedPacket>(1024)
  const socket = yield* RawIpv6Socket.open({
    interfaceName: end.interfaceName,
    interfaceIndex: end.interfaceIndex,
    onBatch: (packets) => {
      for (const packet of packets)
        Queue.offerUnsafe(arrivals, { ...packet, payload: packet.payload.slice() })
    },
    onEvent: (event) => assert.fail(event._tag),
    ...options
  }).pipe(NetworkNamespace.provide(end.namespace))
  return { ...socket, arrivals }
})

/** Every frame of IPv6 that comes in by the end's device and carries protocol 112. */
const witnessAt = Effect.fnUntraced(function* (end: Cable.End) {
  const frames = yield* Queue.bounded<Uint8Array>(64)
  yield* PacketSocket.open({
    etherType: 0x86dd,
    interfaceIndex: end.interfaceIndex,
    onBatch: (batch) => {
      for (const { bytes } of batch) if (bytes[20] === 112) Queue.offerUnsafe(frames, bytes.slice())
    },
    onEvent: (event) => assert.fail(event._tag)
  }).pipe(NetworkNamespace.provide(end.namespace))
  return frames
})

const vridOf = ({ payload }: RawIpv6Socket.ReceivedPacket) => payload[1]

describe("RawIpv6Socket", () => {
  it.live("sends multicast as RFC 9568 5.1.2 demands, and says what the header said", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left)
      const sender = yield* openAt(right)
      yield* receiver.joinGroup(group)
      const frames = yield* witnessAt(left)
      const before = MonotonicClock.now()

      const outcome = sender.send([{ payload: advertOf(82), source: right.address6, destination: group }])
      const { arrivedAtMicros, ...arrival } = yield* Queue.take(receiver.arrivals)
      const frame = yield* Queue.take(frames)

      assert.deepStrictEqual(outcome, { sentCount: 1, errno: 0 })
      assert.deepStrictEqual(arrival, {
        source: right.address6,
        destination: group,
        hopLimit: 255,
        payload: advertOf(82),
        interfaceIndex: left.interfaceIndex,
        isTruncated: false
      })
      assert.isTrue(arrivedAtMicros >= before - 1_000 && arrivedAtMicros <= MonotonicClock.now())
      // RFC 8200 section 3: version 6, traffic class 0xc0; the flow label is the kernel's.
      assert.strictEqual(frame[Ethernet.headerLength], 0x6c)
      assert.strictEqual(frame[Ethernet.headerLength + 1]! & 0xf0, 0x00)
    })
  )

  it.live("sends by unicast, from the address and with the hop limit of each packet", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      Cable.ip(right.namespace, "address", "add", "fd00::77/64", "dev", "eth0", "nodad")
      const second = Address.Ipv6Address.make("fd00::77")
      const receiver = yield* openAt(left)
      const sender = yield* openAt(right)

      sender.send([
        { payload: advertOf(1), source: second, destination: left.address6, hopLimit: 64 },
        { payload: advertOf(2), source: right.address6, destination: left.address6 },
        { payload: advertOf(3), source: right.address6, destination: left.address6, hopLimit: 1 }
      ])
      const arrivals = yield* Queue.takeN(receiver.arrivals, 3)

      assert.deepStrictEqual(
        arrivals.map((arrival) => [vridOf(arrival), arrival.source, arrival.destination, arrival.hopLimit]),
        [
          [1, second, left.address6, 64],
          [2, right.address6, left.address6, 255],
          [3, right.address6, left.address6, 1]
        ]
      )
    })
  )

  it.live("carries the longest advert, in fragments", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left)
      const sender = yield* openAt(right)
      yield* receiver.joinGroup(group)
      const payload = Uint8Array.from({ length: 8 + 255 * 16 }, (_, index) => index % 251)

      sender.send([{ payload, source: right.address6, destination: group }])
      const arrival = yield* Queue.take(receiver.arrivals)

      assert.isFalse(arrival.isTruncated)
      assert.deepStrictEqual(arrival.payload, payload)
    })
  )

  it.live("receives a group only while it is joined here, and nothing this machine sends to one", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const member = yield* openAt(left)
      const stranger = yield* openAt(left)
      const sender = yield* openAt(right)
      const send = (vrid: number, destination: Address.Ipv6Address) =>
        sender.send([{ payload: advertOf(vrid), source: right.address6, destination }])

      send(1, group)
      yield* member.joinGroup(group)
      send(2, group)
      stranger.send([{ payload: advertOf(3), source: left.address6, destination: group }])
      assert.strictEqual(vridOf(yield* Queue.take(member.arrivals)), 2)
      yield* member.leaveGroup(group)
      send(4, group)
      send(5, left.address6)

      assert.strictEqual(vridOf(yield* Queue.take(member.arrivals)), 5)
      assert.strictEqual(vridOf(yield* Queue.take(stranger.arrivals)), 5)
    })
  )

  it.live("lets the kernel drop other virtual routers, and replaces the filter at once", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left, { filter: PacketFilter.acceptOnly(new Set([2]), "Ipv6") })
      const sender = yield* openAt(right)
      const send = (payload: Uint8Array) =>
        sender.send([{ payload, source: right.address6, destination: left.address6 }])

      for (const vrid of [1, 2, 3]) send(advertOf(vrid))
      send(Uint8Array.of(0x31))
      yield* receiver.setFilter(PacketFilter.acceptAllBut(new Set([2]), "Ipv6"))
      for (const vrid of [1, 2, 3]) send(advertOf(vrid))
      const arrivals = yield* Queue.takeN(receiver.arrivals, 4)

      assert.deepStrictEqual(arrivals.map(vridOf), [2, undefined, 1, 3])
    })
  )

  it.live("reports how many packets an overrun has cost, and goes on", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const events = yield* Queue.bounded<Socket.SocketEvent>(16)
      const onEvent = (event: Socket.SocketEvent) => Queue.offerUnsafe(events, event)
      const receiver = yield* openAt(left, { receiveBufferSize: 4096, onEvent })
      const sender = yield* openAt(right)
      const packet = { payload: advertOf(1), source: right.address6, destination: left.address6 }

      sender.send(Array.from({ length: 100 }, () => packet))
      const kept = [yield* Queue.take(receiver.arrivals), ...(yield* Queue.takeAll(receiver.arrivals))]
      sender.send([{ ...packet, payload: advertOf(2) }])
      const event = yield* Queue.take(events)
      const next = yield* Queue.take(receiver.arrivals)

      assert.deepStrictEqual(event, { _tag: "Overrun", droppedCount: 100 - kept.length })
      assert.strictEqual(vridOf(next), 2)
    })
  )

  it.live("sends by any device from one socket, also from an address that the device does not have", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left)
      yield* receiver.joinGroup(group)
      const frames = yield* witnessAt(left)
      const device = ["vrrp.7", "address", "00:00:5e:00:02:07", "type", "macvlan", "mode", "private"]
      Cable.ip(right.namespace, "link", "add", "link", "eth0", ...device)
      Cable.ip(right.namespace, "link", "set", "vrrp.7", "addrgenmode", "none", "up")
      const index = Cable.indexOf(right.namespace, "vrrp.7")
      const linkLocal = Address.Ipv6Address.make("fe80::1:2:3")
      Cable.ip(right.namespace, "address", "add", `${linkLocal}/64`, "dev", "eth0", "nodad")
      const sender = yield* RawIpv6Socket.openSender.pipe(NetworkNamespace.provide(right.namespace))

      const outcomes = [
        sender.on(index).send([{ payload: advertOf(7), source: linkLocal, destination: group }]),
        sender
          .on(right.interfaceIndex)
          .send([{ payload: advertOf(8), source: right.address6, destination: group }]),
        sender.on(4_711).send([{ payload: advertOf(9), source: right.address6, destination: group }])
      ]
      const arrivals = yield* Queue.takeN(receiver.arrivals, 2)
      const [first, second] = yield* Queue.takeN(frames, 2)

      assert.deepStrictEqual(
        outcomes.map(({ sentCount }) => sentCount),
        [1, 1, 0]
      )
      assert.deepStrictEqual(
        arrivals.map((arrival) => [vridOf(arrival), arrival.source, arrival.hopLimit]),
        [
          [7, linkLocal, 255],
          [8, right.address6, 255]
        ]
      )
      assert.strictEqual(Address.macFromBytes(first!, 6), "00:00:5e:00:02:07")
      assert.notStrictEqual(Address.macFromBytes(second!, 6), "00:00:5e:00:02:07")
    })
  )
})
