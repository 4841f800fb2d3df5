/**
 * A raw IPv4 socket on one device: how VRRP is sent and received.
 *
 * Receives whole packets, header included, that came in by the device; sends payloads under headers that the kernel
 * builds as keepalived's are: TTL 255, precedence internetwork control, no don't-fragment bit, source of our choice.
 *
 * **Details**
 * - Multicast is received only for groups joined here, is sent by this device, and is not looped back to this machine.
 * - An overrun is known, with its count, once the next packet arrives.
 *
 * @see ip(7), raw(7); RFC 9568 sections 5.1.1 and 7.2
 * @since 0.1.0
 */
import type * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ControlMessage from "./ControlMessage.ts"
import * as Linux from "./Linux.ts"
import * as MonotonicClock from "./MonotonicClock.ts"
import * as PacketFilter from "./PacketFilter.ts"
import * as Socket from "./Socket.ts"
import * as SocketAddress from "./SocketAddress.ts"
import type * as SocketError from "./SocketError.ts"
import * as SocketOption from "./SocketOption.ts"

/**
 * A received packet; `bytes` is a view, valid until `onBatch` returns.
 *
 * - `bytes`: the IPv4 header and the payload, for a decoder.
 * - `interfaceIndex`: the device it came in by.
 * - `isTruncated`: it was longer than `packetSizeMax`, and cut.
 * - `arrivedAtMicros`: when the kernel got it, on the monotonic clock; never in the future.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedPacket {
  readonly bytes: Uint8Array
  readonly interfaceIndex: number
  readonly isTruncated: boolean
  readonly arrivedAtMicros: number
}

/**
 * A payload to send, the address it comes from and where it goes.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutgoingPacket {
  readonly payload: Uint8Array
  readonly source: Address.Ipv4Address
  readonly destination: Address.Ipv4Address
}

/**
 * How to open the socket.
 *
 * - `interfaceName`, `interfaceIndex`: the device; both, since the kernel wants one here and the other there.
 * - `protocol`: IP protocol number, by default 112 (VRRP).
 * - `filter`: which packets the kernel passes on, from the first one; all when absent.
 * - `receiveBufferSize`: bytes, see `Socket.SocketOptions` (keepalived: `vrrp_rx_bufs_policy`).
 * - `timeToLive`: by default 255, which RFC 9568 section 5.1.1.3 demands.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawIpv4SocketOptions {
  readonly interfaceName: string
  readonly interfaceIndex: number
  readonly protocol?: number | undefined
  readonly filter?: PacketFilter.Program | undefined
  readonly receiveBufferSize?: number | undefined
  readonly timeToLive?: number | undefined
  readonly onBatch: (packets: ReadonlyArray<ReceivedPacket>) => void
  readonly onEvent: (event: Socket.SocketEvent) => void
}

/**
 * An open socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawIpv4Socket {
  readonly send: (packets: ReadonlyArray<OutgoingPacket>) => Socket.SendOutcome
  /** Does all that `send` does but on no socket. */
  readonly rehearse: (packets: ReadonlyArray<OutgoingPacket>) => void
  readonly joinGroup: (group: Address.Ipv4Address) => Effect.Effect<void, SocketError.SocketError>
  readonly leaveGroup: (group: Address.Ipv4Address) => Effect.Effect<void, SocketError.SocketError>
  readonly setFilter: (program: PacketFilter.Program) => Effect.Effect<void, SocketError.SocketError>
}

/**
 * Opens the socket; it lives until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  options: RawIpv4SocketOptions
): Effect.fn.Return<RawIpv4Socket, SocketError.SocketError, Scope.Scope> {
  const { interfaceIndex } = options
  let droppedCount = 0
  const onBatch = (batch: Socket.Batch) => {
    const now = MonotonicClock.now()
    const offset = MonotonicClock.offsetOfRealtime()
    const received = Array.from({ length: batch.count }, (_, index) => read(batch, index, now, offset))
    options.onBatch(received)
    const droppedCountNow = received.at(-1)?.droppedCount ?? 0
    if (droppedCountNow === droppedCount) return
    droppedCount = droppedCountNow
    options.onEvent({ _tag: "Overrun", droppedCount })
  }
  const routeOf = makeRoutes()
  const messageOf = (packet: OutgoingPacket) => ({ data: packet.payload, ...routeOf(packet, interfaceIndex) })
  const socket = yield* Socket.open({
    domain: Linux.AF_INET,
    type: Linux.SOCK_RAW,
    protocol: options.protocol ?? protocolVrrp,
    options: socketOptions(options),
    filter: options.filter === undefined ? undefined : PacketFilter.encode(options.filter),
    receiveBufferSize: options.receiveBufferSize,
    receive: {
      dataSize: packetSizeMax,
      slotCount: batchCountMax,
      controlSize,
      onBatch,
      onEvent: options.onEvent
    }
  })
  return {
    send: (packets) => socket.send(packets.map(messageOf)),
    rehearse: (packets) => socket.rehearse(packets.map(messageOf)),
    joinGroup: (group) => socket.setOption(SocketOption.addMembership(group, interfaceIndex)),
    leaveGroup: (group) => socket.setOption(SocketOption.dropMembership(group, interfaceIndex)),
    setFilter: (program) => socket.setFilter(PacketFilter.encode(program))
  }
})

const socketOptions = (options: RawIpv4SocketOptions): ReadonlyArray<SocketOption.SocketOption> => {
  const timeToLive = options.timeToLive ?? timeToLiveOfVrrp
  return [
    SocketOption.bindToDevice(options.interfaceName),
    SocketOption.multicastInterface(options.interfaceIndex),
    SocketOption.int("IP_MULTICAST_ALL", Linux.SOL_IP, Linux.IP_MULTICAST_ALL, 0),
    SocketOption.int("IP_MULTICAST_LOOP", Linux.SOL_IP, Linux.IP_MULTICAST_LOOP, 0),
    SocketOption.int("IP_MULTICAST_TTL", Linux.SOL_IP, Linux.IP_MULTICAST_TTL, timeToLive),
    SocketOption.int("IP_TTL", Linux.SOL_IP, Linux.IP_TTL, timeToLive),
    SocketOption.int("IP_TOS", Linux.SOL_IP, Linux.IP_TOS, tosInternetworkControl),
    // After IP_TOS, which sets a priority of its own.
    SocketOption.int("SO_PRIORITY", Linux.SOL_SOCKET, Linux.SO_PRIORITY, priorityInternetworkControl),
    SocketOption.int("IP_MTU_DISCOVER", Linux.SOL_IP, Linux.IP_MTU_DISCOVER, Linux.IP_PMTUDISC_DONT),
    SocketOption.int("IP_PKTINFO", Linux.SOL_IP, Linux.IP_PKTINFO, 1),
    SocketOption.int("SO_RXQ_OVFL", Linux.SOL_SOCKET, Linux.SO_RXQ_OVFL, 1),
    SocketOption.int("SO_TIMESTAMPNS", Linux.SOL_SOCKET, Linux.SO_TIMESTAMPNS, 1)
  ]
}

/** The kernel stamps a packet with the count of those it had dropped when it queued this one; with nothing if none. */
const read = (
  batch: Socket.Batch,
  index: number,
  now: number,
  offset: number
): ReceivedPacket & { readonly droppedCount: number } => {
  const received = {
    bytes: batch.dataAt(index),
    isTruncated: batch.isTruncatedAt(index),
    interfaceIndex: 0,
    droppedCount: 0,
    arrivedAtMicros: now
  }
  for (const message of ControlMessage.decode(batch.controlAt(index))) {
    if (message._tag === "Ipv4PacketInfo") received.interfaceIndex = message.interfaceIndex
    else if (message._tag === "ReceiveOverflow") received.droppedCount = message.droppedCount
    else if (message._tag === "Timestamp") received.arrivedAtMicros = arrivalOf(message, now, offset)
  }
  return received
}

/** A stamp that would be in the future, or older than any stall, was made before the wall clock was set. */
const arrivalOf = (
  { seconds, nanos }: Extract<ControlMessage.ControlMessage, { _tag: "Timestamp" }>,
  now: number,
  offset: number
): number => {
  const arrival = Number(seconds) * 1_000_000 + Math.floor(Number(nanos) / 1_000) + offset
  return arrival > now || now - arrival > stallMax ? now : arrival
}

/** Who sends to whom changes rarely: address and control message are encoded once for each pair. */
const makeRoutes = () => {
  const routes = new Map<string, { readonly address: Uint8Array; readonly control: Uint8Array }>()
  return ({ destination, source }: OutgoingPacket, interfaceIndex: number) => {
    const key = `${source} ${destination}`
    const known = routes.get(key)
    if (known !== undefined) return known
    if (routes.size >= routesMax) routes.clear()
    const route = {
      address: SocketAddress.encode({ _tag: "Ipv4", address: destination, port: 0 }),
      control: ControlMessage.encode([
        { _tag: "Ipv4PacketInfo", interfaceIndex, localAddress: source, destination }
      ])
    }
    routes.set(key, route)
    return route
  }
}

const protocolVrrp = 112 // RFC 9568 5.1.1.4
const timeToLiveOfVrrp = 255 // RFC 9568 5.1.1.3
const tosInternetworkControl = 0xc0 // RFC 791 3.1: precedence 6
const priorityInternetworkControl = 6 // TC_PRIO_INTERACTIVE; the highest that an unprivileged sender may set
/** The largest advert: a header with all options (60), 255 addresses (1,020), fixed part and authentication (16). */
const packetSizeMax = 2048
/** Adverts per wake-up, four such batches for all 255 virtual routers of a device at once. */
const batchCountMax = 64
/** Room for IP_PKTINFO (32 bytes), SO_RXQ_OVFL (24) and SO_TIMESTAMPNS (32). */
const controlSize = 96
/** Pairs of source and destination that are remembered; more than any list of peers. */
const routesMax = 4096
/** A minute in microseconds: no process that stood still for longer has anything to gain from when a packet arrived. */
const stallMax = 60_000_000
