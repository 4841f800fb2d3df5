/** Reloads of an engine on simulated hosts. */
import type { InterfaceName, Vrid } from "@holdfast/vrrp/Parameters"
import type { Micros } from "@holdfast/wire/Instant"
import type { Ipv4Address } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { address, advertOf, count, makeDirector, makeNetwork, parameters, run, vip } from "./Rig.ts"

const eth0 = "eth0" as InterfaceName

describe("Engine: reload", () => {
  const web = parameters({ priority: 200 })
  const db = parameters({ priority: 150, name: "db", vrid: 52 as Vrid, addresses: [address("192.0.2.101")] })

  it.effect("what did not change puts nothing on the wire and keeps timers and counts", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, router } = yield* makeDirector(network, "r1")
      yield* engine.apply([web])
      yield* run(10.3)
      const before = yield* router("web")
      const sentBefore = sent.length

      const report = yield* engine.apply([parameters({ priority: 200 })])

      assert.deepStrictEqual(report, { kept: ["web"], changed: [], replaced: [], added: [], removed: [] })
      assert.strictEqual(sent.length, sentBefore)
      assert.deepStrictEqual(yield* router("web"), before)
      yield* run(2)
      const adverts = sent.filter(({ what }) => what === "advert 51/200").map(({ at }) => at)
      assert.isTrue(
        adverts.every(
          (at, index) => index === 0 || Math.abs(at - (adverts[index - 1] ?? 0) - 1_000_000) <= 500
        )
      )
    })
  )

  it.effect("added starts, removed leaves with priority 0, and neither disturbs the other", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, host, role } = yield* makeDirector(network, "r1")
      yield* engine.apply([web])
      yield* run(10)

      assert.deepStrictEqual((yield* engine.apply([web, db])).added, ["db"])
      yield* run(10)
      assert.strictEqual(yield* role("db"), "Master")
      assert.deepStrictEqual((yield* engine.apply([db])).removed, ["web"])
      yield* run(1)

      assert.strictEqual(count(sent, "advert 51/0"), 1)
      assert.strictEqual(count(sent, "advert 52/0"), 0)
      assert.deepStrictEqual(
        [host.kernel.holds(vip), host.kernel.holds("192.0.2.101" as Ipv4Address)],
        [false, true]
      )
      assert.deepStrictEqual(
        (yield* engine.status).routers.map(({ name }) => name),
        ["db"]
      )
    })
  )

  it.effect("a change of addresses is a difference: the role and the common addresses stay", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, events, host, role } = yield* makeDirector(network, "r1")
      yield* engine.apply([
        parameters({ priority: 200, addresses: [address("192.0.2.100"), address("192.0.2.101")] })
      ])
      yield* run(10)
      const sentBefore = sent.length
      const removals: Array<string> = []
      host.kernel.watch((links) => {
        const present = links.get(eth0)?.addresses.map((one) => one.address) ?? []
        if (!present.includes(vip)) removals.push(vip)
      })

      yield* engine.apply([
        parameters({ priority: 200, addresses: [address("192.0.2.100"), address("192.0.2.102")] })
      ])
      yield* run(0.1)

      assert.strictEqual(yield* role(), "Master")
      assert.isEmpty(removals)
      assert.deepStrictEqual(
        ["192.0.2.100", "192.0.2.101", "192.0.2.102"].map((one) => host.kernel.holds(one as Ipv4Address)),
        [true, false, true]
      )
      assert.deepStrictEqual(
        sent.slice(sentBefore).map(({ what }) => what),
        Array.from({ length: 5 }, () => "arp 192.0.2.102")
      )
      assert.strictEqual(count(sent, "advert 51/0"), 0)
      assert.isFalse(events.some((event) => event._tag === "RoleChanged" && event.from === "Master"))
    })
  )

  it.effect("an address on another device that is up joins without a change of role", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, events, host } = yield* makeDirector(network, "r1", [
        { name: "eth0", addresses: ["192.0.2.1/24"] },
        { name: "eth1", addresses: ["198.51.100.1/24"] }
      ])
      yield* engine.apply([web])
      yield* run(10)

      const changed = parameters({
        priority: 200,
        addresses: [...web.addresses, address("198.51.100.100", "eth1")]
      })
      yield* engine.apply([changed])
      yield* run(1)

      assert.isTrue(host.kernel.holds("198.51.100.100" as Ipv4Address))
      assert.strictEqual(count(sent, "advert 51/0"), 0)
      assert.isFalse(events.some((event) => event._tag === "RoleChanged" && event.from === "Master"))
    })
  )

  it.effect("a lower priority is sent from the next advert on, in the same rhythm", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, role } = yield* makeDirector(network, "r1")
      yield* engine.apply([web])
      yield* run(10.3)
      const last = sent.findLast(({ what }) => what === "advert 51/200")

      assert.deepStrictEqual((yield* engine.apply([parameters({ priority: 90 })])).changed, ["web"])
      yield* run(1)

      const next = sent.find(({ what }) => what === "advert 51/90")
      assert.strictEqual(yield* role(), "Master")
      assert.strictEqual((next?.at ?? 0) - (last?.at ?? 0), 1_000_000)
    })
  )

  it.effect(
    "another name keeps role, timers, counts and addresses, which are restored under the new name",
    () =>
      Effect.gen(function* () {
        const { network, sent } = yield* makeNetwork()
        const { engine, events, host, router } = yield* makeDirector(network, "r1")
        yield* engine.apply([web])
        yield* run(10.3)
        const before = yield* router("web")
        const sentBefore = sent.length

        yield* engine.apply([parameters({ priority: 200, name: "www" })])

        assert.deepStrictEqual(yield* router("www"), { ...before, name: "www" })
        assert.strictEqual(sent.length, sentBefore)
        host.kernel.deleteAddress("eth0", vip)
        yield* run(0.1)
        assert.isTrue(host.kernel.holds(vip))
        assert.isTrue(events.some((event) => event._tag === "AddressesRestored" && event.router === "www"))
      })
  )

  it.effect("two routers that exchange their names are two others: both leave and begin anew", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, host, router } = yield* makeDirector(network, "r1")
      yield* engine.apply([web, db])
      yield* run(10)
      sent.length = 0

      const report = yield* engine.apply([
        { ...web, name: "db" },
        { ...db, name: "web" }
      ])
      assert.deepStrictEqual(report.replaced, ["db", "web"])
      assert.deepStrictEqual([count(sent, "advert 51/0"), count(sent, "advert 52/0")], [1, 1])
      yield* run(5)

      assert.deepStrictEqual(
        [yield* router("db"), yield* router("web")].map(({ role, vrid }) => [vrid, role]),
        [
          [51, "Master"],
          [52, "Master"]
        ]
      )
      assert.isTrue(host.kernel.holds(vip))
    })
  )

  it.effect("what arrives for a router that a reload took away is foreign", () =>
    Effect.gen(function* () {
      const { lan, network } = yield* makeNetwork()
      const { engine } = yield* makeDirector(network, "r1")
      yield* engine.apply([web, db])
      yield* run(5)
      yield* engine.apply([db])

      lan.send("stranger", advertOf(51, 100))
      yield* run(1)

      assert.deepStrictEqual((yield* engine.status).foreign, [
        { interface: "eth0", vrid: 51, advertCount: 1 }
      ])
    })
  )

  it.effect("another VRID is another router: the old one leaves with priority 0 and the new one starts", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, host, role, router } = yield* makeDirector(network, "r1")
      yield* engine.apply([web])
      yield* run(10)

      const report = yield* engine.apply([parameters({ priority: 200, vrid: 53 as Vrid })])
      assert.deepStrictEqual(report.replaced, ["web"])
      assert.strictEqual(count(sent, "advert 51/0"), 1)
      assert.strictEqual(yield* role(), "Backup")
      yield* run(0.1)
      assert.isFalse(host.kernel.holds(vip))
      yield* run(5)

      assert.strictEqual((yield* router("web")).statistics.counters.becameMaster, 2)
      assert.strictEqual(yield* role(), "Master")
      assert.isTrue(host.kernel.holds(vip))
    })
  )

  it.effect("an address that passes from one router to another in one reload is not lost", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host } = yield* makeDirector(network, "r1")
      yield* engine.apply([web, db])
      yield* run(10)

      yield* engine.apply([
        { ...web, addresses: [] },
        { ...db, addresses: [...db.addresses, ...web.addresses] }
      ])
      yield* run(1)

      assert.isTrue(host.kernel.holds(vip))
    })
  )

  it.effect("an interval that changes is kept from then on", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine } = yield* makeDirector(network, "r1")
      yield* engine.apply([web])
      yield* run(10)
      const before = sent.length

      yield* engine.apply([parameters({ priority: 200, advertInterval: 2_000_000 as Micros })])
      yield* run(10)

      assert.strictEqual(count(sent.slice(before), "advert 51/200"), 5)
    })
  )

  it.effect("a device that refuses its channel is tried again until it carries adverts", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, events, host, role } = yield* makeDirector(network, "r1")
      host.refusedChannels.set(eth0, "no buffer space")

      yield* engine.apply([parameters({ priority: 200 })])
      yield* run(5)
      assert.strictEqual(yield* role(), "Fault")
      assert.isTrue(
        events.some((event) => event._tag === "ChannelFailed" && event.message === "no buffer space")
      )
      host.refusedChannels.clear()
      yield* run(10)

      assert.strictEqual(yield* role(), "Master")
    })
  )

  it.effect("a VRID that nobody here runs is told and counted once, then muted for a minute", () =>
    Effect.gen(function* () {
      const { network, lan } = yield* makeNetwork()
      const { engine, events } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 200 })])

      for (let second = 0; second < 50; second++) {
        lan.send("stranger", advertOf(77, 100))
        yield* run(1)
      }
      assert.deepStrictEqual((yield* engine.status).foreign, [
        { interface: "eth0", vrid: 77, advertCount: 1 }
      ])
      assert.lengthOf(
        events.filter(({ _tag }) => _tag === "ForeignRouterHeard"),
        1
      )
      yield* run(11)
      lan.send("stranger", advertOf(77, 100))
      yield* run(1)

      assert.deepStrictEqual((yield* engine.status).foreign, [
        { interface: "eth0", vrid: 77, advertCount: 2 }
      ])
    })
  )
})
