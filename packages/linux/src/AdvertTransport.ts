/**
 * `AdvertTransport` on raw IPv4 sockets of protocol 112: one socket for each device.
 *
 * @since 0.1.0
 */
import {
  type AdvertChannel,
  AdvertTransport,
  type ReceivedAdvert,
  TransportError
} from "@holdfast/engine/AdvertTransport"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as PacketFilter from "@holdfast/raw-socket/PacketFilter"
import * as RawIpv4Socket from "@holdfast/raw-socket/RawIpv4Socket"
import type { Instant } from "@holdfast/wire/Instant"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Errno from "@holdfast/raw-socket/Errno"

/**
 * The port on this kernel.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<AdvertTransport> = Layer.succeed(
  AdvertTransport,
  AdvertTransport.of({
    open: (options) =>
      Effect.gen(function* () {
        const socket = yield* RawIpv4Socket.open({
          interfaceName: options.interface,
          interfaceIndex: options.index,
          onBatch: (packets) => {
            const at = MonotonicClock.now() as Instant
            const batch = packets.flatMap(readAdvert)
            if (batch.length > 0) options.onReceived(at, batch)
          },
          onEvent: (event) => {
            if (event._tag === "Overrun") options.onOverrun(event.droppedCount)
          }
        })
        yield* Effect.forEach(options.groups, socket.joinGroup, { discard: true })
        const channel: AdvertChannel = {
          send: (adverts) => {
            const outcome = socket.send(adverts)
            return outcome.errno === 0
              ? []
              : [`${adverts.length - outcome.sentCount} of ${adverts.length}: ${Errno.nameOf(outcome.errno)}`]
          },
          rehearse: socket.rehearse,
          mute: (vrids) => Effect.runSync(Effect.ignore(socket.setFilter(PacketFilter.acceptAllBut(vrids))))
        }
        return channel
      }).pipe(
        Effect.mapError(
          (cause) => new TransportError({ interface: options.interface, message: cause.message, cause })
        )
      )
  })
)

/** A datagram that the kernel delivered has an IPv4 header that it has verified; one that does not decode is no advert. */
const readAdvert = ({
  arrivedAtMicros,
  bytes
}: RawIpv4Socket.ReceivedPacket): ReadonlyArray<ReceivedAdvert> => {
  const packet = Ipv4.decodeDatagram(bytes)
  return Result.isSuccess(packet) ? [{ ...packet.success, arrivedAt: arrivedAtMicros as Instant }] : []
}
