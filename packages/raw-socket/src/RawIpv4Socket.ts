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
export type OutgoingPacket = PacketSender.OutgoingPacket<Address.Ipv4Address>

/**
 * How to open the socket.
 *
 * - `interfaceName`, `interfaceIndex`: the device; both, since the kernel wants one here and the other there.
 * - `protocol`: IP protocol number, by default 112 (VRRP).
 * - `filter`: which packets the kernel passes on, from the first one; all when absent.
 * - `receiveBufferSize`: bytes, see `Socket.SocketOptions` (keepalived: `vrrp_rx_bufs_policy`).
 * - `timeToLive`: of packets that name none; by default 255, which RFC 9568 section 5.1.1.3 demands.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawIpv4SocketOptions extends PacketReceiver.Listener<ReceivedPacket> {
  readonly interfaceName: string
  readonly interfaceIndex: number
  readonly protocol?: number | undefined
  readonly filter?: PacketFilter.Program | undefined
  readonly receiveBufferSize?: number | undefined
  readonly timeToLive?: number | undefined
}

/**
 * An open socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawIpv4Socket extends PacketSender.PacketSender<Address.Ipv4Address> {
  /** Receives what is there now instead of when the event loop comes to it. */
  readonly receive: () => void
  /** Whether the event loop comes to it at all. */
  readonly watch: (watched: boolean) => void
  readonly joinGroup: (group: Address.Ipv4Address) => Effect.Effect<void, SocketError.SocketError>
  readonly leaveGroup: (group: Address.Ipv4Address) => Effect.Effect<void, SocketError.SocketError>
  readonly setFilter: (program: PacketFilter.Program) => Effect.Effect<void, SocketError.SocketError>
}

/**
 * A socket that only sends, by any device: `on` gives what sends by one. It costs no more with a thousand devices.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawIpv4Sender {
  readonly on: (interfaceIndex: number) => PacketSender.PacketSender<Address.Ipv4Address>
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
  const socket = yield* Socket.open({
    domain: Linux.AF_INET,
    type: Linux.SOCK_RAW,
    protocol: options.protocol ?? Linux.IPPROTO_VRRP,
    options: [
      SocketOption.bindToDevice(options.interfaceName),
      SocketOption.multicastInterface(options.interfaceIndex),
      SocketOption.int("IP_MULTICAST_ALL", Linux.SOL_IP, Linux.IP_MULTICAST_ALL, 0),
      ...sendOptions(options.timeToLive ?? timeToLiveOfVrrp),
      SocketOption.int("IP_PKTINFO", Linux.SOL_IP, Linux.IP_PKTINFO, 1),
      SocketOption.int("SO_RXQ_OVFL", Linux.SOL_SOCKET, Linux.SO_RXQ_OVFL, 1),
      SocketOption.int("SO_TIMESTAMPNS", Linux.SOL_SOCKET, Linux.SO_TIMESTAMPNS, 1)
    ],
    filter: options.filter === undefined ? undefined : PacketFilter.encode(options.filter),
    receiveBufferSize: options.receiveBufferSize,
    receive: PacketReceiver.make(packetSizeMax, options, reader)
  })
  return {
    ...PacketSender.make(socket, encodeRoute(interfaceIndex)),
    receive: socket.receive,
    watch: socket.watch,
    joinGroup: (group) => socket.setOption(SocketOption.addMembership(group, interfaceIndex)),
    leaveGroup: (group) => socket.setOption(SocketOption.dropMembership(group, interfaceIndex)),
    setFilter: (program) => socket.setFilter(PacketFilter.encode(program))
  }
})

/**
 * Opens a socket that only sends; it lives until the scope closes.
 *
 * - `headerIncluded`: payloads begin with an IPv4 header, of any protocol, which leaves as it is (IP_HDRINCL): the kernel
 *   computes its checksum, and fills in its identification only where that is zero.
 *
 * @category constructors
 * @since 0.1.0
 */
export const openSender = Effect.fnUntraced(function* ({
  headerIncluded
}: {
  readonly headerIncluded: boolean
}): Effect.fn.Return<RawIpv4Sender, SocketError.SocketError, Scope.Scope> {
  const socket = yield* Socket.open({
    domain: Linux.AF_INET,
    type: Linux.SOCK_RAW,
    protocol: headerIncluded ? Linux.IPPROTO_RAW : Linux.IPPROTO_VRRP,
    filter: PacketFilter.encode(PacketFilter.dropAll),
    options: [
      // Else every group's adverts, on whatever device, would be copied for the filter to drop.
      SocketOption.int("IP_MULTICAST_ALL", Linux.SOL_IP, Linux.IP_MULTICAST_ALL, 0),
      ...sendOptions(timeToLiveOfVrrp)
    ]
  })
  return { on: (interfaceIndex) => PacketSender.make(socket, encodeRoute(interfaceIndex)) }
})

const sendOptions = (timeToLive: number): ReadonlyArray<SocketOption.SocketOption> => [
  SocketOption.int("IP_MULTICAST_LOOP", Linux.SOL_IP, Linux.IP_MULTICAST_LOOP, 0),
  SocketOption.int("IP_MULTICAST_TTL", Linux.SOL_IP, Linux.IP_MULTICAST_TTL, timeToLive),
  SocketOption.int("IP_TTL", Linux.SOL_IP, Linux.IP_TTL, timeToLive),
  SocketOption.int("IP_TOS", Linux.SOL_IP, Linux.IP_TOS, tosInternetworkControl),
  // After IP_TOS, which sets a priority of its own.
  SocketOption.priorityInternetworkControl,
  SocketOption.int("IP_MTU_DISCOVER", Linux.SOL_IP, Linux.IP_MTU_DISCOVER, Linux.IP_PMTUDISC_DONT)
]

interface Blank extends PacketReceiver.Facts {
  bytes: Uint8Array
}

const reader: PacketReceiver.Reader<Blank> = {
  // The VRID behind a header without options; identification and checksum of the header (RFC 791 3.1).
  sameness: { keyAt: 21, ignored: [4, 5, 10, 11], isWhole: true },
  blank: (facts) => ({ ...facts, bytes: nothing }),
  fill: (packet, batch, index) => {
    packet.bytes = batch.dataAt(index)
    return true
  }
}

const nothing = new Uint8Array(0)

const encodeRoute =
  (interfaceIndex: number) =>
  ({ destination, hopLimit, source }: OutgoingPacket): PacketSender.Route => {
    const info = { _tag: "Ipv4PacketInfo", interfaceIndex, localAddress: source, destination } as const
    return {
      address: SocketAddress.encode({ _tag: "Ipv4", address: destination, port: 0 }),
      control: ControlMessage.encode(
        hopLimit === undefined ? [info] : [info, { _tag: "Ipv4TimeToLive", timeToLive: hopLimit }]
      )
    }
  }

const timeToLiveOfVrrp = 255 // RFC 9568 5.1.1.3
const tosInternetworkControl = 0xc0 // RFC 791 3.1: precedence 6
/** The largest advert: a header with all options (60), 255 addresses (1,020), fixed part and authentication (16 or 40). */
const packetSizeMax = 2048
