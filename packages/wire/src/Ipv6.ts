/**
 * The IPv6 packet (RFC 8200 section 3): bytes to value and back, the groups that VRRP and neighbour discovery use, and the
 * values that VRRP prescribes for the header.
 *
 * **Details** the payload length is honoured: what follows it (the padding of a short Ethernet frame) is no part of the
 * payload.
 *
 * **Gotchas**
 * - Extension headers are not taken apart: `nextHeader` names the first, and the payload begins with it. Adverts and
 *   neighbour advertisements have none.
 * - A payload is a view of the bytes that were decoded, not a copy: whoever reuses the buffer decodes first.
 *
 * @see RFC 8200 section 3; RFC 9568 section 5.1.2
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ipv6FromBytes, Ipv6Address, ipv6ToBytes } from "./Address.ts"
import { hopLimitVrrp, protocolVrrp, typeOfServiceVrrp } from "./Ipv4.ts"

/**
 * Next header of ICMPv6 (RFC 4443 section 1).
 *
 * @category constants
 * @since 0.1.0
 */
export const protocolIcmpv6 = 58

/**
 * Group that adverts go to (RFC 9568 section 5.1.2.2).
 *
 * @category constants
 * @since 0.1.0
 */
export const groupVrrp = "ff02::12" as Ipv6Address

/**
 * Group of every node on the link (RFC 4291 section 2.7.1).
 *
 * @category constants
 * @since 0.1.0
 */
export const groupAllNodes = "ff02::1" as Ipv6Address

/**
 * Bytes before the payload.
 *
 * @category constants
 * @since 0.1.0
 */
export const headerLength = 40

const payloadLengthMax = 0xffff
const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xff }))

/**
 * A packet.
 *
 * @category models
 * @since 0.1.0
 */
export const Packet = Schema.Struct({
  trafficClass: Byte,
  flowLabel: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xf_ffff })),
  /** What the payload begins with: a protocol, or an extension header. */
  nextHeader: Byte,
  hopLimit: Byte,
  source: Ipv6Address,
  destination: Ipv6Address,
  payload: Schema.Uint8Array.check(Schema.isMaxLength(payloadLengthMax))
})

/**
 * @category models
 * @since 0.1.0
 */
export type Packet = typeof Packet.Type

/**
 * Why bytes are no packet.
 *
 * - `Length`: shorter than the header, or than the payload length says.
 * - `Version`: not IPv6.
 *
 * @category models
 * @since 0.1.0
 */
export const MalformedReason = Schema.Literals(["Length", "Version"])

/**
 * @category models
 * @since 0.1.0
 */
export type MalformedReason = typeof MalformedReason.Type

/**
 * Returns the packet that carries an advert: the header values of RFC 9568 section 5.1.2.
 *
 * @category constructors
 * @since 0.1.0
 */
export const advertPacket = (advert: {
  readonly source: Ipv6Address
  /** The group, or one peer of a unicast router. */
  readonly destination: Ipv6Address
  /** Of the sender's choice, and the same for all that it sends there; a kernel makes one up (RFC 6437 section 3). */
  readonly flowLabel: number
  /** An encoded advertisement. */
  readonly payload: Uint8Array
}): Packet => ({
  trafficClass: typeOfServiceVrrp,
  flowLabel: advert.flowLabel,
  nextHeader: protocolVrrp,
  hopLimit: hopLimitVrrp,
  source: advert.source,
  destination: advert.destination,
  payload: advert.payload
})

/**
 * Decodes a packet. Total: any bytes give a value or the first broken rule.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): Result.Result<Packet, MalformedReason> => {
  if (bytes.length < headerLength) return Result.fail("Length")
  if (bytes[0]! >>> 4 !== versionSix) return Result.fail("Version")
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerLength)
  const end = headerLength + view.getUint16(payloadLengthOffset)
  if (bytes.length < end) return Result.fail("Length")
  const first = view.getUint32(0)
  return Result.succeed({
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xf_ffff,
    nextHeader: bytes[nextHeaderOffset]!,
    hopLimit: bytes[hopLimitOffset]!,
    source: ipv6FromBytes(bytes, sourceOffset),
    destination: ipv6FromBytes(bytes, destinationOffset),
    payload: bytes.subarray(headerLength, end)
  })
}

/**
 * Encodes a packet.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (packet: Packet): Uint8Array => {
  const bytes = new Uint8Array(headerLength + packet.payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, ((versionSix << 28) | (packet.trafficClass << 20) | packet.flowLabel) >>> 0)
  view.setUint16(payloadLengthOffset, packet.payload.length)
  bytes[nextHeaderOffset] = packet.nextHeader
  bytes[hopLimitOffset] = packet.hopLimit
  ipv6ToBytes(packet.source, bytes, sourceOffset)
  ipv6ToBytes(packet.destination, bytes, destinationOffset)
  bytes.set(packet.payload, headerLength)
  return bytes
}

/**
 * Returns the group that questions for an address go to: `ff02::1:ff00:0` with the last 24 bits of the address
 * (RFC 4291 section 2.7.1). A new Master joins it (RFC 9568 section 6.4.1).
 *
 * @category addresses
 * @since 0.1.0
 */
export const solicitedNodeGroup = (address: Ipv6Address): Ipv6Address => {
  const bytes = new Uint8Array(addressLength)
  ipv6ToBytes(address, bytes)
  bytes.set(solicitedNodePrefix)
  return ipv6FromBytes(bytes)
}

/**
 * Returns whether an address names a group (RFC 4291 section 2.7).
 *
 * @category addresses
 * @since 0.1.0
 */
export const isMulticast = (address: Ipv6Address): boolean => /^ff[0-9a-f]{2}:/.test(address)

const versionSix = 6
const addressLength = 16
const solicitedNodePrefix = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff]
const payloadLengthOffset = 4
const nextHeaderOffset = 6
const hopLimitOffset = 7
const sourceOffset = 8
const destinationOffset = 24
