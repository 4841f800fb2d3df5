/**
 * The classic capture file of libpcap: a header, then records of a time and the bytes of a frame.
 *
 * Reads both byte orders and both resolutions, microseconds and nanoseconds. Refuses, with an exception that says why,
 * a file that is no capture, is cut off, or holds frames that were not captured whole: a golden file is either sound or
 * a mistake in the repository.
 *
 * @see draft-ietf-opsawg-pcap
 * @since 0.1.0
 */

/**
 * One captured frame.
 *
 * @category models
 * @since 0.1.0
 */
export interface Frame {
  /** Wall time of the capture in nanoseconds since 1970. */
  readonly atNanos: bigint
  readonly bytes: Uint8Array
}

/**
 * Returns the frames of an Ethernet capture in file order.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (file: Uint8Array): ReadonlyArray<Frame> => {
  if (file.length < fileHeaderLength) throw new Error("a capture starts with a header of 24 bytes")
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const format = formats.get(view.getUint32(0))
  if (format === undefined) throw new Error("the magic number is none of the four of libpcap")
  const linkType = view.getUint32(linkTypeOffset, format.littleEndian)
  if (linkType !== linkTypeEthernet) throw new Error(`link type ${linkType} is not Ethernet`)

  const frames: Array<Frame> = []
  for (let offset = fileHeaderLength; offset < file.length;) {
    const start = offset + recordHeaderLength
    if (start > file.length) throw new Error(`frame ${frames.length + 1} ends in its header`)
    const [seconds, fraction, length, lengthOnWire] = [0, 4, 8, 12].map((field) =>
      view.getUint32(offset + field, format.littleEndian)
    ) as [number, number, number, number]
    if (length !== lengthOnWire) throw new Error(`frame ${frames.length + 1} was not captured whole`)
    if (start + length > file.length) throw new Error(`frame ${frames.length + 1} ends in its bytes`)
    frames.push({
      atNanos: BigInt(seconds) * nanosPerSecond + BigInt(fraction) * format.nanosPerTick,
      bytes: file.subarray(start, start + length)
    })
    offset = start + length
  }
  return frames
}

const fileHeaderLength = 24
const recordHeaderLength = 16
const linkTypeOffset = 20
const linkTypeEthernet = 1
const nanosPerSecond = 1_000_000_000n

/** The magic numbers as they stand in the file, read in network order. */
const formats: ReadonlyMap<number, { readonly littleEndian: boolean; readonly nanosPerTick: bigint }> =
  new Map([
    [0xa1b2c3d4, { littleEndian: false, nanosPerTick: 1_000n }],
    [0xd4c3b2a1, { littleEndian: true, nanosPerTick: 1_000n }],
    [0xa1b23c4d, { littleEndian: false, nanosPerTick: 1n }],
    [0x4d3cb2a1, { littleEndian: true, nanosPerTick: 1n }]
  ])
