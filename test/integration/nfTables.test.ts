import { assert, describe, it } from "@effect/vitest"
import type { Edit } from "@holdfast/balancer/ForwardingTable"
import type { Destination, Service } from "@holdfast/balancer/Service"
import type { OpenForwardingPlane } from "@holdfast/engine/ForwardingPlane"
import * as NfTablesPlane from "@holdfast/linux/nftables/NfTablesPlane"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import {
  additionOf,
  endpoint,
  mark,
  server,
  serviceOf,
  sorted,
  tableOf
} from "../contract/ForwardingPlaneHarness.ts"
import * as Child from "../lab/Child.ts"
import * as NatNetwork from "./NatNetwork.ts"

const laboratory = Effect.gen(function* () {
  const network = yield* NatNetwork.make
  const foreignChanges = yield* Queue.sliding<true>(1)
  const plane = yield* NfTablesPlane.open(() => Queue.offerUnsafe(foreignChanges, true)).pipe(
    NetworkNamespace.provide(network.director)
  )
  const apply = (edits: ReadonlyArray<Edit>) =>
    Effect.map(plane.apply(edits), (refusals) =>
      assert.deepStrictEqual(
        refusals.map(({ message }) => message),
        []
      )
    )
  return { ...network, plane, foreignChanges, apply, add: (service: Service) => apply(additionOf(service)) }
})

const pair = (port: number, weights: readonly [number, number] = [3, 1]): ReadonlyArray<Destination> => [
  server("10.0.0.1", port, { weight: weights[0] }),
  server("10.0.0.2", port, { weight: weights[1] })
]

const pair6 = [server("fd00:1::1", 8080, { weight: 3 }), server("fd00:1::2", 8080)]

const web = serviceOf(endpoint("TCP", "192.0.2.1", 80), pair(8080), { scheduler: "wrr" })
const persistent = { ...web, persistence: { timeoutSeconds: 300, granularity: 32 } }

const askWeb = { protocol: "tcp", address: "192.0.2.1", port: 80, count: 8 } as const

const countsOf = (answers: ReadonlyArray<string>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Array.from(Map.groupBy(answers.toSorted(), String), ([answer, all]) => [answer, all.length])
  )

/** The edits that give the servers of a service these weights. */
const reweigh = (service: Service, weights: readonly [number, number]): ReadonlyArray<Edit> => {
  const servers = Array.from(service.destinations.values(), (one, index) => ({
    ...one,
    weight: weights[index]!
  }))
  const after = { ...service, destinations: new Map(servers.map((one) => [one.key, one])) }
  return servers.map((destination) => ({ _tag: "ChangeDestination", service: after, destination }))
}

const removalOf = (service: Service, key: string): Edit => {
  const destinations = new Map(service.destinations)
  destinations.delete(key)
  return {
    _tag: "RemoveDestination",
    service: { ...service, destinations },
    destination: service.destinations.get(key)!
  }
}

describe("scheduling", () => {
  it.live("gives each server exactly its share, by TCP and UDP, IPv4 and IPv6", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* laboratory
      yield* add(web)
      yield* add(serviceOf(endpoint("UDP", "192.0.2.1", 53), pair(8080), { scheduler: "wrr" }))
      yield* add(serviceOf(endpoint("TCP", "fd00:2::1", 80), pair6, { scheduler: "wrr" }))
      yield* add(serviceOf(endpoint("UDP", "fd00:2::1", 53), pair6, { scheduler: "wrr" }))

      const counts = (question: Pick<NatNetwork.Question, "protocol" | "address" | "port">) =>
        Effect.map(ask({ ...question, count: 8 }), countsOf)
      const shares = { "10.0.0.1": 6, "10.0.0.2": 2 }
      const shares6 = { "fd00:1::1": 6, "fd00:1::2": 2 }
      assert.deepStrictEqual(yield* counts(askWeb), shares)
      assert.deepStrictEqual(yield* counts({ protocol: "udp", address: "192.0.2.1", port: 53 }), shares)
      assert.deepStrictEqual(yield* counts({ protocol: "tcp", address: "fd00:2::1", port: 80 }), shares6)
      assert.deepStrictEqual(yield* counts({ protocol: "udp", address: "fd00:2::1", port: 53 }), shares6)
    })
  )

  it.live("leaves ports alone that are no service's, and says that a service without servers is closed", () =>
    Effect.gen(function* () {
      const { add, apply, ask } = yield* laboratory
      yield* add(web)

      assert.deepStrictEqual(yield* ask({ ...askWeb, port: 81, count: 1 }), ["ECONNREFUSED"])
      yield* apply(reweigh(web, [0, 0]))
      assert.deepStrictEqual(yield* ask({ ...askWeb, count: 1 }), ["ECONNREFUSED"])
      yield* apply(reweigh(web, [0, 1]))
      assert.deepStrictEqual(countsOf(yield* ask(askWeb)), { "10.0.0.2": 8 })
    })
  )

  it.live("finds services by mark and by every port, the mark first", () =>
    Effect.gen(function* () {
      const { add, ask, nft } = yield* laboratory
      yield* nft("add table ip marking")
      yield* nft("add chain ip marking pre { type filter hook prerouting priority mangle; }")
      yield* nft("add rule ip marking pre tcp dport 8081 meta mark set 7")
      yield* add(serviceOf(endpoint("TCP", "192.0.2.1", 0), [server("10.0.0.1", 0)]))
      yield* add(serviceOf(mark("inet", 7), [server("10.0.0.2", 0)]))

      assert.deepStrictEqual(yield* ask({ ...askWeb, port: 8080, count: 2 }), ["10.0.0.1", "10.0.0.1"])
      assert.deepStrictEqual(yield* ask({ ...askWeb, port: 8081, count: 2 }), ["10.0.0.2", "10.0.0.2"])
    })
  )

  it.live("sends a client to one server by the hash of its address", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* laboratory
      yield* add({ ...web, scheduler: "sh" })
      yield* add(
        serviceOf(endpoint("TCP", "192.0.2.1", 81), pair(8080, [1, 1]), {
          scheduler: "sh",
          schedulerFlags: [2]
        })
      )

      assert.strictEqual(new Set(yield* ask({ ...askWeb, count: 6 })).size, 1)
      // With the port in it, connections of one client differ: all on one side once in two million times.
      assert.strictEqual(new Set(yield* ask({ ...askWeb, port: 81, count: 22 })).size, 2)
    })
  )
})

describe("persistence", () => {
  it.live("keeps a client at its server, at weight 0 too, and moves it when the server is removed", () =>
    Effect.gen(function* () {
      const { add, apply, ask } = yield* laboratory
      yield* add({ ...persistent, scheduler: "rr" })
      const service = { ...persistent, scheduler: "rr" } as const
      const askFrom = (from: string) => ask({ ...askWeb, from, count: 4 })

      const first = yield* askFrom("192.0.2.101")
      const second = yield* askFrom("192.0.2.102")
      assert.deepStrictEqual([first, second].map(countsOf), [{ "10.0.0.1": 4 }, { "10.0.0.2": 4 }])

      yield* apply(reweigh(service, [0, 1]))
      assert.deepStrictEqual(countsOf(yield* askFrom("192.0.2.101")), { "10.0.0.1": 4 })

      yield* apply([removalOf(service, "10.0.0.1:8080")])
      assert.deepStrictEqual(countsOf(yield* askFrom("192.0.2.101")), { "10.0.0.2": 4 })
    })
  )

  it.live("takes clients of one network for one", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* laboratory
      yield* add({ ...web, scheduler: "rr", persistence: { timeoutSeconds: 300, granularity: 24 } })

      const answers = [
        ...(yield* ask({ ...askWeb, from: "192.0.2.101", count: 3 })),
        ...(yield* ask({ ...askWeb, from: "192.0.2.102", count: 3 }))
      ]

      assert.strictEqual(new Set(answers).size, 1)
    })
  )
})

describe("flows", () => {
  it.live("of UDP go to another server when theirs is removed, and stay when its weight is zero", () =>
    Effect.gen(function* () {
      const { add, apply, ask } = yield* laboratory
      const dns = serviceOf(endpoint("UDP", "192.0.2.1", 53), pair(8080, [1, 1]))
      yield* add(dns)
      const askFromOnePort = Effect.map(
        ask({ protocol: "udp", address: "192.0.2.1", port: 53, count: 1, fromPort: 5_353 }),
        ([answer]) => answer
      )
      assert.strictEqual(yield* askFromOnePort, "10.0.0.1")
      yield* apply(reweigh(dns, [0, 1]))
      assert.strictEqual(yield* askFromOnePort, "10.0.0.1")

      yield* apply([removalOf(dns, "10.0.0.1:8080")])

      assert.strictEqual(yield* askFromOnePort, "10.0.0.2")
    })
  )
})

describe("writing", () => {
  it.live("loses no connection while rules are rewritten", () =>
    Effect.gen(function* () {
      const { add, apply, ask } = yield* laboratory
      yield* add(web)
      const rewrites = Array.from({ length: 40 }, (_, index) =>
        apply(reweigh(web, index % 2 === 0 ? [1, 2] : [3, 1]))
      )
      const writing = yield* Effect.forkChild(Effect.all(rewrites), { startImmediately: true })

      const answers: Array<string> = []
      do answers.push(...(yield* ask({ ...askWeb, count: 100 })))
      while (writing.pollUnsafe() === undefined)

      yield* Fiber.join(writing)
      assert.sameMembers(Object.keys(countsOf(answers)), ["10.0.0.1", "10.0.0.2"])
    })
  )

  it.live("reports a service that the kernel refuses, and writes the others", () =>
    Effect.gen(function* () {
      const { add, nft, plane } = yield* laboratory
      const other = serviceOf(endpoint("TCP", "192.0.2.1", 81), pair(8080))
      yield* add(serviceOf(endpoint("TCP", "192.0.2.1", 82), []))
      // In the way of the set that this service needs: its keys are of another type.
      yield* nft("add set inet holdfast clients/TCP/192.0.2.1/80/10.0.0.1/8080 { type inet_service; }")

      const edits = [...additionOf(persistent), ...additionOf(other)]
      const refusals = yield* plane.apply(edits)

      assert.deepStrictEqual(
        refusals.map(({ edit }) => edit),
        additionOf(persistent)
      )
      for (const { edit } of refusals) assert.strictEqual(edit.service.key, "TCP 192.0.2.1:80")
      const table = yield* plane.read
      assert.deepStrictEqual([...table.keys()].toSorted(), ["TCP 192.0.2.1:81", "TCP 192.0.2.1:82"])
    })
  )

  it.live("refuses a server of another family, or one that is not reached by NAT", () =>
    Effect.gen(function* () {
      const { plane } = yield* laboratory
      const bad = serviceOf(web.address, [
        server("fd00:1::1", 8080),
        server("10.0.0.1", 8080, { method: { _tag: "DirectRouting" } }),
        server("10.0.0.2", 8080)
      ])

      const refusals = yield* plane.apply(additionOf(bad))

      assert.deepStrictEqual(
        refusals.map(({ edit, mismatch }) => ["destination" in edit && edit.destination.key, mismatch]),
        [
          ["[fd00:1::1]:8080", false],
          ["10.0.0.1:8080", false]
        ]
      )
      const found = (yield* plane.read).get(bad.key)
      assert.deepStrictEqual([...(found?.destinations.keys() ?? [])], ["10.0.0.2:8080"])
    })
  )
})

describe("what others do", () => {
  const assertTable = Effect.fnUntraced(function* (
    plane: OpenForwardingPlane,
    ...services: ReadonlyArray<Service>
  ) {
    assert.deepStrictEqual(sorted(yield* plane.read), sorted(tableOf(...services)))
  })

  it.live.each([
    ["a rule is put before ours", ["insert rule inet holdfast TCP/192.0.2.1/80 drop"]],
    ["our rules are deleted", ["flush chain inet holdfast TCP/192.0.2.1/80"]],
    ["the rule of a server is deleted", ["flush chain inet holdfast TCP/192.0.2.1/80/10.0.0.1/8080"]],
    ["the entry is deleted", ["delete element inet holdfast endpoints4 { 192.0.2.1 . tcp . 80 }"]],
    [
      "the entry leads elsewhere",
      [
        "delete element inet holdfast endpoints4 { 192.0.2.1 . tcp . 80 }",
        "add chain inet holdfast elsewhere",
        "add element inet holdfast endpoints4 { 192.0.2.1 . tcp . 80 : goto elsewhere }"
      ]
    ],
    [
      "the shares are changed",
      [
        "flush chain inet holdfast TCP/192.0.2.1/80",
        'add rule inet holdfast TCP/192.0.2.1/80 continue comment "TCP 192.0.2.1:80 wrr"',
        "add rule inet holdfast TCP/192.0.2.1/80 numgen inc mod 4 vmap { 0-3 : goto TCP/192.0.2.1/80/10.0.0.2/8080 }",
        'add rule inet holdfast TCP/192.0.2.1/80 continue comment "10.0.0.1:8080 weight 3"',
        'add rule inet holdfast TCP/192.0.2.1/80 continue comment "10.0.0.2:8080 weight 1"',
        "add rule inet holdfast TCP/192.0.2.1/80 drop"
      ]
    ],
    [
      "what finds no slot would be refused",
      [
        "flush chain inet holdfast TCP/192.0.2.1/80",
        'add rule inet holdfast TCP/192.0.2.1/80 continue comment "TCP 192.0.2.1:80 wrr"',
        "add rule inet holdfast TCP/192.0.2.1/80 numgen inc mod 4 vmap { 0-1 : goto TCP/192.0.2.1/80/10.0.0.1/8080, 2 : goto TCP/192.0.2.1/80/10.0.0.2/8080, 3 : goto TCP/192.0.2.1/80/10.0.0.1/8080 }",
        'add rule inet holdfast TCP/192.0.2.1/80 continue comment "10.0.0.1:8080 weight 3"',
        'add rule inet holdfast TCP/192.0.2.1/80 continue comment "10.0.0.2:8080 weight 1"'
      ]
    ],
    ["everything is flushed", ["flush ruleset"]],
    ["the table sleeps", ["add table inet holdfast { flags dormant; }"]]
  ] as const)("is noticed and put right when %s", ([_name, commands]) =>
    Effect.gen(function* () {
      const { add, ask, foreignChanges, nft, plane } = yield* laboratory
      yield* add(web)
      yield* assertTable(plane, web)
      assert.strictEqual(yield* Queue.size(foreignChanges), 0)

      for (const command of commands) {
        yield* nft(command).pipe(Effect.catch((error) => Effect.die(error)))
      }

      yield* Effect.timeout(Queue.take(foreignChanges), "5 seconds")
      const broken = (yield* plane.read).get(web.key)
      assert.strictEqual(broken?.destinations.size ?? 0, 0)
      assert.deepStrictEqual(yield* plane.readServices([web.address]), yield* plane.read)
      yield* add(web)
      yield* assertTable(plane, web)
      assert.deepStrictEqual(countsOf(yield* ask(askWeb)), { "10.0.0.1": 6, "10.0.0.2": 2 })
    })
  )

  it.live("leaves a service that can be put right edit by edit, or removed", () =>
    Effect.gen(function* () {
      const { add, apply, ask, nft, plane } = yield* laboratory
      const destroy = nft("insert rule inet holdfast TCP/192.0.2.1/80 drop")
      yield* add(web)
      yield* destroy
      assert.notDeepEqual((yield* plane.read).get(web.key), serviceOf(web.address, []))

      yield* apply([{ _tag: "ChangeService", service: web }, ...additionOf(web).slice(1)])
      yield* assertTable(plane, web)
      yield* destroy
      yield* apply([{ _tag: "RemoveService", service: web }])

      yield* assertTable(plane)
      assert.deepStrictEqual(yield* ask({ ...askWeb, count: 1 }), ["ECONNREFUSED"])
    })
  )

  it.live("keeps what clients were remembered when rules are put right", () =>
    Effect.gen(function* () {
      const { add, apply, ask, nft, plane } = yield* laboratory
      const service = { ...persistent, scheduler: "rr" } as const
      yield* add(service)
      assert.deepStrictEqual(yield* ask({ ...askWeb, count: 1 }), ["10.0.0.1"])
      yield* nft("flush chain inet holdfast TCP/192.0.2.1/80")

      yield* add(service)

      yield* assertTable(plane, service)
      yield* apply([{ _tag: "ChangeService", service: { ...service, scheduler: "wrr" } }])
      assert.deepStrictEqual(countsOf(yield* ask(askWeb)), { "10.0.0.1": 8 })
    })
  )

  it.live("is not told of what we change, nor of tables of others", () =>
    Effect.gen(function* () {
      const { add, foreignChanges, nft, plane } = yield* laboratory
      yield* add(web)
      yield* plane.flush
      yield* nft("add table inet other")
      yield* add(web)
      assert.strictEqual(yield* Queue.size(foreignChanges), 0)

      yield* nft("delete table inet holdfast")

      yield* Effect.timeout(Queue.take(foreignChanges), "5 seconds")
      assert.strictEqual(yield* Queue.size(foreignChanges), 0)
    })
  )

  it.live("can read with nft what we write, and write it again", () =>
    Effect.gen(function* () {
      const { add, director, nft, plane } = yield* laboratory
      const services = [
        persistent,
        serviceOf(endpoint("UDP", "fd00:2::1", 0), [server("fd00:1::1", 0)], {
          scheduler: "sh",
          schedulerFlags: [2],
          persistence: { timeoutSeconds: 30, granularity: 64 }
        }),
        serviceOf(endpoint("SCTP", "192.0.2.1", 80), pair(8080), { scheduler: "dh" }),
        serviceOf(mark("inet6", 4_294_967_295), [server("fd00:1::1", 0)], { scheduler: "fo" }),
        serviceOf(endpoint("TCP", "192.0.2.1", 81), [])
      ]
      for (const service of services) yield* add(service)

      const listing = yield* nft("list", "ruleset")

      assert.include(listing, "numgen inc mod 4 vmap")
      assert.include(listing, "dnat ip to 10.0.0.1:8080")
      assert.include(listing, 'comment "TCP 192.0.2.1:80 wrr persistence 300/32"')
      yield* assertTable(plane, ...services)

      // As `nft -f` does with what an administrator saved.
      yield* Child.run(director, ["nft", "-f", "-"], `flush ruleset\n${listing}`)
      assert.strictEqual(yield* nft("list", "ruleset"), listing)
    })
  )
})
