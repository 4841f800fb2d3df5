import { assert, describe, it } from "@effect/vitest"
import * as Arrival from "@holdfast/raw-socket/Arrival"
import * as ControlMessage from "@holdfast/raw-socket/ControlMessage"
import * as Ipv6AddressCache from "@holdfast/raw-socket/Ipv6AddressCache"
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"

const now = 5_000_000
/** The wall clock is a million seconds ahead of the monotonic one. */
const offset = -1_000_000_000_000
const stampOf = (micros: number): ControlMessage.ControlMessage => ({
  _tag: "Timestamp",
  seconds: BigInt(Math.floor((micros - offset) / 1_000_000)),
  nanos: BigInt(((micros - offset) % 1_000_000) * 1_000)
})
const destination = Address.Ipv6Address.make("ff02::12")
/** Reads them where they stand in a batch: behind something else, and followed by something else. */
const read = (arrival: Arrival.Arrival, control: Uint8Array) => {
  const arena = new Uint8Array(before * 4 + control.length + 8).fill(0xff)
  arena.set(control, before * 4)
  const end = before + (control.length >> 2)
  Arrival.read(arrival, new Int32Array(arena.buffer, 0, arena.length >> 2), before, end, now, offset)
}
const before = 3
const readAll = (messages: ReadonlyArray<ControlMessage.ControlMessage>) => {
  const arrival = Arrival.make()
  read(arrival, ControlMessage.encode(messages))
  return arrival
}

describe("Arrival", () => {
  it("reads what the kernel tells of an IPv6 packet", () => {
    const control = ControlMessage.encode([
      stampOf(4_200_000),
      { _tag: "ReceiveOverflow", droppedCount: 0xffff_fffe },
      { _tag: "Ipv6PacketInfo", address: Address.ipToBytes(destination), interfaceIndex: 7 },
      { _tag: "Ipv6HopLimit", hopLimit: 64 }
    ])
    const arrival = Arrival.make()

    read(arrival, control)

    assert.deepInclude(arrival, {
      interfaceIndex: 7,
      hopLimit: 64,
      arrivedAtMicros: 4_200_000,
      droppedCount: 0xffff_fffe
    })
    assert.strictEqual(Address.ipv6FromBytes(control, arrival.destinationAt), destination)
  })

  it("forgets the packet before", () => {
    const arrival = Arrival.make()
    read(arrival, ControlMessage.encode([{ _tag: "Ipv6HopLimit", hopLimit: 64 }]))
    const info = {
      _tag: "Ipv4PacketInfo",
      interfaceIndex: 3,
      localAddress: Address.Ipv4Address.make("192.0.2.1"),
      destination: Address.Ipv4Address.make("192.0.2.1")
    } as const

    read(arrival, ControlMessage.encode([info]))

    assert.deepStrictEqual(arrival, { ...Arrival.make(), interfaceIndex: 3, arrivedAtMicros: now })
  })

  it("does not believe a stamp from the future or from before any stall", () => {
    const arrivedAt = (micros: number) => readAll([stampOf(micros)]).arrivedAtMicros

    assert.strictEqual(arrivedAt(now), now)
    assert.strictEqual(arrivedAt(now + 1), now)
    assert.strictEqual(arrivedAt(now - 60_000_001), now)
  })

  it.prop("is total", { bytes: Schema.Uint8Array }, ({ bytes }) => {
    read(Arrival.make(), bytes)
  })
})

describe("Ipv6AddressCache", () => {
  it("spells every address as the codec does, also those that meet in one place", () => {
    const read = Ipv6AddressCache.make()
    const addresses = Array.from({ length: 300 }, (_, index) =>
      Address.ipToBytes(Address.Ipv6Address.make(`fe80::${(index + 1).toString(16)}`))
    )

    for (const bytes of [...addresses, ...addresses.toReversed()]) {
      assert.strictEqual(read(bytes, 0), Address.ipv6FromBytes(bytes))
      assert.strictEqual(read(bytes, 0), Address.ipv6FromBytes(bytes))
    }
  })
})
