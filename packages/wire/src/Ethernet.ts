/**
 * The Ethernet II frame (RFC 894): bytes to value and back.
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
import { MacAddress, macFromBytes, macToBytes } from "./Address.ts"

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
 * Destination of a frame for every station.
 *
 * @category constants
 * @since 0.1.0
 */
export const broadcast = "ff:ff:ff:ff:ff:ff" as MacAddress

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
