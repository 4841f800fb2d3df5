/**
 * The VRRP advertisement of version 2 (RFC 3768 section 5): bytes to value and back.
 *
 * Knows the message only. The hop limit, the source and the destination belong to the IPv4 header (`Ipv4`), and whether
 * a sound advert is acceptable belongs to the virtual router.
 *
 * **Details**
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+---------------+---------------+
 *     |version| type  | VRID          | priority      | address count |
 *     +-------+-------+---------------+---------------+---------------+
 *     | auth. type    | interval (s)  | checksum                      |
 *     +---------------+---------------+-------------------------------+
 *     | addresses, 4 bytes each ...                                   |
 *     +---------------------------------------------------------------+
 *     | authentication data, 8 bytes                                  |
 *     +---------------------------------------------------------------+
 *
 * `decode` names the first rule that the bytes break, in keepalived's order: length, version, type, checksum.
 *
 * **Gotchas**
 * - Version 3 has another layout behind the same first four bytes. A version-3 advert is answered with the reason
 *   `Version`, never `Length`: the length rule of version 2 is not applied to a message that does not claim to be one.
 * - Bytes after the authentication data are padding: they are tolerated, as keepalived does, and the checksum does not
 *   cover them (RFC 3768 section 7.1 asks for "the complete VRRP packet", not for nothing more).
 * - A count of 0 is accepted, as keepalived sends it for a router whose addresses are all excluded from the advert.
 * - Authentication data is carried by its type only; RFC 3768 section 10 removed authentication from version 2.
 *
 * @see RFC 3768 sections 5 and 7.1
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ipv4FromBytes, Ipv4Address, ipv4ToBytes } from "./Address.ts"
import * as Checksum from "./Checksum.ts"

/**
 * Most addresses in one advert: the count is one byte (RFC 3768 section 5.3.5).
 *
 * @category constants
 * @since 0.1.0
 */
export const addressCountMax = 255

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xff }))
const microsPerSecond = 1_000_000
const advertIntervalMicrosMax = 255 * microsPerSecond // RFC 3768 5.3.7: whole seconds in one byte

/**
 * A decoded advertisement. Version 3 joins as a second value of `version`.
 *
 * @category models
 * @since 0.1.0
 */
export const Advertisement = Schema.Struct({
  version: Schema.Literal(2),
  /** Virtual router identifier, 0 to 255 on the wire; 0 is never ours. */
  vrid: Byte,
  /** 0 when a Master leaves; 255 from the owner of the addresses. */
  priority: Byte,
  /** Between adverts in microseconds: whole seconds 0 to 255 in version 2, which has no place for a fraction. */
  advertIntervalMicros: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: advertIntervalMicrosMax })),
  /** Authentication type of version 2: 0 none, 1 simple text password, 2 IP authentication header; others are carried as they are. */
  authenticationType: Byte,
  addresses: Schema.Array(Ipv4Address).check(Schema.isMaxLength(addressCountMax))
})

/**
 * @category models
 * @since 0.1.0
 */
export type Advertisement = typeof Advertisement.Type

/**
 * Why bytes are no advertisement of version 2, in the order of the checks.
 *
 * - `Length`: shorter than the header, or than what the address count announces.
 * - `Version`: another version; version 3 among them.
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
 * Decodes the payload of an IPv4 packet of protocol 112. Total: any bytes give a value or the first broken rule.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): Result.Result<Advertisement, MalformedReason> => {
  // RFC 3768 7.1: the fixed fields must be there before any of them can be read.
  if (bytes.length < headerLength) return Result.fail("Length")
  // RFC 3768 5.3.1
  if (bytes[0]! >>> 4 !== versionTwo) return Result.fail("Version")
  const addressCount = bytes[3]!
  const length = lengthOf(addressCount)
  // RFC 3768 7.1: the packet holds all announced addresses and the authentication data.
  if (bytes.length < length) return Result.fail("Length")
  // RFC 3768 5.3.2: any other type must be discarded.
  if ((bytes[0]! & 0x0f) !== typeAdvertisement) return Result.fail("Type")
  // RFC 3768 5.3.8: over the whole message from the version field on.
  if (Checksum.compute(bytes.length === length ? bytes : bytes.subarray(0, length)) !== 0)
    return Result.fail("Checksum")
  return Result.succeed({
    version: versionTwo,
    vrid: bytes[1]!,
    priority: bytes[2]!,
    advertIntervalMicros: bytes[5]! * microsPerSecond,
    authenticationType: bytes[4]!,
    addresses: Array.from({ length: addressCount }, (_, index) =>
      ipv4FromBytes(bytes, headerLength + index * addressLength)
    )
  })
}

/**
 * Encodes an advertisement with its checksum. The authentication data is 8 bytes of 0, whatever the type
 * (RFC 3768 section 5.3.10).
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (advertisement: Advertisement): Uint8Array => {
  const { addresses } = advertisement
  const bytes = new Uint8Array(lengthOf(addresses.length))
  bytes[0] = (advertisement.version << 4) | typeAdvertisement
  bytes[1] = advertisement.vrid
  bytes[2] = advertisement.priority
  bytes[3] = addresses.length
  bytes[4] = advertisement.authenticationType
  bytes[5] = Math.floor(advertisement.advertIntervalMicros / microsPerSecond)
  addresses.forEach((address, index) => ipv4ToBytes(address, bytes, headerLength + index * addressLength))
  const checksum = Checksum.compute(bytes)
  bytes[checksumOffset] = checksum >>> 8
  bytes[checksumOffset + 1] = checksum
  return bytes
}

/**
 * Returns the VRID of a message that may be malformed, or nothing when it is too short to have one: versions 2 and 3
 * keep it in the same place, so a router is found and its counters kept before anything is decoded.
 *
 * @category accessors
 * @since 0.1.0
 */
export const vridOf = (bytes: Uint8Array): number | undefined => bytes[1]

const lengthOf = (addressCount: number): number =>
  headerLength + addressCount * addressLength + authenticationDataLength

const versionTwo = 2
const typeAdvertisement = 1 // RFC 3768 5.3.2
const headerLength = 8
const checksumOffset = 6
const addressLength = 4
const authenticationDataLength = 8 // RFC 3768 5.3.10
