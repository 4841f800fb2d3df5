import { assert, describe, it } from "@effect/vitest"
import * as Advertisement from "@holdfast/wire/Advertisement"
import { Ipv4Address } from "@holdfast/wire/Address"
import * as Checksum from "@holdfast/wire/Checksum"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16))

/** An advert of keepalived: VRID 82, priority 250, 1 s, 192.168.3.117 and 172.168.0.7. */
const vector = bytesOf("2152fa02 000173dc c0a80375 aca80007 00000000 00000000")

const ends = Schema.decodeSync(Schema.Struct({ source: Ipv4Address, destination: Ipv4Address }))({
  source: "172.168.0.101",
  destination: "224.0.0.18"
})
const decode = (bytes: Uint8Array) => Advertisement.decode(bytes, ends)
const encode = (advertisement: Advertisement.Advertisement) => Advertisement.encode(advertisement, ends)

const value = Schema.decodeSync(Advertisement.AdvertisementV2)({
  version: 2,
  vrid: 82,
  priority: 250,
  advertIntervalMicros: 1_000_000,
  authenticationType: 0,
  addresses: ["192.168.3.117", "172.168.0.7"]
})

/** Version 2 has whole seconds only. */
const advertisements = Arbitrary.map(Arbitrary.schema(Advertisement.AdvertisementV2), (advertisement) => ({
  ...advertisement,
  advertIntervalMicros: (advertisement.advertIntervalMicros % 256) * 1_000_000
}))

/** Sets one byte and makes the checksum right again, so that only the rule under test is broken. */
const changed = (offset: number, byte: number): Uint8Array => {
  const bytes = vector.slice()
  bytes[offset] = byte
  bytes[6] = bytes[7] = 0
  const checksum = Checksum.compute(bytes)
  bytes[6] = checksum >>> 8
  bytes[7] = checksum
  return bytes
}

const reasons: ReadonlyArray<string> = Advertisement.MalformedReason.literals

describe("Advertisement", () => {
  it("decodes an advert of keepalived", () => {
    assert.deepStrictEqual(decode(vector), Result.succeed(value))
  })

  it("encodes it byte for byte", () => {
    assert.deepStrictEqual(encode(value), vector)
  })

  it.prop(
    "decode is the inverse of encode",
    { advertisement: advertisements },
    ({ advertisement }) =>
      assert.deepStrictEqual(decode(encode(advertisement)), Result.succeed(advertisement)),
    runs
  )

  it("carries as many addresses as the count can say", () => {
    const addresses = Array.from({ length: Advertisement.addressCountMax }, () => value.addresses[0]!)
    const advertisement = { ...value, addresses }

    const bytes = encode(advertisement)

    assert.strictEqual(bytes.length, 8 + 255 * 4 + 8)
    assert.deepStrictEqual(decode(bytes), Result.succeed(advertisement))
    assert.isFalse(
      Schema.is(Advertisement.Advertisement)({ ...value, addresses: [...addresses, addresses[0]!] })
    )
  })

  it("an advert may list no address", () => {
    const advertisement = { ...value, addresses: [] }

    const bytes = encode(advertisement)

    assert.strictEqual(bytes.length, 16)
    assert.deepStrictEqual(decode(bytes), Result.succeed(advertisement))
  })

  it("a decoded advert does not change with the buffer it came from", () => {
    const bytes = vector.slice()
    const decoded = decode(bytes)

    bytes.fill(0)

    assert.deepStrictEqual(decoded, Result.succeed(value))
  })
})

describe("malformed adverts", () => {
  it("RFC 3768 7.1: bytes that end before the announced addresses and authentication data are Length", () => {
    for (let length = 0; length < vector.length; length++) {
      assert.deepStrictEqual(decode(vector.subarray(0, length)), Result.fail("Length"), `${length}`)
    }
  })

  it("RFC 3768 5.3.5: a count that exceeds the addresses is Length", () => {
    assert.deepStrictEqual(decode(changed(3, 3)), Result.fail("Length"))
  })

  it.each([0, 1, 4, 15])("RFC 3768 5.3.1: version %i is Version", (version) => {
    assert.deepStrictEqual(decode(changed(0, (version << 4) | 1)), Result.fail("Version"))
  })

  it.each([0, 2, 15])("RFC 3768 5.3.2: type %i is Type", (type) => {
    assert.deepStrictEqual(decode(changed(0, 0x20 | type)), Result.fail("Type"))
  })

  it("RFC 3768 5.3.8: one changed bit outside version, type and count is Checksum", () => {
    const offsets = [...vector.keys()].filter((offset) => offset !== 0 && offset !== 3)

    for (const offset of offsets) {
      const bytes = vector.slice()
      bytes[offset]! ^= 0x10
      assert.deepStrictEqual(decode(bytes), Result.fail("Checksum"), `byte ${offset}`)
    }
  })

  it("a count below the addresses leaves padding, and the checksum of the shorter message is wrong", () => {
    const bytes = vector.slice()
    bytes[3] = 1

    assert.deepStrictEqual(decode(bytes), Result.fail("Checksum"))
  })

  it("the first broken rule is named: length, version, type, checksum", () => {
    const wrong = new Uint8Array(vector.length).fill(0x5a)
    assert.deepStrictEqual(decode(wrong.subarray(0, 7)), Result.fail("Length"))
    assert.deepStrictEqual(decode(wrong), Result.fail("Version"))
    wrong[0] = 0x2a
    assert.deepStrictEqual(decode(wrong), Result.fail("Length"))
    wrong[3] = 2
    assert.deepStrictEqual(decode(wrong), Result.fail("Type"))
    wrong[0] = 0x21
    assert.deepStrictEqual(decode(wrong), Result.fail("Checksum"))
  })

  it("padding behind the message is tolerated, whatever it holds", () => {
    const padded = new Uint8Array(vector.length + 22).fill(0xa5)
    padded.set(vector)

    assert.deepStrictEqual(decode(padded), Result.succeed(value))
  })

  it.prop(
    "any bytes give an advert or a reason",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => assertTotal(bytes),
    runs
  )

  it.prop(
    "any change of a sound advert gives an advert or a reason",
    {
      advertisement: advertisements,
      length: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 64 })),
      changes: Schema.Array(
        Schema.Tuple([
          Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 31 })),
          Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
        ])
      )
    },
    ({ advertisement, length, changes }) => {
      const bytes = new Uint8Array(length)
      bytes.set(encode(advertisement).subarray(0, length))
      for (const [offset, byte] of changes) bytes[offset] = byte

      assertTotal(bytes)
    },
    runs
  )
})

/** What decodes is a value of the schema, and its message, without padding and authentication data, encodes again. */
const assertTotal = (bytes: Uint8Array): void => {
  const decoded = decode(bytes)
  if (Result.isFailure(decoded)) return assert.include(reasons, decoded.failure)
  assert.isTrue(Schema.is(Advertisement.Advertisement)(decoded.success))
  const again = encode(decoded.success)
  assert.deepStrictEqual(again.subarray(8, -8), bytes.subarray(8, again.length - 8))
}

describe("authentication data of version 2", () => {
  it("RFC 2338 5.3.10: eight bytes behind the addresses, absent when all are 0", () => {
    const password = { ...value, authenticationType: 1, authenticationData: "7365637265743132" }

    const bytes = encode(password)

    assert.deepStrictEqual(bytes.subarray(-8), new TextEncoder().encode("secret12"))
    assert.deepStrictEqual(decode(bytes), Result.succeed(password))
    assert.deepStrictEqual(
      decode(encode({ ...password, authenticationData: "0000000000000000" })),
      Result.succeed({ ...value, authenticationType: 1 })
    )
  })
})

describe("vridOf", () => {
  it("reads the VRID of any version, and none of what is too short", () => {
    assert.strictEqual(Advertisement.vridOf(vector), 82)
    assert.strictEqual(Advertisement.vridOf(changed(0, 0x31)), 82)
    assert.strictEqual(Advertisement.vridOf(vector.subarray(0, 2)), 82)
    assert.strictEqual(Advertisement.vridOf(vector.subarray(0, 1)), undefined)
  })
})
