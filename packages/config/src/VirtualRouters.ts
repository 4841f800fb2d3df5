/**
 * From the instances of a file to the parameters of its virtual routers, and what no two of them may share.
 *
 * **Details** defaults come from `global_defs` wherever that section stands: keepalived applies them only to instances
 * that follow it, and so loses them on a reload.
 *
 * @since 0.1.0
 */
import type { Parameters } from "@holdfast/vrrp/Parameters"
import type { AddressLine } from "./AddressLine.ts"
import type { Report } from "./Diagnostic.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import * as Span from "./Span.ts"
import * as VirtualRouter from "./VirtualRouter.ts"
import type { VrrpInstance } from "./VrrpInstance.ts"

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
): ReadonlyArray<Parameters> => {
  reportDuplicateNames(instances, report)
  const routers = instances.flatMap((instance) => {
    const parameters = VirtualRouter.compile(instance, globals, report)
    return parameters === undefined ? [] : [{ instance, parameters }]
  })
  reportDuplicateRouters(routers, report)
  reportSharedAddresses(routers, report)
  return routers.map(({ parameters }) => parameters)
}

interface Router {
  readonly instance: VrrpInstance
  readonly parameters: Parameters
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

const reportDuplicateRouters = (routers: ReadonlyArray<Router>, report: Report): void => {
  const seen = new Map<string, VrrpInstance>()
  for (const { instance, parameters } of routers) {
    const key = `${parameters.vrid} on ${parameters.interface}`
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, instance)
    } else {
      const place = Span.format(vridSpan(first))
      const message = `virtual_router_id ${key} is already that of ${first.name.text} at ${place}`
      report.error(vridSpan(instance), message, "use another number or another interface")
    }
  }
}

const vridSpan = (instance: VrrpInstance): Span.Span =>
  (instance.settings.values.virtual_router_id ?? instance.name).span

const reportSharedAddresses = (routers: ReadonlyArray<Router>, report: Report): void => {
  const seen = new Map<string, { readonly instance: VrrpInstance; readonly line: AddressLine }>()
  for (const { instance } of routers) {
    const { virtual_ipaddress, virtual_ipaddress_excluded } = instance.settings.values
    for (const line of [...(virtual_ipaddress?.value ?? []), ...(virtual_ipaddress_excluded?.value ?? [])]) {
      const first = seen.get(line.carried.address)
      if (first === undefined) {
        seen.set(line.carried.address, { instance, line })
      } else if (first.instance !== instance) {
        const place = Span.format(first.line.span)
        const message = `${line.carried.address} is also an address of ${first.instance.name.text} at ${place}`
        report.warning(line.span, message, "an address belongs to one instance")
      }
    }
  }
}
