import { assert, describe, it } from "@effect/vitest"
import { hexToBytes } from "@noble/hashes/utils.js"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as AuthenticationHeader from "@holdfast/wire/AuthenticationHeader"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 500 } }

const bytesOf = (hex: string): Uint8Array => hexToBytes(hex.replaceAll(" ", ""))

/** The second advert of keepalived with `auth_type AH` and `auth_pass secret12`, captured. */
const vector = bytesOf(
  "45c00044 00020000 ff332da5 aca80065 e0000012 70040000 aca80065 00000002 d16b8645 dea9edac eb254b52 " +
    "2152fa02 020171dc c0a80375 aca80007 00000000 00000000"
)
const [header, behind] = [vector.subarray(0, 20), vector.subarray(20)]
const key = "7365637265743132"

/** The header of the first advert of keepalived to one peer with `unicast_ttl 64`, captured, and what is behind it. */
const unicast = [
  bytesOf("45c00040 00010000 403365b6 0a090001 0a090002"),
  bytesOf(
    "70040000 0a090001 00000001 e123767b a9345dc4 d22618f8 21526401 02016e3e 0a090064 00000000 00000000"
  )
] as const

const advert: AuthenticationHeader.Advert = {
  source: "172.168.0.101" as Ipv4Address,
  destination: Ipv4.groupVrrp,
  identification: 2,
  sequence: 2,
  key,
  payload: behind.subarray(AuthenticationHeader.headerLength)
}

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const damaged = bytes.slice()
  damaged[bit >>> 3]! ^= 1 << (bit & 7)
  return damaged
}

describe("AuthenticationHeader", () => {
  it("the packet is keepalived's, byte for byte", () => {
    const payload = AuthenticationHeader.encode(advert)

    assert.deepStrictEqual(payload, behind)
    assert.deepStrictEqual(Ipv4.encode(AuthenticationHeader.packetOf(advert, payload)), vector)
  })

  it("RFC 2402 2: decodes", () => {
    assert.deepStrictEqual(
      AuthenticationHeader.decode(behind),
      Result.succeed({
        nextHeader: Ipv4.protocolVrrp,
        spi: 0xaca8_0065,
        sequence: 2,
        check: bytesOf("d16b8645 dea9edac eb254b52"),
        payload: advert.payload
      })
    )
  })

  it("RFC 2338 5.3.6.3: the advert has authentication type 2, no authentication data, and its own checksum", () => {
    const decoded = Result.getOrThrow(Advertisement.decode(advert.payload, advert))

    assert.deepInclude(decoded, { authenticationType: 2, vrid: 82, priority: 250 })
    assert.notProperty(decoded, "authenticationData")
  })

  it("RFC 2402 2.2: another length is Length, as is less than a header", () => {
    const longer = behind.slice()
    longer[1] = 5

    assert.deepStrictEqual(AuthenticationHeader.decode(longer), Result.fail("Length"))
    for (let length = 0; length < AuthenticationHeader.headerLength; length++)
      assert.deepStrictEqual(AuthenticationHeader.decode(behind.subarray(0, length)), Result.fail("Length"))
  })

  it.prop(
    "any bytes decode or are Length, and are judged",
    { bytes: Schema.Uint8Array, header: Schema.Uint8Array },
    ({ bytes, header }) => {
      assert.include([true, false], Result.isSuccess(AuthenticationHeader.decode(bytes)))
      assert.include(["Malformed", "Invalid"], AuthenticationHeader.verify(header, bytes, key))
    },
    runs
  )
})

describe("verify", () => {
  it("what keepalived sent is Valid with its key and Invalid with another", () => {
    assert.strictEqual(AuthenticationHeader.verify(header, behind, key), "Valid")
    assert.strictEqual(AuthenticationHeader.verify(header, behind, "7365637265743133"), "Invalid")
    assert.strictEqual(AuthenticationHeader.verify(header, behind, "73"), "Invalid")
  })

  it("a flipped bit of any byte behind the IPv4 header is noticed", () => {
    for (let bit = 0; bit < behind.length * 8; bit++)
      assert.notStrictEqual(AuthenticationHeader.verify(header, flipped(behind, bit), key), "Valid", `${bit}`)
  })

  it.each([
    { kind: "to a group", header, behind, uncovered: [1, 6, 7, 10, 11] },
    { kind: "to one peer", header: unicast[0], behind: unicast[1], uncovered: [1, 6, 7, 8, 10, 11] }
  ])(
    "RFC 2402 3.3.3.1.1.1: $kind it covers what does not change on the way",
    ({ behind, header, uncovered }) => {
      const valid = [...header.keys()].filter(
        (offset) => AuthenticationHeader.verify(flipped(header, offset * 8), behind, key) === "Valid"
      )

      assert.deepStrictEqual(valid, uncovered)
    }
  )

  it("what keepalived sends to a peer with another hop limit is the same", () => {
    const sent = {
      source: "10.9.0.1" as Ipv4Address,
      destination: "10.9.0.2" as Ipv4Address,
      identification: 1,
      hopLimit: 64,
      sequence: 1,
      key,
      payload: unicast[1].subarray(AuthenticationHeader.headerLength)
    }

    const payload = AuthenticationHeader.encode(sent)

    assert.deepStrictEqual(payload, unicast[1])
    const packet = AuthenticationHeader.packetOf(sent, payload)
    assert.deepStrictEqual(Ipv4.encode(packet).subarray(0, 20), unicast[0])
  })

  it("a header before something else, or with another's index, is Malformed", () => {
    const [other, foreign] = [behind.slice(), behind.slice()]
    other[0] = 17
    foreign[7] = 0x66

    assert.strictEqual(AuthenticationHeader.verify(header, other, key), "Malformed")
    assert.strictEqual(AuthenticationHeader.verify(header, foreign, key), "Malformed")
    assert.strictEqual(AuthenticationHeader.verify(header, behind.subarray(0, 23), key), "Malformed")
    assert.strictEqual(AuthenticationHeader.verify(header.subarray(0, 19), behind, key), "Malformed")
  })

  it.prop(
    "what encode writes is Valid in the packet that packetOf returns, and in no other",
    {
      payload: Schema.Uint8Array,
      sequence: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 0xffff_ffff })),
      hopLimit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 }))
    },
    ({ hopLimit, payload, sequence }) => {
      const sent = { ...advert, payload, sequence, hopLimit }
      const bytes = AuthenticationHeader.encode(sent)

      const header = Ipv4.encode(AuthenticationHeader.packetOf(sent, bytes)).subarray(0, 20)

      assert.strictEqual(header[8], hopLimit)
      assert.strictEqual(AuthenticationHeader.verify(header, bytes, key), "Valid")
      const other = { ...sent, identification: 3 }
      const otherHeader = Ipv4.encode(AuthenticationHeader.packetOf(other, bytes)).subarray(0, 20)
      assert.strictEqual(AuthenticationHeader.verify(otherHeader, bytes, key), "Invalid")
    },
    runs
  )
})
