import * as ForwardingTable from "@holdfast/balancer/ForwardingTable"
import type { SyncDaemon } from "@holdfast/balancer/Parameters"
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
import { assert, describe, it } from "@effect/vitest"
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

const dns = serviceOf(endpoint("UDP", "192.0.2.1", 53), [server("198.51.100.3", 53)])

const servers = { inet: "198.51.100", inet6: "fd00:1:" } as const
const vips = { inet: "192.0.2.9", inet6: "fd00::9" } as const

const pair = (family: Family, port: number, differences: Partial<Destination> = {}) => [
  server(`${servers[family]}${family === "inet" ? "." : ":"}11`, port, { ...differences, weight: 3 }),
  server(`${servers[family]}${family === "inet" ? "." : ":"}12`, port, differences)
]

/** Applies edits that the kernel must accept all. */
const apply = Effect.fnUntraced(function* (
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

const assertTable = Effect.fnUntraced(function* (
  plane: OpenForwardingPlane,
  ...services: ReadonlyArray<Service>
) {
  assert.deepStrictEqual(sorted(yield* plane.read), sorted(tableOf(...services)))
})

const tagsOf = (refusals: ReadonlyArray<Refusal>) =>
  refusals.map(({ edit, mismatch }) => [edit._tag, mismatch])

export const forwardingPlaneContract = (run: RunPlane, abilities: Abilities) =>
  describe("ForwardingPlane", () => {
    servicesContract(run, abilities)
    editsContract(run, abilities)
    differencesContract(run)
    mismatchContract(run)
    settingsContract(run, abilities)
  })

const servicesContract = (run: RunPlane, abilities: Abilities) => {
  for (const family of ["inet", "inet6"] as const) {
    for (const protocol of abilities.protocols) {
      it.live(`reads a service of ${protocol} ${family} as it was added`, () =>
        run(({ open }) =>
          Effect.gen(function* () {
            const plane = yield* open
            const service = serviceOf(endpoint(protocol, vips[family], 443), pair(family, 8443), {
              scheduler: "wrr"
            })

            yield* apply(plane, additionOf(service))

            yield* assertTable(plane, service)
          })
        )
      )
    }

    it.live(`${abilities.firewallMarks ? "reads" : "refuses"} a service by firewall mark of ${family}`, () =>
      run(({ open }) =>
        Effect.gen(function* () {
          const plane = yield* open
          const service = serviceOf(mark(family, 7), pair(family, 0))

          const refusals = yield* plane.apply(additionOf(service))

          assert.strictEqual(refusals.length === 0, abilities.firewallMarks)
          assert.isFalse(refusals.some(({ edit, mismatch }) => edit._tag === "AddService" && mismatch))
          yield* assertTable(plane, ...(abilities.firewallMarks ? [service] : []))
        })
      )
    )
  }

  for (const method of methods) {
    const isAble = abilities.methods.includes(method._tag)
    it.live(`${isAble ? "reads" : "refuses"} the method ${method._tag}`, () =>
      run(({ open }) =>
        Effect.gen(function* () {
          const plane = yield* open
          const service = serviceOf(endpoint("TCP", vips.inet, 80), pair("inet", 80, { method }))

          const refusals = yield* plane.apply(additionOf(service))

          assert.strictEqual(refusals.length === 0, isAble)
          if (isAble) yield* assertTable(plane, service)
          else assert.deepStrictEqual((yield* plane.read).get(service.key)?.destinations.size ?? 0, 0)
        })
      )
    )
  }
}

const methods: ReadonlyArray<Method> = [
  { _tag: "Nat" },
  { _tag: "DirectRouting" },
  { _tag: "Tunnel", tunnel: { type: "ipip" } }
]

const editsContract = (run: RunPlane, abilities: Abilities) => {
  it.live("begins empty, and reads all services, or only those that are asked for", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        yield* assertTable(plane)

        yield* apply(plane, [web, dns].flatMap(additionOf))

        yield* assertTable(plane, web, dns)
        assert.deepStrictEqual(
          sorted(yield* plane.readServices([dns.address, endpoint("TCP", "192.0.2.1", 81)])),
          sorted(tableOf(dns))
        )
      })
    )
  )

  it.live("changes the scheduler and persistence of a service, and keeps its servers", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        yield* apply(plane, additionOf(web))
        const changed: Service = {
          ...web,
          scheduler: "sh",
          persistence: { timeoutSeconds: 300, granularity: 32 }
        }

        yield* apply(plane, [{ _tag: "ChangeService", service: changed }])
        yield* assertTable(plane, changed)
        yield* apply(plane, [{ _tag: "ChangeService", service: web }])

        yield* assertTable(plane, web)
      })
    )
  )

  it.live("changes the weight of a server, also to zero and back", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        yield* apply(plane, additionOf(web))

        for (const weight of [0, 250, 1]) {
          const destination = server("198.51.100.1", 8080, { weight })
          const service = serviceOf(web.address, [destination, server("198.51.100.2", 8080)])
          yield* apply(plane, [{ _tag: "ChangeDestination", service, destination }])
          yield* assertTable(plane, service)
        }
      })
    )
  )

  it.live(`${abilities.thresholds ? "reads" : "refuses"} thresholds of connections`, () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const service = serviceOf(web.address, pair("inet", 80, { upperThreshold: 500, lowerThreshold: 400 }))

        const refusals = yield* plane.apply(additionOf(service))

        assert.strictEqual(refusals.length === 0, abilities.thresholds)
        if (abilities.thresholds) yield* assertTable(plane, service)
      })
    )
  )

  it.live("adds and removes servers, down to none", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const [first, second] = [...web.destinations.values()] as [Destination, Destination]
        const one = serviceOf(web.address, [first])
        const none = serviceOf(web.address, [])

        yield* apply(plane, additionOf(none))
        yield* assertTable(plane, none)
        yield* apply(plane, [{ _tag: "AddDestination", service: one, destination: first }])
        yield* assertTable(plane, one)
        yield* apply(plane, [{ _tag: "AddDestination", service: web, destination: second }])
        yield* assertTable(plane, web)
        yield* apply(plane, [{ _tag: "RemoveDestination", service: one, destination: second }])
        yield* assertTable(plane, one)
        yield* apply(plane, [{ _tag: "RemoveDestination", service: none, destination: first }])
        yield* assertTable(plane, none)
      })
    )
  )

  it.live("removes a service with its servers, and leaves the others", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        yield* apply(plane, [web, dns].flatMap(additionOf))

        yield* apply(plane, [{ _tag: "RemoveService", service: web }])

        yield* assertTable(plane, dns)
      })
    )
  )

  it.live("carries hundreds of edits out in one call", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const many = Array.from({ length: manyCount }, (_, index) =>
          serviceOf(endpoint("TCP", "192.0.2.1", 1000 + index), [server("198.51.100.1", 1000 + index)])
        )

        yield* apply(plane, many.flatMap(additionOf))

        yield* assertTable(plane, ...many)
      })
    )
  )
}

/** More than goes into one datagram. */
const manyCount = 150

const differencesContract = (run: RunPlane) => {
  for (const seed of seeds) {
    it.live(`goes from table to table by their differences (seed ${seed})`, () =>
      run(({ open }) =>
        Effect.gen(function* () {
          const plane = yield* open
          const random = randomOf(seed)
          for (let step = 0; step < stepCount; step++) {
            const desired = randomTable(random)
            yield* apply(plane, ForwardingTable.diff(yield* plane.read, desired))
            assert.deepStrictEqual(sorted(yield* plane.read), sorted(desired))
          }
        })
      )
    )
  }
}

const seeds = [1, 2, 3]
const stepCount = 12

/** Few names, so that tables meet: up to six services with up to four servers. */
const randomTable = (random: (count: number) => number): ForwardingTable.ForwardingTable => {
  const services = Array.from({ length: random(7) }, () => {
    const family = random(2) === 0 ? "inet" : "inet6"
    const members = Array.from({ length: random(5) }, () =>
      server(`${servers[family]}${family === "inet" ? "." : ":"}${random(4) + 1}`, 8080, {
        weight: random(4)
      })
    )
    const persistence = { timeoutSeconds: 60 + random(2), granularity: family === "inet" ? 32 : 128 }
    return serviceOf(endpoint(random(2) === 0 ? "TCP" : "UDP", vips[family], 80 + random(2)), members, {
      scheduler: random(2) === 0 ? "rr" : "wrr",
      ...(random(2) === 0 && { persistence })
    })
  })
  return tableOf(...services)
}

/** A linear congruential generator (Numerical Recipes): the same numbers in each run. */
const randomOf = (seed: number): ((count: number) => number) => {
  let state = seed
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
}

const mismatchContract = (run: RunPlane) => {
  it.live("sees what somebody else made", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open

        yield* apply(other, additionOf(dns))
        yield* apply(plane, additionOf(web))

        yield* assertTable(plane, web, dns)
        yield* assertTable(other, web, dns)
      })
    )
  )

  it.live("refuses every edit of a service that somebody else removed, as a mismatch", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open
        const [destination] = [...web.destinations.values()] as [Destination]
        yield* apply(plane, additionOf(web))
        yield* apply(other, [{ _tag: "RemoveService", service: web }])

        const refusals = yield* plane.apply([
          { _tag: "ChangeService", service: web },
          { _tag: "AddDestination", service: web, destination },
          { _tag: "ChangeDestination", service: web, destination },
          { _tag: "RemoveDestination", service: web, destination },
          { _tag: "RemoveService", service: web }
        ])

        assert.deepStrictEqual(tagsOf(refusals), [
          ["ChangeService", true],
          ["AddDestination", true],
          ["ChangeDestination", true],
          ["RemoveDestination", true],
          ["RemoveService", true]
        ])
        for (const { edit } of refusals) assert.strictEqual(edit.service.key, web.key)
        yield* assertTable(plane)
      })
    )
  )

  it.live("refuses to add what is there already, as a mismatch, and goes on with the rest", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open
        yield* apply(other, additionOf(web))

        const refusals = yield* plane.apply([web, dns].flatMap(additionOf))

        assert.deepStrictEqual(tagsOf(refusals), [
          ["AddService", true],
          ["AddDestination", true],
          ["AddDestination", true]
        ])
        yield* assertTable(plane, web, dns)
      })
    )
  )

  it.live("refuses edits of a server that somebody else removed, as a mismatch", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open
        const [first, second] = [...web.destinations.values()] as [Destination, Destination]
        const one = serviceOf(web.address, [first])
        yield* apply(plane, additionOf(web))
        yield* apply(other, [{ _tag: "RemoveDestination", service: one, destination: second }])

        const refusals = yield* plane.apply([
          { _tag: "ChangeDestination", service: web, destination: second },
          { _tag: "RemoveDestination", service: one, destination: second }
        ])

        assert.deepStrictEqual(tagsOf(refusals), [
          ["ChangeDestination", true],
          ["RemoveDestination", true]
        ])
        yield* assertTable(plane, one)
      })
    )
  )

  it.live("flushes everything, whoever made it", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open
        yield* apply(other, additionOf(dns))
        yield* apply(plane, additionOf(web))

        yield* plane.flush

        yield* assertTable(plane)
        yield* assertTable(other)
      })
    )
  )
}

const settingsContract = (run: RunPlane, abilities: Abilities) => {
  it.live("counts connections by server, and goes on counting when a weight changes", () =>
    run(({ connect, eventually, open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        yield* apply(plane, [web, dns].flatMap(additionOf))
        const connections = Effect.map(plane.statistics([web.address]), (all) =>
          [...web.destinations.keys()].map((key) => all.get(web.key)?.destinations.get(key)?.connections)
        )
        assert.deepStrictEqual(yield* connections, [0, 0])

        yield* connect(4)
        yield* eventually(
          "each server had two",
          Effect.map(connections, (counts) => counts.join() === "2,2")
        )
        const counts = (yield* plane.statistics([web.address, dns.address])).get(web.key)!
        assert.deepStrictEqual(counts.connections, 4)
        assert.isAtLeast(counts.packetsIn, 4)
        assert.isAtLeast(counts.bytesIn, counts.packetsIn * 40)

        const destination = server("198.51.100.1", 8080, { weight: 0 })
        const drained = serviceOf(web.address, [destination, server("198.51.100.2", 8080)])
        yield* apply(plane, [{ _tag: "ChangeDestination", service: drained, destination }])
        yield* connect(2)
        yield* eventually(
          "the second server had both",
          Effect.map(connections, (now) => now.join() === "2,4")
        )
      })
    )
  )

  it.live("has no statistics of a service that is not there", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        yield* apply(plane, additionOf(web))

        assert.deepStrictEqual([...(yield* plane.statistics([dns.address, web.address])).keys()], [web.key])
      })
    )
  )

  it.live(abilities.timeouts ? "sets timeouts and returns those before" : "refuses timeouts", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        if (!abilities.timeouts) {
          assert.strictEqual(
            (yield* Effect.flip(plane.setTimeouts({ udpSeconds: 17 }))).reason,
            "Unsupported"
          )
          return
        }
        const first = yield* plane.setTimeouts({ tcpSeconds: 1000, udpSeconds: 17 })
        const second = yield* plane.setTimeouts({ tcpFinSeconds: 33 })
        const third = yield* plane.setTimeouts(first)

        assert.notStrictEqual(first.udpSeconds, 17)
        assert.deepStrictEqual(second, { ...first, tcpSeconds: 1000, udpSeconds: 17 })
        assert.deepStrictEqual(third, { ...second, tcpFinSeconds: 33 })
        assert.deepStrictEqual(yield* plane.setTimeouts({}), first)
      })
    )
  )

  it.live(`${abilities.syncDaemon ? "runs the halves of the" : "refuses a"} synchronisation daemon`, () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        if (!abilities.syncDaemon) {
          const error = yield* Effect.flip(plane.setSyncDaemon(syncDaemon, { master: true, backup: false }))
          assert.strictEqual(error.reason, "Unsupported")
          return
        }
        // Each is a level: to ask for what is there already changes nothing.
        for (const halves of [
          { master: true, backup: false },
          { master: true, backup: false },
          { master: false, backup: true },
          { master: true, backup: true },
          { master: false, backup: false },
          { master: false, backup: false }
        ])
          yield* plane.setSyncDaemon(syncDaemon, halves)
      })
    )
  )
}

const syncDaemon: SyncDaemon = { interface: "eth0", syncId: 51 }
