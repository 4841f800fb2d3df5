import { assert, describe, it } from "@effect/vitest"
import { Ipv4Address, MacAddress } from "@holdfast/wire/Address"
import * as Arp from "@holdfast/wire/Arp"
import * as Ethernet from "@holdfast/wire/Ethernet"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16))

const hardware = "00:00:5e:00:01:52" as MacAddress
const address = "192.168.3.117" as Ipv4Address

/** A gratuitous ARP of keepalived with a virtual MAC. */
const vector = bytesOf(
  "ffffffffffff 00005e000152 0806 0001 0800 06 04 0001 00005e000152 c0a80375 ffffffffffff c0a80375"
)
const packetBytes = vector.subarray(Ethernet.headerLength)

const packet: Arp.Packet = {
  operation: Arp.operationRequest,
  senderHardware: hardware,
  senderAddress: address,
  targetHardware: Ethernet.broadcast,
  targetAddress: address
}

const changed = (offset: number, byte: number): Uint8Array => {
  const bytes = packetBytes.slice()
  bytes[offset] = byte
  return bytes
}

const reasons: ReadonlyArray<string> = Arp.MalformedReason.literals

describe("Arp", () => {
  it("encodes and decodes a packet of keepalived", () => {
    assert.deepStrictEqual(Arp.decode(packetBytes), Result.succeed(packet))
    assert.deepStrictEqual(Arp.encode(packet), packetBytes)
  })

  it.prop(
    "decode is the inverse of encode",
    { generated: Arp.Packet },
    ({ generated }) => assert.deepStrictEqual(Arp.decode(Arp.encode(generated)), Result.succeed(generated)),
    runs
  )

  it("the padding of a short frame is tolerated", () => {
    const padded = new Uint8Array(46).fill(0xa5)
    padded.set(packetBytes)

    assert.deepStrictEqual(Arp.decode(padded), Result.succeed(packet))
  })

  it("less than a packet is Length", () => {
    assert.deepStrictEqual(Arp.decode(packetBytes.subarray(0, 27)), Result.fail("Length"))
    assert.deepStrictEqual(Arp.decode(new Uint8Array(0)), Result.fail("Length"))
  })

  it.each([0, 1, 4])("RFC 826: hardware other than Ethernet (byte %i) is HardwareType", (offset) => {
    assert.deepStrictEqual(Arp.decode(changed(offset, 32)), Result.fail("HardwareType"))
  })

  it.each([2, 3, 5])("RFC 826: a protocol other than IPv4 (byte %i) is ProtocolType", (offset) => {
    assert.deepStrictEqual(Arp.decode(changed(offset, 0x86)), Result.fail("ProtocolType"))
  })

  it.prop(
    "any bytes give a packet or a reason",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => assertTotal(bytes),
    { arbitrary: { runs: 1_000, size: 40 } }
  )

  it.prop(
    "any change of a sound packet gives a packet or a reason",
    {
      generated: Arp.Packet,
      length: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
      offset: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 27 })),
      byte: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
    },
    ({ generated, length, offset, byte }) => {
      const bytes = new Uint8Array(length)
      bytes.set(Arp.encode(generated).subarray(0, length))
      bytes[offset] = byte

      assertTotal(bytes)
    },
    runs
  )
})

const assertTotal = (bytes: Uint8Array): void => {
  const decoded = Arp.decode(bytes)
  if (Result.isFailure(decoded)) assert.include(reasons, decoded.failure)
  else assert.deepStrictEqual(Arp.encode(decoded.success), bytes.slice(0, 28))
}

describe("gratuitous ARP", () => {
  it("the frame is keepalived's, byte for byte", () => {
    assert.deepStrictEqual(Arp.gratuitousFrame(hardware, address), vector)
    assert.strictEqual(vector.length, Arp.gratuitousFrameLength)
  })

  it.prop(
    "the frame decodes to a broadcast request that announces the address",
    { sender: MacAddress, announced: Ipv4Address },
    ({ sender, announced }) => {
      const frame = Result.getOrThrow(Ethernet.decode(Arp.gratuitousFrame(sender, announced)))

      assert.strictEqual(frame.destination, Ethernet.broadcast)
      assert.strictEqual(frame.source, sender)
      assert.strictEqual(frame.etherType, Ethernet.etherTypeArp)
      const decoded = Result.getOrThrow(Arp.decode(frame.payload))
      assert.deepStrictEqual(decoded, {
        ...packet,
        senderHardware: sender,
        senderAddress: announced,
        targetAddress: announced
      })
      assert.isTrue(Arp.isGratuitous(decoded))
    },
    runs
  )

  it("a question for somebody else's address announces nothing", () => {
    assert.isFalse(Arp.isGratuitous({ ...packet, targetAddress: "192.168.3.10" as Ipv4Address }))
  })

  it.prop(
    "an arena holds the same frames, one after the other",
    { sender: MacAddress, addresses: Schema.Array(Ipv4Address) },
    ({ sender, addresses }) => {
      const arena = new Uint8Array(addresses.length * Arp.gratuitousFrameLength)

      const count = Arp.fillGratuitousFrames(arena, sender, addresses)

      assert.strictEqual(count, addresses.length)
      assert.deepStrictEqual(
        arena,
        Uint8Array.from(addresses.flatMap((announced) => [...Arp.gratuitousFrame(sender, announced)]))
      )
    },
    runs
  )

  it("an arena that is too small takes whole frames only, and the rest goes into the next", () => {
    const addresses = [1, 2, 3, 4].map((host) => `10.0.0.${host}` as Ipv4Address)
    const length = Arp.gratuitousFrameLength
    const arena = new Uint8Array(2 * length + 41)

    const first = Arp.fillGratuitousFrames(arena, hardware, addresses)
    assert.strictEqual(first, 2)
    assert.deepStrictEqual(arena.subarray(length, 2 * length), Arp.gratuitousFrame(hardware, addresses[1]!))
    assert.isTrue(arena.subarray(2 * length).every((byte) => byte === 0))

    const second = Arp.fillGratuitousFrames(arena, hardware, addresses, first)
    assert.strictEqual(second, 2)
    assert.deepStrictEqual(arena.subarray(0, length), Arp.gratuitousFrame(hardware, addresses[2]!))
    assert.deepStrictEqual(arena.subarray(length, 2 * length), Arp.gratuitousFrame(hardware, addresses[3]!))
  })

  it("nothing to announce and no room are no frames", () => {
    assert.strictEqual(Arp.fillGratuitousFrames(new Uint8Array(100), hardware, []), 0)
    assert.strictEqual(Arp.fillGratuitousFrames(new Uint8Array(100), hardware, [address], 1), 0)
    assert.strictEqual(Arp.fillGratuitousFrames(new Uint8Array(41), hardware, [address]), 0)
  })
})
