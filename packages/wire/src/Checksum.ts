/**
 * The Internet checksum (RFC 1071): the 16-bit ones' complement of the ones' complement sum.
 *
 * IPv4 headers and VRRP version 2 messages carry it as it is; ICMPv6 and VRRP version 3 let it cover a pseudo-header of
 * the addresses that the message travels between.
 *
 * **Details**
 * A message whose checksum field holds its checksum sums to 0, so verifying is `compute(message) === 0`. To write one,
 * leave the field 0, compute, and store the result in network order.
 *
 * @see RFC 1071 section 1; RFC 793 section 3.1; RFC 8200 section 8.1
 * @since 0.1.0
 */
import { type IpAddress, ipToBytes, isIpv6 } from "./Address.ts"

/**
 * Returns the checksum of the slices as if they were one run of bytes; a slice of odd length shifts what follows it.
 *
 * @category checksums
 * @since 0.1.0
 */
export const compute = (...slices: ReadonlyArray<Uint8Array>): number => {
  // A number holds 2^37 words before it loses precision, so the carries are folded once, at the end.
  let sum = 0
  let high = true
  for (const slice of slices) {
    for (const byte of slice) {
      sum += high ? byte * 0x100 : byte
      high = !high
    }
  }
  // RFC 1071 section 1 (2): add the carries back in until none is left.
  while (sum > 0xffff) sum = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000)
  return 0xffff - sum
}

/**
 * The addresses of the packet that carries a message. Both are of one family.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ends {
  readonly source: IpAddress
  readonly destination: IpAddress
}

/**
 * Returns the pseudo-header of a message of so many bytes: of RFC 793 section 3.1 over IPv4, of RFC 8200 section 8.1 over
 * IPv6.
 *
 * @category checksums
 * @since 0.1.0
 */
export const pseudoHeader = (ends: Ends, protocol: number, length: number): Uint8Array => {
  const [source, destination] = [ipToBytes(ends.source), ipToBytes(ends.destination)]
  const addressesLength = source.length + destination.length
  const overIpv6 = isIpv6(ends.source)
  const bytes = new Uint8Array(addressesLength + (overIpv6 ? 8 : 4))
  bytes.set(source)
  bytes.set(destination, source.length)
  const view = new DataView(bytes.buffer, addressesLength)
  if (overIpv6) {
    view.setUint32(0, length)
    view.setUint8(7, protocol)
  } else {
    view.setUint8(1, protocol)
    view.setUint16(2, length)
  }
  return bytes
}
