import { assert, describe, it } from "@effect/vitest"
import * as NetlinkSocket from "@holdfast/raw-socket/NetlinkSocket"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Linux from "@holdfast/raw-socket/Linux"
import * as Socket from "@holdfast/raw-socket/Socket"
import * as SocketAddress from "@holdfast/raw-socket/SocketAddress"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { execFileSync } from "node:child_process"

const routing = 0
const groupIpv4Address = 5
const typeNewAddress = 20
const typeNewLink = 16
const typeError = 2

const typeOf = (datagram: Uint8Array) => datagram[4]! | (datagram[5]! << 8)

const openIn = Effect.fnUntraced(function* (
  namespace: NetworkNamespace.NetworkNamespace,
  groups: ReadonlyArray<number>,
  receiveBufferSize?: number
) {
  const datagrams = yield* Queue.bounded<Uint8Array>(4096)
  const events = yield* Queue.bounded<Socket.SocketEvent>(64)
  const socket = yield* NetlinkSocket.open({
    family: routing,
    groups,
    receiveBufferSize,
    onBatch: (batch) => {
      for (const datagram of batch) Queue.offerUnsafe(datagrams, datagram.slice())
    },
    onEvent: (event) => Queue.offerUnsafe(events, event)
  }).pipe(NetworkNamespace.provide(namespace))
  return { ...socket, datagrams, events }
})

/** A namespace with one device that takes addresses. */
const namespaceWithDevice = Effect.gen(function* () {
  const namespace = yield* NetworkNamespace.make
  ipBatch(namespace, ["link add veth0 type veth peer name veth1", "link set veth0 up"])
  return namespace
})

const ipBatch = (namespace: NetworkNamespace.NetworkNamespace, lines: ReadonlyArray<string>) =>
  NetworkNamespace.within(namespace, () =>
    execFileSync("ip", ["-batch", "-"], {
      input: `${lines.join("\n")}\n`,
      stdio: ["pipe", "ignore", "inherit"]
    })
  )

/** RTM_GETLINK for the device with this index: header and `ifinfomsg`. */
const linkRequest = (interfaceIndex: number, hardwareType = 0): Uint8Array => {
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 32, true)
  view.setUint16(4, 18, true)
  view.setUint16(6, 1, true)
  view.setUint32(8, 7, true)
  view.setUint16(18, hardwareType, true)
  view.setInt32(20, interfaceIndex, true)
  return bytes
}

describe("NetlinkSocket", () => {
  it.live("asks the kernel and receives its answer, an error with its text too", () =>
    Effect.gen(function* () {
      const namespace = yield* NetworkNamespace.make
      const socket = yield* openIn(namespace, [])

      const outcome = socket.send(linkRequest(1))
      const answer = yield* Queue.take(socket.datagrams)
      // A dirty header field, which only strict checking refuses.
      socket.send(linkRequest(1, 1))
      const refusal = yield* Queue.take(socket.datagrams)

      assert.deepStrictEqual(outcome, { sentCount: 1, errno: 0 })
      assert.strictEqual(typeOf(answer), typeNewLink)
      assert.strictEqual(new DataView(answer.buffer).getUint32(12, true), socket.portId)
      assert.strictEqual(typeOf(refusal), typeError)
      assert.strictEqual(new DataView(refusal.buffer).getInt32(16, true), -22)
      assert.include(
        new TextDecoder("latin1").decode(refusal),
        "Invalid values in header for get link request"
      )
    })
  )

  it.live("receives the notifications of its groups", () =>
    Effect.gen(function* () {
      const namespace = yield* namespaceWithDevice
      const socket = yield* openIn(namespace, [groupIpv4Address])

      ipBatch(namespace, ["address add 10.0.0.1/24 dev veth0"])
      const notification = yield* Queue.take(socket.datagrams)

      assert.strictEqual(typeOf(notification), typeNewAddress)
    })
  )

  it.live("reports an overrun and goes on", () =>
    Effect.gen(function* () {
      const namespace = yield* namespaceWithDevice
      const socket = yield* openIn(namespace, [groupIpv4Address], 4096)
      const addresses = Array.from(
        { length: 200 },
        (_, index) => `address add 10.1.0.${index + 1}/16 dev veth0`
      )

      ipBatch(namespace, addresses)
      const event = yield* Queue.take(socket.events)
      yield* Effect.yieldNow
      yield* Queue.takeAll(socket.datagrams)
      ipBatch(namespace, ["address add 10.2.0.99/16 dev veth0"])
      const after = yield* Queue.take(socket.datagrams).pipe(
        Effect.repeat({
          until: (datagram) => [10, 2, 0, 99].every((octet, index) => datagram[28 + index] === octet)
        })
      )

      assert.strictEqual(event._tag, "Overrun")
      assert.isAbove(event._tag === "Overrun" ? event.droppedCount : 0, 0)
      assert.strictEqual(typeOf(after), typeNewAddress)
    })
  )

  it.live("does not believe another process that sends to it", () =>
    Effect.gen(function* () {
      const namespace = yield* namespaceWithDevice
      const socket = yield* openIn(namespace, [groupIpv4Address])
      const forger = yield* openForger(namespace, socket.portId)

      forger(linkRequest(1))
      ipBatch(namespace, ["address add 10.0.0.1/24 dev veth0"])
      const first = yield* Queue.take(socket.datagrams)

      assert.strictEqual(typeOf(first), typeNewAddress)
    })
  )
})

/** Sends a datagram from a second netlink socket straight to the port of the first. */
const openForger = Effect.fnUntraced(function* (
  namespace: NetworkNamespace.NetworkNamespace,
  portId: number
) {
  const socket = yield* Socket.open({
    domain: Linux.AF_NETLINK,
    type: Linux.SOCK_RAW,
    protocol: routing
  }).pipe(NetworkNamespace.provide(namespace))
  const address = SocketAddress.encode({ _tag: "Netlink", portId, groups: 0 })
  return (data: Uint8Array) =>
    assert.deepStrictEqual(socket.send([{ data, address }]), { sentCount: 1, errno: 0 })
})
