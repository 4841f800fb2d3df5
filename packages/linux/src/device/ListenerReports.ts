/**
 * IGMP and MLD reports that the kernel makes for a virtual device, sent by the device below it instead, as nf_tables rules.
 *
 * **Details**
 * A switch learns from every frame where a MAC address is. The kernel reports groups for a device whether a virtual router
 * is Master or not: all-routers as soon as it is up, and those of its addresses once more when they are taken away, when the
 * next Master has already claimed the virtual MAC address. So reports leave with the MAC address of the parent, whose port
 * is where the groups are wanted: a switch that watches MLD goes on forwarding neighbour solicitations for the virtual
 * addresses there. Where the kernel has no `dup`, reports are only dropped.
 *
 * The rules are in a table of our own in the families ip and ip6 (`dup` is in no other), and are replaced as a whole. A
 * packet of another protocol costs one comparison.
 *
 * @see docs/decisions/0027
 * @since 0.1.0
 */
import * as NfTables from "@holdfast/netlink/NfTables"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import type { Request, Transaction } from "@holdfast/netlink/Request"

/**
 * The name of our tables.
 *
 * @category constants
 * @since 0.1.0
 */
export const table = "holdfast_devices"

/**
 * Returns what puts the rules of these devices in the place of all others of ours: the index of the parent by the name of
 * the device. Without devices the tables go.
 *
 * @category requests
 * @since 0.1.0
 */
export const replace = (
  parents: ReadonlyMap<string, number>,
  options: { readonly duplicate: boolean }
): Transaction =>
  NfTables.transaction([
    ...removal,
    ...(parents.size === 0
      ? []
      : families.flatMap((family) =>
          NfTables.inFamily(family.number, [
            NfTables.newTable(table),
            NfTables.newSet(devices),
            ...NfTables.newElements(devices, elementsOf(parents)),
            NfTables.newChain(chain),
            ...family.matches.map((match) =>
              NfTables.newRule({
                table,
                chain: chain.name,
                expressions: [...match, ...lookup, ...(options.duplicate ? duplicate(family) : []), drop]
              })
            )
          ])
        ))
  ])

interface Family {
  readonly number: typeof NfTables.NFPROTO_IPV4 | typeof NfTables.NFPROTO_IPV6
  /** Of each kind of report. */
  readonly matches: ReadonlyArray<ReadonlyArray<Expression.Known>>
  /** Where the destination is in the header, and how long it is. */
  readonly destination: readonly [number, number]
}

/** Registers of a rule: the name takes four of the first, the index one, the destination four of the third. */
const nameRegister = Expression.register32(0)
const parentRegister = Expression.register32(4)
const scratchRegister = Expression.register32(5)
const destinationRegister = Expression.register32(8)

const is = (register: number, value: number): Expression.Known => ({
  name: "cmp",
  data: {
    NFTA_CMP_SREG: register,
    NFTA_CMP_OP: Expression.NFT_CMP_EQ,
    NFTA_CMP_DATA: { NFTA_DATA_VALUE: Uint8Array.of(value) }
  }
})

const hasProtocol = (protocol: number): ReadonlyArray<Expression.Known> => [
  {
    name: "meta",
    data: { NFTA_META_DREG: scratchRegister, NFTA_META_KEY: Expression.NFT_META_L4PROTO }
  },
  is(scratchRegister, protocol)
]

const isMessage = (type: number): ReadonlyArray<Expression.Known> => [
  ...hasProtocol(ICMPV6),
  {
    name: "payload",
    data: {
      NFTA_PAYLOAD_DREG: scratchRegister,
      NFTA_PAYLOAD_BASE: Expression.NFT_PAYLOAD_TRANSPORT_HEADER,
      NFTA_PAYLOAD_OFFSET: 0,
      NFTA_PAYLOAD_LEN: 1
    }
  },
  is(scratchRegister, type)
]

/** Protocol numbers (RFC 3376, RFC 4443), and the types of reports in ICMPv6 (RFC 2710, RFC 3810). */
const IGMP = 2
const ICMPV6 = 58
const reportTypes = [131, 132, 143]

const families: ReadonlyArray<Family> = [
  { number: NfTables.NFPROTO_IPV4, matches: [hasProtocol(IGMP)], destination: [16, 4] },
  { number: NfTables.NFPROTO_IPV6, matches: reportTypes.map(isMessage), destination: [24, 16] }
]

const nameLength = 16

/** Types by which `nft` prints names and indexes of devices. */
const TYPE_IFNAME = 41
const TYPE_IFINDEX = 18

const devices: NfTables.Set = {
  table,
  name: "devices",
  flags: NfTables.NFT_SET_MAP,
  keyType: TYPE_IFNAME,
  keyLength: nameLength,
  dataType: TYPE_IFINDEX,
  dataLength: 4
}

/** One before the usual filters, which may let only what leaves by the devices pass. */
const chain = {
  table,
  name: "output",
  hook: { type: "filter", number: NfTables.NF_INET_LOCAL_OUT, priority: -1 }
}

const lookup: ReadonlyArray<Expression.Known> = [
  { name: "meta", data: { NFTA_META_DREG: nameRegister, NFTA_META_KEY: Expression.NFT_META_OIFNAME } },
  {
    name: "lookup",
    data: {
      NFTA_LOOKUP_SET: devices.name,
      NFTA_LOOKUP_SREG: nameRegister,
      NFTA_LOOKUP_DREG: parentRegister
    }
  }
]

const duplicate = ({ destination: [offset, length] }: Family): ReadonlyArray<Expression.Known> => [
  {
    name: "payload",
    data: {
      NFTA_PAYLOAD_DREG: destinationRegister,
      NFTA_PAYLOAD_BASE: Expression.NFT_PAYLOAD_NETWORK_HEADER,
      NFTA_PAYLOAD_OFFSET: offset,
      NFTA_PAYLOAD_LEN: length
    }
  },
  { name: "dup", data: { NFTA_DUP_SREG_ADDR: destinationRegister, NFTA_DUP_SREG_DEV: parentRegister } }
]

const drop: Expression.Known = {
  name: "immediate",
  data: {
    NFTA_IMMEDIATE_DREG: Expression.NFT_REG_VERDICT,
    NFTA_IMMEDIATE_DATA: { NFTA_DATA_VERDICT: { NFTA_VERDICT_CODE: Expression.NF_DROP } }
  }
}

const elementsOf = (parents: ReadonlyMap<string, number>): ReadonlyArray<NfTables.Element> =>
  Array.from(parents, ([name, index]) => {
    const key = new Uint8Array(nameLength)
    key.set(new TextEncoder().encode(name))
    return { key, value: new Uint8Array(Uint32Array.of(index).buffer) }
  })

/** A table that is not there cannot be deleted, so it is made first. */
const removal: ReadonlyArray<Request> = families.flatMap(({ number }) =>
  NfTables.inFamily(number, [NfTables.newTable(table), NfTables.deleteTable(table)])
)

/**
 * What takes our tables away, in full: a list for a last will.
 *
 * @category requests
 * @since 0.1.0
 */
export const removalTransaction = (): ReadonlyArray<Request> => {
  const { begin, requests, end } = NfTables.transaction(removal)
  return [begin, ...requests, end]
}
