/**
 * From the instances of a file to the parameters of its virtual routers, and what no two of them may share.
 *
 * **Details** defaults come from `global_defs` wherever that section stands: keepalived applies them only to instances
 * that follow it, and so loses them on a reload.
 *
 * @since 0.1.0
 */
import { placeOf, type Parameters } from "@holdfast/vrrp/Parameters"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import type { AddressLine } from "./AddressLine.ts"
import type { Report } from "./Diagnostic.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import * as Span from "./Span.ts"
import * as VirtualDevices from "./VirtualDevices.ts"
import * as VirtualRouter from "./VirtualRouter.ts"
import * as VirtualRouterIdentity from "./VirtualRouterIdentity.ts"
import type { VrrpInstance } from "./VrrpInstance.ts"

/**
 * The virtual routers of an instance: none if it is too faulty, two if it advertises addresses of both families.
 *
 * @category models
 * @since 0.1.0
 */
export interface InstanceRouters {
  readonly instance: VrrpInstance
  readonly routers: ReadonlyArray<Parameters>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface VirtualRouters {
  readonly instances: ReadonlyArray<InstanceRouters>
  readonly devices: ReadonlyArray<VirtualDevice>
}

/**
 * Compiles the instances of a file. The result is whole only if the report holds no error.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  instances: ReadonlyArray<VrrpInstance>,
  globals: GlobalDefinitions,
  report: Report
): VirtualRouters => {
  reportDuplicateNames(instances, report)
  reportDeviceNames(instances, report)
  const devices = devicesOf(instances, globals)
  // Devices of routers come before those of addresses, which may share them.
  const identities = instances.map((instance) =>
    VirtualRouterIdentity.compile(instance, globals, devices, report)
  )
  const compiled = identities.map((identity) => ({
    instance: identity.instance,
    routers: VirtualRouter.compile(identity, globals, devices, report)
  }))
  reportDuplicateRouters(compiled, report)
  reportSharedAddresses(compiled, report)
  return { instances: compiled, devices: devices.all() }
}

const devicesOf = (
  instances: ReadonlyArray<VrrpInstance>,
  globals: GlobalDefinitions
): VirtualDevices.VirtualDevices => {
  const { default_interface, vmac_addr_prefix, vmac_prefix } = globals.values
  const prefix = vmac_prefix?.value ?? "vrrp"
  const named = instances.flatMap(({ settings: { values } }) => [
    values.interface?.value,
    values.use_vmac?.value.name?.text
  ])
  const taken = [default_interface?.value, ...named].filter((name) => name !== undefined)
  return VirtualDevices.make({ taken, prefix, addressPrefix: vmac_addr_prefix?.value ?? prefix })
}

const reportDuplicateNames = (instances: ReadonlyArray<VrrpInstance>, report: Report): void => {
  const seen = new Map<string, Span.Span>()
  for (const { name } of instances) {
    const first = seen.get(name.text)
    if (first === undefined) {
      seen.set(name.text, name.span)
    } else {
      const message = `vrrp_instance ${name.text} is already defined at ${Span.format(first)}`
      report.error(name.span, message, "give each instance its own name")
    }
  }
}

const reportDeviceNames = (instances: ReadonlyArray<VrrpInstance>, report: Report): void => {
  const bases = new Set(instances.map(({ settings }) => settings.values.interface?.value))
  const seen = new Map<string, Span.Span>()
  for (const { settings } of instances) {
    const name = settings.values.use_vmac?.value.name
    if (name === undefined) continue
    const first = seen.get(name.text)
    if (first !== undefined)
      report.error(
        name.span,
        `${name.text} is already the device at ${Span.format(first)}`,
        "give each its own name"
      )
    else if (bases.has(name.text))
      report.error(name.span, `${name.text} is the interface of an instance`, "give another name, or none")
    else seen.set(name.text, name.span)
  }
}

const reportDuplicateRouters = (compiled: ReadonlyArray<InstanceRouters>, report: Report): void => {
  const seen = new Map<string, VrrpInstance>()
  for (const { instance, routers } of compiled) {
    for (const parameters of routers) {
      const key = placeOf(parameters)
      const first = seen.get(key)
      if (first === undefined) {
        seen.set(key, instance)
      } else {
        const place = Span.format(vridSpan(first))
        const message = `virtual_router_id ${parameters.vrid} on ${parameters.interface} is already that of ${first.name.text} at ${place}`
        report.error(vridSpan(instance), message, "use another number or another interface")
      }
    }
  }
}

const vridSpan = (instance: VrrpInstance): Span.Span =>
  (instance.settings.values.virtual_router_id ?? instance.name).span

const reportSharedAddresses = (compiled: ReadonlyArray<InstanceRouters>, report: Report): void => {
  const running = compiled.filter(({ routers }) => routers.length > 0)
  if (running.length < 2) return
  const seen = new Map<string, { readonly instance: VrrpInstance; readonly line: AddressLine }>()
  for (const { instance } of running) {
    const { virtual_ipaddress, virtual_ipaddress_excluded } = instance.settings.values
    for (const line of [...(virtual_ipaddress?.value ?? []), ...(virtual_ipaddress_excluded?.value ?? [])]) {
      const { address } = line.carried
      // Link-local addresses are of one link: several have fe80::1.
      if (address.startsWith("fe80:")) continue
      const first = seen.get(address)
      if (first === undefined) {
        seen.set(address, { instance, line })
      } else if (first.instance !== instance) {
        const place = Span.format(first.line.span)
        const message = `${address} is also an address of ${first.instance.name.text} at ${place}`
        report.warning(line.span, message, "an address belongs to one instance")
      }
    }
  }
}
