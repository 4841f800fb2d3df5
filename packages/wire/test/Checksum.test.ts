import { assert, describe, it } from "@effect/vitest"
import type { Ipv4Address, Ipv6Address } from "@holdfast/wire/Address"
import * as Checksum from "@holdfast/wire/Checksum"
import { bytesToHex } from "@noble/hashes/utils.js"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }

/** RFC 1071 section 1, as literally as it can be said: 16-bit words, and a carry added back at once. */
const reference = (bytes: Uint8Array): number => {
  let sum = 0
  for (let index = 0; index < bytes.length; index += 2) {
    sum += (bytes[index]! << 8) | (bytes[index + 1] ?? 0)
    if (sum > 0xffff) sum -= 0xffff
  }
  return ~sum & 0xffff
}

describe("Checksum", () => {
  it("RFC 1071 section 3: the example sums to 0xddf2", () => {
    const bytes = new Uint8Array([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])

    assert.strictEqual(Checksum.compute(bytes), 0xffff - 0xddf2)
  })

  it("of nothing is 0xffff; of all ones is 0", () => {
    assert.strictEqual(Checksum.compute(), 0xffff)
    assert.strictEqual(Checksum.compute(new Uint8Array(0)), 0xffff)
    assert.strictEqual(Checksum.compute(new Uint8Array(70_000).fill(0xff)), 0)
  })

  it("a carry that adding the carries brings forth is added too", () => {
    const bytes = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x00, 0x01])

    assert.strictEqual(Checksum.compute(bytes), 0xffff - 1)
  })

  it("RFC 1071 section 4.1: an odd length counts as if a byte of 0 followed", () => {
    assert.strictEqual(
      Checksum.compute(new Uint8Array([1, 2, 3])),
      Checksum.compute(new Uint8Array([1, 2, 3, 0]))
    )
  })

  it.prop(
    "agrees with the definition",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => assert.strictEqual(Checksum.compute(bytes), reference(bytes)),
    runs
  )

  it.prop(
    "several slices count as one run of bytes, whatever their lengths",
    { slices: Schema.Array(Schema.Uint8Array) },
    ({ slices }) => {
      const whole = Uint8Array.from(slices.flatMap((slice) => [...slice]))

      assert.strictEqual(Checksum.compute(...slices), Checksum.compute(whole))
    },
    runs
  )

  it.prop(
    "a message with its own checksum in it sums to 0",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => {
      const checksum = Checksum.compute(bytes)
      const field = new Uint8Array([checksum >>> 8, checksum])
      const even = bytes.length % 2 === 0 ? bytes : Uint8Array.from([...bytes, 0])

      assert.strictEqual(Checksum.compute(even, field), 0)
    },
    runs
  )
})

describe("pseudoHeader", () => {
  it("RFC 793 3.1: source, destination, zero, protocol and a length of two bytes over IPv4", () => {
    const ends = { source: "192.0.2.1" as Ipv4Address, destination: "224.0.0.18" as Ipv4Address }

    const bytes = Checksum.pseudoHeader(ends, 112, 0x1234)

    assert.deepStrictEqual([...bytes], [192, 0, 2, 1, 224, 0, 0, 18, 0, 112, 0x12, 0x34])
  })

  it("RFC 8200 8.1: source, destination, a length of four bytes, zeros and the next header over IPv6", () => {
    const ends = { source: "fe80::1" as Ipv6Address, destination: "ff02::12" as Ipv6Address }

    const bytes = Checksum.pseudoHeader(ends, 112, 0x1_2345)

    const expected = "fe800000000000000000000000000001 ff020000000000000000000000000012 00012345 00000070"
    assert.strictEqual(bytesToHex(bytes), expected.replaceAll(" ", ""))
  })
})
