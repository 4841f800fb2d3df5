/**
 * Words for the numbers of rtnetlink: tables, scopes, protocols, kinds of service, realms.
 *
 * **Details** the names that the kernel's headers and every distribution have are known here; those that an administrator adds
 * in files of iproute2 are not read, and their numbers are asked for.
 *
 * @see linux/rtnetlink.h
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Suggestion from "./Suggestion.ts"
import * as Value from "./Value.ts"

/**
 * Scope of addresses that are valid everywhere.
 *
 * @category constants
 * @since 0.1.0
 */
export const scopeGlobal = 0

/**
 * The table that the kernel looks routes up in where no rule says otherwise.
 *
 * @category constants
 * @since 0.1.0
 */
export const tableMain = 254

/**
 * Who made a route or a rule, where its line does not say: the number that VRRP has among the protocols of IP.
 *
 * @category constants
 * @since 0.1.0
 */
export const protocolOurs = 112

/**
 * Reads a scope: its number or its name.
 *
 * @category values
 * @since 0.1.0
 */
export const scope: Value.Value<number> = (word, report) => readScope(word, report)

/**
 * Reads a table.
 *
 * @category values
 * @since 0.1.0
 */
export const table: Value.Value<number> = (word, report) => readTable(word, report)

/**
 * Reads who made a route.
 *
 * @category values
 * @since 0.1.0
 */
export const protocol: Value.Value<number> = (word, report) => readProtocol(word, report)

/**
 * Reads a kind of service, which may be hexadecimal.
 *
 * @category values
 * @since 0.1.0
 */
export const typeOfService: Value.Value<number> = (word, report) => readTypeOfService(word, report)

/**
 * Reads a protocol of IP.
 *
 * @category values
 * @since 0.1.0
 */
export const ipProtocol: Value.Value<number> = (word, report) => readIpProtocol(word, report)

/**
 * Reads realms, `[FROM/]TO`: two numbers of 16 bits in one.
 *
 * @category values
 * @since 0.1.0
 */
export const realms: Value.Value<number> = (word, report) => {
  const parts = word.text.split("/")
  const [from, to] = parts.length === 1 ? [undefined, parts[0]!] : parts
  const read = (text: string): number | undefined => readRealm({ ...word, text }, report)
  const source = from === undefined ? 0 : read(from)
  const destination = read(to ?? "")
  if (parts.length > 2) {
    report.error(word.span, `${word.text} is no pair of realms`, "write TO or FROM/TO")
    return undefined
  }
  return source === undefined || destination === undefined ? undefined : source * 0x1_0000 + destination
}

/**
 * Reads a number of 32 bits, decimal or hexadecimal.
 *
 * @category values
 * @since 0.1.0
 */
export const unsigned: Value.Value<number> = (word, report) => readUnsigned(word, report)

/** Reads a number, decimal or with 0x, or a name. */
const named =
  (what: string, maximum: number, names: Readonly<Record<string, number>> = {}): Value.Value<number> =>
  (word, report) => {
    const known = Object.hasOwn(names, word.text) ? names[word.text] : undefined
    if (known !== undefined) return known
    const hexadecimal = /^0x[0-9a-fA-F]+$/.test(word.text)
    if (!hexadecimal && !/^[0-9]+$/.test(word.text)) {
      reportName(word, what, names, report)
      return undefined
    }
    const value = hexadecimal ? String(Number.parseInt(word.text, 16)) : word.text
    return Value.integer({ minimum: 0, maximum })({ ...word, text: value }, report)
  }

const reportName = (
  word: Word,
  what: string,
  names: Readonly<Record<string, number>>,
  report: Report
): void => {
  const meant = Suggestion.nearest(word.text, Object.keys(names))
  const remedy =
    meant === undefined
      ? "write its number: names are not read from the files of iproute2"
      : `did you mean ${meant}?`
  report.error(word.span, `${word.text} is no ${what} that is known here`, remedy)
}

const byteMax = 0xff
const realmMax = 0xffff
const unsignedMax = 0xffff_ffff

const readUnsigned = named("number", unsignedMax)
const readRealm = named("realm", realmMax)
/** The names of rt_scope_t. */
const readScope = named("scope", byteMax, {
  global: scopeGlobal,
  universe: scopeGlobal,
  site: 200,
  link: 253,
  host: 254,
  nowhere: 255
})
/** The names of rt_class_t; keepalived takes no table 0. */
const readTable = named("table", unsignedMax, { default: 253, main: tableMain, local: 255 })
/** The names of RTPROT_…. */
const readProtocol = named("routing protocol", byteMax, {
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  gated: 8,
  ra: 9,
  mrt: 10,
  zebra: 11,
  bird: 12,
  dnrouted: 13,
  xorp: 14,
  ntk: 15,
  dhcp: 16,
  keepalived: 18,
  babel: 42,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
  eigrp: 192
})
/** The classes of RFC 2474, 2597 and 3246, as bits of the whole byte. */
const readTypeOfService = named("kind of service", byteMax, {
  default: 0x00,
  CS1: 0x20,
  CS2: 0x40,
  CS3: 0x60,
  CS4: 0x80,
  CS5: 0xa0,
  CS6: 0xc0,
  CS7: 0xe0,
  AF11: 0x28,
  AF12: 0x30,
  AF13: 0x38,
  AF21: 0x48,
  AF22: 0x50,
  AF23: 0x58,
  AF31: 0x68,
  AF32: 0x70,
  AF33: 0x78,
  AF41: 0x88,
  AF42: 0x90,
  AF43: 0x98,
  EF: 0xb8
})
/** The common ones of the registry of protocol numbers. */
const readIpProtocol = named("protocol of IP", byteMax, {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  esp: 50,
  ah: 51,
  "ipv6-icmp": 58,
  icmpv6: 58,
  ospf: 89,
  vrrp: 112,
  sctp: 132,
  udplite: 136
})
