/**
 * What the kernel's devices mean to one virtual router.
 *
 * @since 0.1.0
 */
import type { LinkState } from "@holdfast/vrrp/Event"
import { type InterfaceName, type Parameters, priorityOwner } from "@holdfast/vrrp/Parameters"
import { familyOf, type IpAddress } from "@holdfast/wire/Address"
import type { Link, LinkAddress, Links } from "./LinkWatch.ts"

/**
 * What is needed to judge a device.
 *
 * @category models
 * @since 0.1.0
 */
export interface LinkSource {
  readonly links: () => Links
  /** Whether the router can hear and speak; without a channel a device is no better than a missing one. */
  readonly serves: (router: Parameters) => boolean
}

/**
 * Returns the devices that a router has to be told of.
 *
 * @category getters
 * @since 0.1.0
 */
export const devicesOf = (parameters: Parameters): ReadonlySet<InterfaceName> => {
  const devices = new Set([parameters.interface])
  for (const entry of parameters.addresses) devices.add(entry.interface)
  for (const { subject } of parameters.trackers)
    if (subject._tag === "Interface") devices.add(subject.interface)
  for (const { nextHops } of parameters.routes)
    for (const hop of nextHops) if (hop.interface !== undefined) devices.add(hop.interface)
  for (const { inputInterface, outputInterface } of parameters.rules) {
    if (inputInterface !== undefined) devices.add(inputInterface)
    if (outputInterface !== undefined) devices.add(outputInterface)
  }
  return devices
}

/**
 * Returns the state of a device as the router shall see it.
 *
 * @category getters
 * @since 0.1.0
 */
export const linkStateOf = (source: LinkSource, parameters: Parameters, device: InterfaceName): LinkState => {
  const link = source.links().get(device)
  if (link === undefined) return { _tag: "Missing" }
  if (device === parameters.interface && !source.serves(parameters)) return { _tag: "Missing" }
  const address = primaryAddress(link, parameters)
  return { _tag: link.up ? "Up" : "Down", ...(address === undefined ? {} : { address }) }
}

/**
 * Returns the address that adverts come from: the first usable one of the router's family that is not virtual. Over IPv6
 * that is the link-local one (RFC 9568 section 5.1.2.1), unless peers are reached by unicast and it has another. The owner
 * of the addresses (priority 255) may have no other than the virtual ones. A source that is tracked is the only one.
 *
 * @category getters
 * @since 0.1.0
 */
export const primaryAddress = (link: Link, parameters: Parameters): IpAddress | undefined => {
  const { sourceAddress, trackSource } = parameters
  if (trackSource && sourceAddress !== undefined)
    return link.addresses.find((entry) => entry.address === sourceAddress && !entry.tentative)?.address
  const { addresses, family, priority, transport } = parameters
  const candidates = link.addresses.filter(
    (entry) => familyOf(entry.address) === family && entry.scope < scopeHost && isUsable(entry)
  )
  const own = candidates.filter(({ address }) => !addresses.some((entry) => entry.address === address))
  const best = family === "Ipv4" ? own[0] : bestIpv6(own, transport._tag === "Unicast")
  if (best !== undefined || priority !== priorityOwner) return best?.address
  return (family === "Ipv4" ? candidates[0] : bestIpv6(candidates, transport._tag === "Unicast"))?.address
}

const bestIpv6 = (candidates: ReadonlyArray<LinkAddress>, far: boolean): LinkAddress | undefined =>
  candidates.find(({ scope }) => (scope === scopeLink) !== far) ?? (far ? candidates[0] : undefined)

const isUsable = ({ secondary, tentative }: LinkAddress): boolean => !secondary && !tentative

const scopeLink = 253 // RT_SCOPE_LINK of linux/rtnetlink.h: IPv6 link-local addresses
const scopeHost = 254 // RT_SCOPE_HOST of linux/rtnetlink.h: never seen by another host
