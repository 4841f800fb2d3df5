/**
 * From the address lines of one `vrrp_instance` to the addresses that its virtual routers hold, and the devices that carry
 * them.
 *
 * @since 0.1.0
 */
import type { InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import type { AddressLine } from "./AddressLine.ts"
import type { Report } from "./Diagnostic.ts"
import * as Span from "./Span.ts"
import type { VirtualDevices } from "./VirtualDevices.ts"
import type { VirtualRouterIdentity } from "./VirtualRouterIdentity.ts"

/**
 * Returns the addresses of each router of an instance, the advertised ones first, each once. An excluded address is held
 * by the router of its family, if there is one.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  identity: VirtualRouterIdentity,
  devices: VirtualDevices,
  report: Report
): ReadonlyMap<Address.Family, ReadonlyArray<VirtualAddress>> => {
  const { families, instance } = identity
  const { virtual_ipaddress, virtual_ipaddress_excluded } = instance.settings.values
  reportNone(identity, report)
  const seen = new Map<string, Span.Span>()
  const held = (lines: ReadonlyArray<AddressLine> = []): ReadonlyArray<Held> => {
    const all: Array<Held> = []
    for (const line of lines) {
      const device = deviceOf(line, identity, devices, report)
      if (isFirst(line, device, seen, report)) all.push({ line, device })
    }
    return all
  }
  const listed = held(virtual_ipaddress?.value)
  const excluded = held(virtual_ipaddress_excluded?.value)
  return new Map(
    families.map((family) => {
      const isOwn = ({ line }: Held): boolean => familyOf(line) === family
      const isHeld = (address: Held): boolean => isOwn(address) || !families.includes(familyOf(address.line))
      const own = addressesOf(family, listed.filter(isOwn), excluded.filter(isHeld), report)
      return [family, own.map((address) => withoutPrimary(address, identity))]
    })
  )
}

interface Held {
  readonly line: AddressLine
  readonly device: InterfaceName
}

const familyOf = ({ carried }: AddressLine): Address.Family => Address.familyOf(carried.address)

const addressesOf = (
  family: Address.Family,
  listed: ReadonlyArray<Held>,
  excluded: ReadonlyArray<Held>,
  report: Report
): ReadonlyArray<VirtualAddress> => {
  const limit = family === "Ipv4" ? advertisedCountMax : advertisedCountMaxIpv6
  reportBeyond(listed[limit]?.line, limit, report)
  reportFirst(family, listed[0]?.line, report)
  const count = Math.min(listed.length, limit)
  return [...listed, ...excluded].map((held, index) => addressOf(held, index < count))
}

const addressOf = ({ device, line }: Held, advertised: boolean): VirtualAddress => ({
  ...line.carried,
  interface: device,
  advertised
})

/**
 * The device that carries an address: the one that the line names, or the router's. In place of the router's device stands
 * its virtual MAC device, and beside others a virtual MAC device is made where that is asked for.
 */
const deviceOf = (
  line: AddressLine,
  identity: VirtualRouterIdentity,
  devices: VirtualDevices,
  report: Report
): InterfaceName => {
  const { instance, interface: base, virtualMacs, vrid } = identity
  const family = familyOf(line)
  const everywhere = instance.settings.values.use_vmac_addr !== undefined
  const named = line.interface
  const onOwn = virtualMacs.size > 0 && [...virtualMacs.values()].some((device) => device.interface === named)
  const own = virtualMacs.get(family)
  const atHome = named === undefined || named === base || onOwn
  if (line.virtualMac !== undefined && (everywhere || (atHome && own !== undefined)))
    report.warning(line.virtualMac, "use_vmac has no effect here: the instance asks for it", "remove it")
  if (atHome && own !== undefined) return own.interface
  if (onOwn) {
    devices.admit(named!, family)
    return named!
  }
  const parent = named ?? base
  const asked = line.virtualMac !== undefined || (everywhere && (!atHome || virtualMacs.size > 0))
  return asked ? devices.ofAddress({ parent, family, vrid }) : parent
}

/** The kernel knows an address by its prefix and its device. */
const isFirst = (
  line: AddressLine,
  device: InterfaceName,
  seen: Map<string, Span.Span>,
  report: Report
): boolean => {
  const key = `${line.carried.address}/${line.carried.prefixLength} ${device}`
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

/** With `dont_track_primary` the virtual MAC device, which is as good as the device below, does not count either. */
const withoutPrimary = (
  address: VirtualAddress,
  { instance, virtualMacs }: VirtualRouterIdentity
): VirtualAddress =>
  instance.settings.values.dont_track_primary !== undefined &&
  [...virtualMacs.values()].some((device) => device.interface === address.interface)
    ? { ...address, tracked: false }
    : address

const reportNone = ({ instance, strict, version }: VirtualRouterIdentity, report: Report): void => {
  const keywords = ["virtual_ipaddress", "virtual_ipaddress_excluded"] as const
  const { mentioned, values } = instance.settings
  const isWritten = (keyword: (typeof keywords)[number]): boolean =>
    mentioned.has(keyword) && values[keyword]?.value.length !== 0
  const { span, text } = instance.name
  if (strict && !isWritten("virtual_ipaddress")) {
    report.error(
      span,
      `vrrp_instance ${text} advertises no address, as strict mode needs`,
      "add virtual_ipaddress"
    )
    return
  }
  if (mentioned.has("no_virtual_ipaddress")) return
  // RFC 9568 section 5.2.5: an advert of version 3 lists one at least.
  if (version === 3 && !isWritten("virtual_ipaddress")) {
    const message = `vrrp_instance ${text} advertises no address, as VRRP version 3 needs`
    report.error(span, message, "add virtual_ipaddress, or no_virtual_ipaddress if that is meant")
  } else if (!keywords.some(isWritten)) {
    const remedy = "add virtual_ipaddress, or no_virtual_ipaddress if that is meant"
    report.warning(span, `vrrp_instance ${text} has no address`, remedy)
  }
}

const reportBeyond = (line: AddressLine | undefined, limit: number, report: Report): void => {
  if (line === undefined) return
  const message = `from ${line.carried.address} on the addresses are held but not advertised: an advert lists ${limit} at most`
  report.warning(line.span, message, "move them to virtual_ipaddress_excluded")
}

/** RFC 9568 section 5.2.9: the first one is link-local. */
const reportFirst = (family: Address.Family, line: AddressLine | undefined, report: Report): void => {
  if (family === "Ipv4" || line === undefined || linkLocal.test(line.carried.address)) return
  const message = `the first IPv6 address should be link-local, but ${line.carried.address} is not`
  report.warning(line.span, message, "put a line such as fe80::1 before it, the same on all routers")
}

/** RFC 4291 section 2.5.6: fe80::/10. */
const linkLocal = /^fe[89ab][0-9a-f]:/

/** RFC 9568 section 5.2.5: the count is one byte. An Ethernet frame of 1500 bytes has room for more. */
const advertisedCountMax = 255
/** As many as keepalived reckons into such a frame: 1500 bytes less 14, 40 and 8 of headers, 16 for each. */
const advertisedCountMaxIpv6 = 89
