/**
 * The forwarding plane on nf_tables: destination NAT to servers, in a table of our own.
 *
 * **Details**
 * - `apply` reads the services that it changes, writes them as a whole and commits all in one transaction, which the kernel
 *   refuses when the rules were changed since they were read; then it begins anew.
 * - A service that has no server, or only servers of weight 0, has no rule that acts: packets go on as if it were not there.
 *   On a director that has the address itself the client is told that the port is closed, as IPVS does it.
 * - Connections that are there go on by the kernel's table of connections, whatever becomes of the rules; only flows of UDP
 *   to a server that is removed are forgotten.
 *
 * **Gotchas**
 * - What is counted are first packets of connections; their number is that of the connections.
 * - While a service is rewritten, connections of the instant between reading and writing are missed by the counters.
 *
 * @since 0.1.0
 */
import type { Edit, ForwardingTable } from "@holdfast/balancer/ForwardingTable"
import { keyOf } from "@holdfast/balancer/Service"
import type * as Service from "@holdfast/balancer/Service"
import {
  type DestinationStatistics,
  ForwardingPlaneError,
  type OpenForwardingPlane,
  type Refusal,
  type ServiceStatistics
} from "@holdfast/engine/ForwardingPlane"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import * as NfTables from "@holdfast/netlink/NfTables"
import * as NfTablesQuery from "@holdfast/netlink/NfTablesQuery"
import * as NetlinkFilter from "@holdfast/raw-socket/NetlinkFilter"
import type * as SocketError from "@holdfast/raw-socket/SocketError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Dispatch from "./Dispatch.ts"
import * as Layout from "./Layout.ts"
import * as Ruleset from "./Ruleset.ts"
import * as RulesetReading from "./RulesetReading.ts"
import * as ServiceEdits from "./ServiceEdits.ts"
import * as ServiceRequests from "./ServiceRequests.ts"
import * as ServiceTransaction from "./ServiceTransaction.ts"
import * as StaleFlows from "./StaleFlows.ts"

type Client = NetlinkClient.NetlinkClient["Service"]

/**
 * Opens the plane in the network namespace of the calling thread. `onForeignChange` is called when somebody else changed
 * our table, or may have.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  onForeignChange: () => void
): Effect.fn.Return<OpenForwardingPlane, ForwardingPlaneError, Scope.Scope> {
  const client = yield* openClient(onForeignChange)
  yield* Effect.mapError(client.get(NfTablesQuery.generation()), planeError)
  const prepareOnce = yield* Effect.cached(prepare(client))
  const writing = yield* Semaphore.make(1)
  return {
    kind: "nf_tables",
    read: Effect.andThen(prepareOnce, readTable(client)),
    readServices: (addresses) => readTable(client, addresses),
    apply: (edits) => writing.withPermit(apply(client, edits)),
    flush: writing.withPermit(flush(client)),
    statistics: (addresses) => statistics(client, addresses),
    setTimeouts: () =>
      unsupported(
        "nf_tables has no timeouts of its own: set net.netfilter.nf_conntrack_tcp_timeout_established and its like, or take IPVS"
      ),
    setSyncDaemon: () =>
      unsupported(
        "nf_tables does not synchronise connections: run conntrackd between the directors, or take IPVS"
      )
  }
})

/** Makes what all services share: a kernel that refuses that will refuse every service, and had better say so now. */
const prepare = (client: Client): Effect.Effect<void, ForwardingPlaneError> =>
  Effect.flatMap(client.transaction(NfTables.transaction(Dispatch.requests)), ([rejection]) =>
    rejection === undefined
      ? Effect.void
      : Effect.fail(
          new ForwardingPlaneError({
            reason: reasons[rejection.error.reason] ?? "Failed",
            message: `nf_tables cannot translate addresses in the inet family (${rejection.error.message}): load nft_chain_nat and nft_nat`
          })
        )
  )

/** One client asks, another one listens: what the first changes does not wake the second. */
const openClient = (onForeignChange: () => void): Effect.Effect<Client, ForwardingPlaneError, Scope.Scope> =>
  Effect.gen(function* () {
    const client = yield* NetlinkClient.make({
      open: NetlinkTransport.kernel({ family: NfTables.NETLINK_NETFILTER, sendBufferSize, roundsMax })
    })
    yield* NetlinkClient.make({
      open: NetlinkTransport.kernel({
        family: NfTables.NETLINK_NETFILTER,
        groups: [NfTables.NFNLGRP_NFTABLES],
        filter: NetlinkFilter.ignoringPort(client.portId)
      }),
      onNotifications: (messages) => {
        if (messages.some((message) => NfTablesQuery.tableOf(message) === Layout.table)) onForeignChange()
      },
      onLoss: onForeignChange
    })
    return client
  }).pipe(Effect.mapError(openError))

const readTable = (
  client: Client,
  only?: ReadonlyArray<Service.ServiceAddress>
): Effect.Effect<ForwardingTable, ForwardingPlaneError> =>
  Effect.gen(function* () {
    const { ruleset } = yield* RulesetReading.read(client, only)
    const reader = Ruleset.reader(ruleset)
    const addresses = only ?? Ruleset.addressesOf(ruleset)
    const found = yield* findAll(reader, addresses)
    const table = new Map<string, Service.Service>()
    for (const address of addresses) {
      const service = found.get(keyOf(address))?.service ?? brokenOf(reader, address)
      if (service !== undefined) table.set(service.key, service)
    }
    return table
  }).pipe(Effect.mapError(planeError))

const brokenOf = (reader: Ruleset.Reader, address: Service.ServiceAddress): Service.Service | undefined =>
  reader.presentKeys(Dispatch.entryOf(address)).length > 0 ? Ruleset.broken(address) : undefined

/** By the keys of services. To compare thousands takes a second: every so often others get their turn. */
const findAll = Effect.fnUntraced(function* (
  reader: Ruleset.Reader,
  addresses: Iterable<Service.ServiceAddress>
) {
  const all = new Map<string, Ruleset.Found>()
  let count = 0
  for (const address of addresses) {
    const found = reader.find(address)
    if (found !== undefined) all.set(found.service.key, found)
    count += 1
    if (count % servicesPerTurn === 0) yield* Effect.yieldNow
  }
  return all
})

const apply = Effect.fn("NfTablesPlane.apply")(function* (
  client: Client,
  edits: ReadonlyArray<Edit>
): Effect.fn.Return<ReadonlyArray<Refusal>> {
  if (edits.length === 0) return []
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const refusals = yield* Effect.catch(attemptEdits(client, edits), (error) =>
      Effect.succeed(edits.map((edit) => refusalOf(edit, error.message)))
    )
    if (refusals !== undefined) return refusals
  }
  return edits.map((edit) => refusalOf(edit, "somebody else keeps changing the rules; try again"))
})

/** Nothing when somebody else was quicker. */
const attemptEdits = Effect.fnUntraced(function* (client: Client, edits: ReadonlyArray<Edit>) {
  const addresses = new Map(edits.map(({ service }) => [service.key, service.address]))
  const { generation, ruleset } = yield* RulesetReading.read(client, Array.from(addresses.values()))
  const reader = Ruleset.reader(ruleset)
  const found = yield* findAll(reader, addresses.values())
  const { changes, refusals } = ServiceEdits.carryOut(edits, {
    find: (address) => found.get(keyOf(address))?.service,
    broken: (address) => brokenOf(reader, address)
  })
  const works: Array<ServiceTransaction.Work<ServiceEdits.Change>> = []
  for (const change of changes) {
    const requests = ServiceRequests.make(change, {
      presentKeys: reader.presentKeys(Dispatch.entryOf(change.address)),
      counts: found.get(keyOf(change.address))?.counts ?? new Map(),
      setId: works.length + 1
    })
    if (works.length % servicesPerTurn === servicesPerTurn - 1) yield* Effect.yieldNow
    if (requests.length > 0) works.push({ subject: change, requests })
  }
  const outcome = yield* ServiceTransaction.commit(client, works, generation)
  if (outcome._tag === "Stale") return undefined
  const refused = new Set(outcome.refused.map(({ subject }) => subject))
  yield* StaleFlows.forget(
    client,
    changes.filter((change) => !refused.has(change))
  )
  return [
    ...refusals,
    ...outcome.refused.flatMap(({ subject, error }) =>
      subject.edits.map((edit) => refusalOf(edit, error.message, isMismatch(error)))
    )
  ]
})

const flush = (client: Client): Effect.Effect<void, ForwardingPlaneError> =>
  Effect.flatMap(
    client.transaction(NfTables.transaction([NfTables.deleteTable(Layout.table)])),
    ([rejection]) =>
      rejection === undefined || rejection.error.reason === "NotFound"
        ? Effect.void
        : Effect.fail(planeError(rejection.error))
  )

const statistics = (
  client: Client,
  addresses: ReadonlyArray<Service.ServiceAddress>
): Effect.Effect<ReadonlyMap<string, ServiceStatistics>, ForwardingPlaneError> =>
  Effect.gen(function* () {
    const { ruleset } = yield* RulesetReading.read(client, addresses)
    const found = yield* findAll(Ruleset.reader(ruleset), addresses)
    const all = new Map<string, ServiceStatistics>()
    for (const [key, one] of found) all.set(key, statisticsOf(one))
    return all
  }).pipe(Effect.mapError(planeError))

const statisticsOf = ({ counts, service }: Ruleset.Found): ServiceStatistics => {
  const destinations = new Map<string, DestinationStatistics>()
  for (const destination of service.destinations.values()) {
    const count = counts.get(destination.key)
    const packetsIn = Number(count?.packets ?? 0n)
    const bytesIn = Number(count?.bytes ?? 0n)
    destinations.set(destination.key, {
      connections: packetsIn,
      packetsIn,
      packetsOut: 0,
      bytesIn,
      bytesOut: 0
    })
  }
  const sum = (of: (one: DestinationStatistics) => number): number =>
    Array.from(destinations.values(), of).reduce((total, one) => total + one, 0)
  return {
    connections: sum(({ connections }) => connections),
    packetsIn: sum(({ packetsIn }) => packetsIn),
    packetsOut: 0,
    bytesIn: sum(({ bytesIn }) => bytesIn),
    bytesOut: 0,
    destinations
  }
}

const refusalOf = (edit: Edit, why: string, mismatch = false): Refusal => ({
  edit,
  mismatch,
  message: why
})

const isMismatch = ({ reason }: NetlinkError): boolean => reason === "AlreadyExists" || reason === "NotFound"

const unsupported = (message: string) =>
  Effect.fail(new ForwardingPlaneError({ reason: "Unsupported", message }))

const planeError = (error: NetlinkError): ForwardingPlaneError =>
  new ForwardingPlaneError({ reason: reasons[error.reason] ?? "Failed", message: error.message })

const openError = (error: SocketError.SocketError): ForwardingPlaneError =>
  new ForwardingPlaneError({ reason: "Unsupported", message: `nf_tables: ${error.message}` })

/** A kernel without nf_tables calls the first question invalid. */
const reasons: Partial<Readonly<Record<NetlinkError["reason"], ForwardingPlaneError["reason"]>>> = {
  PermissionDenied: "Forbidden",
  NotSupported: "Unsupported",
  Invalid: "Unsupported"
}

/** Somebody who changes rules without a pause is no reason to wait for ever. */
const attemptsMax = 8

/** A transaction is one datagram: two thousand services take some four megabytes. */
const sendBufferSize = 0x400_0000

/** Rounds of sixteen datagrams that are taken apart before others get their turn. */
const roundsMax = 1

/** Each is compared or written in some tenths of a millisecond. */
const servicesPerTurn = 50
