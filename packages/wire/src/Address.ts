/**
 * Network addresses as canonical text.
 *
 * An address is its canonical spelling, branded: equality is `===`, it is a map key, it reads in a log, and it crosses
 * a thread or JSON as it is. Bytes exist only inside codecs.
 *
 * **Gotchas** order is the numeric order of the bytes (`compare`), never that of the text: the tie break of RFC 9568
 * section 6.4.3 compares addresses as unsigned integers in network byte order.
 *
 * @see docs/decisions/0007-addresses-are-canonical-text.md
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const octetPattern = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
const ipv4Pattern = new RegExp(`^${octetPattern}(?:\\.${octetPattern}){3}$`)

/**
 * An IPv4 address in dotted decimal without leading zeros, such as `192.168.3.117`.
 *
 * @category models
 * @since 0.1.0
 */
export const Ipv4Address = Schema.String.check(
  Schema.isPattern(ipv4Pattern, { expected: "an IPv4 address such as 192.0.2.1" })
).pipe(Schema.brand("Ipv4Address"))

/**
 * @category models
 * @since 0.1.0
 */
export type Ipv4Address = typeof Ipv4Address.Type

/**
 * Reads dotted decimal, or nothing when the text is not an IPv4 address.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ipv4FromString = (text: string): Option.Option<Ipv4Address> =>
  ipv4Pattern.test(text) ? Option.some(text as Ipv4Address) : Option.none()

/**
 * Reads four bytes in network order. The caller guarantees that they exist.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ipv4FromBytes = (bytes: Uint8Array, offset = 0): Ipv4Address =>
  `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}` as Ipv4Address

/**
 * Returns the address as an unsigned 32-bit integer.
 *
 * @category conversions
 * @since 0.1.0
 */
export const ipv4ToNumber = (address: Ipv4Address): number => {
  let value = 0
  let octet = 0
  for (let index = 0; index < address.length; index++) {
    const code = address.charCodeAt(index)
    if (code === dot) {
      value = value * 0x100 + octet
      octet = 0
    } else octet = octet * 10 + (code - zero)
  }
  return value * 0x100 + octet
}

/**
 * Writes four bytes in network order.
 *
 * @category conversions
 * @since 0.1.0
 */
export const ipv4ToBytes = (address: Ipv4Address, target: Uint8Array, offset = 0): void => {
  const value = ipv4ToNumber(address)
  target[offset] = value >>> 24
  target[offset + 1] = value >>> 16
  target[offset + 2] = value >>> 8
  target[offset + 3] = value
}

/**
 * Orders addresses as unsigned integers in network byte order: negative, zero or positive.
 *
 * @category ordering
 * @since 0.1.0
 */
export const compare = (left: Ipv4Address, right: Ipv4Address): number =>
  ipv4ToNumber(left) - ipv4ToNumber(right)

/**
 * A link-layer address in lower case with colons, such as `00:00:5e:00:01:52`.
 *
 * @category models
 * @since 0.1.0
 */
export const MacAddress = Schema.String.check(Schema.isPattern(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)).pipe(
  Schema.brand("MacAddress")
)

/**
 * @category models
 * @since 0.1.0
 */
export type MacAddress = typeof MacAddress.Type

/**
 * Reads six bytes. The caller guarantees that they exist.
 *
 * @category constructors
 * @since 0.1.0
 */
export const macFromBytes = (bytes: Uint8Array, offset = 0): MacAddress =>
  Array.from(bytes.subarray(offset, offset + macLength), (byte) => byte.toString(16).padStart(2, "0")).join(
    ":"
  ) as MacAddress

/**
 * Writes six bytes.
 *
 * @category conversions
 * @since 0.1.0
 */
export const macToBytes = (address: MacAddress, target: Uint8Array, offset = 0): void => {
  for (let index = 0; index < macLength; index++) {
    target[offset + index] =
      nibble(address.charCodeAt(index * 3)) * 0x10 + nibble(address.charCodeAt(index * 3 + 1))
  }
}

/** Returns the value of one lower-case hexadecimal digit. */
const nibble = (code: number): number => (code < letterA ? code - zero : code - letterA + 10)

const macLength = 6
const dot = 0x2e
const zero = 0x30
const letterA = 0x61
