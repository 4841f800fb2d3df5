/**
 * The last datagram of each VRID, so that the same one is known again without being decoded.
 *
 * **Details** the same means every byte but two fields of the IPv4 header: its identification, which counts, and the
 * checksum over that, which the kernel has verified.
 *
 * @since 0.1.0
 */
import { Buffer } from "node:buffer"
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

/** What varies is taken over into the copy, so that one comparison is enough. */
const isSame = (copy: Uint8Array, bytes: Uint8Array): boolean => {
  if (copy.length !== bytes.length) return false
  for (const index of varying) copy[index] = bytes[index]!
  return Buffer.compare(copy, bytes) === 0
}

/** RFC 791 3.1. */
const varying = [4, 5, 10, 11]
