/**
 * A raw IPv6 socket on one device: how VRRP is sent and received over IPv6.
 *
 * Receives payloads that came in by the device, with what their headers said; sends payloads under headers that the
 * kernel builds: hop limit 255, traffic class internetwork control, source of our choice. The payload leaves as it is:
 * its checksum is the sender's.
 *
 * **Details**
 * - Multicast is received only for groups joined here, is sent by this device, and is not looped back to this machine.
 * - An overrun is known, with its count, once the next packet arrives.
 * - A message longer than the device's MTU, from about ninety addresses on, leaves in fragments.
 *
 * @see ipv6(7), raw(7); RFC 3542; RFC 9568 sections 5.1.2 and 7.2
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ControlMessage from "./ControlMessage.ts"
import * as Ipv6AddressCache from "./Ipv6AddressCache.ts"
import * as Linux from "./Linux.ts"
import * as PacketFilter from "./PacketFilter.ts"
import * as PacketReceiver from "./PacketReceiver.ts"
import * as PacketSender from "./PacketSender.ts"
import * as Socket from "./Socket.ts"
import * as SocketAddress from "./SocketAddress.ts"
import type * as SocketError from "./SocketError.ts"
import * as SocketOption from "./SocketOption.ts"

/**
 * A received packet, valid until `onBatch` returns.
 *
 * - `source`, `destination`, `hopLimit`: of the IPv6 header.
 * - `payload`: what follows the headers.
 * - `interfaceIndex`: the device it came in by.
 * - `isTruncated`: it was longer than `packetSizeMax`, and cut.
 * - `arrivedAtMicros`: when the kernel got it, on the monotonic clock; never in the future.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedPacket {
  readonly source: Address.Ipv6Address
  readonly destination: Address.Ipv6Address
  readonly hopLimit: number
  readonly payload: Uint8Array
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
export type OutgoingPacket = PacketSender.OutgoingPacket<Address.Ipv6Address>

/**
 * How to open the socket.
 *
 * - `interfaceName`, `interfaceIndex`: the device; both, since the kernel wants one here and the other there.
 * - `filter`: which packets the kernel passes on, from the first one; all when absent.
 * - `receiveBufferSize`: bytes, see `Socket.SocketOptions` (keepalived: `vrrp_rx_bufs_policy`).
 *
 * @category models
 * @since 0.1.0
 */
export interface RawIpv6SocketOptions extends PacketReceiver.Listener<ReceivedPacket> {
  readonly interfaceName: string
  readonly interfaceIndex: number
  readonly filter?: PacketFilter.Program | undefined
  readonly receiveBufferSize?: number | undefined
}

/**
 * An open socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawIpv6Socket extends PacketSender.PacketSender<Address.Ipv6Address> {
  /** Receives what is there now instead of when the event loop comes to it. */
  readonly receive: () => void
  /** Whether the event loop comes to it at all. */
  readonly watch: (watched: boolean) => void
  readonly joinGroup: (group: Address.Ipv6Address) => Effect.Effect<void, SocketError.SocketError>
  readonly leaveGroup: (group: Address.Ipv6Address) => Effect.Effect<void, SocketError.SocketError>
  readonly setFilter: (program: PacketFilter.Program) => Effect.Effect<void, SocketError.SocketError>
}

/**
 * A socket that only sends, by any device: `on` gives what sends by one. It costs no more with a thousand devices.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawIpv6Sender {
  readonly on: (interfaceIndex: number) => PacketSender.PacketSender<Address.Ipv6Address>
}

/**
 * Opens the socket; it lives until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  options: RawIpv6SocketOptions
): Effect.fn.Return<RawIpv6Socket, SocketError.SocketError, Scope.Scope> {
  const { interfaceIndex } = options
  const joined = new Set<Address.Ipv6Address>()
  const socket = yield* Socket.open({
    domain: Linux.AF_INET6,
    type: Linux.SOCK_RAW,
    protocol: Linux.IPPROTO_VRRP,
    options: [
      SocketOption.bindToDevice(options.interfaceName),
      int("IPV6_MULTICAST_IF", Linux.IPV6_MULTICAST_IF, interfaceIndex),
      ...sendOptions,
      int("IPV6_RECVPKTINFO", Linux.IPV6_RECVPKTINFO, 1),
      int("IPV6_RECVHOPLIMIT", Linux.IPV6_RECVHOPLIMIT, 1),
      SocketOption.int("SO_RXQ_OVFL", Linux.SOL_SOCKET, Linux.SO_RXQ_OVFL, 1),
      SocketOption.int("SO_TIMESTAMPNS", Linux.SOL_SOCKET, Linux.SO_TIMESTAMPNS, 1)
    ],
    filter: options.filter === undefined ? undefined : PacketFilter.encode(options.filter),
    receiveBufferSize: options.receiveBufferSize,
    receive: PacketReceiver.make(packetSizeMax, options, makeReader(joined))
  })
  return {
    ...PacketSender.make(socket, encodeRoute(interfaceIndex)),
    receive: socket.receive,
    watch: socket.watch,
    joinGroup: (group) =>
      Effect.map(
        socket.setOption(SocketOption.joinGroup(group, interfaceIndex)),
        () => void joined.add(group)
      ),
    leaveGroup: (group) =>
      Effect.map(
        socket.setOption(SocketOption.leaveGroup(group, interfaceIndex)),
        () => void joined.delete(group)
      ),
    setFilter: (program) => socket.setFilter(PacketFilter.encode(program))
  }
})

/**
 * Opens a socket that only sends; it lives until the scope closes. The source of a packet need not be an address of the
 * device: a virtual MAC device sends from the link-local address of the device below it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const openSender: Effect.Effect<RawIpv6Sender, SocketError.SocketError, Scope.Scope> = Effect.gen(
  function* () {
    const socket = yield* Socket.open({
      domain: Linux.AF_INET6,
      type: Linux.SOCK_RAW,
      protocol: Linux.IPPROTO_VRRP,
      filter: PacketFilter.encode(PacketFilter.dropAll),
      options: [int("IPV6_FREEBIND", Linux.IPV6_FREEBIND, 1), ...sendOptions]
    })
    return { on: (interfaceIndex) => PacketSender.make(socket, encodeRoute(interfaceIndex)) }
  }
)

const int = (name: string, number: number, value: number): SocketOption.SocketOption =>
  SocketOption.int(name, Linux.SOL_IPV6, number, value)

/**
 * Source and destination are spelled once for all packets of the socket. The kernel gives a raw IPv6 socket the packets of
 * every group that anybody on this machine joined, whatever IPV6_MULTICAST_ALL says.
 */
const makeReader = (joined: ReadonlySet<Address.Ipv6Address>): PacketReceiver.Reader<Blank> => {
  const addressOf = Ipv6AddressCache.make()
  return {
    // The VRID.
    sameness: { keyAt: 1, ignored: [], isWhole: false },
    blank: (facts) => ({
      ...facts,
      source: unspecified,
      destination: unspecified,
      hopLimit: 0,
      payload: nothing
    }),
    fill: (packet, batch, index, { destinationAt, hopLimit }) => {
      const control = batch.controlAt(index)
      const destination = addressOf(control, destinationAt)
      if (control[destinationAt] === firstByteOfGroup && !joined.has(destination)) return false
      packet.source = addressOf(batch.addressAt(index), sourceOffset)
      packet.destination = destination
      packet.hopLimit = hopLimit
      packet.payload = batch.dataAt(index)
      return true
    }
  }
}

interface Blank extends PacketReceiver.Facts {
  source: Address.Ipv6Address
  destination: Address.Ipv6Address
  hopLimit: number
  payload: Uint8Array
}

const nothing = new Uint8Array(0)
const unspecified = Address.Ipv6Address.make("::")

const encodeRoute =
  (interfaceIndex: number) =>
  ({ destination, hopLimit, source }: OutgoingPacket): PacketSender.Route => {
    const info = { _tag: "Ipv6PacketInfo", address: Address.ipToBytes(source), interfaceIndex } as const
    return {
      address: SocketAddress.encode({
        _tag: "Ipv6",
        address: Address.ipToBytes(destination),
        port: 0,
        flowInfo: 0,
        scopeId: interfaceIndex
      }),
      control: ControlMessage.encode(
        hopLimit === undefined ? [info] : [info, { _tag: "Ipv6HopLimit", hopLimit }]
      )
    }
  }

const hopLimitOfVrrp = 255 // RFC 9568 5.1.2.3
const trafficClassInternetworkControl = 0xc0 // RFC 2474 4.2.2: precedence 6
const sendOptions: ReadonlyArray<SocketOption.SocketOption> = [
  int("IPV6_MULTICAST_LOOP", Linux.IPV6_MULTICAST_LOOP, 0),
  int("IPV6_MULTICAST_HOPS", Linux.IPV6_MULTICAST_HOPS, hopLimitOfVrrp),
  int("IPV6_UNICAST_HOPS", Linux.IPV6_UNICAST_HOPS, hopLimitOfVrrp),
  int("IPV6_TCLASS", Linux.IPV6_TCLASS, trafficClassInternetworkControl),
  // RFC 3542 3.1: the kernel would verify and fill in a checksum of its own idea.
  SocketOption.int("IPV6_CHECKSUM", Linux.SOL_RAW, Linux.IPV6_CHECKSUM, -1),
  SocketOption.priorityInternetworkControl
]
/** The largest advert: fixed part (8), 255 addresses (4,080), and room for a trailer of `auth_hmac`. */
const packetSizeMax = 4608
const firstByteOfGroup = 0xff // RFC 4291 2.7
/** Of the address in `sockaddr_in6`. */
const sourceOffset = 8
