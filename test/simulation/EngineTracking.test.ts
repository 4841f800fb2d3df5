/** What an engine makes of trackers, delays and static entries, on simulated hosts. */
import { none } from "@holdfast/vrrp/SharedParameters"
import { keyOf, type Observation, type Subject, type Tracker } from "@holdfast/vrrp/Tracker"
import type { InterfaceName, Vrid } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { address, makeDirector, makeNetwork, parameters, run } from "./Rig.ts"

const script: Subject = { _tag: "Script", name: "chk" }
const tracker = (weight: number): Tracker => ({ subject: script, weight, reverse: false })
const seen = (observation: Observation) => new Map([[keyOf(script), observation]])

describe("Engine: trackers", () => {
  it.effect("a router waits for the first result, runs while it is good, and says why when it is not", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, role, router } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 100, trackers: [tracker(0)] })])
      yield* run(5)
      assert.deepStrictEqual((yield* router("web")).faults, [{ _tag: "TrackerUnknown", subject: script }])

      engine.observe(seen({ _tag: "Up" }))
      yield* run(5)
      assert.strictEqual(yield* role(), "Master")
      engine.observe(seen({ _tag: "Down" }))
      yield* run(0.1)

      assert.strictEqual(yield* role(), "Fault")
      assert.deepStrictEqual((yield* router("web")).faults, [{ _tag: "TrackerDown", subject: script }])
    })
  )

  it.effect("a weight moves the priority, and the other router takes over", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const first = yield* makeDirector(network, "r1")
      const second = yield* makeDirector(network, "r2")
      yield* first.engine.apply([parameters({ priority: 150, trackers: [tracker(-60)] })])
      first.engine.observe(seen({ _tag: "Up" }))
      yield* second.engine.apply([parameters({ priority: 100 })])
      yield* run(5)
      assert.strictEqual(yield* first.role(), "Master")

      first.engine.observe(seen({ _tag: "Down" }))
      yield* run(5)

      assert.deepStrictEqual([yield* first.role(), yield* second.role()], ["Backup", "Master"])
      assert.strictEqual((yield* first.router("web")).priority, 90)
      assert.isTrue(first.events.some((event) => event._tag === "PriorityChanged" && event.to === 90))
    })
  )

  it.effect("a reload that tracks a script without a result yet costs a running router nothing", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, events, role } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 100 })])
      yield* run(5)
      events.length = 0

      yield* engine.apply([parameters({ priority: 100, trackers: [tracker(0)] })])
      yield* run(5)
      assert.strictEqual(yield* role(), "Master")
      assert.isFalse(events.some(({ _tag }) => _tag === "RoleChanged"))
      engine.observe(seen({ _tag: "Down" }))
      yield* run(0.1)

      assert.strictEqual(yield* role(), "Fault")
    })
  )

  it.effect(
    "what is known already counts for a router at once, when it starts and when it begins to track",
    () =>
      Effect.gen(function* () {
        const { network } = yield* makeNetwork()
        const { engine, role, router } = yield* makeDirector(network, "r1")
        const tracked = parameters({ priority: 150, trackers: [tracker(-60)] })
        const db = { ...tracked, name: "db", vrid: 52 as Vrid, addresses: [address("192.0.2.101")] }
        engine.observe(seen({ _tag: "Down" }))
        yield* engine.apply([parameters({ priority: 150 })])
        yield* run(5)

        yield* engine.apply([tracked, db])

        assert.deepStrictEqual([(yield* router("web")).priority, (yield* router("db")).priority], [90, 90])
        assert.strictEqual(yield* role("db"), "Backup")
      })
  )
})

describe("Engine: what routers share", () => {
  const shared = {
    ...none,
    interfaceDelays: [
      { interface: "eth0" as InterfaceName, up: 3_000_000 as Micros, down: 2_000_000 as Micros }
    ]
  }

  it.effect("a device that is down for less than its delay was never down", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host, role } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 100 })], shared)
      yield* run(5)

      host.kernel.setUp("eth0", false)
      yield* run(1)
      host.kernel.setUp("eth0", true)
      yield* run(5)
      assert.strictEqual(yield* role(), "Master")
      host.kernel.setUp("eth0", false)
      yield* run(1.9)
      assert.strictEqual(yield* role(), "Master")
      yield* run(0.2)
      assert.strictEqual(yield* role(), "Fault")
      host.kernel.setUp("eth0", true)
      yield* run(2.9)
      assert.strictEqual(yield* role(), "Fault")
      yield* run(0.2)

      assert.strictEqual(yield* role(), "Backup")
    })
  )

  it.effect("static addresses are there whoever is Master, and go with the program", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host } = yield* makeDirector(network, "r1")
      const held = "192.0.2.50" as IpAddress

      yield* engine.apply([], { ...none, staticAddresses: [address(held)] })
      yield* run(0.1)
      assert.isTrue(host.kernel.holds(held))
      yield* Effect.forkChild(engine.stop)
      yield* run(1)

      assert.isFalse(host.kernel.holds(held))
    })
  )

  it.effect("static addresses that a reload no longer has go; one that the kernel refuses is told", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, events, host } = yield* makeDirector(network, "r1")
      const [held, refused] = ["192.0.2.50" as IpAddress, "192.0.2.51" as IpAddress]
      host.refusedAddresses.set(refused, "no such device")

      yield* engine.apply([], { ...none, staticAddresses: [address(held), address(refused)] })
      yield* run(0.1)
      const failures = events.flatMap((event) => (event._tag === "AddressesChanged" ? event.failures : []))
      assert.lengthOf(failures, 1)
      assert.include(failures[0], "no such device")
      yield* engine.apply([])
      yield* run(0.1)

      assert.isFalse(host.kernel.holds(held))
    })
  )

  it.effect(
    "a reload during the start-up delay does not begin it anew, and takes away what has not started",
    () =>
      Effect.gen(function* () {
        const { network, sent } = yield* makeNetwork()
        const { engine, role } = yield* makeDirector(network, "r1")
        const web = parameters({ priority: 255 })
        const db = { ...web, name: "db", vrid: 52 as Vrid, addresses: [address("192.0.2.101")] }
        const delayed = { ...none, startupDelay: 10_000_000 as Micros }
        yield* engine.apply([web, db], delayed)
        yield* run(6)
        yield* engine.apply([db], delayed)
        yield* run(3)
        assert.isEmpty(sent)
        yield* run(2)

        assert.strictEqual(yield* role("db"), "Master")
        assert.isFalse(sent.some(({ what }) => what.startsWith("advert 51")))
        yield* engine.apply([web, db], delayed)
        assert.strictEqual(yield* role("web"), "Master")
      })
  )

  it.effect("who is stopped during the start-up delay never starts", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine } = yield* makeDirector(network, "r1")
      yield* engine.apply([parameters({ priority: 255 })], { ...none, startupDelay: 10_000_000 as Micros })
      yield* run(6)
      yield* Effect.forkChild(engine.stop)
      yield* run(10)

      assert.isEmpty(sent)
    })
  )

  it.effect("stopping waits until a slow kernel has taken static addresses away", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, host } = yield* makeDirector(network, "r1")
      const held = "192.0.2.50" as IpAddress
      yield* engine.apply([], { ...none, staticAddresses: [address(held)] })
      yield* run(0.1)
      host.addressDelayMicros = 1_000_000

      const stopping = yield* Effect.forkChild(engine.stop)
      yield* run(0.5)
      assert.isUndefined(stopping.pollUnsafe())
      yield* run(1)

      assert.isDefined(stopping.pollUnsafe())
      assert.isFalse(host.kernel.holds(held))
    })
  )

  it.effect("nothing starts before the start-up delay is over", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const { engine, role } = yield* makeDirector(network, "r1")

      yield* engine.apply([parameters({ priority: 255 })], { ...none, startupDelay: 10_000_000 as Micros })
      yield* run(9)
      assert.strictEqual(yield* role(), "Init")
      yield* run(2)

      assert.strictEqual(yield* role(), "Master")
    })
  )
})
