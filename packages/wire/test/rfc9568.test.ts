/**
 * RFC 9568 and, where they differ, RFC 5798, section by section: what of version 3 is bytes. What a router does with them
 * is tested with the virtual router.
 */
import { assert, describe, it } from "@effect/vitest"
import type { IpAddress, Ipv4Address, Ipv6Address } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as Arp from "@holdfast/wire/Arp"
import * as Checksum from "@holdfast/wire/Checksum"
import * as Ethernet from "@holdfast/wire/Ethernet"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Ipv6 from "@holdfast/wire/Ipv6"
import * as NeighbourDiscovery from "@holdfast/wire/NeighbourDiscovery"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const over4 = { source: "192.0.2.1" as Ipv4Address, destination: Ipv4.groupVrrp }
const over6 = { source: "fe80::1" as Ipv6Address, destination: Ipv6.groupVrrp }

const advertisement4: Advertisement.Advertisement = {
  version: 3,
  vrid: 7,
  priority: 100,
  advertIntervalMicros: 1_000_000,
  checksum: "PseudoHeader",
  addresses: ["192.0.2.100" as Ipv4Address, "192.0.2.101" as Ipv4Address]
}
const advertisement6: Advertisement.Advertisement = {
  ...advertisement4,
  addresses: ["fe80::100" as Ipv6Address, "2001:db8::100" as Ipv6Address]
}

const both = [
  { family: "IPv4", ends: over4, advertisement: advertisement4, addressLength: 4 },
  { family: "IPv6", ends: over6, advertisement: advertisement6, addressLength: 16 }
]

/** A message with other bytes, and a checksum that is right for them. */
const changed = (
  message: Uint8Array,
  ends: Advertisement.Ends,
  changes: Readonly<Record<number, number>>
): Uint8Array => {
  const bytes = message.slice()
  for (const [offset, byte] of Object.entries(changes)) bytes[Number(offset)] = byte
  bytes[6] = bytes[7] = 0
  const checksum = Checksum.compute(Checksum.pseudoHeader(ends, 112, bytes.length), bytes)
  bytes[6] = checksum >>> 8
  bytes[7] = checksum
  return bytes
}

describe("5.1: the packet that carries an advert", () => {
  const payload = Advertisement.encode(advertisement4, over4)
  const packet4 = Ipv4.encode(Ipv4.advertPacket({ ...over4, identification: 1, payload }))
  const payload6 = Advertisement.encode(advertisement6, over6)
  const packet6 = Ipv6.encode(Ipv6.advertPacket({ ...over6, flowLabel: 0, payload: payload6 }))

  it("5.1.1.1, 5.1.1.2: from the primary address of the interface to 224.0.0.18", () => {
    assert.deepStrictEqual([...packet4.subarray(12, 20)], [192, 0, 2, 1, 224, 0, 0, 18])
  })

  it("5.1.1.3, 5.1.1.4: with TTL 255 and protocol 112", () => {
    assert.strictEqual(packet4[8], 255)
    assert.strictEqual(packet4[9], 112)
  })

  it("5.1.2.1, 5.1.2.2: from the link-local address of the interface to ff02::12", () => {
    const decoded = Result.getOrThrow(Ipv6.decode(packet6))

    assert.strictEqual(decoded.source, over6.source)
    assert.strictEqual<string>(decoded.destination, "ff02::12")
  })

  it("5.1.2.3, 5.1.2.4: with hop limit 255 and next header 112", () => {
    assert.strictEqual(packet6[7], 255)
    assert.strictEqual(packet6[6], 112)
  })
})

describe.each(both)("5.2: the fields over $family", ({ addressLength, advertisement, ends }) => {
  const message = Advertisement.encode(advertisement, ends)
  const decode = (bytes: Uint8Array) => Advertisement.decode(bytes, ends)
  const decodedWith = (changes: Readonly<Record<number, number>>) =>
    Result.getOrThrow(decode(changed(message, ends, changes)))

  it("5.2.1, 5.2.2: version 3 and type 1 share the first byte", () => {
    assert.strictEqual(message[0], 0x31)
  })

  it.each([0, 1, 4, 15])("5.2.1: version %i is no version of ours", (version) => {
    assert.deepStrictEqual(decode(changed(message, ends, { 0: (version << 4) | 1 })), Result.fail("Version"))
  })

  it.each([0, 2, 15])("5.2.2: type %i MUST be discarded", (type) => {
    assert.deepStrictEqual(decode(changed(message, ends, { 0: 0x30 | type })), Result.fail("Type"))
  })

  it("5.2.3, 5.2.4: VRID and priority are a byte each, 0 to 255", () => {
    assert.deepStrictEqual([message[1], message[2]], [7, 100])
    assert.deepInclude(decodedWith({ 1: 255, 2: 0 }), { vrid: 255, priority: 0 })
    assert.deepInclude(decodedWith({ 1: 1, 2: 255 }), { vrid: 1, priority: 255 })
  })

  it("5.2.5: the count is that of the addresses, and they must be there", () => {
    assert.strictEqual(message[3], 2)
    assert.deepStrictEqual(decode(changed(message, ends, { 3: 3 })), Result.fail("Length"))
  })

  it("5.2.6: the reserved bits are sent as 0 and ignored on reception", () => {
    assert.strictEqual(message[4]! >>> 4, 0)
    assert.deepStrictEqual(decodedWith({ 4: 0xf0 }), advertisement)
  })

  it("5.2.7: the interval is in hundredths of a second, 12 bits", () => {
    assert.deepStrictEqual([message[4], message[5]], [0, 100])
    assert.strictEqual(decodedWith({ 4: 0x0f, 5: 0xff }).advertIntervalMicros, 40_950_000)
    assert.strictEqual(decodedWith({ 4: 0, 5: 1 }).advertIntervalMicros, 10_000)
    const longest = { ...advertisement, advertIntervalMicros: 40_950_000 }
    assert.isTrue(Schema.is(Advertisement.Advertisement)(longest))
    assert.isFalse(Schema.is(Advertisement.Advertisement)({ ...longest, advertIntervalMicros: 40_960_000 }))
  })

  it("5.2.8: the checksum covers the message and a pseudo-header with next header 112", () => {
    assert.strictEqual(Checksum.compute(Checksum.pseudoHeader(ends, 112, message.length), message), 0)
  })

  it("5.2.8: a wrong checksum is noticed", () => {
    const damaged = message.slice()
    damaged[7]! ^= 1

    assert.deepStrictEqual(decode(damaged), Result.fail("Checksum"))
  })

  it("5.2.9: addresses follow in order, of the family of the packet", () => {
    assert.strictEqual(message.length, 8 + 2 * addressLength)
    assert.deepStrictEqual<ReadonlyArray<IpAddress>>(decodedWith({}).addresses, advertisement.addresses)
  })

  it("5.1: there is no authentication data behind the addresses", () => {
    assert.strictEqual(
      Advertisement.messageLengthOf(message, addressLength === 4 ? "Ipv4" : "Ipv6"),
      message.length
    )
  })
})

describe("5.2.8: the checksum over IPv4", () => {
  const plain: Advertisement.Advertisement = { ...advertisement4, checksum: "Plain" }

  it("RFC 9568 covers the message alone", () => {
    const message = Advertisement.encode(plain, over4)

    assert.strictEqual(Checksum.compute(message), 0)
    assert.deepStrictEqual(Advertisement.decode(message, over4), Result.succeed(plain))
  })

  it("RFC 5798 covers a pseudo-header, too; the decoder takes either", () => {
    const message = Advertisement.encode(advertisement4, over4)

    assert.notStrictEqual(Checksum.compute(message), 0)
    assert.deepStrictEqual(Advertisement.decode(message, over4), Result.succeed(advertisement4))
  })

  it("the message alone is never enough over IPv6", () => {
    const message = Advertisement.encode({ ...advertisement6, checksum: "Plain" }, over6)

    assert.deepStrictEqual(Advertisement.decode(message, over6), Result.fail("Checksum"))
  })
})

describe("6.4: what a new Active Router sends besides", () => {
  const hardware = Ethernet.virtualMac("Ipv4", 7)
  const hardware6 = Ethernet.virtualMac("Ipv6", 7)

  it("6.4.1: a broadcast gratuitous ARP request with the virtual MAC for each IPv4 address", () => {
    const address = "192.0.2.100" as Ipv4Address

    const frame = Result.getOrThrow(Ethernet.decode(Arp.gratuitousFrame(hardware, address)))
    const packet = Result.getOrThrow(Arp.decode(frame.payload))

    assert.strictEqual<string>(frame.destination, "ff:ff:ff:ff:ff:ff")
    assert.strictEqual(frame.source, hardware)
    assert.strictEqual(packet.operation, Arp.operationRequest)
    assert.strictEqual(packet.senderHardware, hardware)
    assert.deepStrictEqual([packet.senderAddress, packet.targetAddress], [address, address])
  })

  it("6.4.1: an unsolicited neighbour advertisement with R set, S clear, O set and the virtual MAC", () => {
    const target = "2001:db8::100" as Ipv6Address

    const bytes = NeighbourDiscovery.unsolicitedFrame(hardware6, target, { router: true })
    const frame = Result.getOrThrow(Ethernet.decode(bytes))
    const packet = Result.getOrThrow(Ipv6.decode(frame.payload))

    assert.strictEqual(frame.source, hardware6)
    assert.strictEqual<string>(packet.destination, "ff02::1")
    assert.deepStrictEqual(
      NeighbourDiscovery.decode(packet),
      Result.succeed({ router: true, solicited: false, override: true, target, linkLayerAddress: hardware6 })
    )
  })

  it("6.4.1: the solicited-node group to join is that of each address", () => {
    assert.strictEqual<string>(Ipv6.solicitedNodeGroup("2001:db8::100" as Ipv6Address), "ff02::1:ff00:100")
  })
})

describe("7.3: the MAC of a virtual router", () => {
  it.each([1, 7, 128, 255])("VRID %i is its last byte, in either family", (vrid) => {
    const last = vrid.toString(16).padStart(2, "0")

    assert.strictEqual<string>(Ethernet.virtualMac("Ipv4", vrid), `00:00:5e:00:01:${last}`)
    assert.strictEqual<string>(Ethernet.virtualMac("Ipv6", vrid), `00:00:5e:00:02:${last}`)
  })
})
