/**
 * The section `virtual_server_group`: addresses and firewall marks that share their servers.
 *
 * @since 0.1.0
 */
import type { Family } from "@holdfast/balancer/Service"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * One service of a group, before its protocol is known. The family of a mark may be left to its servers.
 *
 * @category models
 * @since 0.1.0
 */
export type Member =
  | { readonly _tag: "Endpoint"; readonly address: Address.IpAddress; readonly port: number }
  | { readonly _tag: "FirewallMark"; readonly mark: number; readonly family: Family | undefined }

/**
 * @category models
 * @since 0.1.0
 */
export interface Group {
  readonly name: Word
  readonly members: ReadonlyArray<Member>
}

/**
 * Reads a group; nothing when it lacks its name or its block.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): Group | undefined => {
  const [name, ...rest] = statement.arguments
  Section.warnSuperfluous(statement, rest, report)
  if (name === undefined) report.error(statement.keyword.span, "virtual_server_group needs a name")
  const block = Section.blockOf(statement, report)
  if (block === undefined || name === undefined) return undefined
  const members: Array<Member> = []
  for (const line of block.statements) {
    for (const member of readLine(line, membersMax - members.length, report)) members.push(member)
  }
  if (block.statements.length === 0)
    report.error(
      name.span,
      `virtual_server_group ${name.text} is empty`,
      "add an address, or remove the group"
    )
  return { name, members }
}

const readLine = (line: Statement, room: number, report: Report): ReadonlyArray<Member> => {
  if (line.block !== undefined) {
    report.error(line.block.open, "an address takes no block", "remove the block")
  }
  if (line.keyword.text === "fwmark") return readMark(line, report)
  const [portWord, ...rest] = line.arguments
  Section.warnSuperfluous(line, rest, report)
  const port = portWord === undefined ? 0 : Value.portOrAll(portWord, report)
  const range = readRange(line.keyword, report)
  if (port === undefined || range === undefined) return []
  if (range.count > room) {
    const remedy = "make the range smaller; a firewall mark can stand for many addresses"
    report.error(line.keyword.span, `a virtual_server_group has ${membersMax} addresses at most`, remedy)
    return []
  }
  return addressesOf(range).map((address) => ({ _tag: "Endpoint", address, port }))
}

const readMark = (line: Statement, report: Report): ReadonlyArray<Member> => {
  const [word, familyWord, ...rest] = line.arguments
  Section.warnSuperfluous(line, rest, report)
  if (word === undefined) {
    report.error(line.keyword.span, "fwmark needs a value")
    return []
  }
  const mark = Value.mark(word, report)
  const family = familyWord === undefined ? undefined : Value.oneOf("inet", "inet6")(familyWord, report)
  return mark === undefined ? [] : [{ _tag: "FirewallMark", mark, family }]
}

/** Addresses that differ in their last bytes: `first` and the ones that follow. */
interface Range {
  readonly first: Address.IpAddress
  readonly count: number
}

const readRange = (word: Word, report: Report): Range | undefined => {
  if (word.text.includes("/")) return readPrefix(word, report)
  const [start = "", end] = word.text.split("-")
  const first = Value.ipAddress({ ...word, text: start }, report)
  if (first === undefined) return undefined
  if (end === undefined) return { first, count: 1 }
  const last = Address.ipFromString(/[.:]/.test(end) ? end : withLastPart(first, end))
  const count = Option.isNone(last) ? undefined : distance(first, last.value)
  if (count === undefined || count < 0) {
    report.error(word.span, `${word.text} is no range of addresses`, rangeRemedy)
    return undefined
  }
  return { first, count: count + 1 }
}

/** All addresses of the prefix, the first and the last one, too. */
const readPrefix = (word: Word, report: Report): Range | undefined => {
  const [text = "", length = ""] = word.text.split("/")
  const address = Value.ipAddress({ ...word, text }, report)
  if (address === undefined) return undefined
  const bits = Address.isIpv6(address) ? 128 : 32
  const minimum = Address.isIpv6(address) ? bits - ipv6VariedBits : 1
  const prefix = Value.integer({ minimum, maximum: bits })({ ...word, text: length }, report)
  if (prefix === undefined) return undefined
  const bytes = Address.ipToBytes(address)
  const count = 2 ** (bits - prefix)
  const tail = tailOf(bytes)
  return { first: withTail(bytes, tail - (tail % count)), count }
}

/** keepalived varies the last group of an IPv6 address, and the last byte or the whole of an IPv4 address. */
const withLastPart = (first: Address.IpAddress, end: string): string => {
  if (!Address.isIpv6(first)) return first.replace(/[0-9]+$/, end)
  const group = Number.parseInt(/^[0-9a-fA-F]{1,4}$/.test(end) ? end : "", 16)
  return Number.isNaN(group) ? "" : withTail(Address.ipToBytes(first), group)
}

/** How many addresses lie from one to another; nothing when no range holds both. */
const distance = (first: Address.IpAddress, last: Address.IpAddress): number | undefined => {
  const [from, to] = [Address.ipToBytes(first), Address.ipToBytes(last)]
  if (from.length !== to.length) return undefined
  const fixed = Address.isIpv6(first) ? from.length - ipv6VariedBits / 8 : 0
  return from.subarray(0, fixed).every((byte, index) => byte === to[index])
    ? tailOf(to) - tailOf(from)
    : undefined
}

const addressesOf = ({ count, first }: Range): ReadonlyArray<Address.IpAddress> => {
  if (count === 1) return [first]
  const bytes = Address.ipToBytes(first)
  const tail = tailOf(bytes)
  return Array.from({ length: count }, (_, index) => withTail(bytes, tail + index))
}

/** The part that varies as a number: an IPv4 address, or the last group of an IPv6 address. */
const tailOf = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return bytes.length === ipv4Length ? view.getUint32(0) : view.getUint16(bytes.length - 2)
}

const withTail = (bytes: Uint8Array, tail: number): Address.IpAddress => {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  if (copy.length === ipv4Length) view.setUint32(0, tail)
  else view.setUint16(copy.length - 2, tail)
  return Option.getOrThrow(Address.ipFromBytes(copy))
}

const ipv4Length = 4
const ipv6VariedBits = 16
const rangeRemedy =
  "write 192.0.2.1-9, 192.0.2.1-192.0.2.9, 192.0.2.0/24, or for IPv6 a range of the last 16 bits: fd00::1-ff"
/** Each address is a service of its own in the kernel; this is a /16 of them. */
const membersMax = 65_536
