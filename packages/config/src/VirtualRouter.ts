/**
 * From one `vrrp_instance` to the parameters of its virtual router, with keepalived's defaults.
 *
 * @since 0.1.0
 */
import * as Instant from "@holdfast/wire/Instant"
import type { InterfaceName, Parameters, Priority, Transport, Vrid } from "@holdfast/vrrp/Parameters"
import { defaults, priorityOwner } from "@holdfast/vrrp/Parameters"
import type * as Address from "@holdfast/wire/Address"
import * as Announcing from "./Announcing.ts"
import type { Report } from "./Diagnostic.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import * as Section from "./Section.ts"
import * as VirtualAddresses from "./VirtualAddresses.ts"
import type { Peer, VrrpInstance } from "./VrrpInstance.ts"

/**
 * Compiles an instance; nothing when it lacks its interface or its identifier.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  instance: VrrpInstance,
  globals: GlobalDefinitions,
  report: Report
): Parameters | undefined => {
  const own = instance.settings.values
  const all = globals.values
  const interfaceName = interfaceOf(instance, globals, report)
  const vrid = vridOf(instance, report)
  const priority = priorityOf(instance, report)
  const preemption = preemptionOf(instance, priority, report)
  const advertInterval = advertIntervalOf(instance, report)
  const transport = transportOf(instance, globals)
  const sourceAddress = sourceAddressOf(instance, transport, report)
  const addresses = VirtualAddresses.compile(instance, interfaceName ?? interfaceUnknown, report)
  if (interfaceName === undefined || vrid === undefined) return undefined
  return {
    ...defaults,
    name: instance.name.text,
    interface: interfaceName,
    vrid,
    priority,
    advertInterval,
    ...preemption,
    transport,
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
    addresses,
    announcement: Announcing.compile(own, all),
    answerLowerPriority: !Section.either(own.lower_prio_no_advert, all.vrrp_lower_prio_no_advert, false),
    answerHigherPriority: Section.either(
      own.higher_prio_send_advert,
      all.vrrp_higher_prio_send_advert,
      false
    ),
    skipRepeatedAddressCheck: Section.either(own.skip_check_adv_addr, all.vrrp_skip_check_adv_addr, false),
    checkUnicastSource: Section.either(own.check_unicast_src, all.vrrp_check_unicast_src, false),
    trackPrimary: own.dont_track_primary === undefined
  }
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

/** keepalived's rule, visible on the wire: a MASTER without a priority is the address owner. */
const priorityOf = (instance: VrrpInstance, report: Report): Priority => {
  const { mentioned, values } = instance.settings
  if (values.priority !== undefined) return values.priority.value
  if (values.state?.value !== "Master" || mentioned.has("priority")) return defaults.priority
  const message = "state MASTER without priority makes the router the address owner, priority 255"
  report.warning(values.state.span, message, "write the priority")
  return priorityOwner
}

/** Both keywords are about a router that starts as Backup and may wait; keepalived clears them on others. */
const preemptionOf = (
  instance: VrrpInstance,
  priority: Priority,
  report: Report
): Pick<Parameters, "preempt" | "preemptDelay"> => {
  const { nopreempt, preempt, preempt_delay: delay, state } = instance.settings.values
  const master = state?.value === "Master"
  const owner = priority === priorityOwner
  const refuses =
    nopreempt !== undefined && (preempt === undefined || preempt.span.offset < nopreempt.span.offset)
  if (refuses && master) {
    report.warning(nopreempt.span, "nopreempt has no effect with state MASTER", "write state BACKUP")
  } else if (refuses && owner) {
    const remedy = "the address owner always preempts"
    report.warning(nopreempt.span, "nopreempt has no effect with priority 255", remedy)
  }
  const preempts = !refuses || master || owner
  if (delay !== undefined && master) {
    report.warning(delay.span, "preempt_delay has no effect with state MASTER", "write state BACKUP")
  } else if (delay !== undefined && !preempts) {
    report.warning(delay.span, "preempt_delay has no effect with nopreempt", "remove one of them")
  }
  const waits = delay !== undefined && preempts && !master
  return { preempt: preempts, preemptDelay: waits ? delay.value : Instant.seconds(0) }
}

const advertIntervalOf = (instance: VrrpInstance, report: Report): Instant.Micros => {
  const setting = instance.settings.values.advert_int
  if (setting === undefined) return defaults.advertInterval
  // RFC 3768 5.3.7: the interval is a byte that counts seconds.
  if (setting.value % Instant.seconds(1) !== 0) {
    const message = "advert_int is not a whole number of seconds, as VRRP version 2 needs"
    report.error(setting.span, message, "give 1 to 255; keepalived would round it")
  }
  return setting.value
}

const transportOf = (instance: VrrpInstance, globals: GlobalDefinitions): Transport => {
  const { mcast_dst_ip, unicast_peer } = instance.settings.values
  return unicast_peer === undefined
    ? {
        _tag: "Multicast",
        group: Section.either(mcast_dst_ip, globals.values.vrrp_mcast_group4, defaults.transport.group)
      }
    : {
        _tag: "Unicast",
        peers: [...new Set(unicast_peer.value.map((peer) => peer.address))].map((address) => ({ address })),
        hopLimit: hopLimitMax
      }
}

const sourceAddressOf = (
  instance: VrrpInstance,
  transport: Transport,
  report: Report
): Address.Ipv4Address | undefined => {
  const { mcast_src_ip, unicast_peer, unicast_src_ip } = instance.settings.values
  const unicast = transport._tag === "Unicast"
  const [used, other] = unicast ? [unicast_src_ip, mcast_src_ip] : [mcast_src_ip, unicast_src_ip]
  const source = (used ?? other)?.value
  if (other !== undefined && other.value !== source) {
    report.warning(other.span, `this source address is not used; ${source} is`, "remove one of them")
  }
  if (unicast_src_ip !== undefined && !instance.settings.mentioned.has("unicast_peer")) {
    const message = "unicast_src_ip without unicast_peer: the adverts go by multicast"
    report.warning(unicast_src_ip.span, message, "name the peers, or write mcast_src_ip")
  }
  reportPeers(unicast_peer?.value ?? [], source, report)
  return source
}

const reportPeers = (
  peers: ReadonlyArray<Peer>,
  source: Address.Ipv4Address | undefined,
  report: Report
): void => {
  const seen = new Set<Address.Ipv4Address>()
  for (const { address, span } of peers) {
    if (address === source) {
      report.warning(span, `the peer ${address} is the router itself`, "list the other routers only")
    }
    if (seen.has(address)) report.warning(span, `the peer ${address} is listed twice`, "remove one of them")
    seen.add(address)
  }
}

/** RFC 3768 5.2.3, RFC 9568 5.1.1.3. */
const hopLimitMax = 255
/** Stands in for an interface that is missing, which is an error, so that the addresses are checked all the same. */
const interfaceUnknown = "?" as InterfaceName
