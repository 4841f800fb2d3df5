import { assert, describe, it } from "@effect/vitest"
import * as PacketFilter from "@holdfast/raw-socket/PacketFilter"
import type { MacAddress } from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"

/** The instructions that the programs use, after the kernel's description; a load beyond the packet drops it. */
const run = (program: PacketFilter.Program, packet: Uint8Array): number => {
  let accumulator = 0
  let index = 0
  for (let at = 0; ; at++) {
    const { code, jumpFalse, jumpTrue, operand } = program[at]!
    if (code === PacketFilter.returnOperand) return operand
    if (code === PacketFilter.loadLength) accumulator = packet.length
    else if (code === PacketFilter.subtractIndex) accumulator = (accumulator - index) >>> 0
    else if (code === PacketFilter.add) accumulator += operand
    else if (code === PacketFilter.addIndex) accumulator += index
    else if (code === PacketFilter.shiftLeft) accumulator = (accumulator << operand) >>> 0
    else if (code === PacketFilter.setIndex) index = operand
    else if (code === PacketFilter.moveToIndex) index = accumulator
    else if (code === PacketFilter.jumpIfEqual) at += accumulator === operand ? jumpTrue : jumpFalse
    else if (code === PacketFilter.jumpIfAtLeastIndex) at += accumulator >= index ? jumpTrue : jumpFalse
    else if (code === PacketFilter.jumpIfAtLeast) at += accumulator >= operand ? jumpTrue : jumpFalse
    else {
      const offset = code === PacketFilter.loadByteIndexed ? index + operand : operand
      if (offset >= packet.length) return 0
      if (code === PacketFilter.loadByteIndexed) accumulator = packet[offset]!
      else index = (packet[offset]! & 0xf) * 4
    }
  }
}

const packetOf = (vrid: number, optionWords = 0): Uint8Array => {
  const bytes = new Uint8Array(20 + optionWords * 4 + 8)
  bytes[0] = 0x45 + optionWords
  bytes[20 + optionWords * 4] = 0x21
  bytes[21 + optionWords * 4] = vrid
  return bytes
}

/** The same behind an authentication header of so many words of four bytes. */
const authenticatedOf = (vrid: number, optionWords: number, headerWords: number): Uint8Array => {
  const plain = packetOf(vrid, optionWords)
  const advertAt = plain.length - 8
  const header = new Uint8Array(headerWords * 4)
  header[0] = 112
  header[1] = headerWords - 2
  return Uint8Array.of(...plain.subarray(0, advertAt), ...header, ...plain.subarray(advertAt))
}

const Vrids = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 })))
const OptionWords = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 }))
const HeaderWords = Schema.Int.check(Schema.isBetween({ minimum: 3, maximum: 12 }))
const Priority = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
const everyVrid = Array.from({ length: 255 }, (_, index) => index + 1)

describe("PacketFilter", () => {
  it.prop(
    "accepts the wanted virtual routers only, wherever the payload begins",
    { vrids: Vrids, optionWords: OptionWords },
    ({ optionWords, vrids }) => {
      const wanted = new Set(vrids)
      const only = PacketFilter.acceptOnly(wanted)
      const others = PacketFilter.acceptAllBut(wanted)

      for (const vrid of [0, ...everyVrid]) {
        const packet = packetOf(vrid, optionWords)
        assert.strictEqual(run(only, packet) > 0, wanted.has(vrid))
        assert.strictEqual(run(others, packet) > 0, !wanted.has(vrid))
      }
    }
  )

  it.prop(
    "rings for Masters that leave, and for what is too short to tell",
    { priority: Priority, optionWords: OptionWords },
    ({ optionWords, priority }) => {
      const advert = packetOf(51, optionWords)
      advert[advert.length - 6] = priority
      const rings = (packet: Uint8Array, place: PacketFilter.Place): boolean =>
        run(PacketFilter.acceptLeaving(place), packet) > 0

      assert.strictEqual(rings(advert, "Ipv4"), priority === 0)
      assert.strictEqual(rings(advert.subarray(-8), "Ipv6"), priority === 0)
      assert.isTrue(rings(advert.subarray(0, -6), "Ipv4"))
      assert.isTrue(rings(advert.subarray(-8, -6), "Ipv6"))
    }
  )

  it.prop(
    "finds the identifier behind an authentication header, and at the start where there is no header",
    { vrids: Vrids, optionWords: OptionWords, headerWords: HeaderWords },
    ({ headerWords, optionWords, vrids }) => {
      const muted = new Set(vrids)
      const authenticated = PacketFilter.acceptAllBut(muted, "Authenticated")
      const bare = PacketFilter.acceptAllBut(muted, "Ipv6")

      for (const vrid of [0, ...everyVrid]) {
        const packet = authenticatedOf(vrid, optionWords, headerWords)
        assert.strictEqual(run(authenticated, packet) > 0, !muted.has(vrid))
        assert.strictEqual(run(bare, packetOf(vrid).subarray(20)) > 0, !muted.has(vrid))
      }
    }
  )

  it("drops everything for who only sends", () => {
    assert.strictEqual(run(PacketFilter.dropAll, packetOf(7)), 0)
    assert.strictEqual(run(PacketFilter.dropAll, new Uint8Array(0)), 0)
  })

  it("accepts what one MAC address sent and nothing else", () => {
    const program = PacketFilter.acceptFrom("00:00:5e:00:01:07" as MacAddress)

    // The link-layer header is in front of what a socket sees, at operands that only the kernel knows: by its loads.
    const verdict = (word: number, half: number): number => {
      for (let at = 0, accumulator = 0; ; at++) {
        const { code, jumpFalse, jumpTrue, operand } = program[at]!
        if (code === PacketFilter.returnOperand) return operand
        if (code === PacketFilter.loadWord) accumulator = word
        else if (code === PacketFilter.loadHalf) accumulator = half
        else at += accumulator === operand ? jumpTrue : jumpFalse
      }
    }
    assert.strictEqual(verdict(0x00005e00, 0x0107), PacketFilter.keepAll)
    assert.strictEqual(verdict(0x00005e00, 0x0108), PacketFilter.keepNothing)
    assert.strictEqual(verdict(0x02005e00, 0x0107), PacketFilter.keepNothing)
  })

  it("accepts packets too short to hold the identifier, so that they are counted", () => {
    for (const program of [
      PacketFilter.acceptOnly(new Set()),
      PacketFilter.acceptAllBut(new Set(everyVrid))
    ]) {
      assert.isAbove(run(program, packetOf(7).subarray(0, 21)), 0)
      assert.isAbove(run(program, packetOf(7, 5).subarray(0, 41)), 0)
      assert.isAbove(run(program, packetOf(7).subarray(0, 20)), 0)
    }
    for (const length of [20, 21, 43, 44, 45])
      assert.isAbove(
        run(
          PacketFilter.acceptAllBut(new Set(everyVrid), "Authenticated"),
          authenticatedOf(7, 0, 6).subarray(0, length)
        ),
        0
      )
    assert.isAbove(run(PacketFilter.acceptAllBut(new Set(everyVrid), "Ipv6"), Uint8Array.of(0x31)), 0)
  })

  it("reaches its verdict with every virtual router listed: no jump is longer than eight bits hold", () => {
    const program = PacketFilter.acceptOnly(new Set(everyVrid))

    assert.isTrue(program.every(({ jumpTrue }) => jumpTrue <= 255))
    for (const vrid of everyVrid) assert.isAbove(run(program, packetOf(vrid)), 0)
    assert.strictEqual(run(program, packetOf(0)), 0)
  })

  it("encodes eight bytes an instruction, in host order", () => {
    const bytes = PacketFilter.encode([{ code: 0x15, jumpTrue: 1, jumpFalse: 2, operand: 0x0a0b0c0d }])

    assert.deepStrictEqual([...bytes], [0x15, 0, 1, 2, 0x0d, 0x0c, 0x0b, 0x0a])
  })
})
