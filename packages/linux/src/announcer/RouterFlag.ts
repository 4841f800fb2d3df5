/**
 * Whether this machine forwards packets of IPv6 that a device receives: the flag `router` of neighbour advertisements
 * (RFC 4861 section 4.4).
 *
 * A neighbour that hears the flag go takes this machine off its list of routers, so it must be what the kernel itself says.
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import { readFileSync } from "node:fs"

/**
 * Returns the flag of a device.
 *
 * @category models
 * @since 0.1.0
 */
export type RouterFlag = (device: InterfaceName, nowMicros: number) => boolean

/**
 * Returns what reads flags and remembers each for a while; `read` gives the text of a setting.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (read: (device: InterfaceName) => string = readSetting): RouterFlag => {
  let known = new Map<InterfaceName, boolean>()
  let knownSince = 0
  return (device, nowMicros) => {
    if (nowMicros - knownSince > ageMax) {
      known = new Map()
      knownSince = nowMicros
    }
    const flag = known.get(device) ?? isForwarding(read(device))
    known.set(device, flag)
    return flag
  }
}

/** 1, or 2 for a router that listens to others (`accept_ra`); 0 for a host. */
const isForwarding = (setting: string): boolean => Number.parseInt(setting, 10) > 0

/** A device without IPv6 has no setting, and nothing is announced there. */
const readSetting = (device: InterfaceName): string => {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${device}/forwarding`, "utf8")
  } catch {
    return "0"
  }
}

/** Ten seconds: reading takes some 20 µs, which a burst must not pay for every address, and the setting hardly changes. */
const ageMax = 10_000_000
