/**
 * From the model of a file to the parameters of its virtual routers, with keepalived's defaults.
 *
 * **Details** defaults come from `global_defs` wherever that section stands: keepalived applies them only to instances
 * that follow it, and so loses them on a reload.
 *
 * @since 0.1.0
 */
import * as Instant from "@holdfast/vrrp/Instant"
import {
  type InterfaceName,
  type Parameters,
  type Priority,
  priorityOwner,
  type Transport,
  type VirtualAddress,
  type Vrid
} from "@holdfast/vrrp/Parameters"
import type * as Address from "@holdfast/wire/Address"
import type { AddressLine } from "./AddressLine.ts"
import type { Report } from "./Diagnostic.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import * as Span from "./Span.ts"
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
    const parameters = compileInstance(instance, globals, report)
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

const compileInstance = (
  instance: VrrpInstance,
  globals: GlobalDefinitions,
  report: Report
): Parameters | undefined => {
  const { values } = instance.settings
  const interfaceName = interfaceOf(instance, globals, report)
  const vrid = vridOf(instance, report)
  const priority = priorityOf(instance, report)
  const preemption = preemptionOf(instance, priority, report)
  const advertInterval = advertIntervalOf(instance, report)
  const transport = transportOf(instance, globals)
  const sourceAddress = sourceAddressOf(instance, transport, report)
  const addresses = addressesOf(instance, interfaceName, report)
  if (interfaceName === undefined || vrid === undefined) return undefined
  return {
    name: instance.name.text,
    interface: interfaceName,
    vrid,
    priority,
    advertInterval,
    ...preemption,
    transport,
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
    addresses,
    announcement: announcementOf(instance, globals),
    answerLowerPriority: !(values.lower_prio_no_advert ?? globals.values.vrrp_lower_prio_no_advert)?.value,
    answerHigherPriority:
      (values.higher_prio_send_advert ?? globals.values.vrrp_higher_prio_send_advert)?.value ?? false,
    skipRepeatedAddressCheck:
      (values.skip_check_adv_addr ?? globals.values.vrrp_skip_check_adv_addr)?.value ?? false,
    checkUnicastSource: (values.check_unicast_src ?? globals.values.vrrp_check_unicast_src)?.value ?? false,
    trackPrimary: !values.dont_track_primary?.value
  }
}

const interfaceOf = (
  instance: VrrpInstance,
  globals: GlobalDefinitions,
  report: Report
): InterfaceName | undefined => {
  const { mentioned, values } = instance.settings
  const name = (values.interface ?? globals.values.default_interface)?.value
  if (name === undefined && !mentioned.has("interface") && !globals.mentioned.has("default_interface")) {
    report.error(
      instance.name.span,
      `vrrp_instance ${instance.name.text} names no interface`,
      "add interface NAME"
    )
  }
  return name
}

const vridOf = (instance: VrrpInstance, report: Report): Vrid | undefined => {
  const { mentioned, values } = instance.settings
  if (!mentioned.has("virtual_router_id")) {
    const remedy = "add virtual_router_id NUMBER, from 1 to 255, the same on all its routers"
    report.error(instance.name.span, `vrrp_instance ${instance.name.text} has no virtual_router_id`, remedy)
  }
  return values.virtual_router_id?.value
}

/** keepalived's rule, visible on the wire: a MASTER without a priority is the address owner. */
const priorityOf = (instance: VrrpInstance, report: Report): Priority => {
  const { mentioned, values } = instance.settings
  if (values.priority !== undefined) return values.priority.value
  if (values.state?.value !== "Master" || mentioned.has("priority")) return priorityDefault
  const message = "state MASTER without priority makes the router the address owner, priority 255"
  report.warning(values.state.span, message, "write the priority")
  return priorityOwner
}

/** Both preempt keywords are about a router that starts as Backup and may wait; keepalived clears them elsewhere. */
const preemptionOf = (
  instance: VrrpInstance,
  priority: Priority,
  report: Report
): Pick<Parameters, "preempt" | "preemptDelay"> => {
  const { nopreempt, preempt, preempt_delay, state } = instance.settings.values
  const master = state?.value === "Master"
  const owner = priority === priorityOwner
  const wanted =
    nopreempt !== undefined && (preempt === undefined || preempt.span.offset < nopreempt.span.offset)
  if (wanted && master)
    report.warning(nopreempt.span, "nopreempt has no effect with state MASTER", "write state BACKUP")
  else if (wanted && owner)
    report.warning(
      nopreempt.span,
      "nopreempt has no effect with priority 255",
      "the address owner always preempts"
    )
  const preempts = !wanted || master || owner
  if (preempt_delay === undefined) return { preempt: preempts, preemptDelay: Instant.seconds(0) }
  if (master)
    report.warning(preempt_delay.span, "preempt_delay has no effect with state MASTER", "write state BACKUP")
  else if (!preempts)
    report.warning(preempt_delay.span, "preempt_delay has no effect with nopreempt", "remove one of them")
  return { preempt: preempts, preemptDelay: master || !preempts ? Instant.seconds(0) : preempt_delay.value }
}

const advertIntervalOf = (instance: VrrpInstance, report: Report): Instant.Micros => {
  const setting = instance.settings.values.advert_int
  if (setting === undefined) return advertIntervalDefault
  // RFC 3768 5.3.7: the interval is a byte that counts seconds.
  if (setting.value % Instant.seconds(1) !== 0) {
    report.error(
      setting.span,
      "advert_int is not a whole number of seconds, as VRRP version 2 needs",
      "keepalived would round it; give 1 to 255"
    )
  }
  return setting.value
}

const transportOf = (instance: VrrpInstance, globals: GlobalDefinitions): Transport => {
  const { mcast_dst_ip, unicast_peer } = instance.settings.values
  if (unicast_peer !== undefined)
    return { _tag: "Unicast", peers: [...new Set(unicast_peer.value.map((peer) => peer.address))] }
  return {
    _tag: "Multicast",
    group: (mcast_dst_ip ?? globals.values.vrrp_mcast_group4)?.value ?? groupDefault
  }
}

const sourceAddressOf = (
  instance: VrrpInstance,
  transport: Transport,
  report: Report
): Address.Ipv4Address | undefined => {
  const { mcast_src_ip, unicast_peer, unicast_src_ip } = instance.settings.values
  const unicast = transport._tag === "Unicast"
  const used = unicast ? (unicast_src_ip ?? mcast_src_ip) : (mcast_src_ip ?? unicast_src_ip)
  if (
    mcast_src_ip !== undefined &&
    unicast_src_ip !== undefined &&
    mcast_src_ip.value !== unicast_src_ip.value
  ) {
    report.warning(
      (unicast ? mcast_src_ip : unicast_src_ip).span,
      `this source address is not used; ${used!.value} is`,
      "remove one of them"
    )
  }
  if (unicast_src_ip !== undefined && !instance.settings.mentioned.has("unicast_peer")) {
    report.warning(
      unicast_src_ip.span,
      "unicast_src_ip without unicast_peer: the adverts go by multicast",
      "name the peers, or write mcast_src_ip"
    )
  }
  reportPeers(unicast_peer?.value ?? [], used?.value, report)
  return used?.value
}

const reportPeers = (
  peers: ReadonlyArray<{
    readonly address: Address.Ipv4Address
    readonly word: { readonly span: Span.Span }
  }>,
  source: Address.Ipv4Address | undefined,
  report: Report
): void => {
  const seen = new Set<Address.Ipv4Address>()
  for (const { address, word } of peers) {
    if (address === source)
      report.warning(word.span, `the peer ${address} is the router itself`, "list the other routers only")
    if (seen.has(address))
      report.warning(word.span, `the peer ${address} is listed twice`, "remove one of them")
    seen.add(address)
  }
}

const addressesOf = (
  instance: VrrpInstance,
  interfaceName: InterfaceName | undefined,
  report: Report
): ReadonlyArray<VirtualAddress> => {
  const { mentioned, values } = instance.settings
  const advertised = values.virtual_ipaddress?.value ?? []
  const excluded = values.virtual_ipaddress_excluded?.value ?? []
  if (
    !mentioned.has("virtual_ipaddress") &&
    !mentioned.has("virtual_ipaddress_excluded") &&
    !mentioned.has("no_virtual_ipaddress")
  ) {
    report.warning(
      instance.name.span,
      `vrrp_instance ${instance.name.text} has no address`,
      "add virtual_ipaddress, or no_virtual_ipaddress if that is meant"
    )
  }
  const beyond = advertised[advertisedCountMax]
  if (beyond !== undefined) {
    const message = `the addresses from ${beyond.address} on do not fit into an advert, which lists ${advertisedCountMax} at most`
    report.warning(
      beyond.span,
      message,
      "they are held but not advertised; move them to virtual_ipaddress_excluded"
    )
  }
  if (interfaceName === undefined) return []
  const lines = [
    ...advertised.map((line, index) => ({ line, advertised: index < advertisedCountMax })),
    ...excluded.map((line) => ({ line, advertised: false }))
  ]
  const seen = new Map<string, AddressLine>()
  return lines.flatMap(({ advertised, line }) => {
    const first = seen.get(line.address)
    if (first === undefined) seen.set(line.address, line)
    else
      report.warning(
        line.span,
        `${line.address} is listed twice in ${instance.name.text}`,
        `the line at ${Span.format(first.span)} counts`
      )
    return first === undefined ? [virtualAddress(line, advertised, interfaceName)] : []
  })
}

const virtualAddress = (
  line: AddressLine,
  advertised: boolean,
  interfaceName: InterfaceName
): VirtualAddress => {
  const { span: _, ...address } = line
  return { ...address, interface: line.interface ?? interfaceName, advertised }
}

const announcementOf = (instance: VrrpInstance, globals: GlobalDefinitions): Parameters["announcement"] => {
  const { values } = instance.settings
  const minimal = globals.values.vrrp_min_garp?.value ?? false
  const repeatCount =
    (values.garp_master_repeat ?? globals.values.vrrp_garp_master_repeat)?.value ??
    (minimal ? 1 : repeatCountDefault)
  const delay =
    (values.garp_master_delay ?? globals.values.vrrp_garp_master_delay)?.value ??
    (minimal ? Instant.seconds(0) : delayDefault)
  return {
    repeatCount,
    delay,
    refreshInterval:
      (values.garp_master_refresh ?? globals.values.vrrp_garp_master_refresh)?.value ?? Instant.seconds(0),
    refreshRepeatCount:
      (values.garp_master_refresh_repeat ?? globals.values.vrrp_garp_master_refresh_repeat)?.value ??
      refreshRepeatCountDefault,
    lowerPriorityDelay:
      (values.garp_lower_prio_delay ?? globals.values.vrrp_garp_lower_prio_delay)?.value ?? delay,
    lowerPriorityRepeatCount:
      (values.garp_lower_prio_repeat ?? globals.values.vrrp_garp_lower_prio_repeat)?.value ?? repeatCount
  }
}

const reportDuplicateNames = (instances: ReadonlyArray<VrrpInstance>, report: Report): void => {
  const seen = new Map<string, VrrpInstance>()
  for (const instance of instances) {
    const first = seen.get(instance.name.text)
    if (first === undefined) seen.set(instance.name.text, instance)
    else
      report.error(
        instance.name.span,
        `vrrp_instance ${instance.name.text} is already defined at ${Span.format(first.name.span)}`,
        "give each instance its own name"
      )
  }
}

const reportDuplicateRouters = (routers: ReadonlyArray<Router>, report: Report): void => {
  const seen = new Map<string, VrrpInstance>()
  for (const { instance, parameters } of routers) {
    const key = `${parameters.interface} ${parameters.vrid}`
    const first = seen.get(key)
    if (first === undefined) seen.set(key, instance)
    else {
      const vrid = first.settings.values.virtual_router_id!.span
      const message = `virtual_router_id ${parameters.vrid} on ${parameters.interface} is already that of ${first.name.text} at ${Span.format(vrid)}`
      report.error(
        instance.settings.values.virtual_router_id!.span,
        message,
        "use another number or interface"
      )
    }
  }
}

const reportSharedAddresses = (routers: ReadonlyArray<Router>, report: Report): void => {
  const seen = new Map<string, { readonly name: string; readonly line: AddressLine }>()
  for (const { instance } of routers) {
    const { values } = instance.settings
    const lines = [
      ...(values.virtual_ipaddress?.value ?? []),
      ...(values.virtual_ipaddress_excluded?.value ?? [])
    ]
    for (const line of lines) {
      const first = seen.get(line.address)
      if (first === undefined) seen.set(line.address, { name: instance.name.text, line })
      else if (first.name !== instance.name.text) {
        report.warning(
          line.span,
          `${line.address} is also an address of ${first.name} at ${Span.format(first.line.span)}`,
          "an address belongs to one instance"
        )
      }
    }
  }
}

// Defaults of keepalived 2.2.7 and later.
const priorityDefault = 100 as Priority
const advertIntervalDefault = Instant.seconds(1)
/** RFC 3768 5.2.2. */
const groupDefault = "224.0.0.18" as Address.Ipv4Address
const repeatCountDefault = 5
const delayDefault = Instant.seconds(5)
const refreshRepeatCountDefault = 1
/** RFC 3768 5.3.5: the count is one byte. An Ethernet frame of 1500 bytes has room for more. */
const advertisedCountMax = 255
