/**
 * The forwarding plane of IPVS.
 *
 * Keeps no table: it asks the kernel, and tells it. IPVS has no notifications, so what somebody else changes is seen by
 * reading only.
 *
 * **Details** reading takes one dump for the services and one for the destinations of each, one after the other; every
 * so often the event loop gets its turn. Edits go out in datagrams of a hundred and are carried out in their order.
 *
 * @since 0.1.0
 */
import type { Edit, ForwardingTable } from "@holdfast/balancer/ForwardingTable"
import type { Service, ServiceAddress } from "@holdfast/balancer/Service"
import {
  type DestinationStatistics,
  ForwardingPlaneError,
  type OpenForwardingPlane,
  type Refusal,
  type ServiceStatistics
} from "@holdfast/engine/ForwardingPlane"
import * as GenericNetlink from "@holdfast/netlink/GenericNetlink"
import * as IpvsConfiguration from "@holdfast/netlink/IpvsConfiguration"
import * as IpvsDestination from "@holdfast/netlink/IpvsDestination"
import { IPVS_GENL_NAME } from "@holdfast/netlink/IpvsMessage"
import * as IpvsService from "@holdfast/netlink/IpvsService"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as IpvsEdit from "./IpvsEdit.ts"
import * as IpvsSyncDaemon from "./IpvsSyncDaemon.ts"
import * as IpvsTable from "./IpvsTable.ts"

/**
 * Opens IPVS in the network namespace of the calling thread, and makes the kernel load it where it can. Fails with
 * `Unsupported` when the kernel has no IPVS, with `Forbidden` without CAP_NET_ADMIN.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<OpenForwardingPlane, ForwardingPlaneError, Scope.Scope> = Effect.gen(
  function* () {
    const client = yield* NetlinkClient.make({
      open: NetlinkTransport.kernel({ family: GenericNetlink.NETLINK_GENERIC, roundsMax: batchesPerTurn })
    })
    const family = yield* client.get(GenericNetlink.resolve(IPVS_GENL_NAME))
    yield* client.get(IpvsConfiguration.getInfo(family))
    return makePlane({ client, family })
  }
).pipe(Effect.mapError(errorOf))

interface Kernel {
  readonly client: NetlinkClient.NetlinkClient["Service"]
  /** The message type that the kernel gave to IPVS. */
  readonly family: number
}

const makePlane = (kernel: Kernel): OpenForwardingPlane => {
  const { client, family } = kernel
  return {
    kind: "ipvs",
    read: Effect.mapError(read(kernel), errorOf),
    readServices: (addresses) => Effect.mapError(readServices(kernel, addresses), errorOf),
    apply: (edits) => apply(kernel, edits),
    flush: Effect.mapError(client.request(IpvsConfiguration.flush(family)), errorOf),
    statistics: (addresses) => Effect.mapError(statistics(kernel, addresses), errorOf),
    setTimeouts: (timeouts) =>
      Effect.gen(function* () {
        const before = yield* client.get(IpvsConfiguration.getTimeouts(family))
        yield* client.request(IpvsConfiguration.setTimeouts(family, timeouts))
        return before
      }).pipe(Effect.mapError(errorOf)),
    setSyncDaemon: (daemon, halves) =>
      Effect.mapError(IpvsSyncDaemon.set(client, family, daemon, halves), (error) =>
        errorOf(error, IpvsSyncDaemon.explain(error))
      )
  }
}

const read = Effect.fnUntraced(function* (kernel: Kernel): Effect.fn.Return<ForwardingTable, NetlinkError> {
  return yield* collect(kernel, yield* kernel.client.dump(IpvsService.list(kernel.family)))
})

const readServices = Effect.fnUntraced(function* (
  kernel: Kernel,
  addresses: ReadonlyArray<ServiceAddress>
): Effect.fn.Return<ForwardingTable, NetlinkError> {
  const found: Array<IpvsService.IpvsService> = []
  for (const address of addresses) {
    const query = IpvsService.get(kernel.family, IpvsTable.addressToIpvs(address))
    const service = yield* optional(kernel.client.get(query))
    if (Option.isSome(service)) found.push(service.value)
    yield* turn(found.length)
  }
  return yield* collect(kernel, found)
})

/** Adds the destinations of each. */
const collect = Effect.fnUntraced(function* (
  { client, family }: Kernel,
  found: ReadonlyArray<IpvsService.IpvsService>
): Effect.fn.Return<ForwardingTable, NetlinkError> {
  const table = new Map<string, Service>()
  for (const one of found) {
    const destinations = yield* client.dump(IpvsDestination.list(family, one.address))
    const service = IpvsTable.serviceFromIpvs(one, destinations)
    if (service !== undefined) table.set(service.key, service)
    yield* turn(table.size)
  }
  return table
})

const apply = Effect.fnUntraced(function* (
  { client, family }: Kernel,
  edits: ReadonlyArray<Edit>
): Effect.fn.Return<ReadonlyArray<Refusal>> {
  const refusals: Array<Refusal> = []
  for (let start = 0; start < edits.length; start += editsPerPart) {
    const part = edits.slice(start, start + editsPerPart)
    const outcomes = yield* client.requestAll(part.map((edit) => IpvsEdit.requestOf(family, edit)))
    outcomes.forEach((outcome, index) => {
      if (Result.isFailure(outcome)) refusals.push(IpvsEdit.refusalOf(part[index]!, outcome.failure))
    })
  }
  return refusals
})

const statistics = Effect.fnUntraced(function* (
  { client, family }: Kernel,
  addresses: ReadonlyArray<ServiceAddress>
): Effect.fn.Return<ReadonlyMap<string, ServiceStatistics>, NetlinkError> {
  const all = new Map<string, ServiceStatistics>()
  for (const address of addresses) {
    const found = yield* optional(
      client.get(IpvsService.getCounted(family, IpvsTable.addressToIpvs(address)))
    )
    if (Option.isNone(found)) continue
    const { service, statistics: total } = found.value
    const key = IpvsTable.serviceFromIpvs(service, [])?.key
    const counted = yield* client.dump(IpvsDestination.listCounted(family, service.address))
    if (key !== undefined) all.set(key, { ...total, destinations: new Map(counted.map(countsOf)) })
    yield* turn(all.size)
  }
  return all
})

const countsOf = ({
  destination,
  statistics: counts,
  ...connections
}: IpvsDestination.CountedDestination): readonly [string, DestinationStatistics] => [
  IpvsTable.keyOfDestination(destination),
  { ...connections, ...counts }
]

/** What is not there is nothing, not an error. */
const optional = <A>(query: Effect.Effect<A, NetlinkError>): Effect.Effect<Option.Option<A>, NetlinkError> =>
  query.pipe(
    Effect.map(Option.some),
    Effect.catchIf(
      (error) => error.reason === "NotFound",
      () => Effect.succeed(Option.none())
    )
  )

/** Lets the event loop have its turn after every so many services. */
const turn = (count: number): Effect.Effect<void> =>
  count % servicesPerTurn === 0 ? Effect.yieldNow : Effect.void

function errorOf(error: NetlinkError | SocketError, words = error.message): ForwardingPlaneError {
  if (error._tag === "SocketError") return new ForwardingPlaneError({ reason: "Failed", message: words })
  if (error.operation === "family-get" && error.reason === "NotFound") {
    const message =
      "this kernel has no IPVS: load its module (modprobe ip_vs), or take the forwarding plane nf_tables"
    return new ForwardingPlaneError({ reason: "Unsupported", message })
  }
  return new ForwardingPlaneError({ reason: reasons[error.reason] ?? "Failed", message: words })
}

const reasons: { readonly [K in NetlinkError["reason"]]?: ForwardingPlaneError["reason"] } = {
  PermissionDenied: "Forbidden",
  NotSupported: "Unsupported"
}

/** As many as go into one datagram: their requests are built between two turns of the event loop. */
const editsPerPart = 100

/** Sixteen datagrams of 32 KiB are about 1,400 services: some milliseconds. */
const batchesPerTurn = 1

/** A service with some destinations takes about a tenth of a millisecond to read. */
const servicesPerTurn = 50
