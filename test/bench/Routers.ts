/**
 * Configurations of many virtual routers or many addresses on one card.
 *
 * @since 0.1.0
 */
import * as Configuration from "../lab/Configuration.ts"
import * as Topology from "../lab/Topology.ts"

/**
 * The card all routers run on.
 *
 * @category constants
 * @since 0.1.0
 */
export const networkInterface = "eth1"

/**
 * The address a director sends adverts from.
 *
 * @category getters
 * @since 0.1.0
 */
export const source = (director: Configuration.Director): string =>
  Topology.port(director, networkInterface).address

/**
 * The priority of an owner, who is Master at once.
 *
 * @category constants
 * @since 0.1.0
 */
export const priorityOwner = 255

/**
 * Prints a configuration of `count` routers with one address each, VRIDs from 1; VRRPv2, an advert a second.
 *
 * @category constructors
 * @since 0.1.0
 */
export const many = (
  director: Configuration.Director,
  count: number,
  priorityOf: (vrid: number) => number
): string =>
  Configuration.make(
    director,
    ...Array.from({ length: count }, (_, index) => ({
      name: `VI_${index + 1}`,
      vrid: index + 1,
      networkInterface,
      priority: priorityOf(index + 1),
      addresses: [line(index + 1)]
    }))
  )

/**
 * Prints a configuration of one router with many addresses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const withAddresses = (director: Configuration.Director, count: number, priority: number): string => {
  const lines = Array.from({ length: count }, (_, index) => line(index + 1))
  const excluded = lines.slice(advertAddressesMax).map((each) => `  ${each}`)
  return Configuration.make(director, {
    vrid: 1,
    networkInterface,
    priority,
    addresses: lines.slice(0, advertAddressesMax),
    lines: excluded.length === 0 ? [] : ["virtual_ipaddress_excluded {", ...excluded, "}"]
  })
}

const line = (index: number): string => `10.77.${index >> 8}.${index & 255}/32 dev ${networkInterface}`

// What fits an advert with room; the others are `virtual_ipaddress_excluded`.
const advertAddressesMax = 100
