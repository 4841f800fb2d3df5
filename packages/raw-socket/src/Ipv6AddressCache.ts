/**
 * IPv6 addresses read from packets, spelled once: the adverts of a thousand virtual routers come from a few machines.
 *
 * Holds as many as it has places; an address that meets another in its place takes it over.
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"

/**
 * Reads sixteen bytes in network order.
 *
 * @category models
 * @since 0.1.0
 */
export type Ipv6AddressCache = (bytes: Uint8Array, offset: number) => Address.Ipv6Address

/**
 * Returns an empty cache.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Ipv6AddressCache => {
  const known = new Uint8Array(placeCount * addressLength)
  const spellings: Array<Address.Ipv6Address | undefined> = []
  return (bytes, offset) => {
    const place = placeOf(bytes, offset)
    const spelling = spellings[place]
    if (spelling !== undefined && isSame(known, place * addressLength, bytes, offset)) return spelling
    for (let index = 0; index < addressLength; index++)
      known[place * addressLength + index] = bytes[offset + index]!
    return (spellings[place] = Address.ipv6FromBytes(bytes, offset))
  }
}

const placeOf = (bytes: Uint8Array, offset: number): number => {
  let hash = 0
  for (let index = 0; index < addressLength; index++)
    hash = (Math.imul(hash, 31) + bytes[offset + index]!) | 0
  return (hash >>> 0) % placeCount
}

const isSame = (left: Uint8Array, leftOffset: number, right: Uint8Array, rightOffset: number): boolean => {
  for (let index = 0; index < addressLength; index++)
    if (left[leftOffset + index] !== right[rightOffset + index]) return false
  return true
}

const addressLength = 16
/** More than machines that share a segment's virtual routers; a prime, so that neighbouring addresses part. */
const placeCount = 61
