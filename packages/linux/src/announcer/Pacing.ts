/**
 * Which announcements share a pace, and how slow it is.
 *
 * Pure. A pace counts for gratuitous ARPs and for neighbour advertisements apart, each on its own lane.
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Pacing } from "@holdfast/vrrp/SharedParameters"
import { type IpAddress, isIpv6 } from "@holdfast/wire/Address"

/**
 * What is to be announced and by which device.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly interface: InterfaceName
  readonly address: IpAddress
}

/**
 * A lane: at least `interval` microseconds lie between two frames on it. Its name tells it from the others, also from
 * those of other configurations.
 *
 * @category models
 * @since 0.1.0
 */
export interface LaneFacts {
  readonly name: string
  readonly interval: number
}

/**
 * Returns the lane of an entry, or nothing when it may leave at once.
 *
 * @category models
 * @since 0.1.0
 */
export type LaneOf = (entry: Entry) => LaneFacts | undefined

/**
 * Returns how these pacings assign lanes; nothing when none of them holds anything back. A device that several name belongs
 * to the first.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (pacings: ReadonlyArray<Pacing>): LaneOf | undefined => {
  if (pacings.every(({ arpInterval, neighbourInterval }) => arpInterval === 0 && neighbourInterval === 0))
    return undefined
  const everyDevice = pacings.find(({ interfaces }) => interfaces === undefined)
  const byDevice = new Map<InterfaceName, Pacing>()
  for (const pacing of pacings)
    for (const device of pacing.interfaces ?? []) if (!byDevice.has(device)) byDevice.set(device, pacing)

  return ({ address, interface: device }) => {
    const pacing = byDevice.get(device) ?? everyDevice
    if (pacing === undefined) return undefined
    const isNeighbour = isIpv6(address)
    const interval = isNeighbour ? pacing.neighbourInterval : pacing.arpInterval
    if (interval === 0) return undefined
    // No device has a comma and a space in its name, so that no list reads as another.
    const devices = pacing.interfaces?.join(", ") ?? device
    return { name: `${isNeighbour ? "NA" : "ARP"} ${devices}`, interval }
  }
}
