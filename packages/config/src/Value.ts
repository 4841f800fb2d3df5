/**
 * What a single word can mean: a number, a span of time, a switch, an address.
 *
 * A reader returns the value, or reports what is wrong with the word and returns nothing. Values are branded where a
 * brand exists, so nobody tests a range again.
 *
 * @since 0.1.0
 */
import * as Instant from "@holdfast/wire/Instant"
import { InterfaceName, type Version } from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"

/**
 * Reads a word; nothing means that the mistake is in the report.
 *
 * @category models
 * @since 0.1.0
 */
export type Value<A> = (word: Word, report: Report) => A | undefined

/**
 * Reads any text.
 *
 * @category values
 * @since 0.1.0
 */
export const text: Value<string> = (word) => word.text

/**
 * Reads a whole number within bounds.
 *
 * @category values
 * @since 0.1.0
 */
export const integer =
  (bounds: { readonly minimum: number; readonly maximum: number }): Value<number> =>
  (word, report) => {
    const { minimum, maximum } = bounds
    const value = /^[+-]?[0-9]+$/.test(word.text) ? Number(word.text) : Number.NaN
    if (value >= minimum && value <= maximum) return value
    const fault = Number.isNaN(value) ? "is not a whole number" : "is out of range"
    report.error(
      word.span,
      `${word.text} ${fault}`,
      `give a whole number from ${minimum} to ${maximum}; ${stricter}`
    )
    return undefined
  }

/**
 * Reads decimal seconds within bounds, to the microsecond.
 *
 * @category values
 * @since 0.1.0
 */
export const seconds =
  (bounds: { readonly minimum: number; readonly maximum: number }): Value<Instant.Micros> =>
  (word, report) => {
    const { minimum, maximum } = bounds
    const value = /^\+?([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(word.text) ? Number(word.text) : Number.NaN
    if (value >= minimum && value <= maximum) return Instant.seconds(value)
    const fault = Number.isNaN(value) ? "is not a number of seconds" : "is out of range"
    report.error(
      word.span,
      `${word.text} ${fault}`,
      `give seconds from ${minimum} to ${maximum}, such as 1.5; ${stricter}`
    )
    return undefined
  }

/**
 * Reads a switch: on, true or yes; off, false or no.
 *
 * @category values
 * @since 0.1.0
 */
export const boolean: Value<boolean> = (word, report) => {
  if (["on", "true", "yes"].includes(word.text)) return true
  if (["off", "false", "no"].includes(word.text)) return false
  report.error(word.span, `${word.text} is neither on nor off`, "write on, true, yes, off, false or no")
  return undefined
}

/**
 * Reads one of some words.
 *
 * @category values
 * @since 0.1.0
 */
export const oneOf =
  <const A extends string>(...choices: ReadonlyArray<A>): Value<A> =>
  (word, report) => {
    const choice = choices.find((candidate) => candidate === word.text)
    if (choice === undefined)
      report.error(word.span, `${word.text} is not known here`, `write one of ${choices.join(", ")}`)
    return choice
  }

/**
 * Reads the name of a network device.
 *
 * @category values
 * @since 0.1.0
 */
export const interfaceName: Value<InterfaceName> = (word, report) => {
  if (isInterfaceName(word.text)) return word.text
  report.error(
    word.span,
    `${word.text} is no name of a network device`,
    "a name has 1 to 15 characters, and neither blanks nor /"
  )
  return undefined
}

/**
 * Reads an IPv4 address.
 *
 * @category values
 * @since 0.1.0
 */
export const ipv4Address: Value<Address.Ipv4Address> = (word, report) => {
  const address = Address.ipv4FromString(word.text)
  if (Option.isSome(address)) return address.value
  report.error(
    word.span,
    `${word.text} is not an IPv4 address`,
    "write four numbers from 0 to 255, such as 192.0.2.1"
  )
  return undefined
}

/**
 * Reads an address of either family.
 *
 * @category values
 * @since 0.1.0
 */
export const ipAddress: Value<Address.IpAddress> = (word, report) => {
  const address = Address.ipFromString(word.text)
  if (Option.isSome(address)) return address.value
  report.error(word.span, `${word.text} is not an IP address`, "write one such as 192.0.2.1 or fd00::1")
  return undefined
}

/**
 * Reads a port.
 *
 * @category values
 * @since 0.1.0
 */
export const port: Value<number> = (word, report) => readPort(word, report)

/**
 * Reads a port, or 0 for every port.
 *
 * @category values
 * @since 0.1.0
 */
export const portOrAll: Value<number> = (word, report) => readPortOrAll(word, report)

/**
 * Reads a firewall mark (`struct sk_buff`, 32 bits).
 *
 * @category values
 * @since 0.1.0
 */
export const mark: Value<number> = (word, report) => readMark(word, report)

/**
 * Reads an IPv4 multicast group (RFC 5771: 224.0.0.0/4).
 *
 * @category values
 * @since 0.1.0
 */
export const ipv4Group: Value<Address.Ipv4Address> = (word, report) => {
  const address = ipv4Address(word, report)
  if (address === undefined || Address.ipv4ToNumber(address) >>> 28 === multicastPrefix) return address
  report.error(
    word.span,
    `${word.text} is not a multicast group`,
    "give an address from 224.0.0.0 to 239.255.255.255"
  )
  return undefined
}

/**
 * Reads an IPv6 multicast group of the local link, which routers do not forward (RFC 4291 section 2.7).
 *
 * @category values
 * @since 0.1.0
 */
export const ipv6Group: Value<Address.Ipv6Address> = (word, report) => {
  const address = ipAddress(word, report)
  if (address === undefined) return undefined
  if (Address.isIpv6(address) && /^ff[0-9a-f]2:/.test(address)) return address
  const message = `${word.text} is not an IPv6 multicast group of the local link`
  report.error(word.span, message, "give an address that begins with ff02 or another ff.2, such as ff02::12")
  return undefined
}

/**
 * Reads a multicast group of either family.
 *
 * @category values
 * @since 0.1.0
 */
export const group: Value<Address.IpAddress> = (word, report) =>
  (word.text.includes(":") ? ipv6Group : ipv4Group)(word, report)

/**
 * Reads a version of the protocol.
 *
 * @category values
 * @since 0.1.0
 */
export const version: Value<Version> = (word, report) => readVersion(word, report) as Version | undefined

/**
 * No time at all.
 *
 * @category constants
 * @since 0.1.0
 */
export const none = Instant.seconds(0)

const portMax = 65_535
const readPort = integer({ minimum: 1, maximum: portMax })
const readPortOrAll = integer({ minimum: 0, maximum: portMax })
const readVersion = integer({ minimum: 2, maximum: 3 })
const readMark = integer({ minimum: 1, maximum: 0xffff_ffff })
const isInterfaceName = Schema.is(InterfaceName)
const stricter = "keepalived would go on with another value"
const multicastPrefix = 0xe
