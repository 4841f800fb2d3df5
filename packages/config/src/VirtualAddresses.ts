/**
 * From the address lines of one `vrrp_instance` to the addresses that its virtual router holds.
 *
 * @since 0.1.0
 */
import type { AddressLine } from "./AddressLine.ts"
import type { Report } from "./Diagnostic.ts"
import * as Span from "./Span.ts"
import type { VrrpInstance } from "./VrrpInstance.ts"

/**
 * An address line without its place, and whether an advert lists it.
 *
 * @category models
 * @since 0.1.0
 */
export type Line = Omit<AddressLine, "span"> & { readonly advertised: boolean }

/**
 * Returns the addresses, the advertised ones first, each once.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (instance: VrrpInstance, report: Report): ReadonlyArray<Line> => {
  const { values } = instance.settings
  reportNone(instance, report)
  const seen = new Map<string, AddressLine>()
  const advertised = distinct(values.virtual_ipaddress?.value ?? [], seen, report)
  const excluded = distinct(values.virtual_ipaddress_excluded?.value ?? [], seen, report)
  reportBeyond(advertised[advertisedCountMax], report)
  return [
    ...advertised.map((line, index) => withoutSpan(line, index < advertisedCountMax)),
    ...excluded.map((line) => withoutSpan(line, false))
  ]
}

const withoutSpan = ({ span: _, ...line }: AddressLine, advertised: boolean): Line => ({
  ...line,
  advertised
})

/** The kernel knows an address by its prefix and its device. */
const distinct = (
  lines: ReadonlyArray<AddressLine>,
  seen: Map<string, AddressLine>,
  report: Report
): ReadonlyArray<AddressLine> =>
  lines.filter((line) => {
    const key = `${line.address}/${line.prefixLength} ${line.interface ?? ""}`
    const first = seen.get(key)
    if (first === undefined) seen.set(key, line)
    else
      report.warning(
        line.span,
        `${line.address} is listed twice`,
        `the line at ${Span.format(first.span)} counts`
      )
    return first === undefined
  })

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
  const message = `from ${line.address} on the addresses are held but not advertised: an advert lists ${advertisedCountMax} at most`
  report.warning(line.span, message, "move them to virtual_ipaddress_excluded")
}

/** RFC 3768 5.3.5: the count is one byte. An Ethernet frame of 1500 bytes has room for more. */
const advertisedCountMax = 255
