/** Sync groups of an engine, on simulated hosts. */
import { none, type SharedParameters } from "@holdfast/vrrp/SharedParameters"
import type { InterfaceName, Vrid } from "@holdfast/vrrp/Parameters"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { address, makeDirector, makeNetwork, parameters, run } from "./Rig.ts"

const inner = (priority: number) => parameters({ priority })
const outer = (priority: number) =>
  parameters({
    name: "outer",
    interface: "eth1" as InterfaceName,
    vrid: 52 as Vrid,
    addresses: [address("203.0.113.100", "eth1")],
    priority
  })
const shared: SharedParameters = {
  ...none,
  groups: [{ name: "G1", kind: "Group", members: ["web", "outer"] }]
}
const links = (number: number) => [
  { name: "eth0", addresses: [`192.0.2.${number}/24`] },
  { name: "eth1", addresses: [`203.0.113.${number}/24`] }
]

describe("Engine: sync groups", () => {
  it.effect(
    "the members become Master in one instant, when the last is ready, and the group is told once",
    () =>
      Effect.gen(function* () {
        const { network, sent } = yield* makeNetwork()
        const { engine, events, role } = yield* makeDirector(network, "r1", links(1))

        yield* engine.apply([inner(200), outer(100)], shared)
        yield* run(3.5)
        assert.strictEqual(yield* role("web"), "Backup")
        yield* run(0.2)

        assert.deepStrictEqual([yield* role("web"), yield* role("outer")], ["Master", "Master"])
        const adverts = sent.filter(({ what }) => what.startsWith("advert"))
        assert.deepStrictEqual(
          adverts.map(({ at, what }) => `${at} ${what}`),
          ["3609375 advert 51/200", "3609375 advert 52/100"]
        )
        assert.deepStrictEqual(
          events.flatMap((event) => (event._tag === "GroupChanged" ? [`${event.from}>${event.to}`] : [])),
          ["Init>Backup", "Backup>Master"]
        )
      })
  )

  it.effect("a group begins when its last member has, and ends when its last member has", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, events } = yield* makeDirector(network, "r1", links(1))
      const changes = () =>
        events.splice(0).flatMap((event) => {
          if (event._tag === "RoleChanged") return [`${event.router} ${event.to}`]
          return event._tag === "GroupChanged" ? [`${event.group} ${event.to}`] : []
        })

      yield* engine.apply([inner(200), outer(100)], shared)
      yield* run(1)
      assert.deepStrictEqual(changes(), ["web Backup", "outer Backup", "G1 Backup"])

      yield* Effect.forkChild(engine.stop)
      yield* run(1)
      assert.deepStrictEqual(changes(), ["web Init", "outer Init", "G1 Init"])
    })
  )

  it.effect("a fault of one member takes all out with priority 0, and all come back together", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, host, role, router } = yield* makeDirector(network, "r1", links(1))
      yield* engine.apply([inner(200), outer(200)], shared)
      yield* run(5)
      sent.length = 0

      host.kernel.setUp("eth1", false)
      yield* run(0.5)

      assert.deepStrictEqual([yield* role("web"), yield* role("outer")], ["Fault", "Fault"])
      assert.deepStrictEqual((yield* router("web")).faults, [{ _tag: "GroupMember", member: "outer" }])
      assert.deepStrictEqual(
        sent.map(({ what }) => what),
        ["advert 51/0"]
      )
      host.kernel.setUp("eth1", true)
      yield* run(5)
      assert.deepStrictEqual([yield* role("web"), yield* role("outer")], ["Master", "Master"])
    })
  )

  it.effect("who loses one member to a better router loses all, and the other takes all", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const first = yield* makeDirector(network, "r1", links(1))
      yield* first.engine.apply([inner(100), outer(100)], shared)
      yield* run(5)

      const second = yield* makeDirector(network, "r2", links(2))
      yield* second.engine.apply([inner(200), outer(200)], shared)
      yield* run(8)

      assert.deepStrictEqual([yield* first.role("web"), yield* first.role("outer")], ["Backup", "Backup"])
      assert.deepStrictEqual([yield* second.role("web"), yield* second.role("outer")], ["Master", "Master"])
    })
  )

  it.effect("stopping says farewell for every member", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine } = yield* makeDirector(network, "r1", links(1))
      yield* engine.apply([inner(200), outer(200)], shared)
      yield* run(5)
      sent.length = 0

      yield* Effect.forkChild(engine.stop)
      yield* run(1)

      assert.deepStrictEqual(sent.map(({ what }) => what).toSorted(), ["advert 51/0", "advert 52/0"])
    })
  )

  it.effect(
    "a member that a reload adds to a group of Masters joins them; one that leaves stays Master",
    () =>
      Effect.gen(function* () {
        const { network } = yield* makeNetwork()
        const { engine, events, role } = yield* makeDirector(network, "r1", links(1))
        yield* engine.apply([inner(200)], { ...none, groups: [{ ...shared.groups[0]!, members: ["web"] }] })
        yield* run(5)
        events.length = 0

        yield* engine.apply([inner(200), outer(200)], shared)
        yield* run(0.1)
        assert.deepStrictEqual([yield* role("web"), yield* role("outer")], ["Master", "Master"])
        yield* engine.apply([inner(200), outer(200)])
        yield* run(5)

        assert.deepStrictEqual([yield* role("web"), yield* role("outer")], ["Master", "Master"])
        assert.isFalse(events.some((event) => event._tag === "RoleChanged" && event.router === "web"))
      })
  )

  it.effect("a reload that changes nothing tells nothing of a group; one without it forgets it", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, events } = yield* makeDirector(network, "r1", links(1))
      yield* engine.apply([inner(200), outer(200)], shared)
      yield* run(5)
      events.length = 0

      yield* engine.apply([inner(200), outer(200)], shared)
      yield* run(0.1)
      assert.deepStrictEqual(
        events.map(({ _tag }) => _tag),
        ["Applied"]
      )
      assert.lengthOf((yield* engine.status).groups, 1)
      yield* engine.apply([inner(200), outer(200)], {
        ...none,
        groups: [{ name: "G2", kind: "Group", members: ["nobody"] }]
      })
      assert.isEmpty((yield* engine.status).groups)
    })
  )

  it.effect("a member that a reload takes out of a group in Fault is alone, and well", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host, role } = yield* makeDirector(network, "r1", links(1))
      yield* engine.apply([inner(200), outer(200)], shared)
      yield* run(5)
      host.kernel.setUp("eth1", false)
      yield* run(0.5)
      assert.strictEqual(yield* role("web"), "Fault")

      yield* engine.apply([inner(200), outer(200)])
      yield* run(0.1)
      assert.strictEqual(yield* role("web"), "Backup")
      yield* run(5)

      assert.deepStrictEqual([yield* role("web"), yield* role("outer")], ["Master", "Fault"])
    })
  )

  it.effect("an owner that starts in a group waits for the others of it", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, role } = yield* makeDirector(network, "r1", links(1))

      yield* engine.apply([inner(255), outer(100)], shared)
      yield* run(1)
      assert.strictEqual(yield* role("web"), "Backup")
      yield* run(4)

      assert.deepStrictEqual([yield* role("web"), yield* role("outer")], ["Master", "Master"])
    })
  )

  it.effect("a member that a reload removes says farewell, and the others stay Master", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, events, role } = yield* makeDirector(network, "r1", links(1))
      yield* engine.apply([inner(200), outer(200)], shared)
      yield* run(5)
      sent.length = 0
      events.length = 0

      yield* engine.apply([outer(200)], { ...none, groups: [{ ...shared.groups[0]!, members: ["outer"] }] })
      yield* run(0.1)

      assert.deepStrictEqual(
        sent.filter(({ what }) => what.startsWith("advert")).map(({ what }) => what),
        ["advert 51/0"]
      )
      assert.strictEqual(yield* role("outer"), "Master")
      assert.isFalse(events.some((event) => event._tag === "RoleChanged" && event.router === "outer"))
    })
  )
})
