import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as Link from "@holdfast/netlink/Link"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"

/** The address that the text spells. */
export const ipv4 = (text: string): Address.Ipv4Address => Option.getOrThrow(Address.ipv4FromString(text))

/** The address of either family that the text spells. */
export const ip = (text: string): Address.IpAddress => Option.getOrThrow(Address.ipFromString(text))

/** A device as the kernel tells of it. */
export const link = (index: number, name: string): Link.Link => ({
  index,
  name,
  flags: Link.IFF_UP | Link.IFF_RUNNING,
  hardwareType: 1,
  mac: undefined,
  macBroadcast: undefined,
  mtu: 1500,
  operState: "up",
  carrier: true,
  group: 0,
  parentIndex: undefined,
  parentNamespace: undefined,
  masterIndex: undefined,
  kind: undefined,
  macvlanMode: undefined,
  alias: undefined
})

/** An address of link 2 as the kernel tells of it: primary, global, /24. */
export const address = (
  text: string,
  differences: Partial<InterfaceAddress.InterfaceAddress> = {}
): InterfaceAddress.InterfaceAddress => ({
  linkIndex: 2,
  address: ip(text),
  peer: ip(text),
  prefixLength: 24,
  broadcast: undefined,
  label: undefined,
  scope: InterfaceAddress.Scope.global,
  flags: 0,
  protocol: 0,
  preferredSeconds: InterfaceAddress.lifetimeInfinite,
  validSeconds: InterfaceAddress.lifetimeInfinite,
  ...differences
})
