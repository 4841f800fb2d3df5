/**
 * The other machine on the segment, in a network namespace of its own: it hears whole frames, so that what it says of them
 * is what was on the wire, and sends by sockets of its own.
 */
import type { OutgoingAdvert, ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import * as Linux from "@holdfast/raw-socket/Linux"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as PacketSocket from "@holdfast/raw-socket/PacketSocket"
import * as RawIpv4Socket from "@holdfast/raw-socket/RawIpv4Socket"
import * as RawIpv6Socket from "@holdfast/raw-socket/RawIpv6Socket"
import type { IpAddress, MacAddress } from "@holdfast/wire/Address"
import * as Arp from "@holdfast/wire/Arp"
import * as Ethernet from "@holdfast/wire/Ethernet"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Ipv6 from "@holdfast/wire/Ipv6"
import * as NeighbourDiscovery from "@holdfast/wire/NeighbourDiscovery"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Peer, segmentIpv4, segmentIpv6 } from "./Harness.ts"

/**
 * - `frames`: those of the adverts and announcements that it heard.
 * - `sendFrom`: sends an advert to a group from another MAC address than its own.
 */
export interface LinuxPeer extends Peer {
  readonly frames: ReadonlyArray<Uint8Array>
  readonly sendFrom: (mac: MacAddress, advert: OutgoingAdvert) => void
}

/** Opens the peer's sockets on a device; they close with the scope. */
export const make = Effect.fnUntraced(function* (
  namespace: NetworkNamespace.NetworkNamespace,
  interfaceIndex: number
) {
  const heard: Array<ReceivedAdvert> = []
  const announced: Array<IpAddress> = []
  const frames: Array<Uint8Array> = []
  for (const etherType of [Ethernet.etherTypeIpv4, Ethernet.etherTypeIpv6, Ethernet.etherTypeArp])
    yield* PacketSocket.open({
      etherType,
      interfaceIndex,
      onBatch: (batch) => {
        for (const { bytes } of batch) {
          const frame = bytes.slice()
          const payload = frame.subarray(Ethernet.headerLength)
          const advert = etherType === Ethernet.etherTypeIpv4 ? advertIn(payload) : advertIn6(payload)
          const address =
            etherType === Ethernet.etherTypeArp ? announcedByArp(payload) : announcedByNeighbour(payload)
          if (advert !== undefined) heard.push(advert)
          if (address !== undefined) announced.push(address)
          if (advert !== undefined || address !== undefined) frames.push(frame)
        }
      },
      onEvent: () => {}
    }).pipe(NetworkNamespace.provide(namespace))

  const openIpv4 = (headerIncluded: boolean) =>
    RawIpv4Socket.openSender({ headerIncluded }).pipe(NetworkNamespace.provide(namespace))
  const ipv4 = (yield* openIpv4(false)).on(interfaceIndex)
  const whole = (yield* openIpv4(true)).on(interfaceIndex)
  const ipv6 = (yield* RawIpv6Socket.openSender.pipe(NetworkNamespace.provide(namespace))).on(interfaceIndex)
  const send = (advert: OutgoingAdvert): void => {
    if (advert.source.includes(":")) ipv6.send([advert as RawIpv6Socket.OutgoingPacket])
    else if (advert.identification === undefined) ipv4.send([advert as RawIpv4Socket.OutgoingPacket])
    else whole.send([{ ...(advert as RawIpv4Socket.OutgoingPacket), payload: packetOf(advert) }])
  }
  const frameSender = yield* PacketSocket.open().pipe(NetworkNamespace.provide(namespace))
  const sendFrom = (source: MacAddress, advert: OutgoingAdvert): void => {
    const bytes = Ethernet.encode({
      source,
      destination: Ethernet.multicastMac(advert.destination),
      ...packetWithin(advert)
    })
    frameSender.send([{ bytes, interfaceIndex }])
  }
  return { send, sendFrom, heard, announced, frames } satisfies LinuxPeer
})

/** The IPv4 packet of an advert with an authentication header. */
export const packetOf = ({ identification = 0, hopLimit = 255, ...advert }: OutgoingAdvert): Uint8Array =>
  Ipv4.encode({
    ...Ipv4.advertPacket({
      ...(advert as Pick<RawIpv4Socket.OutgoingPacket, "source" | "destination" | "payload">),
      identification
    }),
    protocol: Linux.IPPROTO_AH,
    hopLimit
  })

const packetWithin = (advert: OutgoingAdvert) => {
  if (advert.source.includes(":")) {
    const packet = Ipv6.encode(
      Ipv6.advertPacket({ ...(advert as RawIpv6Socket.OutgoingPacket), flowLabel: 0 })
    )
    return { etherType: Ethernet.etherTypeIpv6, payload: packet }
  }
  const packet =
    advert.identification === undefined
      ? Ipv4.encode(Ipv4.advertPacket({ ...(advert as RawIpv4Socket.OutgoingPacket), identification: 0 }))
      : packetOf(advert)
  return { etherType: Ethernet.etherTypeIpv4, payload: packet }
}

const advertIn = (bytes: Uint8Array): ReceivedAdvert | undefined => {
  const packet = Ipv4.decode(bytes)
  if (Result.isFailure(packet) || !isForPeer(packet.success.destination)) return undefined
  const { destination, hopLimit, payload, protocol, source } = packet.success
  return protocol === Linux.IPPROTO_VRRP || protocol === Linux.IPPROTO_AH
    ? { source, destination, hopLimit, payload }
    : undefined
}

const advertIn6 = (bytes: Uint8Array): ReceivedAdvert | undefined => {
  const packet = Ipv6.decode(bytes)
  if (Result.isFailure(packet) || !isForPeer(packet.success.destination)) return undefined
  const { destination, hopLimit, nextHeader, payload, source } = packet.success
  return nextHeader === Linux.IPPROTO_VRRP ? { source, destination, hopLimit, payload } : undefined
}

const isForPeer = (destination: IpAddress): boolean =>
  [segmentIpv4, segmentIpv6].some(
    ({ group, peerAddress }) => destination === group || destination === peerAddress
  )

/** The kernel asks for addresses with ARP too: only those that claim the address they ask for are announcements. */
const announcedByArp = (bytes: Uint8Array): IpAddress | undefined => {
  const packet = Arp.decode(bytes)
  return Result.isSuccess(packet) && Arp.isGratuitous(packet.success)
    ? packet.success.senderAddress
    : undefined
}

const announcedByNeighbour = (bytes: Uint8Array): IpAddress | undefined => {
  const packet = Ipv6.decode(bytes)
  if (Result.isFailure(packet) || packet.success.destination !== Ipv6.groupAllNodes) return undefined
  const advertisement = NeighbourDiscovery.decode(packet.success)
  return Result.isSuccess(advertisement) ? advertisement.success.target : undefined
}
