/** What an engine asks of its ports at a start, a reload and a takeover, on ports that write it down. */
import { AddressPlane } from "@holdfast/engine/AddressPlane"
import { Announcer } from "@holdfast/engine/Announcer"
import { Engine } from "@holdfast/engine/Engine"
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import * as SimulatedHost from "@holdfast/simulation/SimulatedHost"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import { none } from "@holdfast/vrrp/SharedParameters"
import type { MacAddress } from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { makeNetwork, parameters, run, vip } from "./Rig.ts"

/** An engine on a host, and what its plane of addresses and its announcer were asked. */
const make = Effect.gen(function* () {
  const { network } = yield* makeNetwork()
  const host = SimulatedHost.make(network, {
    name: "r1",
    links: [{ name: "eth0", addresses: ["192.0.2.1/24"] }]
  })
  const asked: Array<string> = []
  const simulated = yield* Layer.build(Layer.fresh(SimulatedHost.layer(host)))
  const plane = Context.get(simulated, AddressPlane)
  const announcer = Context.get(simulated, Announcer)
  const ports = Layer.mergeAll(
    Layer.succeedContext(simulated),
    Layer.succeed(AddressPlane, {
      open: (onEvent) =>
        Effect.map(plane.open(onEvent), (levels) => ({
          ...levels,
          set: (owner, ownership) => {
            asked.push(`${ownership.owned ? "hold" : "leave"} ${owner}`)
            levels.set(owner, ownership)
          },
          sweep: () => {
            asked.push("sweep")
            levels.sweep()
          }
        }))
    }),
    Layer.succeed(Announcer, {
      ...announcer,
      setPacings: (pacings) =>
        void asked.push(`pace ${pacings.map((one) => one.arpInterval).join(" ")}`.trim()),
      cancel: (addresses) => void asked.push(`cancel ${addresses.join(" ")}`)
    })
  )
  const engine = Context.get(yield* Layer.build(Layer.fresh(Layer.provide(Engine.layer, ports))), Engine)
  const events: Array<EngineEvent> = []
  yield* engine.events.pipe(
    Stream.runForEach((event) => Effect.sync(() => events.push(event))),
    Effect.forkScoped({ startImmediately: true })
  )
  return { asked, engine, events, host }
})

const router = parameters({ priority: 255 })

describe("Engine: ports", () => {
  it.effect("what a killed run left goes once, when all owners of the first file have their addresses", () =>
    Effect.gen(function* () {
      const { asked, engine } = yield* make
      yield* engine.apply([router])
      yield* engine.apply([router, { ...router, name: "db", vrid: 52 as typeof router.vrid, addresses: [] }])

      assert.deepStrictEqual(
        asked.filter((one) => one === "sweep" || one.startsWith("hold")),
        ["hold web", "sweep", "hold db"]
      )
    })
  )

  it.effect("the pace of announcements is that of each file", () =>
    Effect.gen(function* () {
      const { asked, engine } = yield* make
      const pacing = { arpInterval: 10_000 as Micros, neighbourInterval: 0 as Micros }
      yield* engine.apply([], { ...none, pacings: [pacing] })
      yield* engine.apply([])

      assert.deepStrictEqual(
        asked.filter((one) => one.startsWith("pace")),
        ["pace 10000", "pace"]
      )
    })
  )

  it.effect("announcements of addresses that go are dropped first", () =>
    Effect.gen(function* () {
      const { asked, engine, host } = yield* make
      yield* engine.apply([router])
      yield* run(1)
      asked.length = 0
      host.kernel.setUp("eth0", false)
      yield* run(1)

      assert.deepStrictEqual(asked, [`cancel ${vip}`, "leave web"])
    })
  )

  it.effect("a virtual MAC device whose name is taken is told, and the others run", () =>
    Effect.gen(function* () {
      const { engine, events, host } = yield* make
      const name = "vrrp.51" as InterfaceName
      host.kernel.addLink({ name, mac: "02:00:00:00:00:01" as MacAddress, up: true })
      const device = {
        name,
        parent: "eth0" as InterfaceName,
        mac: "00:00:5e:00:01:33" as MacAddress,
        families: ["Ipv4" as const]
      }
      yield* engine.apply([router], { ...none, devices: [device] })
      yield* run(1)

      const failures = events.flatMap((event) => (event._tag === "DeviceFailed" ? [event.message] : []))
      assert.lengthOf(failures, 1)
      assert.include(failures[0], "ip link delete vrrp.51")
      assert.isTrue(host.kernel.holds(vip))
    })
  )
})
