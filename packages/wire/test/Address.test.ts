import { assert, describe, it } from "@effect/vitest"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }

const ipv4 = (text: string) => Option.getOrThrow(Address.ipv4FromString(text))

describe("Ipv4Address", () => {
  it.each(["0.0.0.0", "192.168.3.117", "255.255.255.255", "10.20.30.249"])("%s is one", (text) => {
    assert.deepStrictEqual(Address.ipv4FromString(text), Option.some(text))
    assert.isTrue(Schema.is(Address.Ipv4Address)(text))
  })

  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "1.2.3.04",
    "1.2.3.4 ",
    "1.2.3.4\n",
    "1.2.3.4/24",
    "1..3.4",
    "::1"
  ])("%j is none", (text) => {
    assert.isTrue(Option.isNone(Address.ipv4FromString(text)))
    assert.isFalse(Schema.is(Address.Ipv4Address)(text))
  })

  it.prop(
    "bytes and text are two spellings of one value",
    { address: Address.Ipv4Address },
    ({ address }) => {
      const bytes = new Uint8Array(6)
      Address.ipv4ToBytes(address, bytes, 1)

      assert.strictEqual(Address.ipv4FromBytes(bytes, 1), address)
      assert.strictEqual(new DataView(bytes.buffer).getUint32(1), Address.ipv4ToNumber(address))
      assert.deepStrictEqual([bytes[0], bytes[5]], [0, 0])
    },
    runs
  )

  it("RFC 3768 6.4.3: the order is that of unsigned integers, not that of text or of signed ones", () => {
    const sorted = [
      "192.168.3.9",
      "10.0.0.1",
      "192.168.3.10",
      "9.255.255.255",
      "127.255.255.255",
      "128.0.0.0"
    ]
      .map(ipv4)
      .toSorted(Address.compare)

    assert.deepStrictEqual<ReadonlyArray<string>>(sorted, [
      "9.255.255.255",
      "10.0.0.1",
      "127.255.255.255",
      "128.0.0.0",
      "192.168.3.9",
      "192.168.3.10"
    ])
    assert.strictEqual(Address.compare(ipv4("10.0.0.1"), ipv4("10.0.0.1")), 0)
  })
})

describe("MacAddress", () => {
  it.each([
    "00:00:5E:00:01:52",
    "0:0:5e:0:1:52",
    "00-00-5e-00-01-52",
    "00:00:5e:00:01",
    "00:00:5e:00:01:52:00"
  ])("%s is none", (text) => assert.isFalse(Schema.is(Address.MacAddress)(text)))

  it.prop(
    "bytes and text are two spellings of one value",
    { address: Address.MacAddress },
    ({ address }) => {
      const bytes = new Uint8Array(8)
      Address.macToBytes(address, bytes, 1)

      assert.strictEqual(Address.macFromBytes(bytes, 1), address)
      assert.deepStrictEqual(
        [...bytes.subarray(1, 7)],
        address.split(":").map((digits) => parseInt(digits, 16))
      )
      assert.deepStrictEqual([bytes[0], bytes[7]], [0, 0])
    },
    runs
  )
})
