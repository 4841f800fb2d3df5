/**
 * A kernel's forwarding table as plain maps, and the plane that edits it.
 *
 * Several planes may be open on one kernel: each is somebody else to the others. `deliver` stands for traffic, so that
 * statistics have something to count.
 *
 * @since 0.1.0
 */
import type { Edit, ForwardingTable } from "@holdfast/balancer/ForwardingTable"
import type { ConnectionTimeouts, SyncDaemon } from "@holdfast/balancer/Parameters"
import { type Destination, keyOf, type Service, type ServiceAddress } from "@holdfast/balancer/Service"
import {
  type DestinationStatistics,
  ForwardingPlane,
  ForwardingPlaneError,
  type OpenForwardingPlane,
  type Refusal,
  type ServiceStatistics
} from "@holdfast/engine/ForwardingPlane"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/**
 * The kernel. The fields that can be written are its faults: a test sets them at any time.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualForwarding {
  readonly kind: "ipvs" | "nf_tables"
  readonly table: () => ForwardingTable
  /** Every edit that was carried out, in order. */
  readonly edits: ReadonlyArray<Edit>
  readonly timeouts: () => Required<ConnectionTimeouts>
  /** The halves of the synchronisation daemon that run, each with its settings. */
  readonly syncDaemons: ReadonlyMap<"master" | "backup", SyncDaemon>
  /** Why no plane can be opened. */
  unavailable: ForwardingPlaneError | undefined
  /** Keys of services, or of a service and a destination with a space between, that it refuses; each with its reason. */
  readonly refused: Map<string, string>
  /** Connections that clients hold open, by key of the destination. */
  readonly held: Map<string, number>
  /** Milliseconds from a call to its answer. */
  delayMillis: number
  /** Somebody else edits the table. */
  readonly edit: (edit: Edit) => Refusal | undefined
  /** Connections that clients make to a service; they go round its destinations with a weight. */
  readonly deliver: (address: ServiceAddress, count: number) => void
}

/**
 * Makes a kernel with an empty table.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (kind: "ipvs" | "nf_tables" = "ipvs"): VirtualForwarding => attach(kind).forwarding

/**
 * Opens a plane on a kernel of `make`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (
  forwarding: VirtualForwarding,
  onForeignChange: () => void = () => {}
): Effect.Effect<OpenForwardingPlane, ForwardingPlaneError, Scope.Scope> =>
  Effect.suspend(() => {
    const kernel = kernels.get(forwarding)
    if (kernel === undefined)
      return Effect.die(new Error("this kernel was not made by SimulatedForwardingPlane.make"))
    if (forwarding.unavailable !== undefined) return Effect.fail(forwarding.unavailable)
    const observe = () => onForeignChange()
    return Effect.acquireRelease(
      Effect.sync(() => {
        kernel.observers.add(observe)
        return makePlane(kernel, observe)
      }),
      () => Effect.sync(() => kernel.observers.delete(observe))
    )
  })

/**
 * The port on a kernel; a choice of another kind is unsupported.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (forwarding: VirtualForwarding): Layer.Layer<ForwardingPlane> =>
  Layer.succeed(ForwardingPlane, {
    open: (choice, onForeignChange) =>
      choice === "auto" || choice === forwarding.kind
        ? open(forwarding, onForeignChange)
        : Effect.fail(
            new ForwardingPlaneError({
              reason: "Unsupported",
              message: `this simulated kernel has ${forwarding.kind} and no ${choice}`
            })
          )
  })

interface Kernel {
  readonly forwarding: VirtualForwarding
  readonly services: Map<string, Service>
  /** Connections by key of the service, and then of the destination. */
  readonly connections: Map<string, Map<string, number>>
  readonly observers: Set<() => void>
  readonly edits: Array<Edit>
  readonly daemons: Map<"master" | "backup", SyncDaemon>
  timeouts: Required<ConnectionTimeouts>
}

const kernels = new WeakMap<VirtualForwarding, Kernel>()

const attach = (kind: "ipvs" | "nf_tables"): Kernel => {
  const edits: Array<Edit> = []
  const daemons = new Map<"master" | "backup", SyncDaemon>()
  const forwarding: VirtualForwarding = {
    kind,
    table: () => new Map(kernel.services),
    edits,
    timeouts: () => kernel.timeouts,
    syncDaemons: daemons,
    unavailable: undefined,
    refused: new Map(),
    held: new Map(),
    delayMillis: 0,
    edit: (edit) => carryOut(kernel, edit, undefined),
    deliver: (address, count) => deliver(kernel, keyOf(address), count)
  }
  const kernel: Kernel = {
    forwarding,
    services: new Map(),
    connections: new Map(),
    observers: new Set(),
    edits,
    daemons,
    timeouts: timeoutsDefault
  }
  kernels.set(forwarding, kernel)
  return kernel
}

const makePlane = (kernel: Kernel, author: () => void): OpenForwardingPlane => {
  const { forwarding, services } = kernel
  const answer = <A>(run: () => A): Effect.Effect<A> =>
    Effect.suspend(() =>
      forwarding.delayMillis === 0
        ? Effect.sync(run)
        : Effect.andThen(Effect.sleep(forwarding.delayMillis), Effect.sync(run))
    )
  return {
    kind: forwarding.kind,
    read: answer(() => new Map(services)),
    readServices: (addresses) => answer(() => pick(services, addresses)),
    apply: (edits) => answer(() => edits.flatMap((edit) => carryOut(kernel, edit, author) ?? [])),
    flush: answer(() => {
      services.clear()
      kernel.connections.clear()
      tell(kernel, author)
    }),
    statistics: (addresses) =>
      answer(
        () =>
          new Map(
            [...pick(services, addresses)].map(([key, service]) => [key, statisticsOf(kernel, service)])
          )
      ),
    setTimeouts: (timeouts) =>
      answer(() => {
        const before = kernel.timeouts
        kernel.timeouts = { ...before, ...timeouts }
        return before
      }),
    setSyncDaemon: (daemon, halves) =>
      answer(() => {
        for (const half of ["master", "backup"] as const) {
          if (halves[half]) kernel.daemons.set(half, daemon)
          else kernel.daemons.delete(half)
        }
      })
  }
}

/** Carries an edit out, unless the table is not what it assumes or a fault forbids it. */
const carryOut = (kernel: Kernel, edit: Edit, author: (() => void) | undefined): Refusal | undefined => {
  const refusal = refusalOf(kernel, edit)
  if (refusal !== undefined) return refusal
  change(kernel, edit)
  kernel.edits.push(edit)
  tell(kernel, author)
  return undefined
}

const refusalOf = ({ forwarding, services }: Kernel, edit: Edit): Refusal | undefined => {
  const present = services.get(edit.service.key)
  const words = wordsOf(edit)
  const reason = forwarding.refused.get(words)
  if (reason !== undefined) return { edit, mismatch: false, message: reason }
  if (edit._tag === "AddService")
    return present === undefined ? undefined : { edit, mismatch: true, message: `${words} is there already` }
  if (present === undefined) return { edit, mismatch: true, message: `${edit.service.key} is not there` }
  if (!("destination" in edit)) return undefined
  const isThere = present.destinations.has(edit.destination.key)
  if (isThere !== (edit._tag === "AddDestination")) return undefined
  return { edit, mismatch: true, message: `${words} is ${isThere ? "there already" : "not there"}` }
}

const wordsOf = (edit: Edit): string =>
  "destination" in edit ? `${edit.service.key} ${edit.destination.key}` : edit.service.key

const change = ({ connections, services }: Kernel, edit: Edit): void => {
  const { key } = edit.service
  const destinations = new Map(services.get(key)?.destinations)
  const counts = connections.get(key)
  switch (edit._tag) {
    case "AddService":
      connections.set(key, new Map())
      break
    case "RemoveService":
      services.delete(key)
      connections.delete(key)
      return
    case "AddDestination":
    case "ChangeDestination":
      destinations.set(edit.destination.key, edit.destination)
      break
    case "RemoveDestination":
      destinations.delete(edit.destination.key)
      counts?.delete(edit.destination.key)
      break
    case "ChangeService":
      break
  }
  const settings = edit._tag.endsWith("Service") ? edit.service : services.get(key)!
  services.set(key, { ...settings, destinations })
}

/** As the kernel: nf_tables tells of changes, IPVS does not. */
const tell = ({ forwarding, observers }: Kernel, author: (() => void) | undefined): void => {
  if (forwarding.kind === "ipvs") return
  for (const observer of observers) if (observer !== author) observer()
}

const deliver = ({ connections, services }: Kernel, key: string, count: number): void => {
  const counts = connections.get(key)
  const serving = [...(services.get(key)?.destinations.values() ?? [])].filter(({ weight }) => weight > 0)
  if (counts === undefined || serving.length === 0) return
  for (let index = 0; index < count; index++) {
    const { key: destination } = serving[index % serving.length]!
    counts.set(destination, (counts.get(destination) ?? 0) + 1)
  }
}

const pick = (
  services: ReadonlyMap<string, Service>,
  addresses: ReadonlyArray<ServiceAddress>
): ForwardingTable =>
  new Map(
    addresses.flatMap((address) => {
      const service = services.get(keyOf(address))
      return service === undefined ? [] : [[service.key, service] as const]
    })
  )

const statisticsOf = ({ connections, forwarding }: Kernel, service: Service): ServiceStatistics => {
  const counts = connections.get(service.key)
  const destinations = new Map(
    [...service.destinations.values()].map(({ key }: Destination): [string, DestinationStatistics] => [
      key,
      {
        activeConnections: forwarding.held.get(key) ?? 0,
        inactiveConnections: counts?.get(key) ?? 0,
        persistentConnections: 0,
        ...countsOf(counts?.get(key) ?? 0)
      }
    ])
  )
  const total = [...destinations.values()].reduce((sum, { connections: some }) => sum + some, 0)
  return { ...countsOf(total), destinations }
}

/** One packet each way for a connection, of the size of a bare TCP segment. */
const countsOf = (connections: number) => ({
  connections,
  packetsIn: connections,
  packetsOut: connections,
  bytesIn: connections * segmentSize,
  bytesOut: connections * segmentSize
})

const segmentSize = 40

/** What Linux begins with: 15 minutes, 2 minutes, 5 minutes. */
const timeoutsDefault = { tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 }
