/**
 * The wire codecs against what keepalived and FRR really send.
 *
 * Every frame of every capture is decoded and falls into exactly one kind; the number of each kind is asserted, so no
 * frame is passed over. Frames that Holdfast sends itself come back byte for byte from their decoded values.
 */
import { assert, describe, it } from "@effect/vitest"
import { familyOf } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as Arp from "@holdfast/wire/Arp"
import * as AuthenticationHeader from "@holdfast/wire/AuthenticationHeader"
import * as Ethernet from "@holdfast/wire/Ethernet"
import * as Icmp from "@holdfast/wire/Icmp"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Ipv6 from "@holdfast/wire/Ipv6"
import * as NeighbourDiscovery from "@holdfast/wire/NeighbourDiscovery"
import * as Result from "effect/Result"
import { readdirSync, readFileSync } from "node:fs"
import * as Pcap from "../golden/Pcap.ts"

/**
 * - `Gratuitous`: an ARP request that announces its sender; `Arp`: any other ARP packet.
 * - `Advert`: version 2 without authentication; `Password`: with a password; `AuthenticationHeader`: in one.
 * - `AdvertV3`, `AdvertV3Ipv6`: version 3.
 * - `NeighbourAdvertisement`: an unsolicited one.
 * - `Igmp`, `Icmp`: the kernel's own.
 */
type Kind =
  | "Gratuitous"
  | "Arp"
  | "Advert"
  | "Password"
  | "AuthenticationHeader"
  | "AdvertV3"
  | "AdvertV3Ipv6"
  | "NeighbourAdvertisement"
  | "Igmp"
  | "Icmp"

const expected: Readonly<Record<string, Partial<Record<Kind, number>>>> = {
  "frr-v3.pcap": { AdvertV3: 6, Gratuitous: 1, AdvertV3Ipv6: 5, NeighbourAdvertisement: 2 },
  "mode6-arp-leak.pcap": { Gratuitous: 35, Arp: 7 },
  "priority-0.pcap": { Advert: 6, Gratuitous: 10, Igmp: 6 },
  "v2-auth-ah.pcap": { AuthenticationHeader: 4, Gratuitous: 5, Igmp: 4 },
  "v2-auth-pass.pcap": { Password: 4, Gratuitous: 5, Igmp: 4 },
  "v2-multicast-vip-side.pcap": { Gratuitous: 10 },
  "v2-multicast.pcap": { Advert: 8, Gratuitous: 10, Igmp: 4 },
  "v2-unicast.pcap": { Advert: 11, Gratuitous: 15, Arp: 2, Icmp: 3 },
  "v3-ipv4-100ms.pcap": { AdvertV3: 18, Gratuitous: 5, Igmp: 4 },
  "v3-ipv4-unicast.pcap": { AdvertV3: 7, Gratuitous: 10, Arp: 2, Icmp: 3 },
  "v3-ipv6-vmac.pcap": { AdvertV3Ipv6: 8, NeighbourAdvertisement: 20 },
  "v3-ipv6.pcap": { AdvertV3Ipv6: 8, NeighbourAdvertisement: 20 },
  "v3-owner-255.pcap": { AdvertV3: 4, Gratuitous: 5, Igmp: 4 },
  "vmac-kill-garp-answered.pcap": { Advert: 5, Gratuitous: 5, Arp: 10 },
  "vmac-unicast.pcap": { Advert: 11, Gratuitous: 15, Arp: 2, Icmp: 3 },
  "vmac-xmit-base.pcap": { Advert: 8, Gratuitous: 10, Igmp: 4 },
  "vmac.pcap": { Advert: 8, Gratuitous: 10, Igmp: 4 }
}

const folder = new URL("../golden/", import.meta.url)
const framesOf = (capture: string) => Pcap.decode(new Uint8Array(readFileSync(new URL(capture, folder))))

/** Decodes a whole frame, checks what its kind promises, and returns the kind. */
const inspect = (bytes: Uint8Array): Kind => {
  const frame = Result.getOrThrow(Ethernet.decode(bytes))
  assert.deepStrictEqual(Ethernet.encode(frame), bytes)
  switch (frame.etherType) {
    case Ethernet.etherTypeArp:
      return inspectArp(bytes, frame)
    case Ethernet.etherTypeIpv4:
      return inspectIpv4(bytes, frame)
    case Ethernet.etherTypeIpv6:
      return inspectIpv6(bytes, frame)
  }
  throw new Error(`ether type 0x${frame.etherType.toString(16)} is in no capture`)
}

const inspectArp = (bytes: Uint8Array, frame: Ethernet.Frame): Kind => {
  const packet = Result.getOrThrow(Arp.decode(frame.payload))
  assert.deepStrictEqual(Ethernet.encode({ ...frame, payload: Arp.encode(packet) }), bytes)
  // A kernel that holds the same address answers a gratuitous ARP, so a reply can announce its sender too.
  if (!Arp.isGratuitous(packet) || packet.operation !== Arp.operationRequest) return "Arp"
  assert.deepStrictEqual(Arp.gratuitousFrame(packet.senderHardware, packet.senderAddress), bytes)
  return "Gratuitous"
}

const inspectIpv4 = (bytes: Uint8Array, frame: Ethernet.Frame): Kind => {
  const packet = Result.getOrThrow(Ipv4.decode(frame.payload))
  const { source, destination, hopLimit, payload } = packet
  assert.deepStrictEqual(Ethernet.encode({ ...frame, payload: Ipv4.encode(packet) }), bytes)
  assert.deepStrictEqual(
    Ipv4.decodeDatagram(frame.payload),
    Result.succeed({ source, destination, hopLimit, payload })
  )
  switch (packet.protocol) {
    case Ipv4.protocolVrrp:
      return inspectAdvert(bytes, frame, packet)
    case AuthenticationHeader.protocol:
      return inspectAuthenticationHeader(bytes, frame, packet)
    case protocolIgmp:
      return "Igmp"
    case protocolIcmp:
      // Nobody listens to protocol 112 any more.
      assert.deepStrictEqual(Icmp.decode(4, payload), Result.succeed({ _tag: "Other", type: 3, code: 2 }))
      return "Icmp"
  }
  throw new Error(`protocol ${packet.protocol} is in no capture`)
}

const inspectAdvert = (bytes: Uint8Array, frame: Ethernet.Frame, packet: Ipv4.Packet): Kind => {
  const { dontFragment, identification } = packet
  const advertisement = inspectMessage(packet)
  const again = Ipv4.advertPacket({ ...packet, payload: Advertisement.encode(advertisement, packet) })
  // FRR leaves the header to the kernel, which forbids fragments.
  assert.strictEqual(dontFragment, advertisement.priority === priorityFrr)
  assert.isAbove(identification, 0)
  assert.deepStrictEqual(frameOf(frame, packet, Ipv4.encode({ ...again, dontFragment })), bytes)
  if (advertisement.version === 3) return "AdvertV3"
  if (advertisement.authenticationType === authenticationNone) return "Advert"
  assert.strictEqual(advertisement.authenticationType, authenticationPassword)
  assert.strictEqual(advertisement.authenticationData, key)
  return "Password"
}

const inspectAuthenticationHeader = (bytes: Uint8Array, frame: Ethernet.Frame, packet: Ipv4.Packet): Kind => {
  const header = frame.payload.subarray(0, Ipv4.headerLengthMin)
  assert.strictEqual(AuthenticationHeader.verify(header, packet.payload, key), "Valid")
  const { payload, sequence } = Result.getOrThrow(AuthenticationHeader.decode(packet.payload))
  const advertisement = inspectMessage({ ...packet, payload })
  assert.strictEqual(advertisement.version === 2 && advertisement.authenticationType, authenticationHeader)
  const advert = { ...packet, key, sequence, payload: Advertisement.encode(advertisement, packet) }
  const again = AuthenticationHeader.packetOf(packet, AuthenticationHeader.encode(advert))
  assert.deepStrictEqual(frameOf(frame, packet, Ipv4.encode(again)), bytes)
  return "AuthenticationHeader"
}

const inspectIpv6 = (bytes: Uint8Array, frame: Ethernet.Frame): Kind => {
  // The version nibble keeps an IPv6 packet out of the IPv4 decoder.
  assert.deepStrictEqual(Ipv4.decode(frame.payload), Result.fail("Version"))
  const packet = Result.getOrThrow(Ipv6.decode(frame.payload))
  assert.deepStrictEqual(Ethernet.encode({ ...frame, payload: Ipv6.encode(packet) }), bytes)
  if (packet.nextHeader === Ipv6.protocolIcmpv6) {
    const { linkLayerAddress, router, target } = Result.getOrThrow(NeighbourDiscovery.decode(packet))
    assert.strictEqual(linkLayerAddress, frame.source)
    assert.deepStrictEqual(NeighbourDiscovery.unsolicitedFrame(frame.source, target, { router }), bytes)
    return "NeighbourAdvertisement"
  }
  assert.strictEqual(packet.nextHeader, Ipv4.protocolVrrp)
  const payload = Advertisement.encode(inspectMessage(packet), packet)
  assert.deepStrictEqual(
    frameOf(frame, packet, Ipv6.encode(Ipv6.advertPacket({ ...packet, payload }))),
    bytes
  )
  return "AdvertV3Ipv6"
}

/** Decodes the message in a packet that a router sent, and checks that it says what its configuration did. */
const inspectMessage = (
  packet: Advertisement.Ends & { readonly hopLimit: number; readonly payload: Uint8Array }
): Advertisement.Advertisement => {
  assert.strictEqual(packet.hopLimit, Ipv4.hopLimitVrrp)
  assert.strictEqual(Advertisement.vridOf(packet.payload), vrid)
  const advertisement = Result.getOrThrow(Advertisement.decode(packet.payload, packet))
  const { addresses, advertIntervalMicros, priority, version } = advertisement
  assert.include([0, 150, 250, priorityFrr, 255], priority)
  assert.include(version === 2 ? [1_000_000] : [100_000, 1_000_000], advertIntervalMicros)
  assert.include(addressLists, addresses.join())
  if (version === 3) assert.strictEqual(advertisement.checksum, "PseudoHeader")
  return advertisement
}

/** The frame of a packet: multicast goes to the MAC of its group, and a virtual router's comes from its own MAC. */
const frameOf = (frame: Ethernet.Frame, ends: Advertisement.Ends, payload: Uint8Array): Uint8Array => {
  const isGroup = ends.destination === Ipv4.groupVrrp || ends.destination === Ipv6.groupVrrp
  const isVirtual = frame.source.startsWith("00:00:5e:")
  return Ethernet.encode({
    ...frame,
    destination: isGroup ? Ethernet.multicastMac(ends.destination) : frame.destination,
    source: isVirtual ? Ethernet.virtualMac(familyOf(ends.source), vrid) : frame.source,
    payload
  })
}

const vrid = 82
const priorityFrr = 200
const addressLists = ["192.168.3.117,172.168.0.7", "172.168.0.7", "fe80::117,2001:db8::7"]
/** The password and the key of the captures with authentication: "secret12". */
const key = "7365637265743132"
const protocolIcmp = 1
const protocolIgmp = 2
const authenticationNone = 0
const authenticationPassword = 1
const authenticationHeader = 2

describe("golden captures", () => {
  it("each capture in the folder has its expectation", () => {
    const captures = readdirSync(folder).filter((name) => name.endsWith(".pcap"))

    assert.sameMembers(captures, Object.keys(expected))
  })

  it.each(Object.entries(expected))(
    "%s: decodes, is counted and is encoded again byte for byte",
    (capture, kinds) => {
      const counted: Partial<Record<Kind, number>> = {}

      for (const { bytes } of framesOf(capture)) {
        const kind = inspect(bytes)
        counted[kind] = (counted[kind] ?? 0) + 1
      }

      assert.deepStrictEqual(counted, kinds)
    }
  )

  it("adverts to all go to the group and to its MAC; the rest to one peer", () => {
    const destinations = ["v2-multicast.pcap", "vmac.pcap", "v2-unicast.pcap", "v3-ipv6-vmac.pcap"].map(
      (capture) => new Set(framesOf(capture).flatMap(({ bytes }) => advertDestination(bytes)))
    )

    assert.deepStrictEqual(destinations, [
      new Set([`${Ipv4.groupVrrp} 01:00:5e:00:00:12`]),
      new Set([`${Ipv4.groupVrrp} 01:00:5e:00:00:12`]),
      new Set(["172.168.0.102 02:00:00:00:00:66", "172.168.0.101 02:00:00:00:00:65"]),
      new Set([`${Ipv6.groupVrrp} 33:33:00:00:00:12`])
    ])
  })

  it.each(["v2-multicast.pcap", "v2-auth-pass.pcap", "v3-ipv4-100ms.pcap", "v3-ipv6.pcap", "frr-v3.pcap"])(
    "%s: a flipped bit in any byte of an advert's message is noticed",
    (capture) => {
      const packet = framesOf(capture).flatMap(({ bytes }) => advertPacket(bytes))[0]!

      for (let bit = 0; bit < packet.payload.length * 8; bit++) {
        const damaged = packet.payload.slice()
        damaged[bit >>> 3]! ^= 1 << (bit & 7)
        assert.isTrue(Result.isFailure(Advertisement.decode(damaged, packet)), `bit ${bit}`)
      }
    }
  )

  it("priority 0 and 255 travel in both versions as they are", () => {
    const prioritiesIn = (capture: string) => {
      const packets = framesOf(capture).flatMap(({ bytes }) => advertPacket(bytes))
      return [...new Set(packets.map(({ payload }) => payload[2]))]
    }
    const priorities = ["priority-0.pcap", "v3-owner-255.pcap", "v3-ipv6.pcap"].map(prioritiesIn)

    assert.deepStrictEqual(priorities, [
      [250, 0, 150],
      [255, 0],
      [250, 0]
    ])
  })
})

/** The packet of an advert, in either family, or none. */
const advertPacket = (
  bytes: Uint8Array
): ReadonlyArray<Advertisement.Ends & { readonly payload: Uint8Array }> => {
  const { payload } = Result.getOrThrow(Ethernet.decode(bytes))
  const [v4, v6] = [Ipv4.decode(payload), Ipv6.decode(payload)]
  if (Result.isSuccess(v4)) return v4.success.protocol === Ipv4.protocolVrrp ? [v4.success] : []
  if (Result.isSuccess(v6)) return v6.success.nextHeader === Ipv4.protocolVrrp ? [v6.success] : []
  return []
}

const advertDestination = (bytes: Uint8Array): ReadonlyArray<string> => {
  const { destination } = Result.getOrThrow(Ethernet.decode(bytes))
  return advertPacket(bytes).map((packet) => `${packet.destination} ${destination}`)
}
