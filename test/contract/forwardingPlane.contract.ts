/**
 * What every `ForwardingPlane` does with services and their servers.
 */
import * as ForwardingTable from "@holdfast/balancer/ForwardingTable"
import type { Destination, Method, Service } from "@holdfast/balancer/Service"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  type Abilities,
  additionOf,
  apply,
  assertTable,
  dns,
  endpoint,
  mark,
  pair,
  type RunPlane,
  server,
  servers,
  serviceOf,
  sorted,
  tableOf,
  vips,
  web
} from "./ForwardingPlaneHarness.ts"
import { mismatchContract } from "./forwardingMismatch.contract.ts"
import { settingsContract } from "./forwardingSettings.contract.ts"

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
