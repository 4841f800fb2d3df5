/**
 * The last datagram of each VRID, so that the same one is known again without being decoded.
 *
 * **Details** the same means every byte but two fields of the IPv4 header: its identification, which counts, and the
 * checksum over that, which the kernel has verified.
 *
 * @since 0.1.0
 */
import type { ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import type * as Ipv4 from "@holdfast/wire/Ipv4"

/**
 * @category models
 * @since 0.1.0
 */
export interface KnownDatagrams {
  /** Returns what an IPv4 packet is, if its VRID's last one was the same. */
  readonly find: (bytes: Uint8Array) => Known | undefined
  /** Remembers a packet by a copy. */
  readonly learn: (bytes: Uint8Array, datagram: Ipv4.Datagram) => Known
}

/**
 * A datagram with bytes of its own.
 *
 * @category models
 * @since 0.1.0
 */
export type Known = Omit<ReceivedAdvert, "arrivedAt">

/**
 * Knows none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): KnownDatagrams => {
  const copies: Array<Uint8Array | undefined> = []
  const known: Array<Known | undefined> = []
  return {
    find: (bytes) => {
      const vrid = vridOf(bytes)
      const copy = copies[vrid]
      return copy !== undefined && isSame(copy, bytes) ? known[vrid] : undefined
    },
    learn: (bytes, { destination, hopLimit, payload, source }) => {
      const copy = bytes.slice()
      const start = payload.byteOffset - bytes.byteOffset
      const one = {
        source,
        destination,
        hopLimit,
        payload: copy.subarray(start, start + payload.length),
        content: copy
      }
      copies[vridOf(bytes)] = copy
      known[vridOf(bytes)] = one
      return one
    }
  }
}

/** Behind a header without options; of another it is some byte, which serves as well. */
const vridOf = (bytes: Uint8Array): number => bytes[21] ?? 0

const isSame = (left: Uint8Array, right: Uint8Array): boolean => {
  if (left.length !== right.length) return false
  for (let index = left.length - 1; index >= 0; index--)
    if (left[index] !== right[index] && !isVarying(index)) return false
  return true
}

/** RFC 791 3.1. */
const isVarying = (index: number): boolean => index === 4 || index === 5 || index === 10 || index === 11
