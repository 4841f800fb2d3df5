import { assert, describe, it } from "@effect/vitest"
import type { VirtualServer } from "@holdfast/balancer/Parameters"
import * as VirtualServerSet from "@holdfast/balancer/VirtualServerSet"
import * as Schema from "effect/Schema"
import { realServer, virtualServer } from "./Fixture.ts"

const a = virtualServer({ name: "a" })
const b = virtualServer({ name: "b" })
const nothing: Omit<VirtualServerSet.Plan, "virtualServers"> = {
  kept: [],
  changed: [],
  added: [],
  removed: []
}

describe("VirtualServerSet.diff", () => {
  it("keeps the objects that run when equal ones are wanted, whatever the order", () => {
    const { kept, virtualServers, ...others } = VirtualServerSet.diff([a, b], structuredClone([b, a]))

    assert.strictEqual(kept[0], b)
    assert.strictEqual(kept[1], a)
    assert.strictEqual(virtualServers[0], b)
    assert.deepStrictEqual({ kept: [], ...others }, nothing)
  })

  it("adds and removes by name", () => {
    assert.deepStrictEqual(VirtualServerSet.diff([a], [b]), {
      ...nothing,
      virtualServers: [b],
      added: [b],
      removed: [a]
    })
  })

  it("changes a virtual server in place, and leaves the objects of its that are equal", () => {
    const to = structuredClone(
      virtualServer({ name: "a", realServers: [realServer(1), realServer(2, { weight: 7 })] })
    )

    const { changed, virtualServers, ...others } = VirtualServerSet.diff([a], [to])

    assert.strictEqual(virtualServers[0], changed[0]?.to)
    assert.deepStrictEqual(changed, [{ from: a, to }])
    assert.strictEqual(changed[0]?.to.realServers[0], a.realServers[0])
    assert.strictEqual(changed[0]?.to.addresses[0], a.addresses[0])
    assert.deepStrictEqual({ changed: [], ...others }, nothing)
  })

  it("changes a virtual server whose real servers are in another order", () => {
    const to = virtualServer({ name: "a", realServers: [...a.realServers].toReversed() })

    assert.deepStrictEqual(VirtualServerSet.diff([a], [to]).changed, [{ from: a, to }])
  })
})

const Entries = Schema.Array(
  Schema.Struct({
    name: Schema.Literals(["a", "b", "c"]),
    quorum: Schema.Literals([1, 2]),
    hosts: Schema.Array(Schema.Literals([1, 2]))
  })
)

const listOf = (entries: typeof Entries.Type): ReadonlyArray<VirtualServer> => {
  const byName = new Map(
    entries.map(({ hosts, name, quorum }) => [
      name,
      virtualServer({ name, quorum, realServers: Array.from(new Set(hosts), (host) => realServer(host)) })
    ])
  )
  return [...byName.values()]
}
const byName = (list: ReadonlyArray<VirtualServer>) => list.toSorted((x, y) => x.name.localeCompare(y.name))

describe("VirtualServerSet.diff, for all pairs of lists", () => {
  it.prop(
    "leads from the running ones to the wanted ones, and keeps exactly what is equal",
    [Entries, Entries],
    ([before, after]) => {
      const [running, wanted] = [listOf(before), listOf(after)]

      const { added, changed, kept, removed, virtualServers } = VirtualServerSet.diff(running, wanted)

      assert.deepStrictEqual(virtualServers, wanted)
      assert.deepStrictEqual(byName([...kept, ...changed.map(({ to }) => to), ...added]), byName(wanted))
      assert.deepStrictEqual(
        byName([...kept, ...changed.map(({ from }) => from), ...removed]),
        byName(running)
      )
      for (const entry of kept) assert.isTrue(running.includes(entry))
      for (const { from, to } of changed) assert.notDeepEqual(from, to)
    },
    { arbitrary: { runs: 300, seed: "virtual-server-set" } }
  )
})
