/**
 * Keeps a device from hearing ARP of the device with the same MAC address on another director, by nf_tables.
 *
 * **Details**
 * The kernel hands a broadcast from the MAC address of a macvlan of mode private to that macvlan alone. So the device of a Master
 * that is about to yield, or whose daemon is dead, hears the gratuitous ARPs of its successor, takes them for questions while
 * it still has the address, and answers from the same MAC address: switches then send the clients' packets to the wrong
 * director, until the successor sends again (`test/golden/vmac-kill-garp-answered.pcap`). Nothing that a twin says by ARP is
 * of use.
 *
 * The rule is in a table of our own in the family arp, which is replaced as a whole. It stays when this process is killed
 * together with its last will, which is when it is needed most.
 *
 * @see docs/decisions/0027
 * @since 0.1.0
 */
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import * as NfTables from "@holdfast/netlink/NfTables"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import type { Request } from "@holdfast/netlink/Request"
import * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Layout from "../nftables/Layout.ts"
import { LastWill } from "../will/LastWill.ts"

/**
 * Replaces the devices, by their names, and their MAC addresses; says what failed. The first time it also takes away what
 * a killed run has left. Costs nothing when they are the same.
 *
 * @category models
 * @since 0.1.0
 */
export type TwinFilter = (
  devices: ReadonlyMap<string, Address.MacAddress>
) => Effect.Effect<ReadonlyArray<string>>

/**
 * Makes a filter in the network namespace of the calling thread; it is taken away when the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<TwinFilter, never, Scope.Scope> = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const will = yield* LastWill
  const clientOnce = yield* Effect.cached(
    NetlinkClient.make({ open: NetlinkTransport.kernel({ family: NfTables.NETLINK_NETFILTER }) }).pipe(
      Scope.provide(scope)
    )
  )
  let present: string | undefined

  const set: TwinFilter = Effect.fnUntraced(function* (devices) {
    const text = JSON.stringify([...devices])
    if (text === present) return []
    const isFirst = present === undefined
    present = text
    will.write("twins", devices.size === 0 ? [] : wholeRemoval(), "netfilter")
    const failure = yield* Effect.matchEffect(clientOnce, {
      onFailure: ({ message }) => Effect.succeed(message),
      onSuccess: (client) =>
        Effect.map(
          client.transaction(NfTables.transaction(replace(devices))),
          ([rejection]) => rejection?.error.message
        )
    })
    // A kernel without such tables has none to take away.
    if (failure === undefined || (isFirst && devices.size === 0)) return []
    return [
      `${[...devices.keys()].join(", ")}: the next Master's announcements may be answered from here, and its clients be cut off for seconds: ${failure}`
    ]
  })
  yield* Effect.addFinalizer(() => (present === undefined ? Effect.void : Effect.asVoid(set(new Map()))))
  return set
})

const replace = (devices: ReadonlyMap<string, Address.MacAddress>): ReadonlyArray<Request> =>
  devices.size === 0
    ? removal
    : [
        ...removal,
        ...NfTables.inFamily(NfTables.NFPROTO_ARP, [
          NfTables.newTable(table),
          NfTables.newSet(twins),
          ...NfTables.newElements(
            twins,
            Array.from(devices, ([name, mac]) => ({ key: keyOf(name, mac) }))
          ),
          NfTables.newChain(chain),
          NfTables.newRule({ table, chain: chain.name, expressions: drop })
        ])
      ]

const table = "holdfast_twins"
/** `enum datatypes` of nft. */
const typeEther = 9
const typeName = 41
/** A name takes four words of registers; a MAC address takes two, the last one half. */
const nameLength = 16
const macWord = 4
const macLength = 6
const macLengthPadded = 8

const twins: NfTables.Set = {
  table,
  name: "twins",
  flags: 0,
  keyType: Layout.concatenated(typeName, typeEther),
  keyLength: nameLength + macLengthPadded
}

const keyOf = (name: string, mac: Address.MacAddress): Uint8Array => {
  const key = new Uint8Array(nameLength + macLengthPadded)
  key.set(new TextEncoder().encode(name).subarray(0, nameLength - 1))
  Address.macToBytes(mac, key, nameLength)
  return key
}

/** Before the administrator's own rules, which may let pass what they do not know. */
const chain = {
  table,
  name: "input",
  hook: { type: "filter", number: NfTables.NF_ARP_IN, priority: NfTables.NF_IP_PRI_FILTER - 1 }
}

/** RFC 826: the sender's hardware address is behind eight bytes. */
const senderMacOffset = 8

const drop: ReadonlyArray<Expression.Expression> = [
  Layout.loadMeta(Expression.NFT_META_IIFNAME, 0),
  Layout.loadNetwork(senderMacOffset, macLength, macWord),
  { name: "lookup", data: { NFTA_LOOKUP_SET: twins.name, NFTA_LOOKUP_SREG: Expression.register32(0) } },
  { name: "counter", data: { NFTA_COUNTER_BYTES: 0n, NFTA_COUNTER_PACKETS: 0n } },
  Layout.verdict(Expression.NF_DROP)
]

/** A table that is not there cannot be deleted, so it is made first. */
const removal = NfTables.inFamily(NfTables.NFPROTO_ARP, [
  NfTables.newTable(table),
  NfTables.deleteTable(table)
])

const wholeRemoval = (): ReadonlyArray<Request> => {
  const { begin, requests, end } = NfTables.transaction(removal)
  return [begin, ...requests, end]
}
