/**
 * What the contract of `ForwardingPlane` needs of an adapter, and the services that its tests set.
 */
import type * as ForwardingTable from "@holdfast/balancer/ForwardingTable"
import {
  type Destination,
  type Family,
  keyOf,
  type Method,
  type Protocol,
  type Service,
  type ServiceAddress
} from "@holdfast/balancer/Service"
import type { ForwardingPlaneError, OpenForwardingPlane, Refusal } from "@holdfast/engine/ForwardingPlane"
import { formatEndpoint, type IpAddress } from "@holdfast/wire/Address"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * What a plane can do beyond the common: what it cannot, it must refuse, never take and ignore.
 *
 * - `methods`: how packets reach a server.
 * - `firewallMarks`: services by firewall mark.
 * - `thresholds`: limits of connections by destination.
 * - `timeouts`, `syncDaemon`: settings of the whole plane.
 */
export interface Abilities {
  readonly methods: ReadonlyArray<Method["_tag"]>
  readonly protocols: ReadonlyArray<Protocol>
  readonly firewallMarks: boolean
  readonly thresholds: boolean
  readonly timeouts: boolean
  readonly syncDaemon: boolean
}

/** A kernel with an empty table and a device `eth0` that is up. */
export interface PlaneHarness {
  /** Opens one more plane on the same kernel: each is somebody else to the others. */
  readonly open: Effect.Effect<OpenForwardingPlane, ForwardingPlaneError, Scope.Scope>
  /** Makes connections, one after the other, to the service `web` below, whose servers answer. */
  readonly connect: (count: number) => Effect.Effect<void>
  /** Waits until the check holds; a defect that names it when it does not in good time. */
  readonly eventually: (
    what: string,
    check: Effect.Effect<boolean, ForwardingPlaneError>
  ) => Effect.Effect<void>
}

/** Runs one test on a fresh kernel; everything is gone at its end. */
export type RunPlane = (
  test: (harness: PlaneHarness) => Effect.Effect<void, unknown, Scope.Scope>
) => Effect.Effect<void, unknown>

export const endpoint = (protocol: Protocol, address: string, port: number): ServiceAddress => ({
  _tag: "Endpoint",
  protocol,
  address: address as IpAddress,
  port
})

export const mark = (family: Family, number: number): ServiceAddress => ({
  _tag: "FirewallMark",
  family,
  mark: number
})

export const server = (
  address: string,
  port: number,
  differences: Partial<Destination> = {}
): Destination => ({
  key: formatEndpoint(address as IpAddress, port),
  address: address as IpAddress,
  port,
  method: { _tag: "Nat" },
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  ...differences
})

export const serviceOf = (
  address: ServiceAddress,
  servers: ReadonlyArray<Destination>,
  differences: Partial<Service> = {}
): Service => ({
  key: keyOf(address),
  address,
  scheduler: "rr",
  schedulerFlags: [],
  onePacket: false,
  ...differences,
  destinations: new Map(servers.map((one) => [one.key, one]))
})

export const tableOf = (...services: ReadonlyArray<Service>): ForwardingTable.ForwardingTable =>
  new Map(services.map((service) => [service.key, service]))

/** The edits that add a service with its servers. */
export const additionOf = (service: Service): ReadonlyArray<ForwardingTable.Edit> => [
  { _tag: "AddService", service },
  ...[...service.destinations.values()].map((destination): ForwardingTable.Edit => ({
    _tag: "AddDestination",
    service,
    destination
  }))
]

/** The service of `connect`: its servers are the address after the VIP's, and the next. */
export const web = serviceOf(endpoint("TCP", "192.0.2.1", 80), [
  server("198.51.100.1", 8080),
  server("198.51.100.2", 8080)
])

export const dns = serviceOf(endpoint("UDP", "192.0.2.1", 53), [server("198.51.100.3", 53)])

export const servers = { inet: "198.51.100", inet6: "fd00:1:" } as const
export const vips = { inet: "192.0.2.9", inet6: "fd00::9" } as const

export const pair = (family: Family, port: number, differences: Partial<Destination> = {}) => [
  server(`${servers[family]}${family === "inet" ? "." : ":"}11`, port, { ...differences, weight: 3 }),
  server(`${servers[family]}${family === "inet" ? "." : ":"}12`, port, differences)
]

/** Applies edits that the kernel must accept all. */
export const apply = Effect.fnUntraced(function* (
  plane: OpenForwardingPlane,
  edits: ReadonlyArray<ForwardingTable.Edit>
) {
  assert.deepStrictEqual(
    (yield* plane.apply(edits)).map(({ message }) => message),
    []
  )
})

/** The table in the order of its keys: planes are free in theirs. */
export const sorted = (
  table: ForwardingTable.ForwardingTable
): ReadonlyArray<readonly [Service, ReadonlyArray<Destination>]> =>
  [...table.values()]
    .toSorted(byKey)
    .map((service) => [
      { ...service, destinations: new Map() },
      [...service.destinations.values()].toSorted(byKey)
    ])

const byKey = (left: { readonly key: string }, right: { readonly key: string }): number =>
  left.key < right.key ? -1 : Number(left.key > right.key)

export const assertTable = Effect.fnUntraced(function* (
  plane: OpenForwardingPlane,
  ...services: ReadonlyArray<Service>
) {
  assert.deepStrictEqual(sorted(yield* plane.read), sorted(tableOf(...services)))
})

export const tagsOf = (refusals: ReadonlyArray<Refusal>) =>
  refusals.map(({ edit, mismatch }) => [edit._tag, mismatch])
