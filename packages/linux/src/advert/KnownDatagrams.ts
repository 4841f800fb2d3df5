/**
 * The last datagram of each VRID, so that the same one is known again without being decoded.
 *
 * **Details** the same means every byte but two fields of the IPv4 header: its identification, which counts, and the
 * checksum over that, which the kernel has verified. Of an IPv6 header what the kernel tells of it.
 *
 * @since 0.1.0
 */
import { Buffer } from "node:buffer"
import type { ChannelOptions, ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import type * as Tally from "@holdfast/raw-socket/Tally"
import type { Instant } from "@holdfast/wire/Instant"
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
  /** The last one of its VRID is none. */
  readonly forget: (bytes: Uint8Array) => undefined
  /** Returns the last one of a VRID. */
  readonly last: (vrid: number) => ReceivedAdvert | undefined
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
    },
    forget: (bytes) => {
      copies[vridOf(bytes)] = undefined
      return (known[vridOf(bytes)] = undefined)
    },
    last: (vrid) => known[vrid]
  }
}

/**
 * Those of a channel over IPv6.
 *
 * @category models
 * @since 0.1.0
 */
export interface KnownIpv6Datagrams {
  /** Returns what it is given: the one before, if that was the same, or one that it remembers, with bytes of its own. */
  readonly know: (datagram: ReceivedAdvert) => ReceivedAdvert
  /** Returns the last one of a VRID. */
  readonly last: (vrid: number) => ReceivedAdvert | undefined
}

/**
 * Knows none of a channel over IPv6.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeIpv6 = (): KnownIpv6Datagrams => {
  const known: Array<ReceivedAdvert | undefined> = []
  return {
    know: ({ destination, hopLimit, payload, source }) => {
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
    },
    last: (vrid) => known[vrid]
  }
}

/**
 * Returns what tells of packets that were the last of their VRIDs again.
 *
 * @category conversions
 * @since 0.1.0
 */
export const repeat =
  (
    last: (vrid: number) => ReceivedAdvert | undefined,
    onReceived: ChannelOptions["onReceived"]
  ): Tally.OnTallied =>
  (vrids, counts, arrivedAt) => {
    const adverts = vrids.map(last)
    // One that could not be decoded is no advert the next time either.
    const isKnown = (_: unknown, index: number): boolean => adverts[index] !== undefined
    onReceived(
      adverts.filter((advert) => advert !== undefined),
      arrivedAt.filter(isKnown).map((micros) => micros as Instant),
      counts.filter(isKnown)
    )
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
