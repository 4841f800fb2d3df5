/**
 * From one `vrrp_instance` to the parameters of its virtual routers, with keepalived's defaults.
 *
 * **Details** an instance that advertises addresses of both families is two virtual routers, because an advert carries one
 * family (RFC 9568 section 5.2.9). The one of IPv4 has the name of the instance. keepalived refuses such an instance.
 *
 * @since 0.1.0
 */
import * as Instant from "@holdfast/wire/Instant"
import type { Family } from "@holdfast/wire/Address"
import type { Parameters, Priority, VirtualAddress } from "@holdfast/vrrp/Parameters"
import { defaults, priorityOwner } from "@holdfast/vrrp/Parameters"
import * as AdvertTransport from "./AdvertTransport.ts"
import * as Announcing from "./Announcing.ts"
import * as Authentication from "./Authentication.ts"
import type { Report } from "./Diagnostic.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import * as Section from "./Section.ts"
import * as StrictMode from "./StrictMode.ts"
import * as VirtualAddresses from "./VirtualAddresses.ts"
import type { VirtualDevices } from "./VirtualDevices.ts"
import type { VirtualRouterIdentity } from "./VirtualRouterIdentity.ts"

/**
 * Compiles an instance; nothing when it lacks its interface or its identifier. Trackers are for others to add: they come
 * from groups, too.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  identity: VirtualRouterIdentity,
  globals: GlobalDefinitions,
  devices: VirtualDevices,
  report: Report
): ReadonlyArray<Parameters> => {
  const { families, instance, sound, strict } = identity
  const common = commonOf(identity, globals, report)
  const transports = AdvertTransport.compile(identity, globals, report)
  const addresses = VirtualAddresses.compile(identity, devices, report)
  const routers = families.map((family) => {
    const own = addresses.get(family)!
    const elsewhere = elsewhereOf(identity, family, own, devices)
    return routerOf(identity, family, {
      ...common,
      ...transports.get(family)!,
      addresses: own,
      announcement: Announcing.compile(instance.settings.values, globals.values, elsewhere)
    })
  })
  if (strict) StrictMode.check(instance, routers[0]!, report)
  if (!sound) return []
  return strict ? routers.map((router) => StrictMode.apply(instance, router)) : routers
}

/** The router of a family. That of IPv6 has a name of its own beside one of IPv4. */
const routerOf = (
  identity: VirtualRouterIdentity,
  family: Family,
  parameters: Omit<Parameters, "name" | "instance" | "family" | "virtualMac" | "routes" | "rules">
): Parameters => {
  const { text } = identity.instance.name
  const virtualMac = identity.virtualMacs.get(family)
  return {
    ...(family === identity.families[0] ? { name: text } : { name: `${text} (IPv6)`, instance: text }),
    family,
    ...(virtualMac === undefined ? {} : { virtualMac }),
    ...parameters,
    ...routingOf(identity, family)
  }
}

type Common = Omit<
  Parameters,
  | "name"
  | "instance"
  | "family"
  | "virtualMac"
  | "transport"
  | "sourceAddress"
  | "addresses"
  | "routes"
  | "rules"
  | "announcement"
>

/** What does not depend on the family. */
const commonOf = (identity: VirtualRouterIdentity, globals: GlobalDefinitions, report: Report): Common => {
  const { instance, version, vrid } = identity
  const own = instance.settings.values
  const all = globals.values
  const priority = priorityOf(identity, report)
  const advertInterval = advertIntervalOf(identity, report)
  const authentication = Authentication.compile(own, { advertInterval, version }, report)
  const isPlain = Section.either(own.v3_checksum_as_v2, all.v3_checksum_as_v2, defaults.plainChecksum)
  return {
    interface: identity.interface,
    vrid,
    version,
    priority,
    advertInterval,
    downAdverts: Section.either(own.down_timer_adverts, all.vrrp_down_timer_adverts, defaults.downAdverts),
    plainChecksum: isPlain && version === 3,
    ...(authentication === undefined ? {} : { authentication }),
    ...preemptionOf(identity, priority, report),
    accept: priority === priorityOwner || acceptOf(identity),
    answerLowerPriority: !Section.either(own.lower_prio_no_advert, all.vrrp_lower_prio_no_advert, false),
    answerHigherPriority: Section.either(
      own.higher_prio_send_advert,
      all.vrrp_higher_prio_send_advert,
      false
    ),
    skipRepeatedAddressCheck: Section.either(own.skip_check_adv_addr, all.vrrp_skip_check_adv_addr, false),
    checkUnicastSource:
      Section.either(own.check_unicast_src, all.vrrp_check_unicast_src, false) || checksHopLimits(identity),
    trackSource: own.track_src_ip !== undefined,
    faultWithoutPeers: own.unicast_fault_no_peer !== undefined,
    ownerIgnoresAdverts: Section.either(own.owner_ignore_adverts, all.vrrp_owner_ignore_adverts, false),
    trackPrimary: own.dont_track_primary === undefined,
    trackers: defaults.trackers
  }
}

/** Routes and rules of a router: those of its family, and of the first router also those that are of no other. */
const routingOf = (
  { families, instance }: VirtualRouterIdentity,
  family: Family
): Pick<Parameters, "routes" | "rules"> => {
  const { virtual_routes, virtual_rules } = instance.settings.values
  const isHeld = (entry: { readonly family: Family }): boolean =>
    entry.family === family || (family === families[0] && !families.includes(entry.family))
  return {
    routes: (virtual_routes?.value ?? []).map(({ route }) => route).filter(isHeld),
    rules: (virtual_rules?.value ?? []).map(({ rule }) => rule).filter(isHeld)
  }
}

/** keepalived's rule, visible on the wire: a MASTER without a priority is the address owner. */
const priorityOf = ({ instance }: VirtualRouterIdentity, report: Report): Priority => {
  const { mentioned, values } = instance.settings
  if (values.priority !== undefined) return values.priority.value
  if (values.state?.value !== "Master" || mentioned.has("priority")) return defaults.priority
  const message = "state MASTER without priority makes the router the address owner, priority 255"
  report.warning(values.state.span, message, "write the priority")
  return priorityOwner
}

/** Both keywords are about a router that starts as Backup and may wait; keepalived clears them on others. */
const preemptionOf = (
  { instance, strict }: VirtualRouterIdentity,
  priority: Priority,
  report: Report
): Pick<Parameters, "preempt" | "preemptDelay"> => {
  const { nopreempt, preempt, preempt_delay: delay, state } = instance.settings.values
  const owner = priority === priorityOwner
  const master = strict ? owner : state?.value === "Master"
  const refuses =
    nopreempt !== undefined && (preempt === undefined || preempt.span.offset < nopreempt.span.offset)
  if (refuses && owner) {
    const remedy = "the address owner always preempts"
    report.warning(nopreempt.span, "nopreempt has no effect with priority 255", remedy)
  } else if (refuses && master) {
    report.warning(nopreempt.span, "nopreempt has no effect with state MASTER", "write state BACKUP")
  }
  const preempts = !refuses || master || owner
  if (delay !== undefined && master && !strict) {
    report.warning(delay.span, "preempt_delay has no effect with state MASTER", "write state BACKUP")
  } else if (delay !== undefined && !preempts) {
    report.warning(delay.span, "preempt_delay has no effect with nopreempt", "remove one of them")
  }
  const waits = delay !== undefined && preempts && !master
  return { preempt: preempts, preemptDelay: waits ? delay.value : Instant.seconds(0) }
}

/** What one version calls an error the other can do: a fraction of a second, or a minute. */
const advertIntervalOf = ({ instance, version }: VirtualRouterIdentity, report: Report): Instant.Micros => {
  const setting = instance.settings.values.advert_int
  if (setting === undefined) return defaults.advertInterval
  const { span, value } = setting
  if (version === 2) {
    // RFC 3768 5.3.7: the interval is a byte that counts seconds.
    if (value % Instant.seconds(1) !== 0) {
      const message = "advert_int is not a whole number of seconds, as VRRP version 2 needs"
      report.error(
        span,
        message,
        "give 1 to 255, or write version 3 on all routers; keepalived would round it"
      )
    }
  } else if (value > intervalMaxVersion3) {
    const message = "advert_int is longer than VRRP version 3 can say"
    report.error(span, message, "give 40.95 at most; keepalived would shorten it")
  } else if (value % Instant.seconds(0.01) !== 0) {
    const message = "advert_int is not a multiple of 10 ms, as VRRP version 3 needs"
    report.error(span, message, "give hundredths of a second; keepalived would round it")
  }
  return value
}

/** Of the two the last one counts. */
const acceptOf = ({ instance }: VirtualRouterIdentity): boolean => {
  const { accept, no_accept } = instance.settings.values
  return no_accept === undefined || (accept !== undefined && accept.span.offset > no_accept.span.offset)
}

/** keepalived's rule: whoever bounds the TTL of peers takes adverts of peers alone. */
const checksHopLimits = ({ instance }: VirtualRouterIdentity): boolean =>
  (instance.settings.values.unicast_peer?.value ?? []).some(
    (line) =>
      line._tag === "Address" && (line.peer.hopLimitMin !== undefined || line.peer.hopLimitMax !== undefined)
  )

const elsewhereOf = (
  { interface: base, virtualMacs }: VirtualRouterIdentity,
  family: Family,
  addresses: ReadonlyArray<VirtualAddress>,
  devices: VirtualDevices
): Announcing.Elsewhere => {
  const home = virtualMacs.get(family)?.interface ?? base
  const others = addresses.map((address) => address.interface).filter((name) => name !== home)
  return {
    virtualMac: others.some((name) => devices.has(name)),
    other: others.some((name) => !devices.has(name))
  }
}

/** RFC 9568 section 5.2.7: twelve bits that count hundredths of a second. */
const intervalMaxVersion3 = Instant.seconds(40.95)
