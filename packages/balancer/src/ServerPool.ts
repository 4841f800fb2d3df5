/**
 * The services of one virtual server as its forwarding plane shall have them, and who is in them.
 *
 * **Details**
 *
 * | server | while the quorum is not lost | while sorry servers serve |
 * |---|---|---|
 * | up | in, with its weight | out; weight 0 with `inhibit_on_failure` |
 * | unchecked, down | out; weight 0 with `inhibit_on_failure` | the same |
 * | draining | weight 0 | weight 0 |
 * | sorry | out; weight 0 with `sorry_server_inhibit` | in, with weight 1 |
 *
 * Only sorry servers take the place of real ones: without them a lost quorum is told (`quorum_down`) and those that are
 * left go on. Nobody is helped when they stop.
 *
 * Every address of a group has the same servers. With NAT the addresses share one map of destinations; a destination of
 * DR or TUN has the port of its service, so there is one map for each port.
 *
 * **Gotchas** what has not changed is the same object as before, so that `ForwardingTable.diff` does not look into it.
 *
 * @since 0.1.0
 */
import { formatEndpoint, type IpAddress } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import * as ForwardingTable from "./ForwardingTable.ts"
import * as Member from "./Member.ts"
import type { VirtualServer } from "./Parameters.ts"
import type { Quorum } from "./Quorum.ts"
import { type Destination, keyOf, type Method, type Service, type ServiceAddress } from "./Service.ts"

/**
 * A pool that was built.
 *
 * - `destinations`: by the port of the service; under `anyPort` where all servers are reached by NAT.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerPool {
  readonly destinations: ReadonlyMap<number, ReadonlyMap<string, Destination>>
  readonly services: ReadonlyArray<Service>
}

/**
 * What a pool is built from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ingredients {
  readonly parameters: VirtualServer
  readonly members: ReadonlyArray<Member.Member>
  readonly draining: ReadonlyArray<Member.Member>
  readonly quorum: Quorum
}

/**
 * The pool of a virtual server that does not run.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: ServerPool = { destinations: new Map(), services: [] }

/**
 * Returns the pool as it shall be now; parts that are equal to those of `before` are those of `before`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const build = (before: ServerPool, ingredients: Ingredients, at: Instant): ServerPool => {
  const { parameters } = ingredients
  const servers = present(ingredients, at)
  const isNat = servers.every(({ target }) => target.method._tag === "Nat")
  const ports = isNat ? [anyPort] : new Set(parameters.addresses.map(portOf))
  const destinations = new Map<number, ReadonlyMap<string, Destination>>()
  for (const port of ports)
    destinations.set(port, destinationsAt(before.destinations.get(port), servers, port))
  const services = parameters.addresses.map((address, index): Service => {
    const map = destinations.get(isNat ? anyPort : portOf(address)) ?? noDestinations
    return serviceOf(before.services[index], address, parameters, map)
  })
  const isSame =
    services.length === before.services.length &&
    services.every((service, index) => service === before.services[index])
  return isSame ? before : { destinations, services }
}

/**
 * Whether sorry servers stand in for the real ones.
 *
 * @category queries
 * @since 0.1.0
 */
export const isSorry = ({ parameters, quorum }: Pick<Ingredients, "parameters" | "quorum">): boolean =>
  quorum === "Down" && parameters.sorryServers.length > 0

/**
 * Returns the weight that a real server has in the pool; nothing when it is out.
 *
 * @category queries
 * @since 0.1.0
 */
export const weightOf = (
  ingredients: Pick<Ingredients, "parameters" | "quorum">,
  member: Member.Member,
  at: Instant
): number | undefined => {
  if (member.health === "Up" && !isSorry(ingredients)) {
    return Member.weightAt(member, ingredients.parameters.slowStart, at)
  }
  return member.server.inhibitOnFailure ? 0 : undefined
}

/**
 * Returns the keys that a server has among the destinations of a virtual server: one with NAT, one for each port of its
 * services with DR and TUN.
 *
 * @category queries
 * @since 0.1.0
 */
export const destinationKeys = (parameters: VirtualServer, server: Target): ReadonlyArray<string> =>
  server.method._tag === "Nat"
    ? [server.key]
    : Array.from(new Set(parameters.addresses.map(portOf)), (port) => formatEndpoint(server.address, port))

/**
 * What real servers and sorry servers have in common.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  readonly key: string
  readonly address: IpAddress
  readonly port: number
  readonly method: Method
  readonly upperThreshold?: number
  readonly lowerThreshold?: number
}

interface Present {
  readonly target: Target
  readonly weight: number
}

/** Who is in. Of two with one key the last counts: one that serves comes after one that does not. */
const present = (ingredients: Ingredients, at: Instant): ReadonlyArray<Present> => {
  const { draining, members, parameters } = ingredients
  const isSorryServing = isSorry(ingredients)
  const servers: Array<Present> = draining.map(({ server }) => ({ target: server, weight: 0 }))
  if (!isSorryServing && parameters.sorryInhibit) {
    for (const target of parameters.sorryServers) servers.push({ target, weight: 0 })
  }
  for (const member of members) {
    const weight = weightOf(ingredients, member, at)
    if (weight !== undefined) servers.push({ target: member.server, weight })
  }
  if (isSorryServing) {
    for (const target of parameters.sorryServers) servers.push({ target, weight: sorryWeight })
  }
  return servers
}

const destinationsAt = (
  before: ReadonlyMap<string, Destination> | undefined,
  servers: ReadonlyArray<Present>,
  port: number
): ReadonlyMap<string, Destination> => {
  const destinations = new Map<string, Destination>()
  for (const { target, weight } of servers) {
    const { address, lowerThreshold = 0, method, upperThreshold = 0 } = target
    const isOwnPort = method._tag === "Nat" || target.port === port
    const key = isOwnPort ? target.key : formatEndpoint(address, port)
    const settings = { method, weight, upperThreshold, lowerThreshold }
    const known = before?.get(key)
    const isKnown = known !== undefined && ForwardingTable.isSameDestination(known, settings)
    destinations.set(
      key,
      isKnown ? known : { key, address, port: isOwnPort ? target.port : port, ...settings }
    )
  }
  return before !== undefined && hasSameEntries(before, destinations) ? before : destinations
}

const hasSameEntries = (
  left: ReadonlyMap<string, Destination>,
  right: ReadonlyMap<string, Destination>
): boolean => {
  if (left.size !== right.size) return false
  for (const [key, destination] of right) if (left.get(key) !== destination) return false
  return true
}

const serviceOf = (
  before: Service | undefined,
  address: ServiceAddress,
  parameters: VirtualServer,
  destinations: ReadonlyMap<string, Destination>
): Service => {
  const key = before?.address === address ? before.key : keyOf(address)
  const isSame =
    before?.key === key &&
    before.destinations === destinations &&
    ForwardingTable.hasSameSettings(before, parameters)
  if (isSame) return before
  const { onePacket, persistence, scheduler, schedulerFlags } = parameters
  return {
    key,
    address,
    scheduler,
    schedulerFlags,
    onePacket,
    ...(persistence !== undefined && { persistence }),
    destinations
  }
}

/** A firewall mark says nothing of ports: destinations of DR and TUN have port 0. */
const portOf = (address: ServiceAddress): number => (address._tag === "Endpoint" ? address.port : anyPort)

/** As in the kernel's table. */
const anyPort = 0
/** Several sorry servers share what comes equally. */
const sorryWeight = 1
const noDestinations: ReadonlyMap<string, Destination> = new Map()
