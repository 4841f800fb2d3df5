/**
 * The table of nf_tables that drops packets to and from addresses, as requests. Pure.
 *
 * @since 0.1.0
 */
import * as NfTables from "@holdfast/netlink/NfTables"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import type { Request } from "@holdfast/netlink/Request"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import * as Layout from "./nftables/Layout.ts"

/**
 * An address on a device.
 *
 * @category models
 * @since 0.1.0
 */
export type Entry = Pick<VirtualAddress, "address" | "interface">

/** The name of the table, of the family `inet`. @category constants @since 0.1.0 */
export const table = "holdfast_vrrp"

/**
 * Identifies an element.
 *
 * @category getters
 * @since 0.1.0
 */
export const keyOf = (entry: Entry): string =>
  setOf(entry) === sets.linkLocal ? `${entry.address} ${entry.interface}` : entry.address

/**
 * Makes the table, with empty sets; one that is there goes in the same moment.
 *
 * @category requests
 * @since 0.1.0
 */
export const makeTable = (): ReadonlyArray<Request> => [
  // What is not there cannot be deleted, so it is made first.
  NfTables.newTable(table),
  deleteTable,
  NfTables.newTable(table),
  ...Object.values(sets).map((set) => NfTables.newSet({ table, flags: 0, ...set })),
  ...directions.map(({ chain, hook }) =>
    NfTables.newChain({ table, name: chain, hook: { type: "filter", number: hook, priority } })
  ),
  ...directions.flatMap((direction) =>
    rulesOf(direction).map((expressions) => NfTables.newRule({ table, chain: direction.chain, expressions }))
  )
]

/** @category requests @since 0.1.0 */
export const deleteTable: Request = NfTables.deleteTable(table)

/** @category requests @since 0.1.0 */
export const addElements = (entries: Iterable<Entry>): ReadonlyArray<Request> =>
  bySet(entries).flatMap(([name, elements]) => NfTables.newElements({ table, name }, elements))

/** @category requests @since 0.1.0 */
export const deleteElements = (entries: Iterable<Entry>): ReadonlyArray<Request> =>
  bySet(entries).flatMap(([name, elements]) => NfTables.deleteElements({ table, name }, elements))

const rulesOf = ({
  device,
  offsetOf
}: (typeof directions)[number]): ReadonlyArray<ReadonlyArray<Expression.Expression>> => {
  const loadIpv6 = Layout.loadNetwork(offsetOf(inet6), inet6.addressLength, 0)
  return [
    ...linkControl,
    drop(inet, [Layout.loadNetwork(offsetOf(inet), inet.addressLength, 0)], sets.ipv4),
    drop(inet6, [loadIpv6], sets.ipv6),
    drop(inet6, [loadIpv6, Layout.loadMeta(device, inet6.addressLength / wordLength)], sets.linkLocal)
  ]
}

/** Drops what is in a set, and counts it: so an operator sees why an address is deaf. */
const drop = (
  { protocolFamily }: { readonly protocolFamily: number },
  load: ReadonlyArray<Expression.Expression>,
  set: { readonly name: string }
): ReadonlyArray<Expression.Expression> => [
  ...Layout.match(Expression.NFT_META_NFPROTO, protocolFamily),
  ...load,
  {
    name: "lookup",
    data: { NFTA_LOOKUP_SET: set.name, NFTA_LOOKUP_SREG: Expression.register32(0) }
  },
  { name: "counter", data: { NFTA_COUNTER_BYTES: 0n, NFTA_COUNTER_PACKETS: 0n } },
  Layout.verdict(Expression.NF_DROP)
]

const bySet = (
  entries: Iterable<Entry>
): ReadonlyArray<readonly [string, ReadonlyArray<NfTables.Element>]> => [
  ...Map.groupBy(
    Array.from(entries, (entry) => ({ name: setOf(entry).name, key: elementKey(entry) })),
    ({ name }) => name
  )
]

const setOf = ({ address }: Entry) =>
  Address.isIpv6(address) ? (/^fe[89ab]/.test(address) ? sets.linkLocal : sets.ipv6) : sets.ipv4

const elementKey = (entry: Entry): Uint8Array => {
  const address = Address.ipToBytes(entry.address)
  return setOf(entry) === sets.linkLocal ? Layout.joined(address, nameBytes(entry.interface)) : address
}

/** A name of a device as a register holds it (IFNAMSIZ of linux/if.h). */
const nameBytes = (name: string): Uint8Array => {
  const bytes = new Uint8Array(nameLength)
  bytes.set(new TextEncoder().encode(name).subarray(0, nameLength - 1))
  return bytes
}

const { inet, inet6 } = Layout.families
const nameLength = 16
/** Registers are counted in words. */
const wordLength = 4
/** `enum datatypes` of nft. */
const typeName = 41

const sets = {
  ipv4: { name: "addresses4", keyType: inet.addressType, keyLength: inet.addressLength },
  ipv6: { name: "addresses6", keyType: inet6.addressType, keyLength: inet6.addressLength },
  linkLocal: {
    name: "link_local6",
    keyType: Layout.concatenated(inet6.addressType, typeName),
    keyLength: inet6.addressLength + nameLength
  }
} as const

/** What packets in and packets out are looked up by. */
const directions = [
  {
    chain: "input",
    hook: NfTables.NF_INET_LOCAL_IN,
    offsetOf: ({ destinationOffset }: Offsets) => destinationOffset,
    device: Expression.NFT_META_IIFNAME
  },
  {
    chain: "output",
    hook: NfTables.NF_INET_LOCAL_OUT,
    offsetOf: ({ sourceOffset }: Offsets) => sourceOffset,
    device: Expression.NFT_META_OIFNAME
  }
] as const

interface Offsets {
  readonly sourceOffset: number
  readonly destinationOffset: number
}

/** Before the filters of the administrator, which may accept what they do not know. */
const priority = NfTables.NF_IP_PRI_FILTER - 1

const comparison = (operation: number, value: number): Expression.Expression => ({
  name: "cmp",
  data: {
    NFTA_CMP_SREG: Expression.register32(0),
    NFTA_CMP_OP: operation,
    NFTA_CMP_DATA: { NFTA_DATA_VALUE: Uint8Array.of(value) }
  }
})

const acceptIcmpv6 = (first: number, last: number): ReadonlyArray<Expression.Expression> => [
  ...Layout.match(Expression.NFT_META_NFPROTO, inet6.protocolFamily),
  ...Layout.match(Expression.NFT_META_L4PROTO, IPPROTO_ICMPV6),
  Layout.loadTransport(0, 1, 0),
  comparison(Expression.NFT_CMP_GTE, first),
  comparison(Expression.NFT_CMP_LTE, last),
  Layout.verdict(Expression.NF_ACCEPT)
]

const IPPROTO_ICMPV6 = 58
/** RFC 2710 section 3: queries, reports and ends of membership. */
const listenerQuery = 130
/** RFC 4861 section 4: the last of solicitations, advertisements and redirects, which follow those of RFC 2710. */
const redirect = 137
/** RFC 3810 section 5. */
const listenerReportVersion2 = 143

/** How hosts find an address, and how switches learn where its solicitations are wanted. */
const linkControl = [
  acceptIcmpv6(listenerQuery, redirect),
  acceptIcmpv6(listenerReportVersion2, listenerReportVersion2)
]
