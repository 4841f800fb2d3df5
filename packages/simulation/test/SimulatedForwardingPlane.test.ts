import type { Edit } from "@holdfast/balancer/ForwardingTable"
import type { Service } from "@holdfast/balancer/Service"
import { ForwardingPlane, ForwardingPlaneError } from "@holdfast/engine/ForwardingPlane"
import * as SimulatedForwardingPlane from "@holdfast/simulation/SimulatedForwardingPlane"
import type { IpAddress } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"

const web: Service = {
  key: "TCP 192.0.2.1:80",
  address: { _tag: "Endpoint", protocol: "TCP", address: "192.0.2.1" as IpAddress, port: 80 },
  scheduler: "rr",
  schedulerFlags: [],
  onePacket: false,
  destinations: new Map()
}
const addWeb: Edit = { _tag: "AddService", service: web }

describe("SimulatedForwardingPlane", () => {
  it.effect("refuses what it was told to refuse, and takes it when the fault is over", () =>
    Effect.gen(function* () {
      const forwarding = SimulatedForwardingPlane.make()
      const plane = yield* SimulatedForwardingPlane.open(forwarding)
      forwarding.refused.set(web.key, "no memory")

      const [refusal] = yield* plane.apply([addWeb])
      forwarding.refused.clear()
      const refusals = yield* plane.apply([addWeb])

      assert.deepStrictEqual(refusal, { edit: addWeb, mismatch: false, message: "no memory" })
      assert.deepStrictEqual(refusals, [])
      assert.deepStrictEqual(forwarding.edits, [addWeb])
    })
  )

  it.effect("tells the others of a change as nf_tables does, and not the one who made it", () =>
    Effect.gen(function* () {
      const forwarding = SimulatedForwardingPlane.make("nf_tables")
      const told: Array<string> = []
      const first = yield* SimulatedForwardingPlane.open(forwarding, () => told.push("first"))
      yield* SimulatedForwardingPlane.open(forwarding, () => told.push("second"))

      yield* first.apply([addWeb])
      forwarding.edit({ _tag: "RemoveService", service: web })

      assert.deepStrictEqual(told, ["second", "first", "second"])
    })
  )

  it.effect("tells nobody of a change when it is IPVS", () =>
    Effect.gen(function* () {
      const forwarding = SimulatedForwardingPlane.make("ipvs")
      const told: Array<string> = []
      yield* SimulatedForwardingPlane.open(forwarding, () => told.push("first"))

      forwarding.edit(addWeb)

      assert.deepStrictEqual(told, [])
    })
  )

  it.effect("takes its time", () =>
    Effect.gen(function* () {
      const forwarding = SimulatedForwardingPlane.make()
      forwarding.delayMillis = 20
      const plane = yield* SimulatedForwardingPlane.open(forwarding)

      const applying = yield* Effect.forkChild(plane.apply([addWeb]), { startImmediately: true })
      yield* TestClock.adjust("19 millis")
      const before = forwarding.table().size
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(applying)

      assert.deepStrictEqual([before, forwarding.table().size], [0, 1])
    })
  )

  it.effect("has the plane of its kind and no other, and none while it is unavailable", () =>
    Effect.gen(function* () {
      const forwarding = SimulatedForwardingPlane.make("nf_tables")
      const { open } = yield* Effect.provide(ForwardingPlane, SimulatedForwardingPlane.layer(forwarding))

      const { kind } = yield* open("auto", () => {})
      const absent = yield* Effect.flip(open("ipvs", () => {}))
      forwarding.unavailable = new ForwardingPlaneError({ reason: "Forbidden", message: "not you" })
      const unavailable = yield* Effect.flip(open("nf_tables", () => {}))

      assert.deepStrictEqual(
        [kind, absent.reason, unavailable.reason],
        ["nf_tables", "Unsupported", "Forbidden"]
      )
    })
  )
})
