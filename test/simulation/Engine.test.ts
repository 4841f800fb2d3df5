/**
 * The engine on simulated hosts: what the shell owes the reducers, in virtual time.
 *
 * It stands here and not in `packages/engine`, because `simulation` depends on `engine` and not the reverse.
 */
import type { InterfaceName, Vrid } from "@holdfast/vrrp/Parameters"
import type { Micros } from "@holdfast/wire/Instant"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as VirtualLan from "@holdfast/simulation/VirtualLan"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { address, advertOf, makeDirector, makeNetwork, parameters, run, type Sent, vip } from "./Rig.ts"

const eth0 = "eth0" as InterfaceName
const eth1 = "eth1" as InterfaceName

const count = (sent: ReadonlyArray<Sent>, what: string): number =>
  sent.filter((one) => one.what === what).length

describe("Engine: roles", () => {
  it.effect(
    "a lone Backup becomes Master after 3 intervals and its skew, speaks, takes the address, announces it",
    () =>
      Effect.gen(function* () {
        const { network, sent } = yield* makeNetwork()
        const { engine, host, role } = yield* makeDirector(network, "r1")

        yield* engine.apply([parameters({ priority: 100 })])
        yield* run(3.609)
        assert.strictEqual(yield* role(), "Backup")
        assert.isFalse(host.kernel.holds(vip))
        yield* run(0.001)

        assert.strictEqual(yield* role(), "Master")
        assert.isTrue(host.kernel.holds(vip))
        assert.deepStrictEqual(
          sent.map(({ at, what }) => `${at} ${what}`),
          ["3609375 advert 51/100", ...Array.from({ length: 5 }, () => "3609375 arp 192.0.2.100")]
        )
      })
  )

  it.effect(
    "a Master sends an advert each interval without drift, and the second burst after its delay",
    () =>
      Effect.gen(function* () {
        const { network, sent } = yield* makeNetwork()
        const { engine } = yield* makeDirector(network, "r1")

        yield* engine.apply([parameters({ priority: 100 })])
        yield* run(1_003.7)

        const adverts = sent.filter(({ what }) => what === "advert 51/100")
        assert.strictEqual(adverts.length, 1_001)
        assert.strictEqual(adverts.at(-1)?.at, 1_003_609_500)
        assert.deepStrictEqual(
          [...new Set(sent.filter(({ what }) => what.startsWith("arp")).map(({ at }) => at))],
          [3_609_375, 8_609_375]
        )
      })
  )

  it.effect("the higher priority is Master; the lower takes over when it falls silent", () =>
    Effect.gen(function* () {
      const { network, lan } = yield* makeNetwork()
      const r1 = yield* makeDirector(network, "r1")
      const r2 = yield* makeDirector(network, "r2")

      yield* r1.engine.apply([parameters({ priority: 200 })])
      yield* r2.engine.apply([parameters({ priority: 100 })])
      yield* run(10)
      assert.deepStrictEqual([yield* r1.role(), yield* r2.role()], ["Master", "Backup"])
      lan.partition([["r1.eth0"], ["r2.eth0"]])
      yield* run(10)
      assert.deepStrictEqual([yield* r1.role(), yield* r2.role()], ["Master", "Master"])
      lan.heal()
      yield* run(1.1)

      assert.deepStrictEqual([yield* r1.role(), yield* r2.role()], ["Master", "Backup"])
      assert.deepStrictEqual([r1.host.kernel.holds(vip), r2.host.kernel.holds(vip)], [true, false])
    })
  )

  it.effect(
    "stopping sends priority 0 before the addresses go, and the Backup takes over within its skew",
    () =>
      Effect.gen(function* () {
        const { network, lan, sent } = yield* makeNetwork()
        const r1 = yield* makeDirector(network, "r1")
        const r2 = yield* makeDirector(network, "r2")
        yield* r1.engine.apply([parameters({ priority: 200 })])
        yield* r2.engine.apply([parameters({ priority: 100 })])
        yield* run(10)
        const heldAtFarewell: Array<boolean> = []
        lan.onSent((_, port, frame) => {
          if (port === "r1.eth0" && frame._tag === "Advert" && frame.payload[2] === 0)
            heldAtFarewell.push(r1.host.kernel.holds(vip))
        })

        yield* r1.stop
        assert.deepStrictEqual(heldAtFarewell, [true])
        assert.isFalse(r1.host.kernel.holds(vip))
        yield* run(0.7)

        assert.strictEqual(yield* r2.role(), "Master")
        assert.strictEqual(count(sent, "advert 51/0"), 1)
      })
  )

  it.effect("stopping waits until a slow kernel has taken the addresses away", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host, stop } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 200 })])
      yield* run(10)
      host.addressDelayMicros = 2_000_000

      const stopping = yield* Effect.forkChild(stop)
      yield* run(1.9)
      assert.isUndefined(stopping.pollUnsafe())
      assert.isTrue(host.kernel.holds(vip))
      yield* run(0.2)

      yield* Fiber.join(stopping)
      assert.isFalse(host.kernel.holds(vip))
    })
  )
})

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

describe("Engine: devices", () => {
  it.effect("a router whose device is missing is in Fault until it appears; the others run", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host, role, router } = yield* makeDirector(network, "r1")

      yield* engine.apply([
        parameters({ priority: 200 }),
        parameters({ priority: 200, name: "db", interface: eth1, vrid: 52 as Vrid, addresses: [] })
      ])
      yield* run(10)
      assert.deepStrictEqual([yield* role("web"), yield* role("db")], ["Master", "Fault"])
      assert.deepStrictEqual((yield* router("db")).faults, [{ _tag: "InterfaceMissing", interface: eth1 }])
      host.kernel.addLink({ name: "eth1", addresses: ["198.51.100.1/24"] })
      yield* run(10)

      assert.deepStrictEqual([yield* role("web"), yield* role("db")], ["Master", "Master"])
    })
  )

  it.effect("a device that goes down and comes up takes its Master through Fault and back", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host, role } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 200 })])
      yield* run(10)

      host.kernel.setUp("eth0", false)
      yield* run(0.1)
      assert.strictEqual(yield* role(), "Fault")
      assert.isFalse(host.kernel.holds(vip))
      host.kernel.setUp("eth0", true)
      yield* run(4)

      assert.strictEqual(yield* role(), "Master")
    })
  )

  it.effect("a device that is deleted and made again is used again, with its new index", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const r1 = yield* makeDirector(network, "r1")
      const r2 = yield* makeDirector(network, "r2")
      yield* r1.engine.apply([parameters({ priority: 200 })])
      yield* r2.engine.apply([parameters({ priority: 100 })])
      yield* run(10)

      r1.host.kernel.deleteLink("eth0")
      r1.host.kernel.addLink({ name: "eth0", addresses: ["192.0.2.1/24"] })
      yield* run(10)

      assert.deepStrictEqual([yield* r1.role(), yield* r2.role()], ["Master", "Backup"])
      assert.isTrue(r1.host.kernel.holds(vip))
      assert.isTrue(sent.slice(-5).every(({ port }) => port === "r1.eth0"))
    })
  )
})

describe("Engine: what arrives", () => {
  it.effect("a VRID that was muted is heard as soon as a router here has it", () =>
    Effect.gen(function* () {
      const { network, lan } = yield* makeNetwork()
      const { engine, role } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 200, addresses: [] })])
      lan.send("stranger", advertOf(77, 150))
      yield* run(1)

      yield* engine.apply([
        parameters({ priority: 200, addresses: [] }),
        parameters({ priority: 100, name: "db", vrid: 77 as Vrid })
      ])
      for (let second = 0; second < 10; second++) {
        lan.send("stranger", advertOf(77, 150))
        yield* run(1)
      }

      assert.strictEqual(yield* role("db"), "Backup")
    })
  )

  it.effect("bad packets are counted by reason and change nothing", () =>
    Effect.gen(function* () {
      const { network, lan } = yield* makeNetwork()
      const { engine, events, router } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 200 })])
      yield* run(10)

      lan.send("stranger", { ...advertOf(51, 255), hopLimit: 64 })
      lan.send(
        "stranger",
        advertOf(51, 255, (bytes) => bytes.set([0xfe], 2))
      )
      lan.send(
        "stranger",
        advertOf(51, 255, (bytes) => bytes.set([0x31], 0))
      )
      lan.send("stranger", { ...advertOf(51, 255), payload: Uint8Array.of(0x21, 51, 255) })
      lan.send("stranger", { ...advertOf(51, 255), payload: Uint8Array.of() })
      yield* run(0.9)

      const { role, statistics } = yield* router("web")
      assert.strictEqual(role, "Master")
      assert.deepStrictEqual(
        Object.fromEntries(Object.entries(statistics.drops).filter(([, dropCount]) => dropCount > 0)),
        { ChecksumInvalid: 1, HopLimitInvalid: 1, LengthInvalid: 1, VersionMismatch: 1 }
      )
      assert.strictEqual(events.filter(({ _tag }) => _tag === "AdvertDropped").length, 4)
    })
  )

  it.effect("an overrun of the receive buffer is told", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, events, host } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 200 })])

      host.overrun("eth0", 3)
      host.overrun("eth0", 4)
      yield* run(0.1)

      assert.deepStrictEqual(
        events.flatMap((event) => (event._tag === "ReceiveOverrun" ? [event.droppedCount] : [])),
        [3, 7]
      )
    })
  )
})

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
