/**
 * The rules of one service: pure, so that what the kernel has can be compared with what it should have.
 *
 * ```
 * chain of the service    comment: its settings
 *                         [remembered] client is one of this server's -> goto the server      one for each server
 *                         [scheduled]  number or hash -> slots -> goto the server
 *                         comment: one for each server
 *                         [scheduled]  drop what found no slot: it came while the rules were rewritten
 * chain of each server    [remembered] remember the client
 *                         count, dnat
 * ```
 *
 * A service without a server that takes connections has no rule that acts: its packets go on as if there were none.
 *
 * **Gotchas** a packet that goes through the old rules in the very moment in which the kernel makes the new ones valid finds
 * their map of slots empty (seen on Linux 6.18). This machine would refuse it; dropped, it is sent again.
 *
 * A rule that remembered and translated at once would do neither for new clients when the memory is full.
 *
 * @since 0.1.0
 */
import type * as Service from "@holdfast/balancer/Service"
import * as NfTables from "@holdfast/netlink/NfTables"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import * as Address from "@holdfast/wire/Address"
import * as Layout from "./Layout.ts"
import * as Settings from "./Settings.ts"
import * as Slots from "./Slots.ts"

/**
 * What a service is in the kernel.
 *
 * - `slots`: a map without a name, written with the rules and gone with them; nobody can change it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceRules {
  readonly chain: string
  readonly slots: FilledSet | undefined
  readonly rules: ReadonlyArray<NfTables.Rule>
  readonly servers: ReadonlyArray<ServerRules>
}

/**
 * What a server of a service is in the kernel.
 *
 * - `clients`: who comes back to it; outlives the rules.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerRules {
  readonly chain: string
  readonly clients: NfTables.Set | undefined
  readonly rules: ReadonlyArray<NfTables.Rule>
}

/** @category models @since 0.1.0 */
export interface FilledSet {
  readonly set: NfTables.Set & { readonly id: number }
  readonly elements: ReadonlyArray<NfTables.Element>
}

/**
 * What went to a server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Count {
  readonly packets: bigint
  readonly bytes: bigint
}

/**
 * Says why a server cannot be one of a service, or nothing.
 *
 * @category predicates
 * @since 0.1.0
 */
export const problemOf = (
  service: Pick<Service.Service, "address">,
  { address, method }: Service.Destination
): string | undefined => {
  if (method._tag !== "Nat") return `nf_tables forwards by NAT only, not by ${method._tag}`
  const isIpv6 = Layout.familyOf(service.address) === "inet6"
  if (Address.isIpv6(address) !== isIpv6) return "a server is of the address family of its service"
  return undefined
}

/** The name of the chain of a service; `nft` accepts it. @category getters @since 0.1.0 */
export const chainOf = (address: Service.ServiceAddress): string =>
  address._tag === "FirewallMark"
    ? `FWM/${address.mark}/${address.family}`
    : `${address.protocol}/${nameOf(address.address)}/${address.port}`

/** The name of the chain of a server. @category getters @since 0.1.0 */
export const serverChainOf = (
  service: Service.ServiceAddress,
  { address, port }: Pick<Service.Destination, "address" | "port">
): string => `${chainOf(service)}/${nameOf(address)}/${port}`

const nameOf = (address: Address.IpAddress): string => address.replaceAll(":", "-")

/**
 * The set of the clients of a server. The kernel lets it grow to 65,535; it would make room for all of them at once if it
 * were told so. More clients are not remembered.
 *
 * @category constructors
 * @since 0.1.0
 */
export const clientsOf = (
  service: Service.ServiceAddress,
  destination: Pick<Service.Destination, "address" | "port">
): NfTables.Set => {
  const { addressLength, addressType } = Layout.families[Layout.familyOf(service)]
  return {
    table: Layout.table,
    name: `clients/${serverChainOf(service, destination)}`,
    flags: NfTables.NFT_SET_TIMEOUT | NfTables.NFT_SET_EVAL,
    keyType: addressType,
    keyLength: addressLength
  }
}

/**
 * Returns the rules of a service. `setId` is that of its map of slots; servers go on counting from `counts`, by their keys.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  service: Service.Service,
  setId = 1,
  counts: ReadonlyMap<string, Count> = new Map()
): ServiceRules => {
  const chain = chainOf(service.address)
  const destinations = Array.from(service.destinations.values())
  const slots = Slots.slotsOf(service.scheduler, destinations)
  const rule = (comment: string | undefined, expressions: ReadonlyArray<Expression.Expression>) => ({
    table: Layout.table,
    chain,
    comment,
    expressions
  })
  const recalled = service.persistence === undefined ? [] : destinations
  return {
    chain,
    slots: slots.length === 0 ? undefined : slotsMap(service, slots, setId),
    rules: [
      rule(Settings.formatService(service), [goOn]),
      ...recalled.map((destination) => rule(undefined, recall(service, destination))),
      ...(slots.length === 0 ? [] : [rule(undefined, schedule(service, slots.length, setId))]),
      ...destinations.map((destination) => rule(Settings.formatDestination(destination), [goOn])),
      ...(slots.length === 0 ? [] : [rule(undefined, [Layout.verdict(Expression.NF_DROP)])])
    ],
    servers: destinations.map((destination) => serverRules(service, destination, counts.get(destination.key)))
  }
}

const serverRules = (
  service: Service.Service,
  destination: Service.Destination,
  count: Count | undefined
): ServerRules => {
  const chain = serverChainOf(service.address, destination)
  const clients = service.persistence === undefined ? undefined : clientsOf(service.address, destination)
  const rules = [
    ...(clients === undefined ? [] : [[...loadClient(service), remember(service, clients.name)]]),
    [...matchProtocol(service, destination), counter(count), ...translate(service, destination)]
  ]
  return {
    chain,
    clients,
    rules: rules.map((expressions) => ({ table: Layout.table, chain, expressions }))
  }
}

const slotsMap = (
  service: Service.Service,
  slots: ReadonlyArray<Service.Destination>,
  id: number
): FilledSet => {
  const elements = slots.map((destination, index) => ({
    key: Layout.hostWord(index),
    verdict: { code: Expression.NFT_GOTO, chain: serverChainOf(service.address, destination) }
  }))
  return {
    set: {
      table: Layout.table,
      name: anonymousMap,
      id,
      flags: NfTables.NFT_SET_ANONYMOUS | NfTables.NFT_SET_CONSTANT | NfTables.NFT_SET_MAP,
      keyType: Layout.typeInteger,
      keyLength: 4,
      dataType: NfTables.NFT_DATA_VERDICT,
      size: slots.length,
      hostOrder: true,
      comment: `slots ${digestOf(elements.map(({ verdict }) => verdict.chain))}`
    },
    elements
  }
}

/** Does nothing: `nft` shows a rule without an expression, and cannot read it again. */
const goOn = Layout.verdict(Expression.NFT_CONTINUE)

/** Whoever is remembered comes back, also to a server of weight 0. */
const recall = (
  service: Service.Service,
  destination: Service.Destination
): ReadonlyArray<Expression.Expression> => [
  ...loadClient(service),
  {
    name: "lookup",
    data: {
      NFTA_LOOKUP_SET: clientsOf(service.address, destination).name,
      NFTA_LOOKUP_SREG: Expression.register32(clientWord)
    }
  },
  Layout.verdict(Expression.NFT_GOTO, serverChainOf(service.address, destination))
]

const schedule = (
  service: Service.Service,
  slotCount: number,
  setId: number
): ReadonlyArray<Expression.Expression> => [
  ...number(service, slotCount),
  {
    name: "lookup",
    data: {
      NFTA_LOOKUP_SET: anonymousMap,
      NFTA_LOOKUP_SREG: Expression.register32(numberWord),
      NFTA_LOOKUP_DREG: Expression.NFT_REG_VERDICT,
      NFTA_LOOKUP_SET_ID: setId
    }
  }
]

/** Loads which slot it is: the next one, or one that follows from the addresses. */
const number = (
  { address, scheduler, schedulerFlags }: Service.Service,
  slotCount: number
): ReadonlyArray<Expression.Expression> => {
  if (scheduler !== "sh" && scheduler !== "mh" && scheduler !== "dh") {
    return [
      {
        name: "numgen",
        data: {
          NFTA_NG_DREG: Expression.register32(numberWord),
          NFTA_NG_MODULUS: slotCount,
          NFTA_NG_TYPE: Expression.NFT_NG_INCREMENTAL,
          NFTA_NG_OFFSET: 0
        }
      }
    ]
  }
  const withPort = scheduler !== "dh" && schedulerFlags.some((flag) => flag === 2)
  const { addressLength, destinationOffset, protocolFamily, sourceOffset } =
    Layout.families[Layout.familyOf(address)]
  const offset = scheduler === "dh" ? destinationOffset : sourceOffset
  return [
    ...Layout.match(Expression.NFT_META_NFPROTO, protocolFamily),
    Layout.loadNetwork(offset, addressLength, clientWord),
    ...(withPort ? [Layout.loadTransport(0, 2, clientWord + addressLength / 4)] : []),
    {
      name: "hash",
      data: {
        NFTA_HASH_SREG: Expression.register32(clientWord),
        NFTA_HASH_DREG: Expression.register32(numberWord),
        NFTA_HASH_LEN: addressLength + (withPort ? 4 : 0),
        NFTA_HASH_MODULUS: slotCount,
        NFTA_HASH_SEED: hashSeed,
        NFTA_HASH_TYPE: Expression.NFT_HASH_JENKINS
      }
    }
  ]
}

const loadClient = ({ address, persistence }: Service.Service): ReadonlyArray<Expression.Expression> => {
  const { addressLength, protocolFamily, sourceOffset } = Layout.families[Layout.familyOf(address)]
  const load = [
    ...Layout.match(Expression.NFT_META_NFPROTO, protocolFamily),
    Layout.loadNetwork(sourceOffset, addressLength, clientWord)
  ]
  const granularity = persistence?.granularity ?? addressLength * 8
  if (granularity >= addressLength * 8) return load
  return [
    ...load,
    {
      name: "bitwise",
      data: {
        NFTA_BITWISE_SREG: Expression.register32(clientWord),
        NFTA_BITWISE_DREG: Expression.register32(clientWord),
        NFTA_BITWISE_LEN: addressLength,
        NFTA_BITWISE_MASK: { NFTA_DATA_VALUE: maskOf(granularity, addressLength) },
        NFTA_BITWISE_XOR: { NFTA_DATA_VALUE: new Uint8Array(addressLength) }
      }
    }
  ]
}

const maskOf = (prefixLength: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - index * 8))
    return (0xff00 >> bits) & 0xff
  })

const remember = ({ persistence }: Service.Service, clients: string): Expression.Expression => ({
  name: "dynset",
  data: {
    NFTA_DYNSET_SET_NAME: clients,
    NFTA_DYNSET_OP: Expression.NFT_DYNSET_OP_UPDATE,
    NFTA_DYNSET_SREG_KEY: Expression.register32(clientWord),
    NFTA_DYNSET_TIMEOUT: BigInt(persistence?.timeoutSeconds ?? 0) * 1000n
  }
})

const counter = (count: Count | undefined): Expression.Expression => ({
  name: "counter",
  data: { NFTA_COUNTER_BYTES: count?.bytes ?? 0n, NFTA_COUNTER_PACKETS: count?.packets ?? 0n }
})

/** The service has but one protocol, and its map knows that already; `nft` wants to see it next to a port. */
const matchProtocol = (
  { address }: Service.Service,
  { port }: Service.Destination
): ReadonlyArray<Expression.Expression> =>
  address._tag === "FirewallMark" || port === 0
    ? []
    : Layout.match(Expression.NFT_META_L4PROTO, Layout.protocols[address.protocol])

/** Port 0 leaves the port that the client asked for. */
const translate = (
  { address: service }: Service.Service,
  { address, port }: Service.Destination
): ReadonlyArray<Expression.Expression> => {
  const addressRegister = Expression.register32(addressWord)
  const portRegister = Expression.register32(portWord)
  const ports =
    port === 0
      ? { NFTA_NAT_FLAGS: Expression.NF_NAT_RANGE_MAP_IPS }
      : {
          NFTA_NAT_REG_PROTO_MIN: portRegister,
          NFTA_NAT_REG_PROTO_MAX: portRegister,
          NFTA_NAT_FLAGS: Expression.NF_NAT_RANGE_MAP_IPS | Expression.NF_NAT_RANGE_PROTO_SPECIFIED
        }
  return [
    Layout.constant(addressWord, Address.ipToBytes(address)),
    ...(port === 0 ? [] : [Layout.constant(portWord, Layout.portBytes(port).subarray(0, 2))]),
    {
      name: "nat",
      data: {
        NFTA_NAT_TYPE: Expression.NFT_NAT_DNAT,
        NFTA_NAT_FAMILY: Layout.families[Layout.familyOf(service)].protocolFamily,
        NFTA_NAT_REG_ADDR_MIN: addressRegister,
        NFTA_NAT_REG_ADDR_MAX: addressRegister,
        ...ports
      }
    }
  ]
}

/** Tells lists apart, so that what a map holds can be known without reading it (FNV-1a, 32 bits). */
const digestOf = (names: ReadonlyArray<string>): string => {
  let digest = 0x811c9dc5
  for (const character of names.join(" ")) {
    digest = Math.imul(digest ^ character.charCodeAt(0), 0x01000193) >>> 0
  }
  return digest.toString(16).padStart(8, "0")
}

/** Registers: the client's address and port, the server's, and the number of the slot. */
const clientWord = 0
const addressWord = 0
const portWord = 4
const numberWord = 12

/** The kernel gives it a number. */
const anonymousMap = "__map%d"

/** The same on every director, so that a client keeps its server when another one takes over. */
const hashSeed = 0x686f6c64
