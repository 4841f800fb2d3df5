import { assert, describe, it } from "@effect/vitest"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Checksum from "@holdfast/wire/Checksum"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16))

const payload = bytesOf("2152fa02 000173dc c0a80375 aca80007 00000000 00000000")
const source = "172.168.0.101" as Ipv4Address
const packet = Ipv4.advertPacket({ source, destination: Ipv4.groupVrrp, identification: 1, payload })

/** An advert of keepalived, captured. */
const vector = bytesOf(
  "45c0002c 00010000 ff702d81 aca80065 e0000012 2152fa02 000173dc c0a80375 aca80007 00000000 00000000"
)

/** Options come in whole words; `encode` fills up others. */
const packets = Arbitrary.map(Arbitrary.schema(Ipv4.Packet), (generated) => ({
  ...generated,
  options: generated.options.subarray(0, generated.options.length & ~3)
}))

/** Sets header bytes and makes the checksum right again, so that only the rule under test is broken. */
const changed = (changes: Readonly<Record<number, number>>): Uint8Array => {
  const bytes = vector.slice()
  for (const [offset, byte] of Object.entries(changes)) bytes[Number(offset)] = byte
  bytes[10] = bytes[11] = 0
  const checksum = Checksum.compute(bytes.subarray(0, 20))
  bytes[10] = checksum >>> 8
  bytes[11] = checksum
  return bytes
}

const reasons: ReadonlyArray<string> = Ipv4.MalformedReason.literals

const datagram = { source, destination: Ipv4.groupVrrp, hopLimit: 255, payload }

describe("Ipv4", () => {
  it("RFC 3768 5.2: an advert's packet has keepalived's header", () => {
    assert.deepStrictEqual(Ipv4.encode(packet), vector)
    assert.deepStrictEqual(Ipv4.decode(vector), Result.succeed(packet))
  })

  it.prop(
    "decode is the inverse of encode",
    { generated: packets },
    ({ generated }) => assert.deepStrictEqual(Ipv4.decode(Ipv4.encode(generated)), Result.succeed(generated)),
    runs
  )

  it("options are carried, and filled up to whole words with End of Option List", () => {
    const options = new Uint8Array([0x94, 0x04, 0x00, 0x00, 0x01])

    const bytes = Ipv4.encode({ ...packet, options })

    assert.strictEqual(bytes[0], 0x47)
    assert.strictEqual(bytes.length, 28 + payload.length)
    const filled = new Uint8Array([...options, 0, 0, 0])
    assert.deepStrictEqual(Ipv4.decode(bytes), Result.succeed({ ...packet, options: filled }))
    assert.deepStrictEqual(Ipv4.decodeDatagram(bytes), Result.succeed(datagram))
  })

  it("what follows the total length is padding", () => {
    const padded = new Uint8Array(60).fill(0xa5)
    padded.set(vector)

    assert.deepStrictEqual(Ipv4.decode(padded), Result.succeed(packet))
    assert.deepStrictEqual(Ipv4.decodeDatagram(padded), Result.succeed(datagram))
  })

  it("a payload is a view, so the receive path copies nothing", () => {
    const decoded = Result.getOrThrow(Ipv4.decodeDatagram(vector))

    assert.strictEqual(decoded.payload.buffer, vector.buffer)
  })
})

describe("malformed packets", () => {
  const broken: ReadonlyArray<{ name: string; bytes: Uint8Array; reason: Ipv4.MalformedReason }> = [
    { name: "nothing", bytes: new Uint8Array(0), reason: "Length" },
    { name: "less than a header", bytes: vector.subarray(0, 19), reason: "Length" },
    { name: "IPv6", bytes: changed({ 0: 0x65 }), reason: "Version" },
    { name: "a header length below 5 words", bytes: changed({ 0: 0x44 }), reason: "Length" },
    { name: "a header length beyond the total length", bytes: changed({ 0: 0x47, 3: 27 }), reason: "Length" },
    { name: "a total length below the header length", bytes: changed({ 3: 19 }), reason: "Length" },
    { name: "a total length beyond the bytes", bytes: changed({ 3: 45 }), reason: "Length" }
  ]

  it.each(broken)("RFC 791 3.1: $name is $reason", ({ bytes, reason }) => {
    assert.deepStrictEqual(Ipv4.decode(bytes), Result.fail(reason))
    assert.deepStrictEqual(Ipv4.decodeDatagram(bytes), Result.fail(reason))
  })

  it("a damaged header is Checksum; the receive path leaves that to the kernel", () => {
    const bytes = vector.slice()
    bytes[8] = 254

    assert.deepStrictEqual(Ipv4.decode(bytes), Result.fail("Checksum"))
    assert.deepStrictEqual(Ipv4.decodeDatagram(bytes), Result.succeed({ ...datagram, hopLimit: 254 }))
  })

  it("a damaged payload is not the header's concern", () => {
    const bytes = vector.slice()
    bytes[20]! ^= 1

    assert.isTrue(Result.isSuccess(Ipv4.decode(bytes)))
  })

  it("RFC 791 3.2: the first, a middle and the last fragment are refused on the receive path only", () => {
    const places = [
      { moreFragments: true, fragmentOffset: 0 },
      { moreFragments: true, fragmentOffset: 0x0123 },
      { moreFragments: false, fragmentOffset: 0x1fff }
    ]

    for (const place of places) {
      const bytes = Ipv4.encode({ ...packet, ...place })
      assert.deepStrictEqual(Ipv4.decode(bytes), Result.succeed({ ...packet, ...place }))
      assert.deepStrictEqual(Ipv4.decodeDatagram(bytes), Result.fail("Fragment"))
    }
    const whole = Ipv4.encode({ ...packet, dontFragment: true })
    assert.deepStrictEqual(Ipv4.decodeDatagram(whole), Result.succeed(datagram))
  })

  it.prop(
    "any bytes give a packet or a reason",
    { bytes: Schema.Uint8Array.check(Schema.isMaxLength(80)) },
    ({ bytes }) => assertTotal(bytes),
    runs
  )

  it.prop(
    "any change of a sound packet gives a packet or a reason",
    {
      generated: packets,
      length: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 80 })),
      offset: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 23 })),
      byte: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
    },
    ({ generated, length, offset, byte }) => {
      const bytes = new Uint8Array(length)
      bytes.set(Ipv4.encode(generated).subarray(0, length))
      bytes[offset] = byte

      assertTotal(bytes)
    },
    runs
  )
})

const assertTotal = (bytes: Uint8Array): void => {
  const decoded = Ipv4.decode(bytes)
  const received = Ipv4.decodeDatagram(bytes)
  if (Result.isFailure(decoded)) assert.include(reasons, decoded.failure)
  else assert.isTrue(Schema.is(Ipv4.Packet)(decoded.success))
  if (Result.isFailure(received)) assert.include(reasons, received.failure)
  else assert.isAtMost(received.success.payload.length, Math.max(0, bytes.length - 20))
}

describe("isMulticast", () => {
  it("RFC 1112 4: 224.0.0.0 to 239.255.255.255", () => {
    const isMulticast = (address: string) => Ipv4.isMulticast(address as Ipv4Address)

    assert.isTrue(["224.0.0.0", "224.0.0.18", "239.255.255.255"].every(isMulticast))
    assert.isFalse(["223.255.255.255", "240.0.0.0", "22.4.0.18", "255.255.255.255"].some(isMulticast))
  })
})
