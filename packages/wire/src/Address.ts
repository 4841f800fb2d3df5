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
import type * as Brand from "effect/Brand"
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
 * Orders addresses as unsigned integers in network byte order: negative, zero or positive. IPv4 is before IPv6.
 *
 * @category ordering
 * @since 0.1.0
 */
export const compare = (left: IpAddress, right: IpAddress): number => {
  if (!isIpv6(left) && !isIpv6(right)) return ipv4ToNumber(left) - ipv4ToNumber(right)
  const [ours, theirs] = [ipToBytes(left), ipToBytes(right)]
  if (ours.length !== theirs.length) return ours.length - theirs.length
  const at = ours.findIndex((byte, index) => byte !== theirs[index])
  return at === -1 ? 0 : ours[at]! - theirs[at]!
}

/**
 * An IPv6 address in the canonical text of RFC 5952, such as `fd00::1`.
 *
 * @category models
 * @since 0.1.0
 */
export type Ipv6Address = string & Brand.Brand<"Ipv6Address">

/**
 * @category models
 * @since 0.1.0
 */
export const Ipv6Address = Schema.String.check(
  Schema.makeFilter((text) => isCanonicalIpv6(text), { expected: "an IPv6 address such as fd00::1" })
).pipe(Schema.brand("Ipv6Address"))

/**
 * An address of either family. An IPv6 address is the one with a colon.
 *
 * @category models
 * @since 0.1.0
 */
export const IpAddress = Schema.Union([Ipv4Address, Ipv6Address])

/**
 * @category models
 * @since 0.1.0
 */
export type IpAddress = typeof IpAddress.Type

/**
 * The version of IP that an address belongs to.
 *
 * @category models
 * @since 0.1.0
 */
export type Family = "Ipv4" | "Ipv6"

/**
 * Returns the family of an address.
 *
 * @category accessors
 * @since 0.1.0
 */
export const familyOf = (address: IpAddress): Family => (isIpv6(address) ? "Ipv6" : "Ipv4")

/**
 * Tells the families apart.
 *
 * @category guards
 * @since 0.1.0
 */
export const isIpv6 = (address: IpAddress): address is Ipv6Address => address.includes(":")

/**
 * Reads any spelling of RFC 4291 section 2.2 without a zone and makes it canonical, or nothing when it is none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ipv6FromString = (text: string): Option.Option<Ipv6Address> => {
  const halves = text.split("::")
  if (halves.length > 2 || !/^[0-9a-fA-F:.]+$/.test(text)) return Option.none()
  const [head, tail] = halves.map(groupsOf)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return Option.none()
  const missing = ipv6GroupCount - head.length - (tail?.length ?? 0)
  if (tail === undefined ? missing !== 0 : missing < 1) return Option.none()
  const groups = tail === undefined ? head : [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  return Option.some(canonical(groups))
}

/**
 * Reads sixteen bytes in network order. The caller guarantees that they exist.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ipv6FromBytes = (bytes: Uint8Array, offset = 0): Ipv6Address =>
  canonical(
    Array.from(
      { length: ipv6GroupCount },
      (_, index) => bytes[offset + 2 * index]! * 0x100 + bytes[offset + 2 * index + 1]!
    )
  )

/**
 * Writes sixteen bytes in network order.
 *
 * @category conversions
 * @since 0.1.0
 */
export const ipv6ToBytes = (address: Ipv6Address, target: Uint8Array, offset = 0): void => {
  const [head = [], tail = []] = address.split("::").map((half) => groupsOf(half) ?? [])
  const groups = [
    ...head,
    ...Array.from({ length: ipv6GroupCount - head.length - tail.length }, () => 0),
    ...tail
  ]
  groups.forEach((group, index) => {
    target[offset + 2 * index] = group >>> 8
    target[offset + 2 * index + 1] = group
  })
}

/**
 * Reads an address of either family, or nothing when the text is neither.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ipFromString = (text: string): Option.Option<IpAddress> =>
  text.includes(":") ? ipv6FromString(text) : ipv4FromString(text)

/**
 * Returns the four or sixteen bytes of an address in network order.
 *
 * @category conversions
 * @since 0.1.0
 */
export const ipToBytes = (address: IpAddress): Uint8Array => {
  const bytes = new Uint8Array(isIpv6(address) ? ipv6Length : ipv4Length)
  if (isIpv6(address)) ipv6ToBytes(address, bytes)
  else ipv4ToBytes(address, bytes)
  return bytes
}

/**
 * Reads an address whose family is told by its length: four or sixteen bytes; nothing for another length.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ipFromBytes = (bytes: Uint8Array): Option.Option<IpAddress> =>
  bytes.length === ipv4Length
    ? Option.some(ipv4FromBytes(bytes))
    : bytes.length === ipv6Length
      ? Option.some(ipv6FromBytes(bytes))
      : Option.none()

/**
 * Returns an address and a port as people write them: `192.0.2.1:80`, `[fd00::1]:80`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const formatEndpoint = (address: IpAddress, port: number): string =>
  isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`

const isCanonicalIpv6 = (text: string): boolean => {
  const address = ipv6FromString(text)
  return Option.isSome(address) && address.value === text
}

/** The 16-bit groups of one side of `::`; nothing when one is no group. The last may be an IPv4 address. */
const groupsOf = (half: string): ReadonlyArray<number> | undefined => {
  if (half === "") return []
  const groups: Array<number> = []
  const words = half.split(":")
  for (const [index, word] of words.entries()) {
    if (index === words.length - 1 && ipv4Pattern.test(word)) {
      const value = ipv4ToNumber(word as Ipv4Address)
      groups.push(value >>> 16, value & 0xffff)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(word)) groups.push(Number.parseInt(word, 16))
    else return undefined
  }
  return groups
}

/** RFC 5952 section 4: no leading zeros, lower case, the longest run of two or more zero groups shortened. */
const canonical = (groups: ReadonlyArray<number>): Ipv6Address => {
  let longestStart = 0
  let longestLength = 1
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length += 1
    if (length > longestLength) [longestStart, longestLength] = [start, length]
  }
  const text = (list: ReadonlyArray<number>) => list.map((group) => group.toString(16)).join(":")
  return (
    longestLength === 1
      ? text(groups)
      : `${text(groups.slice(0, longestStart))}::${text(groups.slice(longestStart + longestLength))}`
  ) as Ipv6Address
}

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

const ipv4Length = 4
const ipv6Length = 16
const ipv6GroupCount = 8
const macLength = 6
const dot = 0x2e
const zero = 0x30
const letterA = 0x61
