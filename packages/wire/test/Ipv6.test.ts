import { assert, describe, it } from "@effect/vitest"
import { hexToBytes } from "@noble/hashes/utils.js"
import type { Ipv6Address } from "@holdfast/wire/Address"
import * as Ipv6 from "@holdfast/wire/Ipv6"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ipv6Addresses } from "./Generated.ts"

const runs = { arbitrary: { runs: 1_000 } }

/** The header of an advert of keepalived, captured, and its payload. */
const vector = hexToBytes(
  [
    "6c0602f9 0028 70 ff fe80000000000000 000000fffe000065 ff02000000000000 0000000000000012",
    "3152fa02 0064a95b fe800000 00000000 00000000 00000117 20010db8 00000000 00000000 00000007"
  ]
    .join("")
    .replaceAll(" ", "")
)

const packet = Ipv6.advertPacket({
  source: "fe80::ff:fe00:65" as Ipv6Address,
  destination: Ipv6.groupVrrp,
  flowLabel: 0x6_02f9,
  payload: vector.subarray(Ipv6.headerLength)
})

const packets = Arbitrary.map(
  Arbitrary.all({
    fixed: Arbitrary.schema(
      Schema.Struct({ ...Ipv6.Packet.fields, source: Schema.Null, destination: Schema.Null })
    ),
    source: ipv6Addresses,
    destination: ipv6Addresses
  }),
  ({ destination, fixed, source }) => ({ ...fixed, source, destination })
)

const reasons: ReadonlyArray<string> = Ipv6.MalformedReason.literals

describe("Ipv6", () => {
  it("RFC 9568 5.1.2: an advert's packet has keepalived's header", () => {
    assert.deepStrictEqual(Ipv6.encode(packet), vector)
    assert.deepStrictEqual(Ipv6.decode(vector), Result.succeed(packet))
  })

  it.prop(
    "decode is the inverse of encode",
    { generated: packets },
    ({ generated }) => assert.deepStrictEqual(Ipv6.decode(Ipv6.encode(generated)), Result.succeed(generated)),
    runs
  )

  it("RFC 8200 3: what follows the payload is none of it", () => {
    const padded = new Uint8Array(vector.length + 6).fill(0xa5)
    padded.set(vector)

    assert.deepStrictEqual(Ipv6.decode(padded), Result.succeed(packet))
  })

  it("less than the header, or than the payload length says, is Length", () => {
    for (let length = 0; length < vector.length; length++)
      assert.deepStrictEqual(Ipv6.decode(vector.subarray(0, length)), Result.fail("Length"), `${length}`)
  })

  it.each([0, 4, 5, 7, 15])("version %i is Version", (version) => {
    const bytes = vector.slice()
    bytes[0] = (version << 4) | 0x0c

    assert.deepStrictEqual(Ipv6.decode(bytes), Result.fail("Version"))
  })

  it.prop(
    "any bytes give a packet or a reason",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => {
      const decoded = Ipv6.decode(bytes)
      if (Result.isFailure(decoded)) assert.include(reasons, decoded.failure)
      else
        assert.deepStrictEqual(
          Ipv6.encode(decoded.success),
          bytes.slice(0, 40 + decoded.success.payload.length)
        )
    },
    { arbitrary: { runs: 1_000, size: 80 } }
  )
})

describe("addresses", () => {
  it("RFC 4291 2.7.1: the solicited-node group has the last 24 bits of the address", () => {
    const groups = ["2001:db8::7", "fe80::ff:fe00:65", "4037::1:800:200e:8c6c", "::"].map((address) =>
      Ipv6.solicitedNodeGroup(address as Ipv6Address)
    )

    assert.deepStrictEqual<ReadonlyArray<string>>(groups, [
      "ff02::1:ff00:7",
      "ff02::1:ff00:65",
      "ff02::1:ff0e:8c6c",
      "ff02::1:ff00:0"
    ])
  })

  it("RFC 4291 2.7: groups are all in ff00::/8, and nothing else is", () => {
    const isMulticast = (address: string) => Ipv6.isMulticast(address as Ipv6Address)

    assert.isTrue(["ff02::12", "ff00::", "ffff:1::"].every(isMulticast))
    assert.isFalse(["fe80::1", "ff::1", "ff:1::", "::ff02", "2001:ff02::1"].some(isMulticast))
  })
})
