/**
 * Addresses and prefixes in lines of routes and rules, and the version of IP that such a line is about.
 *
 * @since 0.1.0
 */
import type { Prefix } from "@holdfast/vrrp/VirtualRoute"
import * as Address from "@holdfast/wire/Address"
import type { Report } from "./Diagnostic.ts"
import * as LineOptions from "./LineOptions.ts"
import type { Span } from "./Span.ts"
import * as Value from "./Value.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface AddressWord {
  readonly span: Span
  readonly address: Address.IpAddress
}

/**
 * A prefix. `default`, `all` and `any` are all addresses of the line's version of IP, and have no address of their own.
 *
 * @category models
 * @since 0.1.0
 */
export interface PrefixWord {
  readonly span: Span
  readonly address?: Address.IpAddress
  readonly length: number
}

/**
 * Reads an address, which may follow `inet` or `inet6` in a line.
 *
 * @category values
 * @since 0.1.0
 */
export const address: Value.Value<AddressWord> = (word, report) => {
  const read = Value.ipAddress(word, report)
  return read === undefined ? undefined : { span: word.span, address: read }
}

/**
 * Reads an address with or without a length, or a word for all addresses.
 *
 * @category values
 * @since 0.1.0
 */
export const prefix: Value.Value<PrefixWord> = (word, report) => {
  const { span, text } = word
  if (everything.has(text)) return { span, length: 0 }
  const slash = text.indexOf("/")
  const read = Value.ipAddress(LineOptions.part(word, 0, slash === -1 ? text.length : slash), report)
  if (read === undefined) return undefined
  const bits = Address.isIpv6(read) ? 128 : 32
  const length =
    slash === -1
      ? bits
      : Value.integer({ minimum: 0, maximum: bits })(LineOptions.part(word, slash + 1), report)
  if (length === undefined) return undefined
  const start = network(read, length)
  if (start !== read)
    report.warning(
      span,
      `${text} is no prefix, but an address in one`,
      `${start}/${length} counts; write that`
    )
  return { span, address: start, length }
}

/**
 * Returns the version of IP that the addresses of a line have, or that it says; IPv4 when nothing tells. Addresses of both
 * are an error.
 *
 * @category compiling
 * @since 0.1.0
 */
export const familyOf = (
  words: ReadonlyArray<{ readonly span: Span; readonly address?: Address.IpAddress } | undefined>,
  said: Address.Family | undefined,
  report: Report
): Address.Family | undefined => {
  let family = said
  for (const word of words) {
    if (word?.address === undefined) continue
    const own = Address.familyOf(word.address)
    if (family !== undefined && own !== family) {
      const remedy = family === "Ipv4" ? "use IPv4 addresses only" : "use IPv6 addresses only"
      report.error(word.span, `${word.address} is of another version of IP than the rest of the line`, remedy)
      return undefined
    }
    family = own
  }
  return family ?? "Ipv4"
}

/**
 * Returns the prefix that a word means in a line of a version of IP.
 *
 * @category compiling
 * @since 0.1.0
 */
export const inFamily = ({ address: own, length }: PrefixWord, family: Address.Family): Prefix => ({
  address: own ?? ((family === "Ipv4" ? "0.0.0.0" : "::") as Address.IpAddress),
  length
})

/** The kernel keeps no bits behind the length. */
const network = (own: Address.IpAddress, length: number): Address.IpAddress => {
  const bytes = Address.ipToBytes(own)
  const kept = bytes.map((byte, index) => {
    const bits = Math.min(Math.max(length - index * 8, 0), 8)
    return byte & (0xff << (8 - bits))
  })
  return Address.isIpv6(own) ? Address.ipv6FromBytes(kept) : Address.ipv4FromBytes(kept)
}

const everything: ReadonlySet<string> = new Set(["default", "all", "any"])
