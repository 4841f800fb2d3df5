import { assert, describe, it } from "@effect/vitest"
import * as Icmp from "@holdfast/wire/Icmp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }
const versions = Schema.Literals([4, 6])

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16))

const echo: Icmp.Echo = {
  _tag: "Echo",
  kind: "Request",
  identifier: 0x1234,
  sequence: 1,
  payload: bytesOf("61626364")
}

describe("Icmp", () => {
  it("RFC 792: encodes a request with its checksum", () => {
    // 0x0800 + 0x1234 + 0x0001 + 0x6162 + 0x6364 = 0xdefb, of which the complement is 0x2104.
    const expected = bytesOf("08 00 2104 1234 0001 61626364")

    assert.deepStrictEqual(Icmp.encode(4, echo), expected)
    assert.deepStrictEqual(Icmp.decode(4, expected), Result.succeed(echo))
  })

  it("RFC 4443: leaves the checksum of ICMPv6 to the kernel", () => {
    assert.deepStrictEqual(Icmp.encode(6, echo), bytesOf("80 00 0000 1234 0001 61626364"))
    assert.deepStrictEqual(
      Icmp.decode(6, bytesOf("81 00 abcd 1234 0001 61626364")),
      Result.succeed({ ...echo, kind: "Reply" })
    )
  })

  it("refuses a wrong checksum of ICMP", () => {
    assert.deepStrictEqual(Icmp.decode(4, bytesOf("08 00 2105 1234 0001 61626364")), Result.fail("Checksum"))
  })

  it("refuses what is shorter than a header", () => {
    assert.deepStrictEqual(Icmp.decode(6, new Uint8Array(7)), Result.fail("Length"))
    assert.deepStrictEqual(Icmp.decode(4, new Uint8Array(0)), Result.fail("Length"))
  })

  it("tells other messages by type and code", () => {
    assert.deepStrictEqual(
      Icmp.decode(6, bytesOf("01 04 0000 00000000")),
      Result.succeed({ _tag: "Other", type: 1, code: 4 })
    )
    assert.deepStrictEqual(
      Icmp.decode(6, bytesOf("80 01 0000 00000000")),
      Result.succeed({ _tag: "Other", type: 128, code: 1 })
    )
  })

  it.prop(
    "decode is the inverse of encode",
    { version: versions, generated: Icmp.Echo },
    ({ generated, version }) =>
      assert.deepStrictEqual(
        Icmp.decode(version, Icmp.encode(version, generated)),
        Result.succeed(generated)
      ),
    runs
  )

  it.prop(
    "any bytes give a message or a reason",
    { version: versions, bytes: Schema.Uint8Array },
    ({ bytes, version }) => void Icmp.decode(version, bytes),
    runs
  )
})
