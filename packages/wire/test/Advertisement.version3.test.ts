import { assert, describe, it } from "@effect/vitest"
import { hexToBytes } from "@noble/hashes/utils.js"
import { familyOf, type IpAddress, Ipv4Address, Ipv6Address } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as Checksum from "@holdfast/wire/Checksum"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ipv4Addresses, ipv6Addresses } from "./Generated.ts"

const runs = { arbitrary: { runs: 1_000 } }

const bytesOf = (hex: string): Uint8Array => hexToBytes(hex.replaceAll(" ", ""))

const reasons: ReadonlyArray<string> = Advertisement.MalformedReason.literals

/** An advert of version 2. */
const vector2 = bytesOf("2152fa02 000173dc c0a80375 aca80007 00000000 00000000")

const ends4 = Schema.decodeSync(Schema.Struct({ source: Ipv4Address, destination: Ipv4Address }))({
  source: "172.168.0.101",
  destination: "224.0.0.18"
})

const ends6 = Schema.decodeSync(Schema.Struct({ source: Ipv6Address, destination: Ipv6Address }))({
  source: "fe80::ff:fe00:65",
  destination: "ff02::12"
})

/** keepalived over IPv4: VRID 82, priority 250, 100 ms; the checksum covers the pseudo-header. */
const vector4 = bytesOf("3152fa02 000ad632 c0a80375 aca80007")

/** keepalived over IPv6: VRID 82, priority 250, 1 s, fe80::117 and 2001:db8::7. */
const vector6 = bytesOf(
  "3152fa02 0064a95b fe800000 00000000 00000000 00000117 20010db8 00000000 00000000 00000007"
)

const value4 = Schema.decodeSync(Advertisement.AdvertisementV3)({
  version: 3,
  vrid: 82,
  priority: 250,
  advertIntervalMicros: 100_000,
  checksum: "PseudoHeader",
  addresses: ["192.168.3.117", "172.168.0.7"]
})

const value6 = Schema.decodeSync(Advertisement.AdvertisementV3)({
  version: 3,
  vrid: 82,
  priority: 250,
  advertIntervalMicros: 1_000_000,
  checksum: "PseudoHeader",
  addresses: ["fe80::117", "2001:db8::7"]
})

const adverts3 = <A extends IpAddress>(addresses: Arbitrary.Arbitrary<A>) =>
  Arbitrary.map(
    Arbitrary.all({
      fixed: Arbitrary.schema(
        Schema.Struct({ ...Advertisement.AdvertisementV3.fields, addresses: Schema.Tuple([]) })
      ),
      addresses: Arbitrary.array(addresses, { maxLength: 8 })
    }),
    ({ addresses, fixed }) => ({
      ...fixed,
      // Hundredths of a second only.
      advertIntervalMicros: (fixed.advertIntervalMicros % 4096) * 10_000,
      addresses
    })
  )

describe.each([
  { family: "IPv4", ends: ends4, vector: vector4, value: value4 },
  { family: "IPv6", ends: ends6, vector: vector6, value: value6 }
])("version 3 over $family", ({ ends, value, vector }) => {
  const decode = (bytes: Uint8Array) => Advertisement.decode(bytes, ends)

  it("decodes and encodes an advert of keepalived", () => {
    assert.deepStrictEqual(decode(vector), Result.succeed(value))
    assert.deepStrictEqual(Advertisement.encode(value, ends), vector)
  })

  it("a flipped bit of any byte is noticed", () => {
    for (let bit = 0; bit < vector.length * 8; bit++) {
      const damaged = vector.slice()
      damaged[bit >>> 3]! ^= 1 << (bit & 7)
      assert.isTrue(Result.isFailure(decode(damaged)), `bit ${bit}`)
    }
  })

  it("every shorter message is Length", () => {
    for (let length = 0; length < vector.length; length++)
      assert.deepStrictEqual(decode(vector.subarray(0, length)), Result.fail("Length"), `${length}`)
  })

  it("padding behind the message is tolerated, whatever it holds", () => {
    const padded = new Uint8Array(vector.length + 22).fill(0xa5)
    padded.set(vector)

    assert.deepStrictEqual(decode(padded), Result.succeed(value))
    assert.strictEqual(Advertisement.messageLengthOf(padded, familyOf(ends.source)), vector.length)
  })

  it("the checksum holds for these two ends alone", () => {
    const swapped = { source: ends.source, destination: ends.source }

    assert.deepStrictEqual(Advertisement.decode(vector, swapped), Result.fail("Checksum"))
  })

  it("carries as many addresses as the count can say", () => {
    const addresses = Array.from({ length: Advertisement.addressCountMax }, () => value.addresses[0]!)
    const advertisement = { ...value, addresses }

    assert.deepStrictEqual(decode(Advertisement.encode(advertisement, ends)), Result.succeed(advertisement))
  })

  it.prop(
    "any bytes give an advert or a reason",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => {
      if (bytes.length > 0) bytes[0] = 0x31
      const decoded = decode(bytes)
      if (Result.isFailure(decoded)) return assert.include(reasons, decoded.failure)
      assert.isTrue(Schema.is(Advertisement.Advertisement)(decoded.success))
    },
    runs
  )
})

describe("version 3", () => {
  const decode = (bytes: Uint8Array) => Advertisement.decode(bytes, ends4)
  const encode = (advertisement: Advertisement.Advertisement) => Advertisement.encode(advertisement, ends4)

  it.prop(
    "IPv4: decode is the inverse of encode, with either checksum",
    { advertisement: adverts3(ipv4Addresses) },
    ({ advertisement }) =>
      assert.deepStrictEqual(decode(encode(advertisement)), Result.succeed(advertisement)),
    runs
  )

  it.prop(
    "IPv6: decode is the inverse of encode",
    { generated: adverts3(ipv6Addresses) },
    ({ generated }) => {
      const advertisement = { ...generated, checksum: "PseudoHeader" } as const
      assert.deepStrictEqual(
        Advertisement.decode(Advertisement.encode(advertisement, ends6), ends6),
        Result.succeed(advertisement)
      )
    },
    runs
  )

  it("RFC 9568 5.2.8: over IPv4 the checksum may cover the message alone, and the value says so", () => {
    const plain = { ...value4, checksum: "Plain" } as const

    const bytes = encode(plain)

    assert.strictEqual(Checksum.compute(bytes), 0)
    assert.deepStrictEqual(decode(bytes), Result.succeed(plain))
  })

  it("RFC 9568 5.2.8: over IPv6 a checksum of the message alone is Checksum", () => {
    const bytes = Advertisement.encode({ ...value6, checksum: "Plain" }, ends6)

    assert.deepStrictEqual(Advertisement.decode(bytes, ends6), Result.fail("Checksum"))
  })

  it("over IPv6 the checksum may cover what follows the message; over IPv4 it may not", () => {
    const [over6, over4] = [
      { bytes: vector6, ends: ends6 },
      { bytes: vector4, ends: ends4 }
    ].map(({ bytes, ends }) => {
      const payload = new Uint8Array(bytes.length + 28).fill(0x77)
      payload.set(bytes)
      payload[6] = payload[7] = 0
      const checksum = Checksum.compute(Checksum.pseudoHeader(ends, 112, payload.length), payload)
      payload[6] = checksum >>> 8
      payload[7] = checksum
      return Advertisement.decode(payload, ends)
    })

    assert.deepStrictEqual(over6, Result.succeed(value6))
    assert.deepStrictEqual(over4, Result.fail("Checksum"))
  })

  it("version 2 over IPv6 is Version", () => {
    assert.deepStrictEqual(Advertisement.decode(vector2, ends6), Result.fail("Version"))
  })
})

describe("messageLengthOf", () => {
  it("knows the version and the family, and nothing of what is not all there", () => {
    assert.strictEqual(Advertisement.messageLengthOf(vector2, "Ipv4"), 24)
    assert.strictEqual(Advertisement.messageLengthOf(vector4, "Ipv4"), 16)
    assert.strictEqual(Advertisement.messageLengthOf(vector6, "Ipv6"), 40)
    assert.strictEqual(Advertisement.messageLengthOf(vector6.subarray(0, 39), "Ipv6"), undefined)
    assert.strictEqual(Advertisement.messageLengthOf(vector6.subarray(0, 7), "Ipv6"), undefined)
  })
})
