/**
 * Where the adverts of an instance go to and come from: a group or peers, and the source address.
 *
 * @since 0.1.0
 */
import type { Transport } from "@holdfast/vrrp/Parameters"
import { defaults } from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import type { Report } from "./Diagnostic.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import type { Setting } from "./Section.ts"
import type { UnicastPeer } from "./UnicastPeer.ts"
import type { VirtualRouterIdentity } from "./VirtualRouterIdentity.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface AdvertTransport {
  readonly transport: Transport
  readonly sourceAddress?: Address.IpAddress
}

/**
 * Compiles the transport of each router of an instance.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  identity: VirtualRouterIdentity,
  globals: GlobalDefinitions,
  report: Report
): ReadonlyMap<Address.Family, AdvertTransport> => {
  const unicast = isUnicast(identity)
  const source = sourceOf(identity, unicast, report)
  if (unicast) reportUnicast(identity, report)
  else reportMulticast(identity, report)
  reportPeers(identity, source?.value, report)
  return new Map(
    identity.families.map((family) => {
      const transport = unicast ? unicastOf(identity, family) : multicastOf(identity, family, globals)
      const own = source !== undefined && Address.familyOf(source.value) === family ? source.value : undefined
      return [family, { transport, ...(own === undefined ? {} : { sourceAddress: own }) }]
    })
  )
}

/** `unicast_fault_no_peer` asks for peers, even where there are none. */
const isUnicast = ({ instance }: VirtualRouterIdentity): boolean => {
  const { unicast_fault_no_peer, unicast_peer } = instance.settings.values
  return unicast_peer !== undefined || unicast_fault_no_peer !== undefined
}

const unicastOf = ({ instance }: VirtualRouterIdentity, family: Address.Family): Transport => {
  const { unicast_peer, unicast_ttl } = instance.settings.values
  const lines = unicast_peer?.value ?? []
  const names = [...new Set(lines.flatMap((line) => (line._tag === "Name" ? [line.name] : [])))]
  const peers = new Map(
    lines.flatMap((line) =>
      line._tag === "Address" && Address.familyOf(line.peer.address) === family
        ? [[line.peer.address, line.peer]]
        : []
    )
  )
  return {
    _tag: "Unicast",
    peers: [...peers.values()],
    ...(names.length === 0 ? {} : { names }),
    hopLimit: unicast_ttl?.value ?? hopLimitMax
  }
}

const multicastOf = (
  { instance }: VirtualRouterIdentity,
  family: Address.Family,
  globals: GlobalDefinitions
): Transport => {
  const own = instance.settings.values.mcast_dst_ip?.value
  const { vrrp_mcast_group4, vrrp_mcast_group6 } = globals.values
  const all = family === "Ipv4" ? vrrp_mcast_group4 : vrrp_mcast_group6
  const usual = family === "Ipv4" ? defaults.transport.group : groupVrrpIpv6
  const group = own !== undefined && Address.familyOf(own) === family ? own : (all?.value ?? usual)
  return { _tag: "Multicast", group }
}

const sourceOf = (
  { families, instance }: VirtualRouterIdentity,
  unicast: boolean,
  report: Report
): Setting<Address.IpAddress> | undefined => {
  const { mcast_src_ip, unicast_src_ip } = instance.settings.values
  const [used, other] = unicast ? [unicast_src_ip, mcast_src_ip] : [mcast_src_ip, unicast_src_ip]
  const source = used ?? other
  if (other !== undefined && other.value !== source?.value) {
    report.warning(other.span, `this source address is not used; ${source?.value} is`, "remove one of them")
  }
  const { track_src_ip } = instance.settings.values
  if (track_src_ip !== undefined && source === undefined) {
    const remedy = "add mcast_src_ip or unicast_src_ip, or remove it"
    report.warning(track_src_ip.span, "track_src_ip has no effect without a source address", remedy)
  }
  if (source !== undefined) reportFamily(source, "source address", families, report)
  return source
}

const reportFamily = (
  { span, value }: Setting<Address.IpAddress>,
  what: string,
  families: ReadonlyArray<Address.Family>,
  report: Report
): void => {
  if (families.includes(Address.familyOf(value))) return
  const wanted = families[0] === "Ipv4" ? "IPv4" : "IPv6"
  const remedy = `give one of ${wanted}; addresses of the other family may be in virtual_ipaddress_excluded`
  report.error(span, `the ${what} ${value} is not of the family of the addresses`, remedy)
}

const reportMulticast = ({ families, instance }: VirtualRouterIdentity, report: Report): void => {
  const { mcast_dst_ip, unicast_src_ip, unicast_ttl } = instance.settings.values
  if (mcast_dst_ip !== undefined) reportFamily(mcast_dst_ip, "group", families, report)
  if (instance.settings.mentioned.has("unicast_peer")) return
  if (unicast_src_ip !== undefined) {
    const message = "unicast_src_ip without unicast_peer: the adverts go by multicast"
    report.warning(unicast_src_ip.span, message, "name the peers, or write mcast_src_ip")
  }
  if (unicast_ttl !== undefined)
    report.warning(unicast_ttl.span, "unicast_ttl has no effect without unicast_peer", "remove it")
}

const reportUnicast = ({ families, instance }: VirtualRouterIdentity, report: Report): void => {
  const { mcast_dst_ip, unicast_fault_no_peer, unicast_peer } = instance.settings.values
  if (mcast_dst_ip !== undefined)
    report.warning(mcast_dst_ip.span, "mcast_dst_ip has no effect with unicast peers", "remove it")
  const peers = unicast_peer?.value ?? []
  if (peers.length === 0 && unicast_peer !== undefined && unicast_fault_no_peer === undefined) {
    const remedy = "name the peers, or remove the block; keepalived would go on by multicast"
    report.error(unicast_peer.span, "unicast_peer names no peer", remedy)
  }
  if (peers.length === 0 || peers.some(({ _tag }) => _tag === "Name")) return
  for (const family of families) {
    if (peers.some((line) => line._tag === "Address" && Address.familyOf(line.peer.address) === family))
      continue
    const name = family === "Ipv4" ? "IPv4" : "IPv6"
    const message = `no peer has an ${name} address, and the virtual router of ${name} nobody to talk to`
    report.error(peers[0]!.span, message, "name one")
  }
}

const reportPeers = (
  { families, instance }: VirtualRouterIdentity,
  source: Address.IpAddress | undefined,
  report: Report
): void => {
  const seen = new Set<string>()
  for (const line of instance.settings.values.unicast_peer?.value ?? []) {
    const shown = shownOf(line)
    if (line._tag === "Address")
      reportFamily({ value: line.peer.address, span: line.span }, "peer", families, report)
    if (shown === source)
      report.warning(line.span, `the peer ${shown} is the router itself`, "list the other routers only")
    if (seen.has(shown)) report.warning(line.span, `the peer ${shown} is listed twice`, "remove one of them")
    seen.add(shown)
  }
}

const shownOf = (line: UnicastPeer): string => (line._tag === "Name" ? line.name : line.peer.address)

/** RFC 9568 section 5.1.2.2. */
const groupVrrpIpv6 = "ff02::12" as Address.Ipv6Address
/** RFC 9568 section 5.1.1.3. */
const hopLimitMax = 255
