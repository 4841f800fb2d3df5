/**
 * The wire codecs against what keepalived and FRR really send.
 *
 * Every frame of every capture is decoded and falls into exactly one kind; the number of each kind is asserted, so no
 * frame is passed over. Frames that Holdfast sends itself come back byte for byte from their decoded values.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as Arp from "@holdfast/wire/Arp"
import * as Ethernet from "@holdfast/wire/Ethernet"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Result from "effect/Result"
import { readdirSync, readFileSync } from "node:fs"
import * as Pcap from "../golden/Pcap.ts"

/**
 * - `Gratuitous`: an ARP request that announces its sender; `Arp`: any other ARP packet.
 * - `Advert`: version 2 without authentication; `Password`: version 2 with a password; `VersionThree`: over IPv4.
 * - `AuthenticationHeader`, `Ipv6`: adverts and neighbour discovery that the codecs recognise and do not decode.
 * - `Igmp`, `Icmp`: the kernel's own.
 */
type Kind =
  | "Gratuitous"
  | "Arp"
  | "Advert"
  | "Password"
  | "VersionThree"
  | "AuthenticationHeader"
  | "Ipv6"
  | "Igmp"
  | "Icmp"

const expected: Readonly<Record<string, Partial<Record<Kind, number>>>> = {
  "frr-v3.pcap": { VersionThree: 6, Gratuitous: 1, Ipv6: 7 },
  "mode6-arp-leak.pcap": { Gratuitous: 35, Arp: 7 },
  "priority-0.pcap": { Advert: 6, Gratuitous: 10, Igmp: 6 },
  "v2-auth-ah.pcap": { AuthenticationHeader: 4, Gratuitous: 5, Igmp: 4 },
  "v2-auth-pass.pcap": { Password: 4, Gratuitous: 5, Igmp: 4 },
  "v2-multicast-vip-side.pcap": { Gratuitous: 10 },
  "v2-multicast.pcap": { Advert: 8, Gratuitous: 10, Igmp: 4 },
  "v2-unicast.pcap": { Advert: 11, Gratuitous: 15, Arp: 2, Icmp: 3 },
  "v3-ipv4-100ms.pcap": { VersionThree: 18, Gratuitous: 5, Igmp: 4 },
  "v3-ipv4-unicast.pcap": { VersionThree: 7, Gratuitous: 10, Arp: 2, Icmp: 3 },
  "v3-ipv6-vmac.pcap": { Ipv6: 28 },
  "v3-ipv6.pcap": { Ipv6: 28 },
  "v3-owner-255.pcap": { VersionThree: 4, Gratuitous: 5, Igmp: 4 },
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
    case etherTypeIpv6:
      // The version nibble keeps an IPv6 packet out of the IPv4 decoder.
      assert.deepStrictEqual(Ipv4.decode(frame.payload), Result.fail("Version"))
      return "Ipv6"
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
      return inspectVrrp(bytes, frame, packet)
    case protocolAuthenticationHeader:
      return "AuthenticationHeader"
    case protocolIgmp:
      return "Igmp"
    case protocolIcmp:
      return "Icmp"
  }
  throw new Error(`protocol ${packet.protocol} is in no capture`)
}

const inspectVrrp = (bytes: Uint8Array, frame: Ethernet.Frame, packet: Ipv4.Packet): Kind => {
  const { source, destination, identification } = packet
  assert.strictEqual(Advertisement.vridOf(packet.payload), 82)
  assert.strictEqual(packet.hopLimit, Ipv4.hopLimitVrrp)
  const decoded = Advertisement.decode(packet.payload)
  if (packet.payload[0]! >>> 4 === 3) {
    assert.deepStrictEqual(decoded, Result.fail("Version"))
    return "VersionThree"
  }
  const advertisement = Result.getOrThrow(decoded)
  const { vrid, advertIntervalMicros, addresses } = advertisement
  assert.deepStrictEqual(
    { vrid, advertIntervalMicros, addresses: addresses.join() },
    { vrid: 82, advertIntervalMicros: 1_000_000, addresses: "192.168.3.117,172.168.0.7" }
  )
  assert.include([0, 150, 250], advertisement.priority)
  if (advertisement.authenticationType === authenticationPassword) return "Password"
  assert.strictEqual(advertisement.authenticationType, authenticationNone)
  const payload = Advertisement.encode(advertisement)
  const again = Ipv4.encode(Ipv4.advertPacket({ source, destination, identification, payload }))
  assert.deepStrictEqual(Ethernet.encode({ ...frame, payload: again }), bytes)
  return "Advert"
}

const etherTypeIpv6 = 0x86dd
const protocolIcmp = 1
const protocolIgmp = 2
const protocolAuthenticationHeader = 51
const authenticationNone = 0
const authenticationPassword = 1

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
    const destinations = ["v2-multicast.pcap", "vmac.pcap", "v2-unicast.pcap"].map(
      (capture) => new Set(framesOf(capture).flatMap(({ bytes }) => advertDestination(bytes)))
    )

    assert.deepStrictEqual(destinations, [
      new Set([`${Ipv4.groupVrrp} 01:00:5e:00:00:12`]),
      new Set([`${Ipv4.groupVrrp} 01:00:5e:00:00:12`]),
      new Set(["172.168.0.102 02:00:00:00:00:66", "172.168.0.101 02:00:00:00:00:65"])
    ])
  })

  it("a flipped bit in any byte of an advert's message is noticed", () => {
    const message = framesOf("v2-multicast.pcap").flatMap(({ bytes }) => advertMessage(bytes))[0]!

    for (let bit = 0; bit < message.length * 8; bit++) {
      const damaged = message.slice()
      damaged[bit >>> 3]! ^= 1 << (bit & 7)
      assert.isTrue(Result.isFailure(Advertisement.decode(damaged)), `bit ${bit}`)
    }
  })
})

const advertMessage = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const packet = Result.flatMap(Ethernet.decode(bytes), (frame) => Ipv4.decode(frame.payload))
  return Result.isSuccess(packet) && packet.success.protocol === Ipv4.protocolVrrp
    ? [packet.success.payload]
    : []
}

const advertDestination = (bytes: Uint8Array): ReadonlyArray<string> => {
  const frame = Result.getOrThrow(Ethernet.decode(bytes))
  const packet = Ipv4.decode(frame.payload)
  return Result.isSuccess(packet) && packet.success.protocol === Ipv4.protocolVrrp
    ? [`${packet.success.destination} ${frame.destination}`]
    : []
}
