import { assert, describe, it } from "@effect/vitest"
import { hexToBytes } from "@noble/hashes/utils.js"
import { type Ipv6Address, MacAddress } from "@holdfast/wire/Address"
import * as Checksum from "@holdfast/wire/Checksum"
import * as Ethernet from "@holdfast/wire/Ethernet"
import * as Ipv6 from "@holdfast/wire/Ipv6"
import * as NeighbourDiscovery from "@holdfast/wire/NeighbourDiscovery"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ipv6Addresses } from "./Generated.ts"

const runs = { arbitrary: { runs: 1_000 } }

const bytesOf = (hex: string): Uint8Array => hexToBytes(hex.replaceAll(/\s/g, ""))

const hardware = "00:00:5e:00:02:52" as MacAddress
const address = "fe80::117" as Ipv6Address

/** What keepalived sends from a virtual MAC, captured. */
const vector = bytesOf(`
  333300000001 00005e000252 86dd
  60000000 0020 3a ff fe80000000000000 0000000000000117 ff02000000000000 0000000000000001
  8800f71d 20000000 fe80000000000000 0000000000000117 0201 00005e000252
`)

const packet = Result.getOrThrow(Ipv6.decode(vector.subarray(Ethernet.headerLength)))

const advertisement: NeighbourDiscovery.Advertisement = {
  router: false,
  solicited: false,
  override: true,
  target: address,
  linkLayerAddress: hardware
}

/** The packet with other bytes in its payload, and a checksum that is right for them. */
const changed = (payload: Uint8Array, changes: Readonly<Record<number, number>> = {}): Ipv6.Packet => {
  const bytes = payload.slice()
  for (const [offset, byte] of Object.entries(changes)) bytes[Number(offset)] = byte
  bytes[2] = bytes[3] = 0
  const checksum = Checksum.compute(Checksum.pseudoHeader(packet, 58, bytes.length), bytes)
  bytes[2] = checksum >>> 8
  bytes[3] = checksum
  return { ...packet, payload: bytes }
}

const advertisements = Arbitrary.map(
  Arbitrary.all({
    flags: Arbitrary.schema(
      Schema.Struct({
        router: Schema.Boolean,
        override: Schema.Boolean,
        linkLayerAddress: Schema.optionalKey(MacAddress)
      })
    ),
    solicited: Arbitrary.schema(Schema.Boolean),
    target: Arbitrary.filter(ipv6Addresses, (target) => !Ipv6.isMulticast(target))
  }),
  ({ flags, solicited, target }) => ({ ...flags, solicited, target })
)

const reasons: ReadonlyArray<string> = NeighbourDiscovery.MalformedReason.literals

describe("NeighbourDiscovery", () => {
  it("decodes and encodes an advertisement of keepalived", () => {
    assert.deepStrictEqual(NeighbourDiscovery.decode(packet), Result.succeed(advertisement))
    assert.deepStrictEqual(NeighbourDiscovery.encode(advertisement, packet), packet.payload)
  })

  it.prop(
    "decode is the inverse of encode",
    { generated: advertisements },
    ({ generated }) => {
      const ends = { source: address, destination: "2001:db8::1" as Ipv6Address }
      const payload = NeighbourDiscovery.encode(generated, ends)

      assert.deepStrictEqual(
        NeighbourDiscovery.decode({ ...packet, ...ends, payload }),
        Result.succeed(generated)
      )
    },
    runs
  )

  it("a flipped bit of any byte is noticed", () => {
    for (let bit = 0; bit < packet.payload.length * 8; bit++) {
      const payload = packet.payload.slice()
      payload[bit >>> 3]! ^= 1 << (bit & 7)
      assert.deepStrictEqual(NeighbourDiscovery.decode({ ...packet, payload }), Result.fail("Checksum"))
    }
  })

  it.prop(
    "any payload gives an advertisement or a reason",
    { bytes: Schema.Uint8Array, withHead: Schema.Boolean },
    ({ bytes, withHead }) => {
      const head = withHead ? [...packet.payload.subarray(0, 24)] : []
      const decoded = NeighbourDiscovery.decode(changed(Uint8Array.of(...head, ...bytes)))
      if (Result.isFailure(decoded)) assert.include(reasons, decoded.failure)
      else assert.isTrue(Schema.is(NeighbourDiscovery.Advertisement)(decoded.success))
    },
    runs
  )
})

describe("RFC 4861 7.1.2: what is discarded", () => {
  const { payload } = packet

  it.each([
    { rule: "a hop limit other than 255", packet: { ...packet, hopLimit: 254 }, reason: "HopLimit" },
    { rule: "less than 24 bytes", packet: changed(payload.subarray(0, 23)), reason: "Length" },
    { rule: "a code other than 0", packet: changed(payload, { 1: 1 }), reason: "Type" },
    { rule: "another type", packet: changed(payload, { 0: 135 }), reason: "Type" },
    { rule: "a group as the target", packet: changed(payload, { 8: 0xff }), reason: "Target" },
    { rule: "an answer to all", packet: changed(payload, { 4: 0x60 }), reason: "Solicited" },
    { rule: "an option of length 0", packet: changed(payload, { 25: 0 }), reason: "Option" },
    { rule: "an option that ends behind the packet", packet: changed(payload, { 25: 2 }), reason: "Length" },
    { rule: "half an option", packet: changed(payload.subarray(0, 25)), reason: "Length" }
  ] as const)("$rule is $reason", ({ packet, reason }) => {
    assert.deepStrictEqual(NeighbourDiscovery.decode(packet), Result.fail(reason))
  })

  it("other options are passed over, and none is needed", () => {
    const nonce = bytesOf("0e01 010203040506")
    const [plain, more] = [payload.subarray(0, 24), Uint8Array.of(...payload.subarray(0, 24), ...nonce)]

    const { linkLayerAddress: _, ...without } = advertisement
    assert.deepStrictEqual(NeighbourDiscovery.decode(changed(plain)), Result.succeed(without))
    assert.deepStrictEqual(NeighbourDiscovery.decode(changed(more)), Result.succeed(without))
    assert.deepStrictEqual(
      NeighbourDiscovery.decode(changed(Uint8Array.of(...more, ...payload.subarray(24)))),
      Result.succeed(advertisement)
    )
  })
})

describe("unsolicited neighbour advertisement", () => {
  it("the frame is keepalived's, byte for byte", () => {
    assert.deepStrictEqual(NeighbourDiscovery.unsolicitedFrame(hardware, address, { router: false }), vector)
  })

  it.prop(
    "the frame decodes to what RFC 4861 7.2.6 and RFC 9568 6.4.1 ask for",
    {
      sender: Arbitrary.schema(MacAddress),
      target: advertisements,
      router: Arbitrary.schema(Schema.Boolean)
    },
    ({ router, sender, target: { target } }) => {
      const bytes = NeighbourDiscovery.unsolicitedFrame(sender, target, { router })

      const frame = Result.getOrThrow(Ethernet.decode(bytes))
      const packet = Result.getOrThrow(Ipv6.decode(frame.payload))
      const { destination, etherType, source } = frame
      assert.deepStrictEqual<unknown>(
        { destination, etherType, source },
        { destination: "33:33:00:00:00:01", etherType: 0x86dd, source: sender }
      )
      assert.strictEqual(packet.source, target)
      assert.strictEqual<string>(packet.destination, "ff02::1")
      assert.strictEqual(packet.hopLimit, 255)
      assert.deepStrictEqual(
        NeighbourDiscovery.decode(packet),
        Result.succeed({ router, solicited: false, override: true, target, linkLayerAddress: sender })
      )
    },
    runs
  )
})
