/**
 * The line `use_vmac [NAME] [MAC]`: a device with a link-layer address of its own for a virtual router.
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import * as Diagnostic from "./Diagnostic.ts"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import type { Span } from "./Span.ts"
import * as Value from "./Value.ts"

/**
 * - `name`: a default when absent.
 * - `mac`: that of RFC 9568 section 7.3 when absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualMacLine {
  readonly span: Span
  readonly name?: { readonly text: InterfaceName; readonly span: Span }
  readonly mac?: { readonly octets: ReadonlyArray<number>; readonly span: Span }
}

/**
 * Reads the line.
 *
 * @category readers
 * @since 0.1.0
 */
export const reader: Section.Reader<VirtualMacLine> = {
  repeat: "last",
  read: (statement, all) => {
    const report = Diagnostic.about(all, statement.keyword.text)
    if (statement.block !== undefined)
      all.error(statement.block.open, "use_vmac takes no block", "remove the block")
    const macs = statement.arguments.filter(isMac)
    const names = statement.arguments.filter((word) => !isMac(word))
    Section.warnSuperfluous(statement, [...names.slice(1), ...macs.slice(1)], all)
    const [macWord] = macs
    const [nameWord] = names
    const name = nameWord === undefined ? undefined : Value.interfaceName(nameWord, report)
    const octets = macWord === undefined ? undefined : octetsOf(macWord, report)
    if ((name === undefined && nameWord !== undefined) || (octets === undefined && macWord !== undefined))
      return undefined
    return {
      span: statement.keyword.span,
      ...(name === undefined ? {} : { name: { text: name, span: nameWord!.span } }),
      ...(octets === undefined ? {} : { mac: { octets, span: macWord!.span } })
    }
  }
}

/**
 * Returns the link-layer address of a virtual router, which is one of its own unless the line gives another. Of five
 * bytes the identifier of the router is the sixth.
 *
 * @category queries
 * @since 0.1.0
 */
export const macOf = (
  family: Address.Family,
  vrid: number,
  octets: ReadonlyArray<number> = family === "Ipv4" ? prefixIpv4 : prefixIpv6
): Address.MacAddress => Address.macFromBytes(Uint8Array.from([...octets, vrid]))

/** An address with five bytes, or with six. A name may contain a colon, too. */
const isMac = ({ text }: Word): boolean => /^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){4,5}$/.test(text)

const octetsOf = (word: Word, report: Report): ReadonlyArray<number> | undefined => {
  const octets = word.text.split(":").map((digits) => Number.parseInt(digits, 16))
  if ((octets[0]! & groupBit) !== 0) {
    report.error(word.span, `${word.text} is the address of a group`, "give one with an even first byte")
    return undefined
  }
  const reserved = [prefixIpv4, prefixIpv6].some((prefix) =>
    prefix.every((octet, index) => octet === octets[index])
  )
  if (reserved) {
    const message = `${word.text} is an address of virtual routers by their identifiers`
    report.error(word.span, message, "leave it out, or give another")
    return undefined
  }
  return octets
}

// RFC 9568 section 7.3.
const prefixIpv4 = [0x00, 0x00, 0x5e, 0x00, 0x01]
const prefixIpv6 = [0x00, 0x00, 0x5e, 0x00, 0x02]
/** IEEE 802: the first bit on the wire. */
const groupBit = 1
