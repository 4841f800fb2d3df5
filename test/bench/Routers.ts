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
 * How often a Master speaks, and in which version.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pace {
  readonly version: 2 | 3
  readonly intervalMillis: number
}

/**
 * The pace of version 2, and of most networks.
 *
 * @category constants
 * @since 0.1.0
 */
export const everySecond: Pace = { version: 2, intervalMillis: 1000 }

/**
 * Returns a pace below a second, which only version 3 has.
 *
 * @category constructors
 * @since 0.1.0
 */
export const every = (intervalMillis: number): Pace => ({ version: 3, intervalMillis })

/**
 * Returns how long a Backup waits for its Master: three intervals and the skew (RFC 3768 6.1, RFC 9568 6.1).
 *
 * @category getters
 * @since 0.1.0
 */
export const masterDownMillis = ({ intervalMillis, version }: Pace, priority: number): number =>
  3 * intervalMillis + ((256 - priority) / 256) * (version === 2 ? 1000 : intervalMillis)

/**
 * Prints a configuration of `count` routers with one address each, VRIDs from 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const many = (
  director: Configuration.Director,
  count: number,
  priorityOf: (vrid: number) => number,
  pace: Pace = everySecond
): string =>
  Configuration.make(
    director,
    ...Array.from({ length: count }, (_, index) =>
      router(index + 1, index + 1, networkInterface, priorityOf(index + 1), pace)
    )
  )

/**
 * Prints a configuration of `count` routers on several cards, on each as many as it can have, one after the other.
 *
 * @category constructors
 * @since 0.1.0
 */
export const onCards = (
  director: Configuration.Director,
  count: number,
  cards: ReadonlyArray<string>,
  priority: number
): string =>
  Configuration.make(
    director,
    ...Array.from({ length: count }, (_, index) => {
      const card = cards[Math.floor(index / vridMax)]
      if (card === undefined) throw new RangeError(`${cards.length} cards are too few for ${count} routers`)
      return router(index + 1, (index % vridMax) + 1, card, priority, everySecond)
    })
  )

/**
 * The most virtual routers of one family that a card can have.
 *
 * @category constants
 * @since 0.1.0
 */
export const vridMax = 255

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

const router = (
  number: number,
  vrid: number,
  card: string,
  priority: number,
  { intervalMillis, version }: Pace
): Configuration.Instance => ({
  name: `VI_${number}`,
  vrid,
  networkInterface: card,
  priority,
  ...(version === 2 ? {} : { version, advertSeconds: intervalMillis / 1000 }),
  addresses: [line(number, card)]
})

/**
 * The virtual address of a number.
 *
 * @category getters
 * @since 0.1.0
 */
export const address = (number: number): string => `10.77.${number >> 8}.${number & 255}`

const line = (number: number, card: string = networkInterface): string => `${address(number)}/32 dev ${card}`

// What fits an advert with room; the others are `virtual_ipaddress_excluded`.
const advertAddressesMax = 100
