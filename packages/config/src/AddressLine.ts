/**
 * A line of `virtual_ipaddress`: an address and how the device carries it.
 *
 * @since 0.1.0
 */
import type { InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import type { Span } from "./Span.ts"
import * as Suggestion from "./Suggestion.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface AddressLine {
  readonly span: Span
  /** Absent when the line names no device (`dev`). */
  readonly interface: InterfaceName | undefined
  /** What the line says of the address itself. */
  readonly carried: Omit<VirtualAddress, "interface" | "advertised">
}

/**
 * Reads `address[/length] [dev NAME] [label TEXT] [scope SCOPE] [brd ADDRESS|+|-] [no_track]`.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): AddressLine | undefined => {
  const prefix = readPrefix(statement.keyword, report)
  if (statement.block !== undefined) {
    report.error(statement.block.open, "an address takes no block", "remove the block")
  }
  const options = readOptions(statement.arguments, report)
  if (prefix === undefined || options === undefined) return undefined
  const { broadcast: word, interface: interfaceName, label, scope = scopeGlobal, tracked } = options
  const broadcast = word === undefined ? undefined : broadcastOf(word, prefix, report)
  return {
    span: statement.keyword.span,
    interface: interfaceName,
    carried: {
      ...prefix,
      ...(label === undefined ? {} : { label }),
      scope,
      ...(broadcast === undefined ? {} : { broadcast }),
      tracked
    }
  }
}

interface Prefix {
  readonly address: Address.Ipv4Address
  readonly prefixLength: number
}

interface Options {
  interface?: InterfaceName
  label?: string
  scope?: number
  broadcast?: Word
  tracked: boolean
}

const readPrefix = (word: Word, report: Report): Prefix | undefined => {
  const slash = word.text.indexOf("/")
  const end = slash === -1 ? word.text.length : slash
  const address = Value.ipv4Address(part(word, 0, end), report)
  // The length of an IPv6 prefix is no mistake of its own.
  if (slash === -1 || word.text.includes(":"))
    return address === undefined ? undefined : { address, prefixLength: addressBits }
  const prefixLength = readPrefixLength(part(word, end + 1, word.text.length), report)
  return address === undefined || prefixLength === undefined ? undefined : { address, prefixLength }
}

const readPrefixLength = Value.integer({ minimum: 0, maximum: 32 })

/** A part of a word, at its own place. */
const part = (word: Word, start: number, end: number): Word => ({
  ...word,
  text: word.text.slice(start, end),
  span: {
    ...word.span,
    column: word.span.column + start,
    offset: word.span.offset + start,
    length: end - start
  }
})

const readOptions = (words: ReadonlyArray<Word>, report: Report): Options | undefined => {
  const options: Options = { tracked: true }
  let sound = true
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    if (word.text === "no_track") {
      options.tracked = false
    } else if (isValued(word.text)) {
      const argument = words[++at]
      if (argument === undefined) report.error(word.span, `${word.text} needs a value`)
      sound = argument !== undefined && readValued(word.text, argument, options, report) && sound
    } else if (unsupported.has(word.text) || unsupportedValued.has(word.text)) {
      report.error(word.span, `the address option ${word.text} is not supported by this version`)
      if (unsupportedValued.has(word.text)) at++
      sound = false
    } else {
      // Whether the next word is its value or an option, nobody knows: the rest of the line is not read.
      reportUnknown(word, report)
      return undefined
    }
  }
  return sound ? options : undefined
}

const reportUnknown = (word: Word, report: Report): void => {
  const meant = Suggestion.nearest(word.text, [...valued, "no_track"])
  const remedy = meant === undefined ? "write one address a line" : `did you mean ${meant}?`
  report.error(word.span, `${word.text} is no option of an address`, remedy)
}

const isValued = (option: string): option is (typeof valued)[number] =>
  (valued as ReadonlyArray<string>).includes(option)

/** Reads the value of an option into the options; tells whether it was well written. */
const readValued = (
  option: (typeof valued)[number],
  word: Word,
  options: Options,
  report: Report
): boolean => {
  switch (option) {
    case "dev":
      return assign(options, "interface", Value.interfaceName(word, report))
    case "label":
      return assign(options, "label", readLabel(word, report))
    case "scope":
      return assign(options, "scope", scopes.get(word.text) ?? readScope(word, report))
    case "brd":
    case "broadcast":
      return assign(options, "broadcast", word)
  }
}

const assign = <K extends keyof Options>(
  options: Options,
  key: K,
  value: Options[K] | undefined
): boolean => {
  if (value !== undefined) options[key] = value
  return value !== undefined
}

const readLabel: Value.Value<string> = (word, report) => {
  if (word.text.length <= labelLengthMax) return word.text
  report.error(
    word.span,
    `the label ${word.text} is too long`,
    `the kernel takes ${labelLengthMax} characters`
  )
  return undefined
}

/** `+` sets and `-` clears the bits that are not of the prefix; a prefix without such bits has no broadcast address. */
const broadcastOf = (word: Word, prefix: Prefix, report: Report): Address.Ipv4Address | undefined => {
  if (word.text !== "+" && word.text !== "-") return Value.ipv4Address(word, report)
  const hostBits = addressBits - prefix.prefixLength
  if (hostBits < 2) return undefined
  const hosts = 2 ** hostBits
  const network = Math.floor(Address.ipv4ToNumber(prefix.address) / hosts) * hosts
  const broadcast = word.text === "+" ? network + hosts - 1 : network
  const bytes = [24, 16, 8, 0].map((shift) => (broadcast >>> shift) & 0xff)
  return Address.ipv4FromBytes(Uint8Array.from(bytes))
}

const readScope = Value.integer({ minimum: 0, maximum: 255 })
const valued = ["dev", "label", "scope", "brd", "broadcast"] as const
const unsupported: ReadonlySet<string> = new Set([
  "home",
  "-nodad",
  "mngtmpaddr",
  "noprefixroute",
  "autojoin",
  "use_vmac"
])
const unsupportedValued: ReadonlySet<string> = new Set(["peer", "track_group", "preferred_lft"])
const scopeGlobal = 0
/** The names of rt_scope_t in linux/rtnetlink.h. */
const scopes: ReadonlyMap<string, number> = new Map([
  ["global", scopeGlobal],
  ["site", 200],
  ["link", 253],
  ["host", 254],
  ["nowhere", 255]
])
const addressBits = 32
/** IFNAMSIZ of linux/if.h, less the closing zero. */
const labelLengthMax = 15
