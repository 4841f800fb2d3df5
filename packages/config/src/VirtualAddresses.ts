/**
 * From the address lines of one `vrrp_instance` to the addresses that its virtual router holds.
 *
 * @since 0.1.0
 */
import type { InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { AddressLine } from "./AddressLine.ts"
import type { Report } from "./Diagnostic.ts"
import * as Span from "./Span.ts"
import type { VrrpInstance } from "./VrrpInstance.ts"

/**
 * Returns the addresses, the advertised ones first, each once.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  instance: VrrpInstance,
  interfaceName: InterfaceName,
  report: Report
): ReadonlyArray<VirtualAddress> => {
  const { values } = instance.settings
  reportNone(instance, report)
  const seen = new Map<string, Span.Span>()
  const held = (lines: ReadonlyArray<AddressLine> | undefined): ReadonlyArray<AddressLine> =>
    (lines ?? []).filter((line) => isFirst(line, interfaceName, seen, report))
  const listed = held(values.virtual_ipaddress?.value)
  const excluded = held(values.virtual_ipaddress_excluded?.value)
  reportBeyond(listed[advertisedCountMax], report)
  const beyond = Math.min(listed.length, advertisedCountMax)
  return [...listed, ...excluded].map((line, index) => virtualAddress(line, interfaceName, index < beyond))
}

const virtualAddress = (
  line: AddressLine,
  interfaceName: InterfaceName,
  advertised: boolean
): VirtualAddress => ({
  ...line.carried,
  interface: line.interface ?? interfaceName,
  advertised
})

/** The kernel knows an address by its prefix and its device. */
const isFirst = (
  line: AddressLine,
  interfaceName: InterfaceName,
  seen: Map<string, Span.Span>,
  report: Report
): boolean => {
  const key = `${line.carried.address}/${line.carried.prefixLength} ${line.interface ?? interfaceName}`
  const first = seen.get(key)
  if (first === undefined) seen.set(key, line.span)
  else
    report.warning(
      line.span,
      `${line.carried.address} is listed twice`,
      `the line at ${Span.format(first)} counts`
    )
  return first === undefined
}

const reportNone = (instance: VrrpInstance, report: Report): void => {
  const keywords = ["virtual_ipaddress", "virtual_ipaddress_excluded"] as const
  const { mentioned, values } = instance.settings
  const written = keywords.some((keyword) => mentioned.has(keyword) && values[keyword]?.value.length !== 0)
  if (written || mentioned.has("no_virtual_ipaddress")) return
  const remedy = "add virtual_ipaddress, or no_virtual_ipaddress if that is meant"
  report.warning(instance.name.span, `vrrp_instance ${instance.name.text} has no address`, remedy)
}

const reportBeyond = (line: AddressLine | undefined, report: Report): void => {
  if (line === undefined) return
  const message = `from ${line.carried.address} on the addresses are held but not advertised: an advert lists ${advertisedCountMax} at most`
  report.warning(line.span, message, "move them to virtual_ipaddress_excluded")
}

/** RFC 3768 5.3.5: the count is one byte. An Ethernet frame of 1500 bytes has room for more. */
const advertisedCountMax = 255
