/**
 * The VRRP advertisement of version 2 (RFC 3768 section 5) and of version 3 (RFC 9568 section 5): bytes to value and back.
 *
 * Knows the message only. The hop limit, the source and the destination belong to the IP header, and whether a sound
 * advert is acceptable belongs to the virtual router. The family of the addresses is that of the IP header.
 *
 * **Details**
 *
 *      version 2                                  version 3
 *      0        1        2        3               0        1        2        3
 *     +--------+--------+--------+--------+      +--------+--------+--------+--------+
 *     |ver type| VRID   |priority| count  |      |ver type| VRID   |priority| count  |
 *     +--------+--------+--------+--------+      +--------+--------+--------+--------+
 *     |auth    |seconds | checksum        |      |0  interval (cs) | checksum        |
 *     +--------+--------+-----------------+      +-----------------+-----------------+
 *     | addresses, 4 bytes each ...       |      | addresses, 4 or 16 bytes each ... |
 *     +-----------------------------------+      +-----------------------------------+
 *     | authentication data, 8 bytes      |
 *     +-----------------------------------+
 *
 * `decode` names the first rule that the bytes break, in keepalived's order: length, version, type, checksum.
 *
 * **Gotchas**
 * - The checksum of version 3 over IPv4 covers a pseudo-header for those who follow RFC 5798, as keepalived and FRR do
 *   unless told otherwise (`v3_checksum_as_v2`), and the message alone since RFC 9568 section 5.2.8. Both forms are
 *   verified, and the value says which one it was. Over IPv6 the pseudo-header always counts.
 * - Version 2 knows IPv4 alone: over IPv6 it is answered with the reason `Version`.
 * - Bytes after the message are padding or a trailer: they are tolerated, as keepalived does, and the checksum does not
 *   cover them (RFC 3768 section 7.1 asks for "the complete VRRP packet", not for nothing more). Over IPv6 it may: a
 *   kernel that computes it for a raw socket knows nothing but the whole payload (RFC 3542 section 3.1).
 * - A count of 0 is accepted, as keepalived sends it for a router whose addresses are all excluded from the advert.
 * - RFC 3768 section 10 removed authentication from version 2; the data is carried for those who still use it.
 *
 * @see RFC 3768 sections 5 and 7.1; RFC 9568 sections 5.2 and 7.1; RFC 5798 section 5.2.8
 * @since 0.1.0
 */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  type Family,
  familyOf,
  IpAddress,
  ipToBytes,
  ipv4FromBytes,
  Ipv4Address,
  ipv6FromBytes
} from "./Address.ts"
import * as Checksum from "./Checksum.ts"
import { protocolVrrp } from "./Ipv4.ts"

/**
 * Most addresses in one advert: the count is one byte (RFC 3768 section 5.3.5).
 *
 * @category constants
 * @since 0.1.0
 */
export const addressCountMax = 255

/**
 * Where the two bytes of the checksum are, in either version.
 *
 * @category constants
 * @since 0.1.0
 */
export const checksumOffset = 6

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xff }))
const microsPerSecond = 1_000_000
const microsPerCentisecond = 10_000
const secondsMax = 255 // RFC 3768 5.3.7: one byte
const centisecondsMax = 0xfff // RFC 9568 5.2.7: twelve bits

const common = {
  /** Virtual router identifier, 0 to 255 on the wire; 0 is never ours. */
  vrid: Byte,
  /** 0 when a Master leaves; 255 from the owner of the addresses. */
  priority: Byte
}

/**
 * An advertisement of version 2.
 *
 * @category models
 * @since 0.1.0
 */
export const AdvertisementV2 = Schema.Struct({
  version: Schema.Literal(2),
  ...common,
  /** Between adverts in microseconds: whole seconds 0 to 255, there is no place for a fraction. */
  advertIntervalMicros: Schema.Int.check(
    Schema.isBetween({ minimum: 0, maximum: secondsMax * microsPerSecond })
  ),
  /** 0 none, 1 simple text password, 2 IP authentication header; others are carried as they are. */
  authenticationType: Byte,
  /** The eight bytes of authentication data as hexadecimal digits; absent when all are 0. */
  authenticationData: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[0-9a-f]{16}$/))),
  addresses: Schema.Array(Ipv4Address).check(Schema.isMaxLength(addressCountMax))
})

/**
 * An advertisement of version 3. All its addresses are of the family that carries it.
 *
 * @category models
 * @since 0.1.0
 */
export const AdvertisementV3 = Schema.Struct({
  version: Schema.Literal(3),
  ...common,
  /** Between adverts in microseconds: 0 to 40.95 s in hundredths of a second. */
  advertIntervalMicros: Schema.Int.check(
    Schema.isBetween({ minimum: 0, maximum: centisecondsMax * microsPerCentisecond })
  ),
  /** What the checksum covers besides the message: `Plain` is nothing, and is known over IPv4 alone. */
  checksum: Schema.Literals(["PseudoHeader", "Plain"]),
  addresses: Schema.Array(IpAddress).check(Schema.isMaxLength(addressCountMax))
})

/**
 * A decoded advertisement.
 *
 * @category models
 * @since 0.1.0
 */
export const Advertisement = Schema.Union([AdvertisementV2, AdvertisementV3])

/**
 * @category models
 * @since 0.1.0
 */
export type Advertisement = typeof Advertisement.Type

/**
 * The addresses of the packet that carries the message: its pseudo-header. Both are of one family.
 *
 * @category models
 * @since 0.1.0
 */
export type Ends = Checksum.Ends

/**
 * Why bytes are no advertisement, in the order of the checks.
 *
 * - `Length`: shorter than the header, or than what the address count announces.
 * - `Version`: neither 2 nor 3, or 2 over IPv6.
 * - `Type`: not an advertisement.
 * - `Checksum`: damaged on the way.
 *
 * @category models
 * @since 0.1.0
 */
export const MalformedReason = Schema.Literals(["Length", "Version", "Type", "Checksum"])

/**
 * @category models
 * @since 0.1.0
 */
export type MalformedReason = typeof MalformedReason.Type

/**
 * Decodes the payload of an IP packet of protocol 112. Total: any bytes give a value or the first broken rule.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array, ends: Ends): Result.Result<Advertisement, MalformedReason> => {
  // RFC 3768 7.1: the fixed fields must be there before any of them can be read.
  if (bytes.length < headerLength) return Result.fail("Length")
  const family = familyOf(ends.source)
  const version = bytes[0]! >>> 4
  // RFC 3768 5.3.1; RFC 9568 5.2.1
  if (version !== 3 && (version !== 2 || family === "Ipv6")) return Result.fail("Version")
  const length = lengthOf(version, family, bytes[3]!)
  // RFC 3768 7.1: the packet holds all announced addresses and the authentication data.
  if (bytes.length < length) return Result.fail("Length")
  // RFC 3768 5.3.2: any other type must be discarded.
  if ((bytes[0]! & 0x0f) !== typeAdvertisement) return Result.fail("Type")
  const message = bytes.subarray(0, length)
  return version === 2
    ? decodeV2(message)
    : decodeV3(message, checksumForm(bytes, length, family, ends), family)
}

const decodeV2 = (message: Uint8Array): Result.Result<Advertisement, MalformedReason> => {
  // RFC 3768 5.3.8: over the whole message from the version field on.
  if (Checksum.compute(message) !== 0) return Result.fail("Checksum")
  const data = message.subarray(message.length - authenticationDataLength)
  return Result.succeed({
    version: 2,
    vrid: message[1]!,
    priority: message[2]!,
    advertIntervalMicros: message[5]! * microsPerSecond,
    authenticationType: message[4]!,
    ...(data.every((byte) => byte === 0) ? {} : { authenticationData: bytesToHex(data) }),
    addresses: Array.from({ length: message[3]! }, (_, index) =>
      ipv4FromBytes(message, headerLength + index * addressLengths.Ipv4)
    )
  })
}

const decodeV3 = (
  message: Uint8Array,
  checksum: ChecksumForm | undefined,
  family: Family
): Result.Result<Advertisement, MalformedReason> => {
  if (checksum === undefined) return Result.fail("Checksum")
  const addressAt = family === "Ipv4" ? ipv4FromBytes : ipv6FromBytes
  return Result.succeed({
    version: 3,
    vrid: message[1]!,
    priority: message[2]!,
    // RFC 9568 5.2.6: the four bits before the interval are reserved and ignored on reception.
    advertIntervalMicros: (((message[4]! & 0x0f) << 8) | message[5]!) * microsPerCentisecond,
    checksum,
    addresses: Array.from({ length: message[3]! }, (_, index) =>
      addressAt(message, headerLength + index * addressLengths[family])
    )
  })
}

type ChecksumForm = (typeof AdvertisementV3.Type)["checksum"]

/** Returns what the checksum of a message of version 3 covers, or nothing when it is wrong (RFC 5798 and RFC 9568 5.2.8). */
const checksumForm = (
  bytes: Uint8Array,
  length: number,
  family: Family,
  ends: Ends
): ChecksumForm | undefined => {
  const message = bytes.subarray(0, length)
  const isSound = (covered: Uint8Array) =>
    Checksum.compute(Checksum.pseudoHeader(ends, protocolVrrp, covered.length), covered) === 0
  if (isSound(message)) return "PseudoHeader"
  if (family === "Ipv4") return Checksum.compute(message) === 0 ? "Plain" : undefined
  return bytes.length > length && isSound(bytes) ? "PseudoHeader" : undefined
}

/**
 * Encodes an advertisement with its checksum.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (advertisement: Advertisement, ends: Ends): Uint8Array => {
  const { addresses, advertIntervalMicros, priority, version, vrid } = advertisement
  const family = familyOf(ends.source)
  const bytes = new Uint8Array(lengthOf(version, family, addresses.length))
  bytes[0] = (version << 4) | typeAdvertisement
  bytes[1] = vrid
  bytes[2] = priority
  bytes[3] = addresses.length
  addresses.forEach((address, index) =>
    bytes.set(ipToBytes(address), headerLength + index * addressLengths[family])
  )
  if (version === 2) {
    bytes[4] = advertisement.authenticationType
    bytes[5] = Math.floor(advertIntervalMicros / microsPerSecond)
    const { authenticationData = authenticationDataNone } = advertisement
    bytes.set(hexToBytes(authenticationData), bytes.length - authenticationDataLength)
    return withChecksum(bytes, Checksum.compute(bytes))
  }
  const centiseconds = Math.floor(advertIntervalMicros / microsPerCentisecond)
  bytes[4] = centiseconds >>> 8
  bytes[5] = centiseconds
  const isPlain = advertisement.checksum === "Plain"
  return withChecksum(
    bytes,
    isPlain
      ? Checksum.compute(bytes)
      : Checksum.compute(Checksum.pseudoHeader(ends, protocolVrrp, bytes.length), bytes)
  )
}

/**
 * Returns the VRID of a message that may be malformed, or nothing when it is too short to have one: versions 2 and 3
 * keep it in the same place, so a router is found and its counters kept before anything is decoded.
 *
 * @category accessors
 * @since 0.1.0
 */
export const vridOf = (bytes: Uint8Array): number | undefined => bytes[1]

/**
 * Returns the length in bytes of the message that begins with these bytes, without padding and trailers; nothing when it
 * is not all there.
 *
 * @category accessors
 * @since 0.1.0
 */
export const messageLengthOf = (bytes: Uint8Array, family: Family): number | undefined => {
  if (bytes.length < headerLength) return undefined
  const length = lengthOf(bytes[0]! >>> 4, family, bytes[3]!)
  return bytes.length < length ? undefined : length
}

const withChecksum = (bytes: Uint8Array, checksum: number): Uint8Array => {
  bytes[checksumOffset] = checksum >>> 8
  bytes[checksumOffset + 1] = checksum
  return bytes
}

const lengthOf = (version: number, family: Family, addressCount: number): number =>
  headerLength + addressCount * addressLengths[family] + (version === 2 ? authenticationDataLength : 0)

const typeAdvertisement = 1 // RFC 3768 5.3.2
const headerLength = 8
const addressLengths = { Ipv4: 4, Ipv6: 16 } as const
const authenticationDataLength = 8 // RFC 3768 5.3.10
const authenticationDataNone = "0000000000000000"
