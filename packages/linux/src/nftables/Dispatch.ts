/**
 * The table, its maps of services, and the rules that look a packet's service up in them.
 *
 * ```
 * prerouting, output  ->  dispatch  ->  marks4, marks6          firewall mark . protocol
 *                                       endpoints4, endpoints6  address . protocol . port
 *                                       hosts4, hosts6          address . protocol: every port
 *                                       each verdict: goto the chain of the service
 * ```
 *
 * The order is that of IPVS: a mark first, then the exact port, then every port. Only the first packet of a connection
 * comes here; what follows the kernel knows from its table of connections.
 *
 * @since 0.1.0
 */
import * as NfTables from "@holdfast/netlink/NfTables"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import type { Request } from "@holdfast/netlink/Request"
import type * as Service from "@holdfast/balancer/Service"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"
import * as Layout from "./Layout.ts"

/** The chains that the kernel sends packets to. */
const hooks: ReadonlyArray<NfTables.Chain> = (
  [
    ["prerouting", NfTables.NF_INET_PRE_ROUTING],
    ["output", NfTables.NF_INET_LOCAL_OUT]
  ] as const
).map(([name, number]) => ({
  table: Layout.table,
  name,
  hook: { type: "nat", number, priority: NfTables.NF_IP_PRI_NAT_DST }
}))

/**
 * The chains that hold whatever the services are.
 *
 * @category constants
 * @since 0.1.0
 */
export const chains: ReadonlyArray<NfTables.Chain> = [...hooks, { table: Layout.table, name: "dispatch" }]

/**
 * The maps of services.
 *
 * @category constants
 * @since 0.1.0
 */
export const maps: ReadonlyArray<NfTables.Set> = (["inet", "inet6"] as const).flatMap((family) => {
  const { addressType, addressLength, suffix } = Layout.families[family]
  const map = (name: string, keyType: number, keyLength: number): NfTables.Set => ({
    table: Layout.table,
    name: `${name}${suffix}`,
    flags: NfTables.NFT_SET_MAP,
    keyType,
    keyLength,
    dataType: NfTables.NFT_DATA_VERDICT
  })
  return [
    map("marks", Layout.concatenated(Layout.typeMark, Layout.typeProtocol), 8),
    map(
      "endpoints",
      Layout.concatenated(addressType, Layout.typeProtocol, Layout.typePort),
      addressLength + 8
    ),
    map("hosts", Layout.concatenated(addressType, Layout.typeProtocol), addressLength + 4)
  ]
})

/**
 * The rules of `chains`.
 *
 * @category constants
 * @since 0.1.0
 */
export const rules: ReadonlyArray<NfTables.Rule> = [
  ...hooks.map(({ name }) => rule(name, [Layout.verdict(Expression.NFT_JUMP, "dispatch")])),
  ...(["marks", "endpoints", "hosts"] as const).flatMap((kind) =>
    (["inet", "inet6"] as const).map((family) => rule("dispatch", lookUp(kind, family)))
  )
]

/**
 * Makes all of it, or puts it right when it is there.
 *
 * @category requests
 * @since 0.1.0
 */
export const requests: ReadonlyArray<Request> = [
  NfTables.newTable(Layout.table),
  ...maps.map(NfTables.newSet),
  ...chains.flatMap((chain) => [NfTables.newChain(chain), NfTables.flushChain(Layout.table, chain.name)]),
  ...rules.map(NfTables.newRule)
]

/**
 * Where a service is found: the name of the map, and the keys in it. A mark has one for each protocol.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly map: string
  readonly keys: ReadonlyArray<Uint8Array>
}

/**
 * Returns where the service of an address is found.
 *
 * @category conversions
 * @since 0.1.0
 */
export const entryOf = (address: Service.ServiceAddress): Entry => {
  const { suffix } = Layout.families[Layout.familyOf(address)]
  if (address._tag === "FirewallMark") {
    const keys = Object.values(Layout.protocols).map((protocol) =>
      Layout.joined(Layout.hostWord(address.mark), Uint8Array.of(protocol, 0, 0, 0))
    )
    return { map: `marks${suffix}`, keys }
  }
  const host = Layout.joined(
    Address.ipToBytes(address.address),
    Uint8Array.of(Layout.protocols[address.protocol], 0, 0, 0)
  )
  return address.port === 0
    ? { map: `hosts${suffix}`, keys: [host] }
    : { map: `endpoints${suffix}`, keys: [Layout.joined(host, Layout.portBytes(address.port))] }
}

/**
 * Returns the address that a key of a map stands for, or nothing when we write no such key.
 *
 * @category conversions
 * @since 0.1.0
 */
export const addressOf = (map: string, key: Uint8Array): Service.ServiceAddress | undefined => {
  const family: Service.Family = map.endsWith("6") ? "inet6" : "inet"
  if (map.startsWith("marks")) return { _tag: "FirewallMark", family, mark: Layout.readHostWord(key) }
  const { addressLength } = Layout.families[family]
  const address = Option.getOrUndefined(Address.ipFromBytes(key.subarray(0, addressLength)))
  const number = key[addressLength]
  const protocol = Layout.protocolNames.find((name) => Layout.protocols[name] === number)
  if (address === undefined || protocol === undefined) return undefined
  const port = map.startsWith("hosts") ? 0 : key[addressLength + 4]! * 0x100 + key[addressLength + 5]!
  return { _tag: "Endpoint", protocol, address, port }
}

function rule(chain: string, expressions: ReadonlyArray<Expression.Expression>): NfTables.Rule {
  return { table: Layout.table, chain, expressions }
}

function lookUp(
  kind: "marks" | "endpoints" | "hosts",
  family: Service.Family
): ReadonlyArray<Expression.Expression> {
  const { protocolFamily, addressLength, destinationOffset, suffix } = Layout.families[family]
  const wordCount = kind === "marks" ? 1 : addressLength / 4
  return [
    ...Layout.match(Expression.NFT_META_NFPROTO, protocolFamily),
    kind === "marks"
      ? Layout.loadMeta(Expression.NFT_META_MARK, 0)
      : Layout.loadNetwork(destinationOffset, addressLength, 0),
    Layout.loadMeta(Expression.NFT_META_L4PROTO, wordCount),
    ...(kind === "endpoints" ? [Layout.loadTransport(2, 2, wordCount + 1)] : []),
    {
      name: "lookup",
      data: {
        NFTA_LOOKUP_SET: `${kind}${suffix}`,
        NFTA_LOOKUP_SREG: Expression.register32(0),
        NFTA_LOOKUP_DREG: Expression.NFT_REG_VERDICT
      }
    }
  ]
}
