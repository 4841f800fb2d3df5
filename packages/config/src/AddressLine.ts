/**
 * A line of `virtual_ipaddress`, `virtual_ipaddress_excluded` or `static_ipaddress`: an address and how the device carries
 * it.
 *
 * @since 0.1.0
 */
import type { InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import * as Option from "effect/Option"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as LineOptions from "./LineOptions.ts"
import * as RoutingName from "./RoutingName.ts"
import type { Span } from "./Span.ts"
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
  /** Where the line asks for a virtual MAC device on the device it names (`use_vmac`). */
  readonly virtualMac: Span | undefined
  /** What the line says of the address itself. */
  readonly carried: Omit<VirtualAddress, "interface" | "advertised">
}

/**
 * Reads `address[/length]` and its options.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): AddressLine | undefined => {
  const prefix = readPrefix(statement.keyword, report)
  if (statement.block !== undefined) {
    report.error(statement.block.open, "an address takes no block", "remove the block")
  }
  const said: Said = {}
  const words = LineOptions.cursor(statement.arguments)
  const sound = LineOptions.read(said, words, options, "an address", report)
  if (prefix === undefined || !sound || !agrees(prefix, said, report)) return undefined
  return {
    span: statement.keyword.span,
    interface: said.interface,
    virtualMac: said.virtualMac,
    carried: carriedOf(prefix, said, report)
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

type Prefix = Pick<VirtualAddress, "address" | "prefixLength">

type Flag = NonNullable<VirtualAddress["flags"]>[number]

interface Said {
  interface?: InterfaceName
  virtualMac?: Span
  label?: Word
  scope?: number
  broadcast?: Word
  peer?: Word
  flags?: Array<{ readonly flag: Flag; readonly span: Span }>
  preferredLifetime?: Micros | "forever"
  tracked?: boolean
}

/** What is not well written is read in parts, so that a mistake is told at its place. */
const readPrefix = (word: Word, report: Report): Prefix | undefined =>
  soundPrefix(word.text) ?? readParts(word, report)

const soundPrefix = (text: string): Prefix | undefined => {
  const slash = text.indexOf("/")
  const address = Address.ipFromString(slash === -1 ? text : text.slice(0, slash))
  if (Option.isNone(address)) return undefined
  const bits = Address.isIpv6(address.value) ? ipv6Bits : ipv4Bits
  if (slash === -1) return { address: address.value, prefixLength: bits }
  const length = text.slice(slash + 1)
  return decimal.test(length) && Number(length) <= bits
    ? { address: address.value, prefixLength: Number(length) }
    : undefined
}

const readParts = (word: Word, report: Report): Prefix | undefined => {
  const slash = word.text.indexOf("/")
  const address = Value.ipAddress(slash === -1 ? word : LineOptions.part(word, 0, slash), report)
  const bits = address === undefined || Address.isIpv6(address) ? ipv6Bits : ipv4Bits
  if (slash === -1) return address === undefined ? undefined : { address, prefixLength: bits }
  const length = LineOptions.part(word, slash + 1)
  const prefixLength = Value.integer({ minimum: 0, maximum: bits })(length, report)
  return address === undefined || prefixLength === undefined ? undefined : { address, prefixLength }
}

/** Whether the options are of the address's family; what has no effect there is a warning. */
const agrees = ({ address }: Prefix, said: Said, report: Report): boolean => {
  const ipv6 = Address.isIpv6(address)
  if (said.broadcast !== undefined && ipv6) {
    report.error(said.broadcast.span, "IPv6 has no broadcast addresses", "remove brd")
    return false
  }
  if (said.label !== undefined && ipv6) {
    report.warning(said.label.span, "an IPv6 address has no label", "remove label")
    delete said.label
  }
  for (const { flag, span } of said.flags ?? nothing) {
    if (ipv6 || !ipv6Only.has(flag)) continue
    const written = flag === "dad" ? "-nodad" : flag
    report.warning(span, `${written} has no effect on an IPv4 address`, `remove ${written}`)
  }
  return true
}

const carriedOf = (prefix: Prefix, said: Said, report: Report): AddressLine["carried"] => {
  const ipv6 = Address.isIpv6(prefix.address)
  const broadcast = said.broadcast === undefined ? undefined : broadcastOf(said.broadcast, prefix, report)
  const flags = said.flags?.map(({ flag }) => flag).filter((flag) => ipv6 || !ipv6Only.has(flag)) ?? []
  const peer = said.peer === undefined ? undefined : peerOf(said.peer, prefix, report)
  const lifetime = said.preferredLifetime ?? (ipv6 && prefix.prefixLength === ipv6Bits ? none : "forever")
  // A file has thousands of them, and most say none of these.
  const carried: Mutable<AddressLine["carried"]> = {
    address: prefix.address,
    prefixLength: prefix.prefixLength,
    scope: said.scope ?? RoutingName.scopeGlobal,
    tracked: said.tracked ?? true
  }
  if (said.label !== undefined) carried.label = said.label.text
  if (broadcast !== undefined) carried.broadcast = broadcast
  if (peer !== undefined) carried.peer = peer
  if (flags.length > 0) carried.flags = [...new Set(flags)]
  if (lifetime !== "forever") carried.preferredLifetime = lifetime
  return carried
}

/** `+` sets and `-` clears the bits that are not of the prefix; a prefix without such bits has no broadcast address. */
const broadcastOf = (word: Word, prefix: Prefix, report: Report): Address.Ipv4Address | undefined => {
  if (word.text !== "+" && word.text !== "-") return Value.ipv4Address(word, report)
  const hostBits = ipv4Bits - prefix.prefixLength
  if (hostBits < 2) {
    const message = `a prefix of ${prefix.prefixLength} bits has no broadcast address`
    report.warning(word.span, message, "remove brd, or write the length of the network's prefix")
    return undefined
  }
  const hosts = 2 ** hostBits
  const network = Math.floor(Address.ipv4ToNumber(prefix.address as Address.Ipv4Address) / hosts) * hosts
  const broadcast = word.text === "+" ? network + hosts - 1 : network
  const bytes = [24, 16, 8, 0].map((shift) => (broadcast >>> shift) & 0xff)
  return Address.ipv4FromBytes(Uint8Array.from(bytes))
}

/** keepalived takes an address without a length here, and the address itself must be without one, too. */
const peerOf = (
  word: Word,
  { address, prefixLength }: Prefix,
  report: Report
): Address.IpAddress | undefined => {
  const peer = Value.ipAddress(word, report)
  if (peer === undefined) return undefined
  if (Address.isIpv6(peer) !== Address.isIpv6(address)) {
    report.error(
      word.span,
      `the peer ${peer} is of the other IP version than ${address}`,
      "correct one of them"
    )
    return undefined
  }
  const bits = Address.isIpv6(address) ? ipv6Bits : ipv4Bits
  if (prefixLength !== bits) {
    const message = `${address} has a peer, and so no prefix of ${prefixLength} bits`
    report.error(word.span, message, "remove the length, or the peer")
  }
  return peer
}

const label: Value.Value<Word> = (word, report) => {
  if (word.text.length <= labelLengthMax) return word
  report.error(
    word.span,
    `the label ${word.text} is too long`,
    `the kernel takes ${labelLengthMax} characters`
  )
  return undefined
}

const lifetimeSeconds = Value.seconds({ minimum: 0, maximum: 0xffff_fffe })

const lifetime: Value.Value<Micros | "forever"> = (word, report) =>
  word.text === "forever" ? "forever" : lifetimeSeconds(word, report)

const flag =
  (name: Flag): LineOptions.Option<Said> =>
  (said, _cursor, _report, option) => {
    ;(said.flags ??= []).push({ flag: name, span: option.span })
    return true
  }

const word: Value.Value<Word> = (written) => written

const options = LineOptions.make<Said>({
  dev: LineOptions.valued("interface", Value.interfaceName),
  label: LineOptions.valued("label", label),
  scope: LineOptions.valued("scope", RoutingName.scope),
  brd: LineOptions.valued("broadcast", word),
  broadcast: LineOptions.valued("broadcast", word),
  peer: LineOptions.valued("peer", word),
  home: flag("home"),
  "-nodad": flag("dad"),
  mngtmpaddr: flag("mngtmpaddr"),
  noprefixroute: flag("noprefixroute"),
  autojoin: flag("autojoin"),
  preferred_lft: LineOptions.valued("preferredLifetime", lifetime),
  use_vmac: (said, _cursor, _report, option) => {
    said.virtualMac = option.span
    return true
  },
  no_track: LineOptions.fixed("tracked", false),
  track_group: LineOptions.ignored(1, "an address that somebody takes away is put back")
})

const nothing: NonNullable<Said["flags"]> = []
const ipv6Only: ReadonlySet<Flag> = new Set(["home", "mngtmpaddr", "dad"])
const none = Value.none
const decimal = /^[0-9]+$/
const ipv4Bits = 32
const ipv6Bits = 128
/** IFNAMSIZ of linux/if.h, less the closing zero. */
const labelLengthMax = 15
