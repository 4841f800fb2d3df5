/**
 * `AdvertTransport` on raw sockets: one for each device and family that receives, and one for each family that sends for
 * all virtual MAC devices.
 *
 * **Details**
 * - A channel that receives costs one descriptor and the memory of the largest batch that it has seen. One that hears
 *   authentication headers costs both twice.
 * - A channel that only sends costs no descriptor and about a kilobyte. Sockets of their own would each be asked by the
 *   kernel for every advert that arrives, and a thousand of them cost more than the adverts.
 *
 * @since 0.1.0
 */
import { AdvertTransport, type ChannelOptions, TransportError } from "@holdfast/engine/AdvertTransport"
import * as PacketFilter from "@holdfast/raw-socket/PacketFilter"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ipv4Channel from "./advert/Ipv4Channel.ts"
import * as Ipv6Channel from "./advert/Ipv6Channel.ts"
import * as Senders from "./advert/Senders.ts"
import { KernelNetwork } from "./KernelNetwork.ts"

/**
 * The port on this kernel. `gathered`: whether the thread may wait for the rest of a burst, as one may that does nothing else.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (gathered: boolean): Layer.Layer<AdvertTransport, never, KernelNetwork> =>
  Layer.effect(AdvertTransport, make(gathered))

const make = (gathered: boolean) =>
  Effect.gen(function* () {
    const network = yield* KernelNetwork
    const senders = yield* Senders.make

    /** A socket of its own is refused by the kernel where there is no such device; a shared one has nothing to refuse. */
    const isMissing = ({ hears, index, interface: device }: ChannelOptions): boolean =>
      hears !== "All" && network.links().get(device)?.index !== index

    return AdvertTransport.of({
      open: (options) => {
        if (isMissing(options)) return Effect.fail(missing(options))
        const mac = network.links().get(options.interface)?.mac
        const filter =
          options.hears === "OwnMac" && mac !== undefined ? PacketFilter.acceptFrom(mac) : undefined
        const open = options.family === "Ipv4" ? Ipv4Channel.open : Ipv6Channel.open
        const channel = open(options, senders, { filter, gathered })
        return Effect.mapError(
          channel,
          (cause) => new TransportError({ interface: options.interface, message: cause.message, cause })
        )
      }
    })
  })

const missing = (options: ChannelOptions): TransportError => {
  const message = `${options.interface}: there is no such device with index ${options.index}`
  return new TransportError({ interface: options.interface, message, cause: message })
}
