/**
 * The network devices and addresses of one simulated host, as plain maps.
 *
 * Plays the part of rtnetlink: what an administrator or a daemon does to devices and addresses, and who is told of it.
 * Every change calls the watchers at once and with everything; it is theirs to hand it on later.
 *
 * @since 0.1.0
 */
import type { Link, LinkAddress, Links } from "@holdfast/engine/LinkWatch"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import { type IpAddress, ipToBytes, isIpv6, type MacAddress } from "@holdfast/wire/Address"

/**
 * What a device is made with.
 *
 * @category models
 * @since 0.1.0
 */
export interface LinkOptions {
  readonly name: string
  /** Addresses with their prefix, such as `192.0.2.1/24`; none when absent. */
  readonly addresses?: ReadonlyArray<string> | undefined
  /** One that tells the host and the device when absent. */
  readonly mac?: MacAddress | undefined
  /** Up with carrier; the default. */
  readonly up?: boolean | undefined
  /** The device that it is a macvlan on. */
  readonly parent?: string | undefined
  /** The text that somebody attached to it. */
  readonly alias?: string | undefined
}

/**
 * What is known of a macvlan besides what every device has. The parent goes by the name that it has now.
 *
 * @category models
 * @since 0.1.0
 */
export interface Macvlan {
  readonly parent: InterfaceName
  readonly alias: string | undefined
}

/**
 * The devices and addresses of one host.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualKernel {
  readonly links: () => Links
  /** Makes a device with a new index; replaces one of the same name. */
  readonly addLink: (options: LinkOptions) => void
  /** Deletes a device and the macvlans on it. */
  readonly deleteLink: (name: string) => void
  readonly rename: (from: string, to: string) => void
  /** The macvlan of a name, if it is one. */
  readonly macvlan: (name: string) => Macvlan | undefined
  /** Sets both IFF_UP and carrier. */
  readonly setUp: (name: string, up: boolean) => void
  /** Adds an address; returns what the kernel refused, if it did: no such device, or the address is there already. */
  readonly addAddress: (name: string, address: LinkAddress) => "NoSuchDevice" | "Exists" | undefined
  /** Removes an address; returns whether it was there. */
  readonly deleteAddress: (name: string, address: IpAddress) => boolean
  /** Tells whether any device holds the address. */
  readonly holds: (address: IpAddress) => boolean
  /** Calls back after every change; returns the function that ends it. */
  readonly watch: (onChange: (links: Links) => void) => () => void
}

/**
 * Makes the kernel of a host. `hostNumber` makes its hardware addresses differ from those of other hosts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (hostNumber = 0, initial: ReadonlyArray<LinkOptions> = []): VirtualKernel => {
  const links = new Map<InterfaceName, Link>()
  const macvlans = new Map<string, { readonly parentIndex: number; readonly alias: string | undefined }>()
  const watchers = new Set<(links: Links) => void>()
  let indexNext = 1

  const snapshot = (): Links => new Map(links)
  const changed = (): void => {
    const all = snapshot()
    for (const onChange of watchers) onChange(all)
  }
  const update = (link: Link): void => {
    links.set(link.name, link)
    changed()
  }
  const find = (name: string): Link | undefined => links.get(name as InterfaceName)

  const deleteLink = (name: string): void => {
    const link = find(name)
    if (link === undefined) return
    links.delete(link.name)
    macvlans.delete(name)
    for (const [above, { parentIndex }] of macvlans) if (parentIndex === link.index) deleteLink(above)
    changed()
  }

  const addLink = (options: LinkOptions): void => {
    const index = indexNext++
    const parent = find(options.parent ?? "")
    if (parent === undefined) macvlans.delete(options.name)
    else macvlans.set(options.name, { parentIndex: parent.index, alias: options.alias })
    update({
      name: options.name as InterfaceName,
      index,
      mac: options.mac ?? macOf(hostNumber, index),
      mtu: mtuOfEthernet,
      up: options.up ?? true,
      addresses: (options.addresses ?? []).map(linkAddress)
    })
  }
  for (const options of initial) addLink(options)

  return {
    links: snapshot,
    addLink,
    deleteLink,
    rename: (from, to) => {
      const link = find(from)
      if (link === undefined) return
      links.delete(link.name)
      update({ ...link, name: to as InterfaceName })
    },
    macvlan: (name) => {
      const found = macvlans.get(name)
      const parent = [...links.values()].find(({ index }) => index === found?.parentIndex)
      return found && parent && { parent: parent.name, alias: found.alias }
    },
    setUp: (name, up) => {
      const link = find(name)
      if (link !== undefined && link.up !== up) update({ ...link, up })
    },
    addAddress: (name, address) => {
      const link = find(name)
      if (link === undefined) return "NoSuchDevice"
      if (link.addresses.some((present) => present.address === address.address)) return "Exists"
      update({ ...link, addresses: inOrder([...link.addresses, withRank(link, address)]) })
      return undefined
    },
    deleteAddress: (name, address) => {
      const link = find(name)
      if (link === undefined || !link.addresses.some((present) => present.address === address)) return false
      update({ ...link, addresses: link.addresses.filter((present) => present.address !== address) })
      return true
    },
    holds: (address) =>
      [...links.values()].some((link) => link.addresses.some((present) => present.address === address)),
    watch: (onChange) => {
      watchers.add(onChange)
      return () => {
        watchers.delete(onChange)
      }
    }
  }
}

/**
 * Reads an address with its prefix, such as `192.0.2.1/24`, as a primary address of global scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const linkAddress = (text: string): LinkAddress => {
  const [address = text, prefixLength = "32"] = text.split("/")
  return {
    address: address as IpAddress,
    prefixLength: Number(prefixLength),
    secondary: false,
    scope: address.startsWith("fe80:") ? scopeLink : 0,
    tentative: false
  }
}

/** An IPv4 address of a subnet in which the device has one already is secondary, as Linux has it. */
const withRank = (link: Link, added: LinkAddress): LinkAddress => ({
  ...added,
  secondary:
    !isIpv6(added.address) &&
    link.addresses.some(
      (present) =>
        present.prefixLength === added.prefixLength &&
        networkOf(present.address, present.prefixLength) === networkOf(added.address, added.prefixLength)
    )
})

/** The kernel lists the addresses of IPv4 before those of IPv6. */
const inOrder = (addresses: ReadonlyArray<LinkAddress>): ReadonlyArray<LinkAddress> => [
  ...addresses.filter(({ address }) => !isIpv6(address)),
  ...addresses.filter(({ address }) => isIpv6(address))
]

const networkOf = (address: IpAddress, prefixLength: number): string =>
  Array.from(ipToBytes(address), (byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .slice(0, prefixLength)

/** Locally administered addresses (IEEE 802 second bit), so that they look like nobody's hardware. */
const macOf = (hostNumber: number, index: number): MacAddress =>
  `02:00:00:00:${hexByte(hostNumber)}:${hexByte(index)}` as MacAddress

const hexByte = (value: number): string => (value & 0xff).toString(16).padStart(2, "0")

/** RT_SCOPE_LINK of linux/rtnetlink.h. */
const scopeLink = 253

const mtuOfEthernet = 1500
