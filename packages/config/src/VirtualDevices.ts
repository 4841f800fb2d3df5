/**
 * The virtual MAC devices of a file: one for each virtual router and for each device of addresses that ask for it.
 *
 * **Invariants**
 * 1. No two have the same name, and no two on one device the same link-layer address.
 * 2. The same file gives the same names.
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import type { Family, MacAddress } from "@holdfast/wire/Address"
import * as VirtualMacLine from "./VirtualMacLine.ts"

/**
 * Collects the devices of one reading.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualDevices {
  /** Adds the device of a router; its name is a default when `name` is absent. */
  readonly ofRouter: (
    wanted: Wanted & { readonly name?: InterfaceName; readonly mac: MacAddress }
  ) => InterfaceName
  /** Returns the device for addresses on another device than the router's, which is added if need be. */
  readonly ofAddress: (wanted: Wanted) => InterfaceName
  /** Lets a device take part in a family. */
  readonly admit: (name: InterfaceName, family: Family) => void
  readonly has: (name: InterfaceName) => boolean
  readonly all: () => ReadonlyArray<VirtualDevice>
}

interface Wanted {
  readonly parent: InterfaceName
  readonly family: Family
  readonly vrid: number
}

/**
 * - `taken`: names that defaults must not be.
 * - `prefix`, `addressPrefix`: what default names begin with (`vmac_prefix`, `vmac_addr_prefix`).
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (names: {
  readonly taken: Iterable<string>
  readonly prefix: string
  readonly addressPrefix: string
}): VirtualDevices => {
  const taken = new Set(names.taken)
  const devices = new Map<InterfaceName, VirtualDevice>()
  const places = new Map<string, InterfaceName>()
  const add = (name: InterfaceName, { family, parent }: Wanted, mac: MacAddress): InterfaceName => {
    taken.add(name)
    devices.set(name, { name, parent, mac, families: [family] })
    places.set(placeOf(parent, mac), name)
    return name
  }
  return {
    ofRouter: ({ mac, name, ...wanted }) => add(name ?? freeName(names.prefix, wanted, taken), wanted, mac),
    ofAddress: (wanted) => {
      const mac = VirtualMacLine.macOf(wanted.family, wanted.vrid)
      const known = places.get(placeOf(wanted.parent, mac))
      return known ?? add(freeName(names.addressPrefix, wanted, taken), wanted, mac)
    },
    admit: (name, family) => {
      const device = devices.get(name)
      if (device !== undefined && !device.families.includes(family))
        devices.set(name, { ...device, families: [...device.families, family] })
    },
    has: (name) => devices.has(name),
    all: () => [...devices.values()]
  }
}

const placeOf = (parent: InterfaceName, mac: MacAddress): string => `${parent} ${mac}`

/** `vrrp.VRID` for IPv4 and `vrrp6.VRID` for IPv6; with a number where another device has that name. */
const freeName = (prefix: string, { family, vrid }: Wanted, taken: ReadonlySet<string>): InterfaceName => {
  const first = named(prefix, family === "Ipv4" ? "" : ipv6Infix, vrid)
  for (let number = 0, name = first; ; number++) {
    if (!taken.has(name)) return name
    // The infix of IPv6 is left to it.
    name = named(prefix, number + 1 < Number(ipv6Infix) ? `${number + 1}` : `${number + 2}`, vrid)
  }
}

const named = (prefix: string, infix: string, vrid: number): InterfaceName => {
  const suffix = `${infix}.${vrid}`
  return `${prefix.slice(0, nameLengthMax - suffix.length)}${suffix}` as InterfaceName
}

const ipv6Infix = "6"
/** IFNAMSIZ of linux/if.h, less the closing zero. */
const nameLengthMax = 15
