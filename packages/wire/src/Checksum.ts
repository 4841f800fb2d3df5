/**
 * The Internet checksum (RFC 1071): the 16-bit ones' complement of the ones' complement sum.
 *
 * IPv4 headers and VRRP version 2 messages both carry it.
 *
 * **Details**
 * A message whose checksum field holds its checksum sums to 0, so verifying is `compute(message) === 0`. To write one,
 * leave the field 0, compute, and store the result in network order.
 *
 * @see RFC 1071 section 1
 * @since 0.1.0
 */

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
