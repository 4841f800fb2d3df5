import { assert, describe, it } from "@effect/vitest"
import { hexToBytes } from "@noble/hashes/utils.js"
import type { Ipv4Address, Ipv6Address } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as HmacTrailer from "@holdfast/wire/HmacTrailer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 500 } }

const secret = Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, "0")).join("")
const key = { id: 1, secret }
const sequence = 0x6800_0000_8000_0000n
/** Half a second past the first second of the sequence. */
const clockMicros = 0x6800_0000 * 1_000_000 + 500_000

/** The wire images of the appendix of draft-cassen-vrrp-auth-hmac: VRID 51, priority 200, one address. */
const vectors = {
  Ipv4: {
    ends: { source: "198.51.100.10" as Ipv4Address, destination: "224.0.0.18" as Ipv4Address },
    image: hexToBytes("3133c80100644402c00002640101000068000000800000001b84bc4e8e43892dc6d98448f8ee2265"),
    advertisement: {
      version: 3,
      vrid: 51,
      priority: 200,
      advertIntervalMicros: 1_000_000,
      checksum: "Plain",
      addresses: ["192.0.2.100" as Ipv4Address]
    }
  },
  Ipv6: {
    ends: { source: "fe80::10" as Ipv6Address, destination: "fe80::20" as Ipv6Address },
    image: hexToBytes(
      "3133c8010064a2e9fe800000000000000000000000000100010100006800000080000000c8c56146ebfd66ee10ec4d8186461b78"
    ),
    advertisement: {
      version: 3,
      vrid: 51,
      priority: 200,
      advertIntervalMicros: 1_000_000,
      checksum: "PseudoHeader",
      addresses: ["fe80::100" as Ipv6Address]
    }
  }
} as const

const verdictOf = (
  bytes: Uint8Array,
  ends: Advertisement.Ends,
  keys: ReadonlyArray<HmacTrailer.Key> = [key]
): string | undefined => HmacTrailer.verify(bytes, ends, keys, clockMicros)?.verdict

const flipped = (bytes: Uint8Array, offset: number, mask = 1): Uint8Array => {
  const damaged = bytes.slice()
  damaged[offset]! ^= mask
  return damaged
}

describe.each(["Ipv4", "Ipv6"] as const)("HmacTrailer over %s", (family) => {
  const { advertisement, ends, image } = vectors[family]
  const messageLength = image.length - HmacTrailer.length

  it("signs as the draft shows it, byte for byte", () => {
    const message = Advertisement.encode(advertisement, ends)

    assert.deepStrictEqual(HmacTrailer.sign(message, ends, { key, sequence }), image)
  })

  it("what is signed decodes", () => {
    assert.deepStrictEqual(Advertisement.decode(image, ends), Result.succeed(advertisement))
    assert.deepStrictEqual(
      HmacTrailer.decode(image, family),
      Result.succeed({ type: 1, keyId: 1, reserved: 0, sequence, check: image.subarray(-16) })
    )
  })

  it("is Valid, with its key, its sequence and its age", () => {
    assert.deepStrictEqual(
      HmacTrailer.verify(image, ends, [{ id: 7, secret: "00" }, key], clockMicros + 250_000),
      {
        keyId: 1,
        sequence,
        ageMicros: 250_000,
        verdict: "Valid"
      }
    )
    assert.strictEqual(HmacTrailer.verify(image, ends, [key], clockMicros - 2_000_000)?.ageMicros, -2_000_000)
  })

  it("every bit of the message and of the trailer counts, but for the checksum", () => {
    for (let offset = 0; offset < image.length; offset++) {
      for (let bit = 0; bit < 8; bit++) {
        const verdict = verdictOf(flipped(image, offset, 1 << bit), ends)
        const isChecksum = offset === 6 || offset === 7
        assert.strictEqual(verdict === "Valid", isChecksum, `byte ${offset}`)
      }
    }
  })

  it("names the first thing that is wrong", () => {
    assert.strictEqual(verdictOf(image, ends, []), "Unkeyed")
    assert.strictEqual(verdictOf(flipped(image, messageLength), ends), "Malformed")
    assert.strictEqual(verdictOf(flipped(image, messageLength + 2), ends), "Malformed")
    assert.strictEqual(verdictOf(flipped(image, messageLength + 1, 2), ends), "UnknownKey")
    assert.strictEqual(verdictOf(flipped(image, 2), ends), "Invalid")
    assert.strictEqual(verdictOf(image, ends, [{ id: 1, secret: secret.replace("1f", "20") }]), "Invalid")
  })

  it("another source is Invalid; the destination is not covered", () => {
    const message = Advertisement.encode(advertisement, ends)
    const elsewhere = { source: ends.source, destination: ends.source }

    const copy = HmacTrailer.sign(message, elsewhere, { key, sequence })

    assert.deepStrictEqual(copy.subarray(messageLength), image.subarray(messageLength))
    assert.strictEqual(
      verdictOf(image, { source: ends.destination, destination: ends.destination }),
      "Invalid"
    )
  })

  it("less than a trailer behind the message is none", () => {
    for (let length = 0; length < image.length; length++) {
      assert.deepStrictEqual(HmacTrailer.decode(image.subarray(0, length), family), Result.fail("Missing"))
      assert.strictEqual(verdictOf(image.subarray(0, length), ends), undefined)
    }
  })

  it.prop(
    "any bytes are judged or have no trailer",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => assert.notStrictEqual(verdictOf(bytes, ends), "Valid"),
    { arbitrary: { runs: 500, size: 80 } }
  )
})

describe("HmacTrailer behind version 2", () => {
  it("follows the authentication data, and leaves the checksum as it is", () => {
    const { ends } = vectors.Ipv4
    const message = Advertisement.encode(
      {
        version: 2,
        vrid: 51,
        priority: 200,
        advertIntervalMicros: 1_000_000,
        authenticationType: 0,
        addresses: ["192.0.2.100" as Ipv4Address]
      },
      ends
    )

    const bytes = HmacTrailer.sign(message, ends, { key, sequence })

    assert.deepStrictEqual(bytes.subarray(0, message.length), message)
    assert.strictEqual(verdictOf(bytes, ends), "Valid")
    assert.strictEqual(verdictOf(flipped(bytes, message.length - 1), ends), "Invalid")
  })
})

describe("sequences", () => {
  const second = 1n << 32n
  const now = HmacTrailer.sequenceAt(clockMicros)

  it("the clock's seconds are the upper 32 bits, and 65,536ths of a second the next 16", () => {
    assert.strictEqual(now, sequence)
    assert.strictEqual(HmacTrailer.sequenceAt(1_999_999), 0x1_ffff_0000n)
    assert.strictEqual(HmacTrailer.sequenceAt(2 ** 32 * 1_000_000), 0n)
  })

  it("the next is that of the clock, or one more while the clock stands still", () => {
    assert.strictEqual(HmacTrailer.nextSequence(undefined, clockMicros), now)
    assert.strictEqual(HmacTrailer.nextSequence(now - 1n, clockMicros), now)
    assert.strictEqual(HmacTrailer.nextSequence(now, clockMicros), now + 1n)
    assert.strictEqual(HmacTrailer.nextSequence(now + 0xffffn, clockMicros), now + 0x1_0000n)
  })

  it("a clock that was set back is followed beyond the window, and never without one", () => {
    const ahead = now + 10n * second

    assert.strictEqual(HmacTrailer.nextSequence(ahead, clockMicros, 10_000_000), ahead + 1n)
    assert.strictEqual(HmacTrailer.nextSequence(ahead, clockMicros, 9_999_999), now)
    assert.strictEqual(HmacTrailer.nextSequence(ahead, clockMicros), ahead + 1n)
  })

  it("RFC 1982 3.2: order and growth pass the end of the 64 bits", () => {
    const last = 0xffff_ffff_ffff_ffffn

    assert.isTrue(HmacTrailer.isAfter(0n, last))
    assert.isFalse(HmacTrailer.isAfter(last, 0n))
    assert.isFalse(HmacTrailer.isAfter(now, now))
    assert.strictEqual(HmacTrailer.nextSequence(last, (2 ** 32 - 1) * 1_000_000), 0n)
  })

  it.prop(
    "a sender's sequence only rises while its clock does not fall",
    { steps: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))) },
    ({ steps }) => {
      let [clock, last] = [clockMicros, HmacTrailer.sequenceAt(clockMicros)]
      for (const step of steps) {
        clock += step
        const next = HmacTrailer.nextSequence(last, clock, 5_000_000)
        assert.isTrue(HmacTrailer.isAfter(next, last))
        last = next
      }
    },
    runs
  )
})
