/**
 * What the kernel's devices mean to one virtual router.
 *
 * @since 0.1.0
 */
import type { LinkState } from "@holdfast/vrrp/Event"
import type { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import { priorityOwner } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Link, Links } from "./LinkWatch.ts"

/**
 * What is needed to judge a device.
 *
 * @category models
 * @since 0.1.0
 */
export interface LinkSource {
  readonly links: () => Links
  readonly hasChannel: (device: InterfaceName) => boolean
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
  if (device === parameters.interface && !source.hasChannel(device)) return { _tag: "Missing" }
  const address = primaryAddress(link, parameters)
  return { _tag: link.up ? "Up" : "Down", ...(address === undefined ? {} : { address }) }
}

/**
 * Returns the address that adverts come from: the first global primary one that is not virtual. The owner of the
 * addresses (priority 255) may have no other.
 *
 * @category getters
 * @since 0.1.0
 */
export const primaryAddress = (link: Link, parameters: Parameters): IpAddress | undefined => {
  let virtual: IpAddress | undefined
  for (const { address, scope, secondary } of link.addresses) {
    if (scope >= scopeHost || secondary) continue
    if (!parameters.addresses.some((entry) => entry.address === address)) return address
    virtual ??= address
  }
  return parameters.priority === priorityOwner ? virtual : undefined
}

const scopeHost = 254 // RT_SCOPE_HOST of linux/rtnetlink.h: never seen by another host
