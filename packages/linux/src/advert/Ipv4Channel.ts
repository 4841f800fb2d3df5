/**
 * Adverts over IPv4: protocol 112, and protocol 51 for those with an authentication header.
 *
 * **Details**
 * An authentication header covers the IPv4 header before it: such a packet is built here, header and all, and a received
 * one is handed on with its header.
 *
 * @see RFC 3768 section 5.2; RFC 2402
 * @since 0.1.0
 */
import type {
  AdvertChannel,
  ChannelOptions,
  OutgoingAdvert,
  ReceivedAdvert
} from "@holdfast/engine/AdvertTransport"
import * as Linux from "@holdfast/raw-socket/Linux"
import * as PacketFilter from "@holdfast/raw-socket/PacketFilter"
import type { PacketSender } from "@holdfast/raw-socket/PacketSender"
import * as RawIpv4Socket from "@holdfast/raw-socket/RawIpv4Socket"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import type { Ipv4Address } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Doorbell from "./Doorbell.ts"
import * as KnownDatagrams from "./KnownDatagrams.ts"
import { type Reception, receiveBufferSize } from "./Reception.ts"
import * as Refusal from "./Refusal.ts"
import type { Senders } from "./Senders.ts"

/**
 * Opens a channel that lives until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  options: ChannelOptions,
  senders: Senders,
  reception: Reception
): Effect.fn.Return<AdvertChannel, SocketError, Scope.Scope> {
  const receivers = options.hears === "Nothing" ? [] : yield* openReceivers(options, reception)
  const [first] = receivers
  const plain =
    options.hears === "All" && first !== undefined ? first.socket : (yield* senders.ipv4).on(options.index)
  const doze =
    options.hears === "All" && first !== undefined ? yield* dozeOf(options, first) : () => undefined
  const whole = options.authenticated ? (yield* senders.whole).on(options.index) : undefined
  return {
    send: (adverts) =>
      whole === undefined ? send(plain, packetsOf(adverts)) : sendBoth(plain, whole, adverts),
    rehearse: (adverts) => plain.rehearse(packetsOf(adverts)),
    doze,
    receive: () => {
      for (const { socket } of receivers) socket.receive()
    },
    mute: (vrids) => {
      // What is filtered by its sender has no others' VRIDs.
      if (reception.filter !== undefined) return
      for (const { place, socket } of receivers)
        Effect.runSync(Effect.ignore(socket.setFilter(PacketFilter.acceptAllBut(vrids, place))))
    }
  }
})

const dozeOf = (options: ChannelOptions, { place, socket }: Receiver) =>
  Doorbell.make(socket, (onRing) =>
    Effect.flatMap(
      RawIpv4Socket.open({
        interfaceName: options.interface,
        interfaceIndex: options.index,
        filter: PacketFilter.acceptLeaving(place),
        onBatch: onRing,
        onEvent: () => undefined
      }),
      ({ joinGroup }) => Effect.forEach(groupsOf(options), joinGroup, { discard: true })
    )
  )

interface Receiver {
  readonly socket: RawIpv4Socket.RawIpv4Socket
  readonly place: PacketFilter.Place
}

/** The first is of protocol 112. Both count what the kernel dropped; the channel tells the sum. */
const openReceivers = Effect.fnUntraced(function* (options: ChannelOptions, reception: Reception) {
  const droppedCounts = [0, 0]
  const known = KnownDatagrams.make()
  const openOne = Effect.fnUntraced(function* (protocol: number, place: PacketFilter.Place, order: 0 | 1) {
    const socket = yield* RawIpv4Socket.open({
      interfaceName: options.interface,
      interfaceIndex: options.index,
      protocol,
      ...reception,
      receiveBufferSize,
      onBatch: (packets) => tellAdverts(packets, place, known, options.onReceived),
      onRepeated: place === "Ipv4" ? KnownDatagrams.repeat(known.last, options.onReceived) : undefined,
      onEvent: (event) => {
        if (event._tag !== "Overrun") return
        droppedCounts[order] = event.droppedCount
        options.onOverrun(droppedCounts[0]! + droppedCounts[1]!)
      }
    })
    yield* Effect.forEach(groupsOf(options), socket.joinGroup, { discard: true })
    return { socket, place } satisfies Receiver
  })

  const plain = yield* openOne(Linux.IPPROTO_VRRP, "Ipv4", 0)
  return options.authenticated ? [plain, yield* openOne(Linux.IPPROTO_AH, "Authenticated", 1)] : [plain]
})

/** A datagram that the kernel delivered has an IPv4 header that it has verified; one that does not decode is no advert. */
const tellAdverts = (
  packets: ReadonlyArray<RawIpv4Socket.ReceivedPacket>,
  place: PacketFilter.Place,
  known: KnownDatagrams.KnownDatagrams,
  onReceived: ChannelOptions["onReceived"]
): void => {
  const adverts: Array<ReceivedAdvert> = []
  const arrivedAt: Array<Instant> = []
  for (const packet of packets) {
    const { bytes } = packet
    const advert = place === "Ipv4" ? (known.find(bytes) ?? decodePlain(bytes, known)) : decodeCovered(bytes)
    if (advert === undefined) continue
    adverts.push(advert)
    arrivedAt.push(packet.arrivedAtMicros as Instant)
  }
  if (adverts.length > 0) onReceived(adverts, arrivedAt)
}

const decodePlain = (bytes: Uint8Array, known: KnownDatagrams.KnownDatagrams): ReceivedAdvert | undefined => {
  const datagram = Ipv4.decodeDatagram(bytes)
  return Result.isFailure(datagram) ? known.forget(bytes) : known.learn(bytes, datagram.success)
}

const decodeCovered = (bytes: Uint8Array): ReceivedAdvert | undefined => {
  const datagram = Ipv4.decodeDatagram(bytes)
  if (Result.isFailure(datagram)) return undefined
  const { destination, hopLimit, payload, source } = datagram.success
  const header = bytes.subarray(0, payload.byteOffset - bytes.byteOffset)
  return { source, destination, hopLimit, payload, header }
}

const sendBoth = (
  plain: PacketSender<Ipv4Address>,
  whole: PacketSender<Ipv4Address>,
  adverts: ReadonlyArray<OutgoingAdvert>
): ReadonlyArray<string> => {
  const bare = adverts.filter(({ identification }) => identification === undefined)
  const covered = adverts.filter(({ identification }) => identification !== undefined)
  return [...send(plain, packetsOf(bare)), ...send(whole, packetsOf(covered).map(withHeader))]
}

const send = (
  sender: PacketSender<Ipv4Address>,
  packets: ReadonlyArray<RawIpv4Socket.OutgoingPacket>
): ReadonlyArray<string> => Refusal.describe(sender.send(packets), packets.length)

interface Outgoing extends RawIpv4Socket.OutgoingPacket {
  readonly identification?: number
}

const withHeader = ({ hopLimit, identification = 0, ...packet }: Outgoing): RawIpv4Socket.OutgoingPacket => ({
  source: packet.source,
  destination: packet.destination,
  payload: Ipv4.encode({
    ...Ipv4.advertPacket({ ...packet, identification }),
    protocol: Linux.IPPROTO_AH,
    hopLimit: hopLimit ?? Ipv4.hopLimitVrrp
  })
})

/** A channel's adverts are of its family (the port's contract), and so are its groups. */
const packetsOf = (adverts: ReadonlyArray<OutgoingAdvert>) => adverts as ReadonlyArray<Outgoing>
const groupsOf = ({ groups }: ChannelOptions) => groups as ReadonlyArray<Ipv4Address>
