import { assert, describe, it } from "@effect/vitest"
import * as Errno from "@holdfast/raw-socket/Errno"
import * as Linux from "@holdfast/raw-socket/Linux"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as PacketFilter from "@holdfast/raw-socket/PacketFilter"
import * as RawIpv4Socket from "@holdfast/raw-socket/RawIpv4Socket"
import * as Socket from "@holdfast/raw-socket/Socket"
import * as SocketOption from "@holdfast/raw-socket/SocketOption"
import * as Address from "@holdfast/wire/Address"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { vi } from "vitest"
import * as Cable from "./Cable.ts"

const group = Address.Ipv4Address.make("224.0.0.18")
const advertOf = (vrid: number) => Uint8Array.of(0x21, vrid, 100, 1, 0, 1, 0, 0)

interface Arrival {
  readonly bytes: Uint8Array
  readonly interfaceIndex: number
}

interface OpenOptions {
  readonly protocol?: number
  readonly filter?: PacketFilter.Program
  readonly receiveBufferSize?: number
  readonly gathered?: boolean
  readonly onEvent?: (event: Socket.SocketEvent) => void
}

const openAt = Effect.fnUntraced(function* (end: Cable.End, options: OpenOptions = {}) {
  const arrivals = yield* Queue.bounded<Arrival>(1024)
  const socket = yield* RawIpv4Socket.open({
    interfaceName: end.interfaceName,
    interfaceIndex: end.interfaceIndex,
    onBatch: (packets) => {
      for (const { bytes, interfaceIndex } of packets) {
        Queue.offerUnsafe(arrivals, { bytes: bytes.slice(), interfaceIndex })
      }
    },
    onEvent: (event) => assert.fail(event._tag),
    ...options
  }).pipe(NetworkNamespace.provide(end.namespace))
  return { ...socket, arrivals }
})

const headerOf = ({ bytes }: Arrival) => ({
  typeOfService: bytes[1],
  dontFragment: (bytes[6]! & 0x40) !== 0,
  timeToLive: bytes[8],
  protocol: bytes[9],
  source: Address.ipv4FromBytes(bytes, 12),
  destination: Address.ipv4FromBytes(bytes, 16)
})
const vridOf = ({ bytes }: Arrival) => bytes[21]

describe("RawIpv4Socket", () => {
  it.live("sends multicast as RFC 9568 5.1.1 demands, and says by which device it came", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left)
      const sender = yield* openAt(right)
      yield* receiver.joinGroup(group)

      const outcome = sender.send([{ payload: advertOf(82), source: right.address, destination: group }])
      const arrival = yield* Queue.take(receiver.arrivals)

      assert.deepStrictEqual(outcome, { sentCount: 1, errno: 0 })
      assert.deepStrictEqual(headerOf(arrival), {
        typeOfService: 0xc0,
        dontFragment: false,
        timeToLive: 255,
        protocol: 112,
        source: right.address,
        destination: group
      })
      assert.deepStrictEqual(arrival.bytes.subarray(20), advertOf(82))
      assert.strictEqual(arrival.interfaceIndex, left.interfaceIndex)
    })
  )

  it.live("sends from the address of each packet, by unicast too", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      Cable.ip(right.namespace, "address", "add", "192.0.2.77/24", "dev", "eth0")
      const second = Address.Ipv4Address.make("192.0.2.77")
      const receiver = yield* openAt(left)
      const sender = yield* openAt(right)

      sender.send([
        { payload: advertOf(1), source: second, destination: left.address },
        { payload: advertOf(2), source: right.address, destination: left.address }
      ])
      const arrivals = yield* Queue.takeN(receiver.arrivals, 2)

      assert.deepStrictEqual(
        arrivals.map((arrival) => [vridOf(arrival), headerOf(arrival).source]),
        [
          [1, second],
          [2, right.address]
        ]
      )
    })
  )

  it.live("waits for the rest of a burst only where it is told to", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const waits = vi.spyOn(Atomics, "wait")
      yield* Effect.addFinalizer(() => Effect.sync(() => waits.mockRestore()))
      const sender = yield* openAt(right)
      const packet = { payload: advertOf(82), source: right.address, destination: left.address }
      const burst = Effect.fnUntraced(function* (gathered: boolean) {
        const receiver = yield* openAt(left, { gathered })
        waits.mockClear()
        // Each is read before the next one is sent: wake-ups that follow each other closely.
        for (let count = 0; count < 50; count++) {
          sender.send([packet])
          yield* Queue.take(receiver.arrivals)
        }
        return waits.mock.calls.length
      }, Effect.scoped)

      assert.strictEqual(yield* burst(false), 0)
      assert.isAbove(yield* burst(true), 0)
    })
  )

  it.live("sends with the TTL of each packet", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left)
      const sender = yield* openAt(right)
      yield* receiver.joinGroup(group)
      const packet = { payload: advertOf(1), source: right.address }

      sender.send([
        { ...packet, destination: left.address, hopLimit: 64 },
        { ...packet, destination: left.address },
        { ...packet, destination: group, hopLimit: 3 }
      ])
      const arrivals = yield* Queue.takeN(receiver.arrivals, 3)

      assert.deepStrictEqual(
        arrivals.map((arrival) => headerOf(arrival).timeToLive),
        [64, 255, 3]
      )
    })
  )

  it.live("sends by any device from one socket, which receives nothing", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left)
      yield* receiver.joinGroup(group)
      const device = ["vrrp.7", "address", "00:00:5e:00:01:07", "type", "macvlan", "mode", "private"]
      Cable.ip(right.namespace, "link", "add", "link", "eth0", ...device)
      Cable.ip(right.namespace, "link", "set", "vrrp.7", "up")
      const index = Cable.indexOf(right.namespace, "vrrp.7")
      const sender = yield* RawIpv4Socket.openSender({ headerIncluded: false }).pipe(
        NetworkNamespace.provide(right.namespace)
      )

      const outcomes = [index, right.interfaceIndex, 4_711].map((interfaceIndex) =>
        sender
          .on(interfaceIndex)
          .send([{ payload: advertOf(interfaceIndex % 256), source: right.address, destination: group }])
      )
      const arrivals = yield* Queue.takeN(receiver.arrivals, 2)

      assert.deepStrictEqual(
        outcomes.map(({ sentCount }) => sentCount),
        [1, 1, 0]
      )
      assert.deepStrictEqual(arrivals.map(vridOf), [index, right.interfaceIndex])
      assert.deepStrictEqual(headerOf(arrivals[0]!), {
        typeOfService: 0xc0,
        dontFragment: false,
        timeToLive: 255,
        protocol: 112,
        source: right.address,
        destination: group
      })
    })
  )

  it.live("sends whole packets of another protocol as they are, and receives those of one", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left, { protocol: Linux.IPPROTO_AH })
      yield* receiver.joinGroup(group)
      const sender = yield* RawIpv4Socket.openSender({ headerIncluded: true }).pipe(
        NetworkNamespace.provide(right.namespace)
      )
      const packets = [group, left.address].map((destination) =>
        Ipv4.encode({
          ...Ipv4.advertPacket({
            source: right.address,
            destination,
            identification: 0x1234,
            payload: advertOf(7)
          }),
          protocol: Linux.IPPROTO_AH,
          hopLimit: 77
        })
      )

      const outcome = sender.on(right.interfaceIndex).send(
        [group, left.address].map((destination, index) => ({
          payload: packets[index]!,
          source: right.address,
          destination
        }))
      )
      const arrivals = yield* Queue.takeN(receiver.arrivals, 2)

      assert.deepStrictEqual(outcome, { sentCount: 2, errno: 0 })
      assert.deepStrictEqual(
        arrivals.map(({ bytes }) => bytes),
        packets
      )
    })
  )

  it.live("sends a hundred packets at once and receives all in order, time after time", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left, { receiveBufferSize: 0x40_0000 })
      const sender = yield* openAt(right)
      const vrids = Array.from({ length: 100 }, (_, index) => index)
      const packets = vrids.map((vrid) => ({
        payload: advertOf(vrid),
        source: right.address,
        destination: left.address
      }))

      for (let round = 0; round < 5; round++) {
        assert.deepStrictEqual(sender.send(packets), { sentCount: packets.length, errno: 0 })
        const arrivals = yield* Queue.takeN(receiver.arrivals, packets.length)
        assert.deepStrictEqual(arrivals.map(vridOf), vrids)
      }
    })
  )

  it.live("receives a group only while it is joined", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left)
      const sender = yield* openAt(right)
      const send = (vrid: number, destination: Address.Ipv4Address) =>
        sender.send([{ payload: advertOf(vrid), source: right.address, destination }])

      send(1, group)
      yield* receiver.joinGroup(group)
      send(2, group)
      yield* receiver.leaveGroup(group)
      send(3, group)
      send(4, left.address)
      const arrivals = yield* Queue.takeN(receiver.arrivals, 2)

      assert.deepStrictEqual(arrivals.map(vridOf), [2, 4])
    })
  )

  it.live("receives no group that only another socket joined, and nothing this machine sends to one", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const member = yield* openAt(left)
      const stranger = yield* openAt(left)
      const sender = yield* openAt(right)
      yield* member.joinGroup(group)

      stranger.send([{ payload: advertOf(1), source: left.address, destination: group }])
      sender.send([
        { payload: advertOf(2), source: right.address, destination: group },
        { payload: advertOf(3), source: right.address, destination: left.address }
      ])
      const atMember = yield* Queue.takeN(member.arrivals, 2)
      const atStranger = yield* Queue.take(stranger.arrivals)

      assert.deepStrictEqual(atMember.map(vridOf), [2, 3])
      assert.strictEqual(vridOf(atStranger), 3)
    })
  )

  it.live("discards what arrives before the socket is set up", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const sender = yield* openAt(right)
      const send = (vrid: number) =>
        sender.send([{ payload: advertOf(vrid), source: right.address, destination: left.address }])
      const vrids = yield* Queue.bounded<number>(16)
      const early: SocketOption.SocketOption = {
        ...SocketOption.bindToDevice(left.interfaceName),
        get value() {
          send(1)
          return SocketOption.bindToDevice(left.interfaceName).value
        }
      }

      yield* Socket.open({
        domain: Linux.AF_INET,
        type: Linux.SOCK_RAW,
        protocol: 112,
        options: [early],
        receive: {
          dataSize: 64,
          slotCount: 4,
          controlSize: 0,
          onBatch: (batch) => Queue.offerUnsafe(vrids, batch.dataAt(0)[21]!),
          onEvent: (event) => assert.fail(event._tag)
        }
      }).pipe(NetworkNamespace.provide(left.namespace))
      send(2)

      assert.strictEqual(yield* Queue.take(vrids), 2)
    })
  )

  it.live("lets the kernel drop other virtual routers, and replaces the filter at once", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const receiver = yield* openAt(left, { filter: PacketFilter.acceptOnly(new Set([2])) })
      const sender = yield* openAt(right)
      const send = (payload: Uint8Array) =>
        sender.send([{ payload, source: right.address, destination: left.address }])

      for (const vrid of [1, 2, 3]) send(advertOf(vrid))
      send(Uint8Array.of(0x21))
      yield* receiver.setFilter(PacketFilter.acceptAllBut(new Set([2])))
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
      const packet = { payload: advertOf(1), source: right.address, destination: left.address }

      sender.send(Array.from({ length: 100 }, () => packet))
      const kept = [yield* Queue.take(receiver.arrivals), ...(yield* Queue.takeAll(receiver.arrivals))]
      sender.send([{ ...packet, payload: advertOf(2) }])
      const event = yield* Queue.take(events)
      const next = yield* Queue.take(receiver.arrivals)

      assert.deepStrictEqual(event, { _tag: "Overrun", droppedCount: 100 - kept.length })
      assert.strictEqual(vridOf(next), 2)
    })
  )

  it.live("names the remedy when the device does not exist", () =>
    Effect.gen(function* () {
      const { left } = yield* Cable.make

      const error = yield* Effect.flip(openAt({ ...left, interfaceName: "absent0" }))

      assert.strictEqual(error.operation, "setsockopt SO_BINDTODEVICE absent0")
      assert.match(error.message, /ENODEV: there is no such network device/)
    })
  )

  it.live("reports what the kernel refuses to send as a value, and sends the rest", () =>
    Effect.gen(function* () {
      const { left, right } = yield* Cable.make
      const sender = yield* openAt(right)
      const packet = { payload: advertOf(1), source: right.address, destination: group }

      const foreign = sender.send([packet, { ...packet, source: left.address }, packet])
      const tooLong = sender.send([packet, { ...packet, payload: new Uint8Array(0x1_0000) }, packet])
      const muchTooLong = sender.send([{ ...packet, payload: new Uint8Array(0x10_0000) }, packet])

      assert.strictEqual(foreign.sentCount, 2)
      assert.notStrictEqual(foreign.errno, 0)
      assert.deepStrictEqual(tooLong, { sentCount: 2, errno: Errno.EMSGSIZE })
      assert.deepStrictEqual(muchTooLong, { sentCount: 1, errno: Errno.EMSGSIZE })
    })
  )
})
