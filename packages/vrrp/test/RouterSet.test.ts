import { assert, describe, it } from "@effect/vitest"
import type { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import * as RouterSet from "@holdfast/vrrp/RouterSet"
import type { Ipv4Address, MacAddress } from "@holdfast/wire/Address"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import { address, eth0, eth1, group, type Overrides, parameters, unicast } from "./Fixture.ts"

const a = parameters({ name: "a", vrid: 1 })
const b = parameters({ name: "b", vrid: 2 })
const virtualMac = {
  interface: "vrrp.1" as InterfaceName,
  mac: "00:00:5e:00:01:01" as MacAddress,
  transmitBase: false
}
const nothing: RouterSet.Plan = { kept: [], changed: [], replaced: [], added: [], removed: [] }

describe("RouterSet.diff", () => {
  it("keeps what is equal, whatever the order", () => {
    const copies = [parameters({ name: "b", vrid: 2 }), parameters({ name: "a", vrid: 1 })]

    assert.deepStrictEqual(RouterSet.diff([a, b], copies), { ...nothing, kept: copies })
  })

  it("adds and removes", () => {
    assert.deepStrictEqual(RouterSet.diff([a], [b]), { ...nothing, added: [b], removed: [a] })
    assert.deepStrictEqual(RouterSet.diff([], [a, b]), { ...nothing, added: [a, b] })
    assert.deepStrictEqual(RouterSet.diff([a, b], []), { ...nothing, removed: [a, b] })
  })

  it.each<[string, Overrides]>([
    ["the priority", { priority: 7 }],
    ["the interval", { advertInterval: 2_000_000 }],
    ["the addresses", { addresses: [address(), address({ address: "10.0.0.2" as Ipv4Address })] }],
    ["the source address", { sourceAddress: "10.0.0.7" as Ipv4Address }],
    ["the name", { name: "renamed" }],
    ["the version", { version: 3 }],
    ["the trackers", { trackers: [{ subject: { _tag: "Script", name: "s" }, weight: 2, reverse: false }] }]
  ])("changes a router in place when %s changed", (_, overrides) => {
    const to = parameters({ name: "a", vrid: 1, ...overrides })

    assert.deepStrictEqual(RouterSet.diff([a], [to]), { ...nothing, changed: [{ from: a, to }] })
  })

  it("an address that goes on is the same object, and one that changed is not", () => {
    const lines = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((text) =>
      address({ address: text as Ipv4Address })
    )
    const from = parameters({ addresses: lines })
    const [first, second, third] = structuredClone(lines)
    const to = parameters({ addresses: [third!, { ...second!, label: "eth0:2" }, first!] })

    const [change] = RouterSet.diff([from], [to]).changed

    assert.deepStrictEqual(change?.to, to)
    assert.strictEqual(change?.to.addresses[0], lines[2])
    assert.notStrictEqual(change?.to.addresses[1], lines[1])
    assert.strictEqual(change?.to.addresses[2], lines[0])
  })

  it("changes a router in place when its peers changed", () => {
    const peers = ["10.0.0.2", "10.0.0.3"] as ReadonlyArray<string> as ReadonlyArray<Ipv4Address>
    const from = parameters({ transport: unicast(...peers.slice(0, 1)) })
    const to = parameters({ transport: unicast(...peers) })

    assert.deepStrictEqual(RouterSet.diff([from], [to]), { ...nothing, changed: [{ from, to }] })
  })

  it.each<[string, Overrides]>([
    ["the VRID", { vrid: 9 }],
    ["the device", { interface: eth1 }],
    ["the group", { transport: { _tag: "Multicast", group: "224.0.0.19" as Ipv4Address } }],
    ["the family", { family: "Ipv6" }],
    ["the virtual MAC", { virtualMac }],
    ["multicast to unicast", { transport: unicast() }]
  ])("replaces a router of the same name when %s changed", (_, overrides) => {
    const to = parameters({ name: "a", vrid: 1, ...overrides })

    assert.deepStrictEqual(RouterSet.diff([a], [to]), { ...nothing, replaced: [{ from: a, to }] })
  })

  it.each<[string, Partial<typeof virtualMac>]>([
    ["device", { interface: "vmac" as InterfaceName }],
    ["way out", { transmitBase: true }]
  ])("replaces a router whose virtual MAC has another %s", (_, overrides) => {
    const from = parameters({ virtualMac })
    const to = parameters({ virtualMac: { ...virtualMac, ...overrides } })

    assert.deepStrictEqual(RouterSet.diff([from], [to]), { ...nothing, replaced: [{ from, to }] })
    assert.deepStrictEqual(RouterSet.diff([from], [from]), { ...nothing, kept: [from] })
  })

  it("two routers of one device and VRID, one for each family, are two", () => {
    const six = parameters({ name: "b", family: "Ipv6", vrid: 1 })

    assert.deepStrictEqual(RouterSet.diff([a], [a, six]), { ...nothing, kept: [a], added: [six] })
  })

  it("a name counts for more than a place", () => {
    const to = parameters({ name: "a", vrid: 2 })

    assert.deepStrictEqual(RouterSet.diff([a, b], [to]), {
      ...nothing,
      replaced: [{ from: a, to }],
      removed: [b]
    })
  })

  it("a router takes the place of one that moves away", () => {
    const moved = parameters({ name: "a", vrid: 3 })
    const c = parameters({ name: "c", vrid: 1 })

    assert.deepStrictEqual(RouterSet.diff([a], [moved, c]), {
      ...nothing,
      replaced: [{ from: a, to: moved }],
      added: [c]
    })
  })
})

/** Few names, few places: collisions are what matters. Names and places are unique in each list, as in a file. */
const Entries = Schema.Array(
  Schema.Struct({
    name: Schema.Literals(["a", "b", "c", "d"]),
    vrid: Schema.Literals([1, 2]),
    interface: Schema.Literals([eth0, eth1]),
    priority: Schema.Literals([100, 200]),
    isUnicast: Schema.Boolean
  })
)

const listOf = (entries: typeof Entries.Type): ReadonlyArray<Parameters> => {
  const list: Array<Parameters> = []
  for (const { isUnicast, ...entry } of entries) {
    const transport = isUnicast ? unicast() : ({ _tag: "Multicast", group } as const)
    const next = parameters({ ...entry, transport })
    const collides = list.some(
      (other) => other.name === next.name || (other.interface === next.interface && other.vrid === next.vrid)
    )
    if (!collides) list.push(next)
  }
  return list
}

const options = { arbitrary: { runs: 1_000, seed: "router-set" } }
const fromOf = ({ from }: RouterSet.Change) => from
const toOf = ({ to }: RouterSet.Change) => to
const contains = (list: ReadonlyArray<Parameters>, entry: Parameters) =>
  list.some((other) => Equal.equals(other, entry))
const sameMembers = (left: ReadonlyArray<Parameters>, right: ReadonlyArray<Parameters>) =>
  left.length === right.length && left.every((entry) => contains(right, entry))

describe("RouterSet.diff, for all pairs of lists", () => {
  it.prop(
    "the plan leads from the running routers to the wanted ones, and uses each once",
    [Entries, Entries],
    ([before, after]) => {
      const [running, wanted] = [listOf(before), listOf(after)]

      const { added, changed, kept, removed, replaced } = RouterSet.diff(running, wanted)

      assert.isTrue(sameMembers([...kept, ...changed.map(toOf), ...replaced.map(toOf), ...added], wanted))
      assert.isTrue(
        sameMembers([...kept, ...changed.map(fromOf), ...replaced.map(fromOf), ...removed], running)
      )
    },
    options
  )

  it.prop(
    "a router that is wanted as it runs is kept, and nothing is both removed and added in one place by one name",
    [Entries, Entries],
    ([before, after]) => {
      const [running, wanted] = [listOf(before), listOf(after)]

      const { added, changed, kept, removed } = RouterSet.diff(running, wanted)

      for (const to of wanted) if (contains(running, to)) assert.isTrue(contains(kept, to))
      for (const { from, to } of changed) {
        assert.deepStrictEqual([from.interface, from.vrid], [to.interface, to.vrid])
      }
      for (const to of added) {
        assert.isFalse(removed.some(({ name }) => name === to.name))
        assert.isFalse(removed.some((from) => from.interface === to.interface && from.vrid === to.vrid))
      }
    },
    options
  )

  it.prop(
    "a list against itself is kept whole",
    [Entries],
    ([entries]) => {
      const list = listOf(entries)

      assert.deepStrictEqual(RouterSet.diff(list, list), { ...nothing, kept: list })
    },
    options
  )
})
