/**
 * The IPv4 packet (RFC 791 section 3.1): bytes to value and back, and the values that VRRP prescribes for its header.
 *
 * Two ways in. `decode` checks and keeps the whole header; `decodeDatagram` is the receive path of a raw socket, where
 * the kernel has verified the checksum already.
 *
 * **Details**
 * - Options are carried as they are. The total length is honoured: what follows it (the padding of a short Ethernet
 *   frame) is no part of the payload.
 * - `decode` gives a fragment like any packet, with its offset; `decodeDatagram` refuses it, since the payload of a
 *   fragment is no message.
 *
 * **Gotchas** a payload is a view of the bytes that were decoded, not a copy: whoever reuses the buffer decodes first.
 *
 * @see RFC 791 section 3.1; RFC 3768 section 5.2
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ipv4FromBytes, Ipv4Address, ipv4ToBytes } from "./Address.ts"
import * as Checksum from "./Checksum.ts"

/**
 * IP protocol number of VRRP (RFC 3768 section 5.2.4).
 *
 * @category constants
 * @since 0.1.0
 */
export const protocolVrrp = 112

/**
 * Group that adverts go to (RFC 3768 section 5.2.2).
 *
 * @category constants
 * @since 0.1.0
 */
export const groupVrrp = "224.0.0.18" as Ipv4Address

/**
 * Hop limit of every advert; one that arrives with less was routed (RFC 3768 section 5.2.3).
 *
 * @category constants
 * @since 0.1.0
 */
export const hopLimitVrrp = 255

/**
 * Type of service of every advert: precedence 6, internetwork control (RFC 791 section 3.1), as keepalived sends it.
 *
 * @category constants
 * @since 0.1.0
 */
export const typeOfServiceVrrp = 0xc0

/**
 * Bytes before the payload of a packet without options (RFC 791 section 3.1: at least five words).
 *
 * @category constants
 * @since 0.1.0
 */
export const headerLengthMin = 20

const optionsLengthMax = 40 // RFC 791 3.1: IHL at most 15 words
const totalLengthMax = 0xffff
const flagDontFragment = 0x4000
const flagMoreFragments = 0x2000
const fragmentOffsetMask = 0x1fff

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xff }))

/**
 * A whole packet or a fragment of one.
 *
 * @category models
 * @since 0.1.0
 */
export const Packet = Schema.Struct({
  typeOfService: Byte,
  identification: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff })),
  dontFragment: Schema.Boolean,
  moreFragments: Schema.Boolean,
  /** Place of the payload in the unfragmented packet, in units of 8 bytes. */
  fragmentOffset: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: fragmentOffsetMask })),
  hopLimit: Byte,
  protocol: Byte,
  source: Ipv4Address,
  destination: Ipv4Address,
  /** Undecoded options, at most 40 bytes; `encode` fills the last word with End of Option List. */
  options: Schema.Uint8Array.check(Schema.isMaxLength(optionsLengthMax)),
  payload: Schema.Uint8Array.check(Schema.isMaxLength(totalLengthMax - headerLengthMin - optionsLengthMax))
})

/**
 * @category models
 * @since 0.1.0
 */
export type Packet = typeof Packet.Type

/**
 * What a raw socket's reader needs of a packet.
 *
 * @category models
 * @since 0.1.0
 */
export interface Datagram {
  readonly source: Ipv4Address
  readonly destination: Ipv4Address
  readonly hopLimit: number
  readonly payload: Uint8Array
}

/**
 * Why bytes are no packet.
 *
 * - `Length`: shorter than a header, than the header length says or than the total length says.
 * - `Version`: not IPv4.
 * - `Checksum`: the header was damaged on the way (`decode` only).
 * - `Fragment`: a part of a packet (`decodeDatagram` only).
 *
 * @category models
 * @since 0.1.0
 */
export const MalformedReason = Schema.Literals(["Length", "Version", "Checksum", "Fragment"])

/**
 * @category models
 * @since 0.1.0
 */
export type MalformedReason = typeof MalformedReason.Type

/**
 * Returns the packet that carries an advert: the header values of RFC 3768 section 5.2 and no options.
 *
 * @category constructors
 * @since 0.1.0
 */
export const advertPacket = (advert: {
  readonly source: Ipv4Address
  /** The group, or one peer of a unicast router. */
  readonly destination: Ipv4Address
  readonly identification: number
  /** An encoded advertisement. */
  readonly payload: Uint8Array
}): Packet => ({
  typeOfService: typeOfServiceVrrp,
  identification: advert.identification,
  dontFragment: false,
  moreFragments: false,
  fragmentOffset: 0,
  hopLimit: hopLimitVrrp,
  protocol: protocolVrrp,
  source: advert.source,
  destination: advert.destination,
  options: noOptions,
  payload: advert.payload
})

/**
 * Decodes a packet and verifies its header checksum. Total: any bytes give a value or the first broken rule.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): Result.Result<Packet, MalformedReason> => {
  const reason = frameFault(bytes)
  if (reason !== undefined) return Result.fail(reason)
  const headerLength = headerLengthOf(bytes)
  // RFC 791 3.1: the checksum covers the header only.
  if (Checksum.compute(bytes.subarray(0, headerLength)) !== 0) return Result.fail("Checksum")
  const fragmentation = uint16(bytes, fragmentationOffset)
  return Result.succeed({
    typeOfService: bytes[typeOfServiceOffset]!,
    identification: uint16(bytes, identificationOffset),
    dontFragment: (fragmentation & flagDontFragment) !== 0,
    moreFragments: (fragmentation & flagMoreFragments) !== 0,
    fragmentOffset: fragmentation & fragmentOffsetMask,
    hopLimit: bytes[hopLimitOffset]!,
    protocol: bytes[protocolOffset]!,
    source: ipv4FromBytes(bytes, sourceOffset),
    destination: ipv4FromBytes(bytes, destinationOffset),
    options: bytes.subarray(headerLengthMin, headerLength),
    payload: bytes.subarray(headerLength, uint16(bytes, totalLengthOffset))
  })
}

/**
 * Decodes what a raw socket delivers. The kernel verified the header checksum, so it is not computed again.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeDatagram = (bytes: Uint8Array): Result.Result<Datagram, MalformedReason> => {
  const reason = frameFault(bytes)
  if (reason !== undefined) return Result.fail(reason)
  // RFC 791 3.2: a fragment has an offset or more fragments behind it. The kernel reassembles for IP sockets; a packet
  // socket sees the pieces.
  if ((uint16(bytes, fragmentationOffset) & (flagMoreFragments | fragmentOffsetMask)) !== 0)
    return Result.fail("Fragment")
  return Result.succeed({
    source: ipv4FromBytes(bytes, sourceOffset),
    destination: ipv4FromBytes(bytes, destinationOffset),
    hopLimit: bytes[hopLimitOffset]!,
    payload: bytes.subarray(headerLengthOf(bytes), uint16(bytes, totalLengthOffset))
  })
}

/**
 * Encodes a packet with its lengths and its header checksum.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (packet: Packet): Uint8Array => {
  const headerLength = headerLengthMin + Math.ceil(packet.options.length / wordLength) * wordLength
  const bytes = new Uint8Array(headerLength + packet.payload.length)
  bytes[0] = (versionFour << 4) | (headerLength / wordLength)
  bytes[typeOfServiceOffset] = packet.typeOfService
  setUint16(bytes, totalLengthOffset, bytes.length)
  setUint16(bytes, identificationOffset, packet.identification)
  setUint16(
    bytes,
    fragmentationOffset,
    (packet.dontFragment ? flagDontFragment : 0) |
      (packet.moreFragments ? flagMoreFragments : 0) |
      packet.fragmentOffset
  )
  bytes[hopLimitOffset] = packet.hopLimit
  bytes[protocolOffset] = packet.protocol
  ipv4ToBytes(packet.source, bytes, sourceOffset)
  ipv4ToBytes(packet.destination, bytes, destinationOffset)
  bytes.set(packet.options, headerLengthMin)
  setUint16(bytes, checksumOffset, Checksum.compute(bytes.subarray(0, headerLength)))
  bytes.set(packet.payload, headerLength)
  return bytes
}

/**
 * Returns whether an address names a group: 224.0.0.0/4 (RFC 1112 section 4).
 *
 * @category addresses
 * @since 0.1.0
 */
export const isMulticast = (address: Ipv4Address): boolean => {
  const firstOctet = Number.parseInt(address, 10)
  return firstOctet >= 224 && firstOctet < 240
}

/** Returns the first rule of the lengths and the version that the bytes break, or nothing when all fields can be read. */
const frameFault = (bytes: Uint8Array): "Length" | "Version" | undefined => {
  if (bytes.length < headerLengthMin) return "Length"
  if (bytes[0]! >>> 4 !== versionFour) return "Version"
  const headerLength = headerLengthOf(bytes)
  const totalLength = uint16(bytes, totalLengthOffset)
  // RFC 791 3.1: header within total length, total length within what arrived.
  const whole = headerLength >= headerLengthMin && headerLength <= totalLength && totalLength <= bytes.length
  return whole ? undefined : "Length"
}

const headerLengthOf = (bytes: Uint8Array): number => (bytes[0]! & 0x0f) * wordLength

const uint16 = (bytes: Uint8Array, offset: number): number => bytes[offset]! * 0x100 + bytes[offset + 1]!

const setUint16 = (bytes: Uint8Array, offset: number, value: number): void => {
  bytes[offset] = value >>> 8
  bytes[offset + 1] = value
}

const versionFour = 4
const wordLength = 4
const noOptions = new Uint8Array(0)
const typeOfServiceOffset = 1
const totalLengthOffset = 2
const identificationOffset = 4
const fragmentationOffset = 6
const hopLimitOffset = 8
const protocolOffset = 9
const checksumOffset = 10
const sourceOffset = 12
const destinationOffset = 16
