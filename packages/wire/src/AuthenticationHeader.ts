/**
 * The IP authentication header (RFC 2402) in transport mode with HMAC-MD5-96 (RFC 2403), as an advert of version 2 with
 * `auth_type AH` travels in it (RFC 2338 section 5.3.6.3).
 *
 * **Details**
 *
 *     +--------+--------+-----------------+
 *     |next 112| words 4| reserved 0      |
 *     +--------+--------+-----------------+
 *     | security parameters index         |   the source address
 *     +-----------------------------------+
 *     | sequence number                   |
 *     +-----------------------------------+
 *     | integrity check value, 12 bytes   |
 *     +-----------------------------------+
 *
 * The advert behind it has authentication type 2 and no authentication data; its checksum is that of any advert of
 * version 2. The integrity check value covers the IPv4 header, this header with the value itself as zeros, and the advert.
 *
 * Type of service, flags, fragment offset, hop limit and header checksum change on the way and are taken for zero
 * (RFC 2402 section 3.3.3.1.1.1). The identification is covered, so whoever sends it chooses it before.
 *
 * **Gotchas**
 * - The hop limit of a packet to a group is covered as it is sent, as keepalived does it: no router forwards an advert to a
 *   group.
 * - keepalived counts one sequence for all that it sends and accepts. It drops what is not above the highest of both, and
 *   goes on from there when it becomes Master: whoever counts for himself is not heard by it. The copies of one advert to
 *   several peers have one number.
 *
 * @see RFC 2402 sections 2 and 3; RFC 2403; RFC 2104
 * @since 0.1.0
 */
import { hmac } from "@noble/hashes/hmac.js"
import { md5 } from "@noble/hashes/legacy.js"
import { hexToBytes } from "@noble/hashes/utils.js"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Ipv4Address, ipv4FromBytes, ipv4ToNumber } from "./Address.ts"
import * as ConstantTime from "./ConstantTime.ts"
import * as Ipv4 from "./Ipv4.ts"

/**
 * IP protocol number of the header (RFC 2402 section 2).
 *
 * @category constants
 * @since 0.1.0
 */
export const protocol = 51

/**
 * Bytes before the advert.
 *
 * @category constants
 * @since 0.1.0
 */
export const headerLength = 24

const Word = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff_ffff }))

/**
 * A header and what it protects.
 *
 * @category models
 * @since 0.1.0
 */
export const Header = Schema.Struct({
  /** What protocol `payload` is of: 112 with an advert. */
  nextHeader: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xff })),
  /** The security parameters index names the sender: its address as a number. */
  spi: Word,
  /** Rises with every advert, from 1 on (RFC 2402 section 3.3.2). */
  sequence: Word,
  /** The integrity check value, 12 bytes: a view. */
  check: Schema.Uint8Array,
  /** Behind the header: a view. */
  payload: Schema.Uint8Array
})

/**
 * @category models
 * @since 0.1.0
 */
export type Header = typeof Header.Type

/**
 * Whether a header is what a holder of the key wrote.
 *
 * - `Malformed`: it is no authentication header before an advert, or does not name the source of the packet.
 * - `Invalid`: the integrity check value is another.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "Valid" | "Malformed" | "Invalid"

/**
 * Decodes the payload of an IPv4 packet of protocol 51. Total: any bytes give a value, or `Length` when they are shorter
 * than the header, or it is not of this length.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): Result.Result<Header, "Length"> => {
  // RFC 2402 2.2: the length counts words of four bytes, less two.
  if (bytes.length < headerLength || bytes[lengthOffset] !== headerLength / wordLength - 2)
    return Result.fail("Length")
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerLength)
  return Result.succeed({
    nextHeader: bytes[0]!,
    spi: view.getUint32(spiOffset),
    sequence: view.getUint32(sequenceOffset),
    check: bytes.subarray(checkOffset, headerLength),
    payload: bytes.subarray(headerLength)
  })
}

/**
 * Encodes the payload of an IPv4 packet of protocol 51: a header and the advert that it protects. It holds for the packet
 * that `packetOf` returns, and for no other.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (advert: Advert): Uint8Array => {
  const { key, payload, sequence, source, spi = ipv4ToNumber(source) } = advert
  const bytes = new Uint8Array(headerLength + payload.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = Ipv4.protocolVrrp
  bytes[lengthOffset] = headerLength / wordLength - 2
  view.setUint32(spiOffset, spi)
  view.setUint32(sequenceOffset, sequence)
  bytes.set(payload, headerLength)
  const header = Ipv4.encode(packetOf(advert, bytes)).subarray(0, -bytes.length)
  bytes.set(checkOf(header, bytes, key), checkOffset)
  return bytes
}

/**
 * What is sent, and as what.
 *
 * @category models
 * @since 0.1.0
 */
export interface Advert {
  readonly source: Ipv4Address
  readonly destination: Ipv4Address
  /** Of the IPv4 header; 1 to 65,535, since a kernel puts another in the place of 0. */
  readonly identification: number
  /** Of the IPv4 header; 255 when absent. */
  readonly hopLimit?: number
  /** More than that of any advert before, sent or accepted; the same for all peers. */
  readonly sequence: number
  /** Hexadecimal digits. */
  readonly key: string
  /** An encoded advertisement, with authentication type 2. */
  readonly payload: Uint8Array
  /** The source address as a number when absent. */
  readonly spi?: number
}

/**
 * Returns the packet of an advert, with the authentication header as its payload.
 *
 * @category constructors
 * @since 0.1.0
 */
export const packetOf = (
  advert: Omit<Advert, "key" | "payload" | "sequence">,
  payload: Uint8Array
): Ipv4.Packet => ({
  ...Ipv4.advertPacket({ ...advert, payload }),
  protocol,
  hopLimit: advert.hopLimit ?? Ipv4.hopLimitVrrp
})

/**
 * Says whether a packet is what a holder of the key sent. `header` is the IPv4 header as it was received, with its
 * options, and `payload` all that follows it. Total.
 *
 * @category verifying
 * @since 0.1.0
 */
export const verify = (header: Uint8Array, payload: Uint8Array, key: string): Verdict => {
  const decoded = decode(payload)
  if (Result.isFailure(decoded) || header.length < Ipv4.headerLengthMin) return "Malformed"
  const { check, nextHeader, spi } = decoded.success
  const isOurs = nextHeader === Ipv4.protocolVrrp && spi === ipv4ToNumber(ipv4FromBytes(header, sourceOffset))
  if (!isOurs) return "Malformed"
  return ConstantTime.equals(check, checkOf(header, payload, key)) ? "Valid" : "Invalid"
}

/** RFC 2402 section 3.3.3: over the packet, with zeros for what changes on the way and for the value itself. */
const checkOf = (header: Uint8Array, payload: Uint8Array, key: string): Uint8Array => {
  const covered = new Uint8Array(header.length + payload.length)
  covered.set(header)
  covered[typeOfServiceOffset] = 0
  if (!Ipv4.isMulticast(ipv4FromBytes(header, destinationOffset))) covered[hopLimitOffset] = 0
  covered.fill(0, fragmentationOffset, fragmentationOffset + 2)
  covered.fill(0, headerChecksumOffset, headerChecksumOffset + 2)
  covered.set(payload, header.length)
  covered.fill(0, header.length + checkOffset, header.length + headerLength)
  return hmac(md5, hexToBytes(key), covered).subarray(0, checkLength)
}

const wordLength = 4
const lengthOffset = 1
const spiOffset = 4
const sequenceOffset = 8
const checkOffset = 12
const checkLength = 12 // RFC 2403 section 2: the first 96 bits
const typeOfServiceOffset = 1
const fragmentationOffset = 6
const hopLimitOffset = 8
const headerChecksumOffset = 10
const sourceOffset = 12
const destinationOffset = 16
