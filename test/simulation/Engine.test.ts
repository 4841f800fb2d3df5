/**
 * The engine on simulated hosts: what the shell owes the reducers, in virtual time.
 *
 * It stands here and not in `packages/engine`, because `simulation` depends on `engine` and not the reverse.
 */
import type { InterfaceName, Vrid } from "@holdfast/vrrp/Parameters"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { advertOf, count, makeDirector, makeNetwork, parameters, run, vip } from "./Rig.ts"

const eth1 = "eth1" as InterfaceName

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
        advertOf(51, 255, (bytes) => bytes.set([0x41], 0))
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
      assert.strictEqual(events.filter(({ _tag }) => _tag === "AdvertDropped").length, 3)
      assert.deepStrictEqual(
        events.flatMap((event) => (event._tag === "ParametersDiffer" ? [event.mismatch] : [])),
        [{ _tag: "HopLimit", theirs: 64 }]
      )
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
