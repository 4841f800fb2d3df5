import { assert, describe, it } from "@effect/vitest"
import type { IpAddress, MacAddress } from "@holdfast/wire/Address"
import * as Ethernet from "@holdfast/wire/Ethernet"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }

const frame: Ethernet.Frame = {
  destination: "01:00:5e:00:00:12" as MacAddress,
  source: "00:00:5e:00:01:52" as MacAddress,
  etherType: Ethernet.etherTypeIpv4,
  payload: new Uint8Array([0x45, 0xc0])
}

const vector = new Uint8Array([1, 0, 0x5e, 0, 0, 0x12, 0, 0, 0x5e, 0, 1, 0x52, 8, 0, 0x45, 0xc0])

describe("Ethernet", () => {
  it("encodes and decodes a frame", () => {
    assert.deepStrictEqual(Ethernet.encode(frame), vector)
    assert.deepStrictEqual(Ethernet.decode(vector), Result.succeed(frame))
  })

  it.prop(
    "decode is the inverse of encode",
    { generated: Ethernet.Frame },
    ({ generated }) =>
      assert.deepStrictEqual(Ethernet.decode(Ethernet.encode(generated)), Result.succeed(generated)),
    runs
  )

  it("a tagged frame is one of ether type 0x8100", () => {
    const tagged = new Uint8Array([...vector.subarray(0, 12), 0x81, 0, 0, 7, ...vector.subarray(12)])

    const decoded = Result.getOrThrow(Ethernet.decode(tagged))

    assert.strictEqual(decoded.etherType, 0x8100)
  })

  it("a header may stand anywhere in a buffer", () => {
    const target = new Uint8Array(20)

    Ethernet.writeHeader(target, 3, frame.destination, frame.source, frame.etherType)

    assert.deepStrictEqual(target, new Uint8Array([0, 0, 0, ...vector.subarray(0, 14), 0, 0, 0]))
  })

  it("less than a header is Length", () => {
    assert.deepStrictEqual(Ethernet.decode(vector.subarray(0, 13)), Result.fail("Length"))
    assert.isTrue(Result.isSuccess(Ethernet.decode(vector.subarray(0, 14))))
  })

  it.prop(
    "any 14 bytes and more are a frame that encodes to the same bytes",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => {
      const decoded = Ethernet.decode(bytes)

      if (Result.isFailure(decoded)) assert.isBelow(bytes.length, 14)
      else assert.deepStrictEqual(Ethernet.encode(decoded.success), bytes)
    },
    { arbitrary: { runs: 1_000, size: 40 } }
  )
})

describe("link-layer addresses", () => {
  it("RFC 9568 7.3: a virtual router has its own, with the VRID at the end", () => {
    assert.strictEqual<string>(Ethernet.virtualMac("Ipv4", 82), "00:00:5e:00:01:52")
    assert.strictEqual<string>(Ethernet.virtualMac("Ipv6", 82), "00:00:5e:00:02:52")
    assert.strictEqual<string>(Ethernet.virtualMac("Ipv4", 255), "00:00:5e:00:01:ff")
  })

  it("RFC 1112 6.4 and RFC 2464 7: a group has the end of its address", () => {
    const macs = ["224.0.0.18", "239.129.2.3", "ff02::12", "ff02::1:ff12:3456"].map((group) =>
      Ethernet.multicastMac(group as IpAddress)
    )

    assert.deepStrictEqual<ReadonlyArray<string>>(macs, [
      "01:00:5e:00:00:12",
      "01:00:5e:01:02:03",
      "33:33:00:00:00:12",
      "33:33:ff:12:34:56"
    ])
  })
})
