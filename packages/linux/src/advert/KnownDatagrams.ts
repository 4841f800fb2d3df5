/**
 * The last datagram of each VRID, so that the same one is known again without being decoded.
 *
 * **Details** the same means every byte but two fields of the IPv4 header: its identification, which counts, and the
 * checksum over that, which the kernel has verified. Of an IPv6 header what the kernel tells of it.
 *
 * @since 0.1.0
 */
import { Buffer } from "node:buffer"
import type { ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import type * as Ipv4 from "@holdfast/wire/Ipv4"

/**
 * Those of a channel over IPv4.
 *
 * @category models
 * @since 0.1.0
 */
export interface KnownDatagrams {
  /** Returns what an IPv4 packet is, if its VRID's last one was the same. */
  readonly find: (bytes: Uint8Array) => ReceivedAdvert | undefined
  /** Remembers a packet by a copy, and returns it with bytes of its own. */
  readonly learn: (bytes: Uint8Array, datagram: Ipv4.Datagram) => ReceivedAdvert
}

/**
 * Knows none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): KnownDatagrams => {
  const copies: Array<Uint8Array | undefined> = []
  const known: Array<ReceivedAdvert | undefined> = []
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
        payload: copy.subarray(start, start + payload.length)
      }
      copies[vridOf(bytes)] = copy
      known[vridOf(bytes)] = one
      return one
    }
  }
}

/**
 * Knows none of a channel over IPv6. What it returns is what it is given: the one before, if that was the same, or else one
 * that it remembers, with bytes of its own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeIpv6 = (): ((datagram: ReceivedAdvert) => ReceivedAdvert) => {
  const known: Array<ReceivedAdvert | undefined> = []
  return ({ destination, hopLimit, payload, source }) => {
    const vrid = payload[1] ?? 0
    const one = known[vrid]
    if (
      one?.source === source &&
      one.destination === destination &&
      one.hopLimit === hopLimit &&
      Buffer.compare(one.payload, payload) === 0
    )
      return one
    return (known[vrid] = { source, destination, hopLimit, payload: payload.slice() })
  }
}

/** Behind a header without options; of another it is some byte, which serves as well. */
const vridOf = (bytes: Uint8Array): number => bytes[21] ?? 0

/** What varies (RFC 791 3.1: identification and checksum) is taken over into the copy, so that one comparison is enough. */
const isSame = (copy: Uint8Array, bytes: Uint8Array): boolean => {
  if (copy.length !== bytes.length) return false
  copy[4] = bytes[4]!
  copy[5] = bytes[5]!
  copy[10] = bytes[10]!
  copy[11] = bytes[11]!
  return Buffer.compare(copy, bytes) === 0
}
