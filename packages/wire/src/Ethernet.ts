/**
 * The Ethernet II frame (RFC 894): bytes to value and back, and the link-layer addresses that follow from something else.
 *
 * Frames are untagged, as a packet socket sees them: the kernel takes a VLAN tag out before. A tagged frame decodes as
 * one of ether type 0x8100. No frame check sequence, and no padding to the 60 bytes of the medium: the driver adds both.
 *
 * **Gotchas** a payload is a view of the bytes that were decoded and may end in padding; `Ipv4` and `Arp` know their
 * own length.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  type Family,
  type IpAddress,
  ipToBytes,
  isIpv6,
  MacAddress,
  macFromBytes,
  macToBytes
} from "./Address.ts"

/**
 * Ether type of IPv4 (RFC 894).
 *
 * @category constants
 * @since 0.1.0
 */
export const etherTypeIpv4 = 0x0800

/**
 * Ether type of ARP (RFC 826).
 *
 * @category constants
 * @since 0.1.0
 */
export const etherTypeArp = 0x0806

/**
 * Ether type of IPv6 (RFC 2464 section 3).
 *
 * @category constants
 * @since 0.1.0
 */
export const etherTypeIpv6 = 0x86dd

/**
 * Destination of a frame for every station.
 *
 * @category constants
 * @since 0.1.0
 */
export const broadcast = "ff:ff:ff:ff:ff:ff" as MacAddress

/**
 * Returns the link-layer address of a virtual router (RFC 9568 section 7.3): `00:00:5e:00:01:{VRID}` for IPv4,
 * `00:00:5e:00:02:{VRID}` for IPv6.
 *
 * @category addresses
 * @since 0.1.0
 */
export const virtualMac = (family: Family, vrid: number): MacAddress =>
  macFromBytes(Uint8Array.of(0x00, 0x00, 0x5e, 0x00, family === "Ipv4" ? 0x01 : 0x02, vrid))

/**
 * Returns where a packet to a multicast group goes on the link: the last 23 bits of an IPv4 group behind `01:00:5e`
 * (RFC 1112 section 6.4), the last 32 bits of an IPv6 group behind `33:33` (RFC 2464 section 7).
 *
 * @category addresses
 * @since 0.1.0
 */
export const multicastMac = (group: IpAddress): MacAddress => {
  const last = ipToBytes(group).subarray(-4)
  if (isIpv6(group)) return macFromBytes(Uint8Array.of(0x33, 0x33, ...last))
  return macFromBytes(Uint8Array.of(0x01, 0x00, 0x5e, last[1]! & 0x7f, last[2]!, last[3]!))
}

/**
 * Bytes before the payload.
 *
 * @category constants
 * @since 0.1.0
 */
export const headerLength = 14

/**
 * A frame.
 *
 * @category models
 * @since 0.1.0
 */
export const Frame = Schema.Struct({
  destination: MacAddress,
  source: MacAddress,
  etherType: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff })),
  payload: Schema.Uint8Array
})

/**
 * @category models
 * @since 0.1.0
 */
export type Frame = typeof Frame.Type

/**
 * Decodes a frame. Total: bytes shorter than the header have no value.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): Result.Result<Frame, "Length"> =>
  bytes.length < headerLength
    ? Result.fail("Length")
    : Result.succeed({
        destination: macFromBytes(bytes),
        source: macFromBytes(bytes, sourceOffset),
        etherType: bytes[etherTypeOffset]! * 0x100 + bytes[etherTypeOffset + 1]!,
        payload: bytes.subarray(headerLength)
      })

/**
 * Encodes a frame.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (frame: Frame): Uint8Array => {
  const bytes = new Uint8Array(headerLength + frame.payload.length)
  writeHeader(bytes, 0, frame.destination, frame.source, frame.etherType)
  bytes.set(frame.payload, headerLength)
  return bytes
}

/**
 * Writes the 14 bytes of a header. The caller guarantees that they fit.
 *
 * @category encoding
 * @since 0.1.0
 */
export const writeHeader = (
  target: Uint8Array,
  offset: number,
  destination: MacAddress,
  source: MacAddress,
  etherType: number
): void => {
  macToBytes(destination, target, offset)
  macToBytes(source, target, offset + sourceOffset)
  target[offset + etherTypeOffset] = etherType >>> 8
  target[offset + etherTypeOffset + 1] = etherType
}

const sourceOffset = 6
const etherTypeOffset = 12
