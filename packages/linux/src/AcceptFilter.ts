/**
 * Drops packets to and from addresses that a Master holds and does not accept packets for (`no_accept`), by nf_tables.
 *
 * **Details**
 * One table of our own, with a set for each family; what changes with an address is one element. Link-local addresses are
 * told apart by the device, since the same one may be on many. Neighbour discovery passes, so that hosts find an IPv6
 * address that they route by, and so do reports of membership, by which switches know where its solicitations are wanted;
 * ARP is not IP, and nothing here sees it.
 *
 * @see RFC 9568 section 6.1, Accept_Mode
 * @since 0.1.0
 */
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import * as NfTables from "@holdfast/netlink/NfTables"
import * as NfTablesQuery from "@holdfast/netlink/NfTablesQuery"
import * as NetlinkFilter from "@holdfast/raw-socket/NetlinkFilter"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import type { Request } from "@holdfast/netlink/Request"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as AcceptRules from "./AcceptRules.ts"

/**
 * A filter.
 *
 * - `refuse`: packets to and from these are dropped when it returns, besides those refused before; why not, otherwise.
 * - `retain`: of those refused only these remain.
 * - `repair`: makes the table anew, if somebody changed it.
 * - `sweep`: deletes the table that a killed run left, unless this one uses it.
 *
 * @category models
 * @since 0.1.0
 */
export interface AcceptFilter {
  readonly refuse: (entries: ReadonlyArray<VirtualAddress>) => Effect.Effect<string | undefined>
  readonly retain: (entries: ReadonlyArray<VirtualAddress>) => Effect.Effect<void>
  readonly repair: Effect.Effect<void>
  readonly sweep: Effect.Effect<void>
  /** What takes the table away, in full: for the last will. */
  readonly removals: () => ReadonlyArray<Request>
}

/**
 * Makes a filter without addresses. Nothing is asked of the kernel before the first. `onForeignChange` is called when
 * somebody else changed our table, or may have; then `repair` has something to do.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  onForeignChange: () => void
): Effect.fn.Return<AcceptFilter, never, Scope.Scope> {
  const scope = yield* Effect.scope
  /** What the table has, by key. It exists while there is any. */
  const present = new Map<string, AcceptRules.Entry>()
  let isForeign = false
  const clientOnce = yield* Effect.cached(
    NetlinkClient.make({ open: NetlinkTransport.kernel({ family: NfTables.NETLINK_NETFILTER }) }).pipe(
      Scope.provide(scope)
    )
  )
  // Not before the first address: whoever has none need not hear of other tables.
  const listenOnce = yield* Effect.cached(
    Effect.flatMap(clientOnce, ({ portId }) =>
      listen(portId, () => {
        if (present.size === 0) return
        isForeign = true
        onForeignChange()
      })
    ).pipe(Scope.provide(scope), Effect.ignore({ log: "Warn" }))
  )

  /** Why the kernel does not carry these out. */
  const commit = (requests: ReadonlyArray<Request>): Effect.Effect<string | undefined> =>
    Effect.matchEffect(clientOnce, {
      onFailure: (error) => Effect.succeed(error.message),
      onSuccess: (client) =>
        Effect.map(
          client.transaction(NfTables.transaction(requests)),
          ([rejection]) => rejection?.error.message
        )
    })

  const refuse = Effect.fnUntraced(function* (entries: ReadonlyArray<VirtualAddress>) {
    const added = new Map(
      entries.map((one) => [AcceptRules.keyOf(one), one] as const).filter(([key]) => !present.has(key))
    )
    if (added.size === 0) return undefined
    yield* listenOnce
    const isFirst = present.size === 0
    const failure = yield* commit([
      ...(isFirst ? AcceptRules.makeTable() : []),
      ...AcceptRules.addElements(added.values())
    ])
    if (failure !== undefined) return describeFailure(entries, failure)
    for (const [key, one] of added) present.set(key, one)
    return undefined
  })

  const retain = Effect.fnUntraced(function* (entries: ReadonlyArray<VirtualAddress>) {
    if (present.size === 0) return
    const kept = new Set(entries.map(AcceptRules.keyOf))
    const surplus = [...present].filter(([key]) => !kept.has(key))
    if (surplus.length === 0) return
    for (const [key] of surplus) present.delete(key)
    const failure = yield* commit(
      present.size === 0
        ? [AcceptRules.deleteTable]
        : AcceptRules.deleteElements(surplus.map(([, one]) => one))
    )
    if (failure !== undefined) yield* Effect.logWarning(`packets to an address may be dropped: ${failure}`)
  })

  const repair = Effect.gen(function* () {
    if (!isForeign || present.size === 0) return
    isForeign = false
    const failure = yield* commit([...AcceptRules.makeTable(), ...AcceptRules.addElements(present.values())])
    yield* failure === undefined
      ? Effect.logWarning(`somebody changed the table ${AcceptRules.table} of nf_tables: it is made anew`)
      : Effect.logError(describeFailure([...present.values()], failure))
  })

  const sweep = Effect.gen(function* () {
    if (present.size > 0) return
    // There is most often none, and nothing is told then.
    yield* commit([AcceptRules.deleteTable])
  })

  const removals = (): ReadonlyArray<Request> => {
    if (present.size === 0) return []
    const { begin, end, requests } = NfTables.transaction([AcceptRules.deleteTable])
    return [begin, ...requests, end]
  }

  return { refuse, retain, repair, sweep, removals }
})

/** Another client than the one that asks: what that changes does not wake this one. */
const listen = (ignoredPort: number, onChange: () => void): Effect.Effect<void, SocketError, Scope.Scope> =>
  Effect.asVoid(
    NetlinkClient.make({
      open: NetlinkTransport.kernel({
        family: NfTables.NETLINK_NETFILTER,
        groups: [NfTables.NFNLGRP_NFTABLES],
        filter: NetlinkFilter.ignoringPort(ignoredPort)
      }),
      onNotifications: (messages) => {
        if (messages.some((message) => NfTablesQuery.tableOf(message) === AcceptRules.table)) onChange()
      },
      onLoss: onChange
    })
  )

const describeFailure = (entries: ReadonlyArray<AcceptRules.Entry>, failure: string): string =>
  `packets to ${entries.map(({ address }) => address).join(", ")} are taken, although they shall not be: ${failure}`
