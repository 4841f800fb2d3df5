/** What an engine does about addresses, on simulated hosts. */
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as VirtualLan from "@holdfast/simulation/VirtualLan"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { address, advertOf, count, makeDirector, makeNetwork, parameters, run, vip } from "./Rig.ts"

describe("Engine: addresses", () => {
  it.effect("an address that another program removes is put back and announced", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, events, host, role } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 200 })])
      yield* run(20)
      const before = sent.length

      host.kernel.deleteAddress("eth0", vip)
      yield* run(0.1)

      assert.isTrue(host.kernel.holds(vip))
      assert.strictEqual(yield* role(), "Master")
      assert.strictEqual(count(sent.slice(before), "arp 192.0.2.100"), 5)
      assert.isTrue(events.some((event) => event._tag === "AddressesRestored" && event.addresses[0] === vip))
    })
  )

  it.effect("an address that is added is announced, at once and after the delay; the others are not", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 200 })])
      yield* run(20)
      const before = sent.length

      yield* engine.apply([
        parameters({ priority: 200, addresses: [address("192.0.2.100"), address("192.0.2.101")] })
      ])
      yield* run(20)

      assert.strictEqual(count(sent.slice(before), "arp 192.0.2.101"), 10)
      assert.strictEqual(count(sent.slice(before), "arp 192.0.2.100"), 0)
    })
  )

  it.effect("a router that gives its addresses up and takes them again at once announces them again", () =>
    Effect.gen(function* () {
      const { network, lan, sent } = yield* makeNetwork()
      const { engine, events, host } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 200 })])
      yield* run(20)
      const before = sent.length

      // The kernel has not taken them away yet when the router is Master again, as the owner.
      lan.setConditions({ ...VirtualLan.calm, latencyMicros: 0 })
      lan.send("stranger", advertOf(51, 250))
      network.world.runUntil(network.world.now())
      yield* engine.apply([parameters({ priority: 255 })])
      yield* run(0.1)

      assert.deepStrictEqual(
        events.flatMap((event) => (event._tag === "RoleChanged" ? [event.to] : [])),
        ["Backup", "Master", "Backup", "Master"]
      )
      assert.isTrue(host.kernel.holds(vip))
      assert.strictEqual(count(sent.slice(before), "arp 192.0.2.100"), 5)
    })
  )

  it.effect("a router that starts takes away what a killed run left behind", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host } = yield* makeDirector(network, "r1", [
        { name: "eth0", addresses: ["192.0.2.1/24", "192.0.2.100/32"] }
      ])

      yield* engine.apply([parameters({ priority: 200 })])
      yield* run(0.1)

      assert.isFalse(host.kernel.holds(vip))
      assert.isTrue(host.kernel.holds("192.0.2.1" as Ipv4Address))
    })
  )

  it.effect("an owner keeps the addresses that it had before, also when it stops", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host, role, stop } = yield* makeDirector(network, "r1", [
        { name: "eth0", addresses: ["192.0.2.100/24"] }
      ])

      yield* engine.apply([parameters({ priority: 255 })])
      yield* run(0.1)
      assert.strictEqual(yield* role(), "Master")
      yield* stop

      assert.isTrue(host.kernel.holds(vip))
    })
  )

  it.effect("an address that the kernel refuses is told with its reason, and the rest is held", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, host, router } = yield* makeDirector(network, "r1")
      host.refusedAddresses.set(vip, "no room")

      yield* engine.apply([
        parameters({ priority: 200, addresses: [address("192.0.2.100"), address("192.0.2.101")] })
      ])
      yield* run(15)

      const status = yield* router("web")
      assert.strictEqual(status.role, "Master")
      assert.strictEqual(count(sent, "arp 192.0.2.101"), 10)
      assert.strictEqual(count(sent, "arp 192.0.2.100"), 0)
      assert.lengthOf(status.addressFailures, 1)
      assert.include(status.addressFailures[0], "no room")
      assert.isTrue(host.kernel.holds("192.0.2.101" as Ipv4Address))
    })
  )

  it.effect("a slow kernel delays announcements and no advert", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, host } = yield* makeDirector(network, "r1")
      host.addressDelayMicros = 30_000_000

      yield* engine.apply([parameters({ priority: 200 })])
      yield* run(40)

      const adverts = sent.filter(({ what }) => what === "advert 51/200").map(({ at }) => at)
      const arps = sent.filter(({ what }) => what.startsWith("arp")).map(({ at }) => at)
      assert.strictEqual(adverts.length, 37)
      for (const [index, at] of adverts.entries())
        assert.isAtMost(Math.abs(at - (adverts[0] ?? 0) - index * 1_000_000), 500)
      // The level before, "not held", is with the kernel until 30 s; the answer to "held" comes after that.
      assert.isAtLeast(arps[0] ?? 0, 30_000_000)
      host.addressDelayMicros = 0
    })
  )
})
