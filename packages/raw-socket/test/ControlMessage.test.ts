import { assert, describe, it } from "@effect/vitest"
import * as ControlMessage from "@holdfast/raw-socket/ControlMessage"
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xff }))
const Word = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0x7fff_ffff }))
const octets = (length: number) => Schema.Array(Byte).check(Schema.isBetweenLength(length, length))

const everyKind = (
  index: number,
  bytes: ReadonlyArray<number>
): ReadonlyArray<ControlMessage.ControlMessage> => [
  {
    _tag: "Ipv4PacketInfo",
    interfaceIndex: index,
    localAddress: Address.ipv4FromBytes(Uint8Array.from(bytes)),
    destination: Address.ipv4FromBytes(Uint8Array.from(bytes), 4)
  },
  { _tag: "Ipv4TimeToLive", timeToLive: index },
  { _tag: "Ipv6PacketInfo", address: Uint8Array.from(bytes), interfaceIndex: index },
  { _tag: "Ipv6HopLimit", hopLimit: index },
  { _tag: "ReceiveOverflow", droppedCount: index },
  { _tag: "Timestamp", seconds: BigInt(index) * 1_000_000n, nanos: BigInt(index) },
  { _tag: "Unknown", level: 1, type: 2, bytes: Uint8Array.from(bytes.slice(0, index % 16)) }
]

describe("ControlMessage", () => {
  it("encodes IP_PKTINFO as the kernel reads it", () => {
    const bytes = ControlMessage.encode([
      {
        _tag: "Ipv4PacketInfo",
        interfaceIndex: 3,
        localAddress: Address.Ipv4Address.make("10.0.0.1"),
        destination: Address.Ipv4Address.make("224.0.0.18")
      }
    ])

    const header = [28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0]
    assert.deepStrictEqual([...bytes], [...header, 3, 0, 0, 0, 10, 0, 0, 1, 224, 0, 0, 18, 0, 0, 0, 0])
  })

  it.prop("reads back lists of every kind", { index: Word, bytes: octets(16) }, ({ index, bytes }) => {
    const messages = everyKind(index, bytes)

    assert.deepStrictEqual(ControlMessage.decode(ControlMessage.encode(messages)), messages)
  })

  it.prop("is total: any bytes decode", [Schema.Array(Byte)], ([bytes]) => {
    ControlMessage.decode(Uint8Array.from(bytes))
  })

  it("ends where a length breaks off", () => {
    const bytes = ControlMessage.encode([
      { _tag: "Ipv4TimeToLive", timeToLive: 255 },
      { _tag: "Ipv6HopLimit", hopLimit: 255 }
    ])

    assert.strictEqual(ControlMessage.decode(bytes.subarray(0, 30)).length, 1)
    bytes[24] = 3
    assert.strictEqual(ControlMessage.decode(bytes).length, 1)
  })
})
