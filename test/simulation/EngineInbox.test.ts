/**
 * What the engine is told while its inbox is full: only adverts and counts may be lost.
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { SimulatedHost } from "@holdfast/simulation/SimulatedHost"
import type { SimulatedNetwork } from "@holdfast/simulation/SimulatedNetwork"
import * as VirtualLan from "@holdfast/simulation/VirtualLan"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { advertOf, makeDirector, makeNetwork, parameters, run, vip } from "./Rig.ts"

const eth0 = "eth0" as InterfaceName

/** More than the inbox has room for, and more batches of adverts than may wait in it. */
const many = 1_100

/** Does something in a moment in which the inbox is full and the actor has had no turn. */
const whileFull = Effect.fnUntraced(function* (
  network: SimulatedNetwork,
  host: SimulatedHost,
  act: () => void
) {
  const { world } = network
  world.schedule(world.now(), () => {
    for (let count = 0; count < many; count++) host.overrun(eth0, 1)
    act()
  })
  yield* run(0.5)
})

const makeMaster = Effect.gen(function* () {
  const { lan, network } = yield* makeNetwork()
  const director = yield* makeDirector(network, "r1")
  yield* director.engine.apply([parameters({ priority: 200 })])
  yield* run(10)
  return { ...director, lan, network }
})

describe("Engine: a full inbox", () => {
  it.effect("reports of addresses are kept", () =>
    Effect.gen(function* () {
      const { events, host, network } = yield* makeMaster
      const restored = (): number => events.filter(({ _tag }) => _tag === "AddressesRestored").length

      yield* whileFull(network, host, () => host.kernel.deleteAddress(eth0, vip))
      assert.strictEqual(restored(), 1)

      host.kernel.deleteAddress(eth0, vip)
      yield* run(0.5)
      assert.strictEqual(restored(), 2)
    })
  )

  it.effect("changes of links are kept", () =>
    Effect.gen(function* () {
      const { host, network, role } = yield* makeMaster

      yield* whileFull(network, host, () => host.kernel.setUp(eth0, false))
      assert.strictEqual(yield* role(), "Fault")

      host.kernel.setUp(eth0, true)
      yield* run(10)
      assert.strictEqual(yield* role(), "Master")
    })
  )

  it.effect("adverts are lost, counted, and heard again afterwards", () =>
    Effect.gen(function* () {
      const { engine, host, lan, network, role } = yield* makeMaster
      // Frames arrive at once, and so in the moment of a full inbox.
      lan.setConditions({ ...VirtualLan.calm, latencyMicros: 0 })

      yield* whileFull(network, host, () => {
        for (let count = 0; count < many; count++) lan.send("peer", advertOf(51, 100))
      })
      assert.strictEqual((yield* engine.status).timing.floodedCount, many)

      lan.send("peer", advertOf(51, 250))
      yield* run(0.5)
      assert.strictEqual(yield* role(), "Backup")
    })
  )

  it.effect("commands wait for room", () =>
    Effect.gen(function* () {
      const { engine, host, network, role } = yield* makeMaster
      const wanted = [parameters({ priority: 150 })]

      const { world } = network
      const asked: Array<Fiber.Fiber<unknown>> = []
      const fork = Effect.runForkWith(yield* Effect.context())
      world.schedule(world.now(), () => {
        for (let count = 0; count < many; count++) host.overrun(eth0, 1)
        for (let count = 0; count < many; count++) asked.push(fork(engine.apply(wanted)))
      })
      yield* run(0.5)

      yield* Effect.forEach(asked, Fiber.join, { discard: true })
      assert.strictEqual(asked.length, many)
      assert.strictEqual(yield* role(), "Master")
    })
  )
})
