/**
 * What tells the virtual routers of an instance from others: device, identifier, version and families, and the virtual MAC
 * devices they have.
 *
 * @since 0.1.0
 */
import type { InterfaceName, Version, VirtualMac, Vrid } from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import type { Report } from "./Diagnostic.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import * as Section from "./Section.ts"
import type { VirtualDevices } from "./VirtualDevices.ts"
import * as VirtualMacLine from "./VirtualMacLine.ts"
import type { VrrpInstance } from "./VrrpInstance.ts"

/**
 * - `families`: one, or IPv4 and IPv6: then the instance is two routers.
 * - `strict`: whether it keeps to the RFC where keepalived does not (`strict_mode`, `vrrp_strict`).
 * - `sound`: whether the interface and the identifier are the file's. If not, the others are checked all the same.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualRouterIdentity {
  readonly instance: VrrpInstance
  readonly interface: InterfaceName
  readonly vrid: Vrid
  readonly version: Version
  readonly families: ReadonlyArray<Address.Family>
  readonly strict: boolean
  readonly virtualMacs: ReadonlyMap<Address.Family, VirtualMac>
  readonly sound: boolean
}

/**
 * Compiles what identifies the routers of an instance, and adds their devices.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  instance: VrrpInstance,
  globals: GlobalDefinitions,
  devices: VirtualDevices,
  report: Report
): VirtualRouterIdentity => {
  const own = instance.settings.values
  const interfaceName = interfaceOf(instance, globals, report)
  const vrid = vridOf(instance, report)
  const families = familiesOf(instance)
  const identity = {
    instance,
    interface: interfaceName ?? interfaceUnknown,
    vrid: vrid ?? vridUnknown,
    families,
    version: versionOf(instance, globals, families, report),
    strict: own.strict_mode?.value ?? globals.values.vrrp_strict !== undefined,
    sound: interfaceName !== undefined && vrid !== undefined
  }
  return { ...identity, virtualMacs: virtualMacsOf(identity, devices, report) }
}

const interfaceOf = (
  instance: VrrpInstance,
  globals: GlobalDefinitions,
  report: Report
): InterfaceName | undefined => {
  const { name, settings } = instance
  if (!settings.mentioned.has("interface") && !globals.mentioned.has("default_interface")) {
    report.error(name.span, `vrrp_instance ${name.text} names no interface`, "add interface NAME")
  }
  return (settings.values.interface ?? globals.values.default_interface)?.value
}

const vridOf = (instance: VrrpInstance, report: Report): Vrid | undefined => {
  const { name, settings } = instance
  if (!settings.mentioned.has("virtual_router_id")) {
    const remedy = "add virtual_router_id NUMBER, from 1 to 255, the same on all its routers"
    report.error(name.span, `vrrp_instance ${name.text} has no virtual_router_id`, remedy)
  }
  return settings.values.virtual_router_id?.value
}

/** The families of the advertised addresses; without any, what else the instance says. */
const familiesOf = (instance: VrrpInstance): ReadonlyArray<Address.Family> => {
  const own = instance.settings.values
  const listed = new Set(own.virtual_ipaddress?.value.map(({ carried }) => Address.familyOf(carried.address)))
  if (listed.size > 0) return (["Ipv4", "Ipv6"] as const).filter((family) => listed.has(family))
  if (own.native_ipv6 !== undefined) return ["Ipv6"]
  const peer = own.unicast_peer?.value.find(({ _tag }) => _tag === "Address")
  const hint =
    (own.unicast_src_ip ?? own.mcast_src_ip ?? own.mcast_dst_ip)?.value ??
    (peer?._tag === "Address" ? peer.peer.address : undefined)
  return [hint === undefined ? "Ipv4" : Address.familyOf(hint)]
}

const versionOf = (
  instance: VrrpInstance,
  globals: GlobalDefinitions,
  families: ReadonlyArray<Address.Family>,
  report: Report
): Version => {
  const { native_ipv6, version } = instance.settings.values
  if (native_ipv6 !== undefined && families.includes("Ipv4"))
    report.error(native_ipv6.span, "native_ipv6 beside IPv4 addresses", "remove it: the addresses tell")
  if (!families.includes("Ipv6")) return Section.either(version, globals.values.vrrp_version, 2)
  if (version?.value === 2)
    report.error(
      version.span,
      "VRRP version 2 knows no IPv6 addresses",
      "write version 3, or remove the line"
    )
  return 3
}

const virtualMacsOf = (
  identity: Omit<VirtualRouterIdentity, "virtualMacs">,
  devices: VirtualDevices,
  report: Report
): ReadonlyMap<Address.Family, VirtualMac> => {
  const { families, instance, interface: parent, sound, vrid } = identity
  const { use_vmac: line, vmac_xmit_base } = instance.settings.values
  if (line === undefined) {
    if (vmac_xmit_base !== undefined && !instance.settings.mentioned.has("use_vmac"))
      report.warning(vmac_xmit_base.span, "vmac_xmit_base has no effect without use_vmac", "remove it")
    return new Map()
  }
  const transmitBase = transmitBaseOf(identity, report)
  const octets = octetsOf(line.value, identity, report)
  if (!sound) return new Map()
  return new Map(
    families.map((family, index) => {
      const mac = VirtualMacLine.macOf(family, vrid, octets)
      // A second device gets its default name.
      const name = index === 0 ? line.value.name?.text : undefined
      const wanted = { parent, family, vrid, mac, ...(name === undefined ? {} : { name }) }
      return [family, { interface: devices.ofRouter(wanted), mac, transmitBase }]
    })
  )
}

/** Adverts to peers leave by the device itself: a neighbour answers the address it knows. */
const transmitBaseOf = (
  { instance, strict }: Pick<VirtualRouterIdentity, "instance" | "strict">,
  report: Report
): boolean => {
  const { mentioned, values } = instance.settings
  const { use_vmac: line, vmac_xmit_base: base } = values
  if (strict && base !== undefined) {
    report.warning(base.span, "vmac_xmit_base has no effect in strict mode", "remove one of them")
    return false
  }
  if (base === undefined && line !== undefined && mentioned.has("unicast_peer")) {
    const message = "adverts to unicast peers do not leave by the virtual MAC device"
    report.warning(line.value.span, message, "add vmac_xmit_base, which counts as given")
    return true
  }
  return base !== undefined
}

const octetsOf = (
  { mac }: VirtualMacLine.VirtualMacLine,
  { families, strict }: Pick<VirtualRouterIdentity, "families" | "strict">,
  report: Report
): ReadonlyArray<number> | undefined => {
  if (mac === undefined) return undefined
  if (strict) report.warning(mac.span, "this address has no effect in strict mode", "remove it")
  else if (families.length > 1) {
    const message = "two virtual routers, of IPv4 and of IPv6, cannot have one link-layer address"
    report.error(mac.span, message, "remove it, or make two instances")
  }
  return strict ? undefined : mac.octets
}

/** Stand in for what is missing, which is an error. */
const interfaceUnknown = "?" as InterfaceName
const vridUnknown = 1 as Vrid
