import { assert, describe, it } from "@effect/vitest"
import * as Pcap from "../golden/Pcap.ts"

/** Builds a capture with one record per frame, in one of the four formats. */
const capture = (
  magic: number,
  littleEndian: boolean,
  frames: ReadonlyArray<{ seconds: number; fraction: number; bytes: ReadonlyArray<number> }>,
  linkType = 1
): Uint8Array => {
  const view = new DataView(
    new ArrayBuffer(24 + frames.reduce((sum, { bytes }) => sum + 16 + bytes.length, 0))
  )
  view.setUint32(0, magic, littleEndian)
  view.setUint16(4, 2, littleEndian)
  view.setUint16(6, 4, littleEndian)
  view.setUint32(16, 0x4_0000, littleEndian)
  view.setUint32(20, linkType, littleEndian)
  let offset = 24
  for (const { seconds, fraction, bytes } of frames) {
    const fields = [seconds, fraction, bytes.length, bytes.length]
    fields.forEach((field, index) => view.setUint32(offset + index * 4, field, littleEndian))
    bytes.forEach((byte, index) => view.setUint8(offset + 16 + index, byte))
    offset += 16 + bytes.length
  }
  return new Uint8Array(view.buffer)
}

const magicMicros = 0xa1b2c3d4
const magicNanos = 0xa1b23c4d

const frames = [
  { seconds: 1_700_000_000, fraction: 123_456, bytes: [1, 2, 3] },
  { seconds: 4_000_000_000, fraction: 999_999, bytes: [] }
]

describe("Pcap", () => {
  it.each([
    { name: "little-endian, microseconds", magic: magicMicros, littleEndian: true, tick: 1_000n },
    { name: "big-endian, microseconds", magic: magicMicros, littleEndian: false, tick: 1_000n },
    { name: "little-endian, nanoseconds", magic: magicNanos, littleEndian: true, tick: 1n },
    { name: "big-endian, nanoseconds", magic: magicNanos, littleEndian: false, tick: 1n }
  ])("$name: reads times and bytes", ({ magic, littleEndian, tick }) => {
    const decoded = Pcap.decode(capture(magic, littleEndian, frames))

    assert.deepStrictEqual(decoded, [
      { atNanos: 1_700_000_000_000_000_000n + 123_456n * tick, bytes: new Uint8Array([1, 2, 3]) },
      { atNanos: 4_000_000_000_000_000_000n + 999_999n * tick, bytes: new Uint8Array() }
    ])
  })

  it("reads a file that is a view into a larger buffer", () => {
    const file = capture(magicMicros, true, frames)
    const larger = new Uint8Array(file.length + 7)
    larger.set(file, 5)

    const decoded = Pcap.decode(larger.subarray(5, 5 + file.length))

    assert.deepStrictEqual(decoded[0]!.bytes, new Uint8Array([1, 2, 3]))
  })

  it("reads a capture without frames", () => {
    assert.deepStrictEqual(Pcap.decode(capture(magicMicros, true, [])), [])
  })

  it("refuses what is no sound Ethernet capture", () => {
    const whole = capture(magicMicros, true, [frames[0]!])
    const shortened = whole.slice()
    shortened[24 + 12]! += 1

    assert.throws(() => Pcap.decode(whole.subarray(0, 23)), /header of 24 bytes/)
    assert.throws(() => Pcap.decode(capture(0x0a0d0d0a, true, [])), /magic/)
    assert.throws(() => Pcap.decode(capture(magicMicros, true, [], 113)), /link type 113/)
    assert.throws(() => Pcap.decode(whole.subarray(0, 24 + 15)), /ends in its header/)
    assert.throws(() => Pcap.decode(whole.subarray(0, whole.length - 1)), /ends in its bytes/)
    assert.throws(() => Pcap.decode(shortened), /not captured whole/)
  })
})
