/** Which packets are the same, and which only look so. */
import { assert, describe, it } from "@effect/vitest"
import * as KnownDatagrams from "@holdfast/linux/advert/KnownDatagrams"
import type { Ipv4Address, Ipv6Address } from "@holdfast/wire/Address"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Result from "effect/Result"

const packet = (identification: number, payload = Uint8Array.of(0x31, 51, 100, 1, 0, 100, 0xab, 0xcd)) =>
  Ipv4.encode(
    Ipv4.advertPacket({
      source: "192.0.2.1" as Ipv4Address,
      destination: Ipv4.groupVrrp,
      identification,
      payload
    })
  )

const learned = () => {
  const known = KnownDatagrams.make()
  const bytes = packet(7)
  const datagram = Result.getOrThrow(Ipv4.decodeDatagram(bytes))
  const one = known.learn(bytes, datagram)
  return { known, one, bytes, datagram }
}

describe("KnownDatagrams", () => {
  it("a packet that differs in its identification, and so in its checksum, is the same", () => {
    const { bytes, datagram, known, one } = learned()
    assert.deepStrictEqual(one, { ...datagram })
    bytes.fill(0)
    assert.deepStrictEqual(one.payload, Uint8Array.of(0x31, 51, 100, 1, 0, 100, 0xab, 0xcd))
    assert.strictEqual(known.find(packet(8)), one)
  })

  it.each([...packet(7).keys()].flatMap((index) => ([4, 5, 10, 11].includes(index) ? [] : [index])))(
    "a packet that differs in byte %i is another",
    (index) => {
      const { known } = learned()
      const other = packet(7)
      other[index]! ^= 1

      assert.isUndefined(known.find(other))
    }
  )

  it("a longer packet is another", () => {
    assert.isUndefined(learned().known.find(Uint8Array.of(...packet(7), 0)))
  })

  it("of a VRID only the last is known", () => {
    const { bytes, datagram, known } = learned()
    const other = packet(7, Uint8Array.of(0x31, 51, 99, 1, 0, 100, 0xab, 0xcd))
    known.learn(other, Result.getOrThrow(Ipv4.decodeDatagram(other)))

    assert.isUndefined(known.find(bytes))
    assert.strictEqual(known.find(other)?.source, datagram.source)
  })
})

describe("KnownDatagrams of IPv6", () => {
  const datagram = (vrid = 51) => ({
    source: "fe80::1" as Ipv6Address,
    destination: "ff02::12" as Ipv6Address,
    hopLimit: 255,
    payload: Uint8Array.of(0x31, vrid, 100, 1, 0, 100, 0xab, 0xcd)
  })

  it("the same one again is the one before, whose bytes are its own", () => {
    const { know: known } = KnownDatagrams.makeIpv6()
    const first = datagram()
    const one = known(first)
    first.payload.fill(0)

    assert.deepStrictEqual(one, datagram())
    assert.strictEqual(known(datagram()), one)
    assert.deepStrictEqual(known(datagram(52)), datagram(52))
    assert.strictEqual(known(datagram()), one)
  })

  it.each([
    { source: "fe80::2" as Ipv6Address },
    { destination: "fe80::3" as Ipv6Address },
    { hopLimit: 254 },
    { payload: Uint8Array.of(0x31, 51, 101, 1, 0, 100, 0xab, 0xcd) },
    { payload: Uint8Array.of(0x31, 51, 100, 1, 0, 100, 0xab, 0xcd, 0) }
  ])("one with %o is another", (other) => {
    const { know: known } = KnownDatagrams.makeIpv6()
    const one = known(datagram())

    assert.notStrictEqual(known({ ...datagram(), ...other }), one)
    assert.deepStrictEqual(known({ ...datagram(), ...other }), { ...datagram(), ...other })
  })
})
