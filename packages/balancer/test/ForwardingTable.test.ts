import { assert, describe, it } from "@effect/vitest"
import * as ForwardingTable from "@holdfast/balancer/ForwardingTable"
import type { Destination, Method, Service } from "@holdfast/balancer/Service"
import { keyOf, type ServiceAddress } from "@holdfast/balancer/Service"
import { formatEndpoint, type Ipv4Address } from "@holdfast/wire/Address"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"

const methods: ReadonlyArray<Method> = [
  { _tag: "Nat" },
  { _tag: "DirectRouting" },
  { _tag: "Tunnel", tunnel: { type: "ipip" } },
  { _tag: "Tunnel", tunnel: { type: "gue", port: 6080, checksum: "csum" } },
  { _tag: "Tunnel", tunnel: { type: "gue", port: 6080, checksum: "nocsum" } }
]

const destination = (
  host: number,
  weight = 1,
  { method = 0, threshold = 0 }: { readonly method?: number; readonly threshold?: number } = {}
): Destination => {
  const address = `10.0.${host >>> 8}.${host & 0xff}` as Ipv4Address
  return {
    key: formatEndpoint(address, 80),
    address,
    port: 80,
    method: { ...methods[method]! },
    weight,
    upperThreshold: threshold,
    lowerThreshold: 0
  }
}

const service = (
  port: number,
  destinations: ReadonlyArray<Destination> = [],
  settings: Partial<Service> = {}
): Service => {
  const address: ServiceAddress = {
    _tag: "Endpoint",
    protocol: "TCP",
    address: "192.0.2.1" as Ipv4Address,
    port
  }
  return {
    key: keyOf(address),
    address,
    scheduler: "wlc",
    schedulerFlags: [],
    onePacket: false,
    destinations: new Map(destinations.map((entry) => [entry.key, entry])),
    ...settings
  }
}

const tagsOf = (edits: ReadonlyArray<ForwardingTable.Edit>) => edits.map(({ _tag }) => _tag)

describe("ForwardingTable.diff", () => {
  it("adds a service without its destinations, and these after it", () => {
    const desired = ForwardingTable.make([service(80, [destination(1), destination(2)])])

    const edits = ForwardingTable.diff(new Map(), desired)

    assert.deepStrictEqual(tagsOf(edits), ["AddService", "AddDestination", "AddDestination"])
    assert.strictEqual(
      ForwardingTable.apply(edits.slice(0, 1), new Map()).get("TCP 192.0.2.1:80")?.destinations.size,
      0
    )
  })

  it.each<[string, Partial<Service>]>([
    ["scheduler", { scheduler: "rr" }],
    ["scheduler flags", { schedulerFlags: [1] }],
    ["one-packet flag", { onePacket: true }],
    ["persistence", { persistence: { timeoutSeconds: 50, granularity: 32 } }]
  ])("changes a service in place when its %s changed, and keeps its destinations", (_, settings) => {
    const actual = ForwardingTable.make([service(80, [destination(1)])])

    const edits = ForwardingTable.diff(
      actual,
      ForwardingTable.make([service(80, [destination(1)], settings)])
    )

    assert.deepStrictEqual(tagsOf(edits), ["ChangeService"])
  })

  it.each<[string, Destination]>([
    ["weight", destination(1, 7)],
    ["method", destination(1, 1, { method: 1 })],
    ["threshold", destination(1, 1, { threshold: 100 })]
  ])("changes a destination in place when its %s changed", (_, changed) => {
    const actual = ForwardingTable.make([service(80, [destination(1)])])

    const edits = ForwardingTable.diff(actual, ForwardingTable.make([service(80, [changed])]))

    assert.deepStrictEqual(tagsOf(edits), ["ChangeDestination"])
  })

  it("tells tunnels apart by their options", () => {
    const actual = ForwardingTable.make([service(80, [destination(1, 1, { method: 3 })])])
    const desired = ForwardingTable.make([service(80, [destination(1, 1, { method: 4 })])])

    assert.deepStrictEqual(tagsOf(ForwardingTable.diff(actual, desired)), ["ChangeDestination"])
  })

  it("adds new destinations, then changes, then removes", () => {
    const actual = ForwardingTable.make([service(80, [destination(1), destination(2)])])
    const desired = ForwardingTable.make([service(80, [destination(2, 5), destination(3)])])

    assert.deepStrictEqual(tagsOf(ForwardingTable.diff(actual, desired)), [
      "AddDestination",
      "ChangeDestination",
      "RemoveDestination"
    ])
  })

  it("adds new services before it removes others, and a service goes with its destinations", () => {
    const edits = ForwardingTable.diff(
      ForwardingTable.make([service(80, [destination(1)])]),
      ForwardingTable.make([service(443)])
    )

    assert.deepStrictEqual(tagsOf(edits), ["AddService", "RemoveService"])
  })

  it("leaves alone what is not ours", () => {
    const ours = service(80)
    const actual = ForwardingTable.make([ours, service(443, [destination(9)])])

    const edits = ForwardingTable.diff(
      ForwardingTable.owned(actual, [ours.key, "TCP 192.0.2.1:25"]),
      new Map()
    )

    assert.deepStrictEqual(edits, [{ _tag: "RemoveService", service: ours }])
  })

  it("looks at no object that is the same on both sides", () => {
    const guarded = new Proxy(destination(1), {
      get: () => assert.fail("a field of an unchanged destination was read")
    })
    const kept = new Map([["kept", guarded]])
    const changed = destination(2)
    const actual = service(80, [], { destinations: new Map(kept).set(changed.key, changed) })
    const desired = service(80, [], {
      destinations: new Map(kept).set(changed.key, { ...changed, weight: 9 })
    })
    const same = service(81, [], { destinations: kept })

    const edits = ForwardingTable.diff(
      ForwardingTable.make([actual, same]),
      ForwardingTable.make([desired, same])
    )

    assert.deepStrictEqual(tagsOf(edits), ["ChangeDestination"])
  })
})

describe("ForwardingTable.apply", () => {
  it("a service that is removed and added again has what was added since", () => {
    const [one, two] = [destination(1), destination(2)]
    const known = service(80, [one])

    const table = ForwardingTable.apply(
      [
        { _tag: "AddDestination", service: known, destination: two },
        { _tag: "RemoveService", service: known },
        { _tag: "AddService", service: known },
        { _tag: "AddDestination", service: known, destination: two }
      ],
      ForwardingTable.make([known])
    )

    assert.deepStrictEqual([...table.get(known.key)!.destinations.keys()], [two.key])
  })

  it("takes no edit that does not fit", () => {
    const one = destination(1)
    const known = service(80, [one])
    const table = ForwardingTable.make([known])
    const misfits: ReadonlyArray<ForwardingTable.Edit> = [
      { _tag: "AddService", service: known },
      { _tag: "ChangeService", service: service(81) },
      { _tag: "RemoveService", service: service(81) },
      { _tag: "AddDestination", service: known, destination: one },
      { _tag: "AddDestination", service: service(81), destination: one },
      { _tag: "ChangeDestination", service: known, destination: destination(2) },
      { _tag: "RemoveDestination", service: known, destination: destination(2) }
    ]

    for (const misfit of misfits) assert.isFalse(ForwardingTable.fits(misfit, table))
    assert.isTrue(Equal.equals(ForwardingTable.apply(misfits, table), table))
  })
})

/** Few services and few destinations: what matters is that two tables share some of them. */
const Entry = Schema.Struct({
  port: Schema.Literals([80, 81, 443]),
  scheduler: Schema.Literals(["wlc", "rr"]),
  isPersistent: Schema.Boolean,
  destinations: Schema.Array(
    Schema.Struct({
      host: Schema.Literals([1, 2, 3, 4]),
      weight: Schema.Literals([0, 1, 2]),
      method: Schema.Literals([0, 3, 4])
    })
  )
})
const Table = Schema.Array(Entry)

const tableOf = (entries: typeof Table.Type): ForwardingTable.ForwardingTable =>
  ForwardingTable.make(
    entries.map(({ destinations, isPersistent, port, scheduler }) =>
      service(
        port,
        destinations.map(({ host, method, weight }) => destination(host, weight, { method })),
        { scheduler, ...(isPersistent && { persistence: { timeoutSeconds: 50, granularity: 32 } }) }
      )
    )
  )

const options = { arbitrary: { runs: 1_000, seed: "forwarding-table" } }

describe("ForwardingTable.diff, for all pairs of tables", () => {
  it.prop(
    "its edits lead from one to the other, each fits, and none is left over",
    [Table, Table],
    ([left, right]) => {
      const [actual, desired] = [tableOf(left), tableOf(right)]

      const edits = ForwardingTable.diff(actual, desired)

      let table = actual
      for (const edit of edits) {
        assert.isTrue(ForwardingTable.fits(edit, table))
        const next = ForwardingTable.apply([edit], table)
        assert.isFalse(Equal.equals(next, table), "an edit that changes nothing")
        table = next
      }
      assert.isTrue(Equal.equals(table, desired))
      assert.isTrue(Equal.equals(ForwardingTable.apply(edits, actual), desired))
    },
    options
  )

  it.prop(
    "what is equal needs no edit",
    [Table],
    ([entries]) => {
      assert.deepStrictEqual(ForwardingTable.diff(tableOf(entries), tableOf(entries)), [])
    },
    options
  )

  it.prop(
    "it changes no table that it is given",
    [Table, Table],
    ([left, right]) => {
      const [actual, desired] = [tableOf(left), tableOf(right)]

      ForwardingTable.apply(ForwardingTable.diff(actual, desired), actual)

      assert.isTrue(Equal.equals(actual, tableOf(left)))
    },
    options
  )
})
