/**
 * Adverts over IPv6: protocol 112. There is no authentication header: version 3 knows none.
 *
 * @see RFC 9568 section 5.1.2
 * @since 0.1.0
 */
import type { AdvertChannel, ChannelOptions, OutgoingAdvert } from "@holdfast/engine/AdvertTransport"
import * as PacketFilter from "@holdfast/raw-socket/PacketFilter"
import * as RawIpv6Socket from "@holdfast/raw-socket/RawIpv6Socket"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import type { Ipv6Address } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
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
  const receiver = options.hears === "Nothing" ? undefined : yield* openReceiver(options, reception)
  const sender =
    options.hears === "All" && receiver !== undefined ? receiver : (yield* senders.ipv6).on(options.index)
  const doze =
    options.hears === "All" && receiver !== undefined ? yield* dozeOf(options, receiver) : () => undefined
  return {
    doze,
    send: (adverts) => Refusal.describe(sender.send(packetsOf(adverts)), adverts.length),
    rehearse: (adverts) => sender.rehearse(packetsOf(adverts)),
    receive: () => receiver?.receive(),
    mute: (vrids) => {
      // What is filtered by its sender has no others' VRIDs.
      if (receiver === undefined || reception.filter !== undefined) return
      Effect.runSync(Effect.ignore(receiver.setFilter(PacketFilter.acceptAllBut(vrids, "Ipv6"))))
    }
  }
})

const dozeOf = (options: ChannelOptions, receiver: RawIpv6Socket.RawIpv6Socket) =>
  Doorbell.make(receiver, (onRing) =>
    Effect.flatMap(
      RawIpv6Socket.open({
        interfaceName: options.interface,
        interfaceIndex: options.index,
        filter: PacketFilter.acceptLeaving("Ipv6"),
        onBatch: onRing,
        onEvent: () => undefined
      }),
      ({ joinGroup }) => Effect.forEach(groupsOf(options), joinGroup, { discard: true })
    )
  )

const openReceiver = Effect.fnUntraced(function* (options: ChannelOptions, reception: Reception) {
  const known = KnownDatagrams.makeIpv6()
  const socket = yield* RawIpv6Socket.open({
    interfaceName: options.interface,
    interfaceIndex: options.index,
    ...reception,
    receiveBufferSize,
    onBatch: (packets) =>
      options.onReceived(
        packets.map(known.know),
        packets.map(({ arrivedAtMicros }) => arrivedAtMicros as Instant)
      ),
    onRepeated: KnownDatagrams.repeat(known.last, options.onReceived),
    onEvent: (event) => {
      if (event._tag === "Overrun") options.onOverrun(event.droppedCount)
    }
  })
  yield* Effect.forEach(groupsOf(options), socket.joinGroup, { discard: true })
  return socket
})

/** A channel's adverts are of its family (the port's contract). */
const packetsOf = (adverts: ReadonlyArray<OutgoingAdvert>) =>
  adverts as ReadonlyArray<RawIpv6Socket.OutgoingPacket>
const groupsOf = ({ groups }: ChannelOptions) => groups as ReadonlyArray<Ipv6Address>
