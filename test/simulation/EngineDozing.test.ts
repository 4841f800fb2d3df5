/** A Backup of many routers dozes: it is woken seldom, and nobody could tell by when it takes over. */
import { AdvertTransport } from "@holdfast/engine/AdvertTransport"
import { Engine } from "@holdfast/engine/Engine"
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import * as SimulatedHost from "@holdfast/simulation/SimulatedHost"
import { Frame, type SimulatedNetwork } from "@holdfast/simulation/SimulatedNetwork"
import * as VirtualLan from "@holdfast/simulation/VirtualLan"
import type { InterfaceName, Vrid } from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import type { Micros } from "@holdfast/wire/Instant"
import { groupVrrp } from "@holdfast/wire/Ipv4"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { makeDirector, makeNetwork, parameters, run } from "./Rig.ts"

const count = 32
const intervalMicros = 100_000
const priority = 240
/** A device whose channel opens after a while, in which the pass stands. */
const slow = "eth1"
const openingMillis = 280
const stranger = "192.0.2.200" as Ipv4Address

/** The routers of a file, without addresses: a virtual router need not have any. */
const routersOf = (priorityOf: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...parameters({
      priority: priorityOf,
      version: 3,
      advertInterval: intervalMicros as Micros,
      addresses: []
    }),
    name: `VI_${index + 1}`,
    vrid: (index + 1) as Vrid
  }))

/** An engine that counts how often it is told of adverts, and whether it dozes. */
const makeBackup = Effect.fnUntraced(function* (network: SimulatedNetwork) {
  const host = SimulatedHost.make(network, {
    name: "r2",
    links: [
      { name: "eth0", addresses: ["192.0.2.2/24"] },
      { name: slow, addresses: ["198.51.100.2/24"] }
    ]
  })
  const simulated = yield* Layer.build(Layer.fresh(SimulatedHost.layer(host)))
  const transport = Context.get(simulated, AdvertTransport)
  const seen = { isDozing: false, told: 0, wokenAt: 0 }
  const counting = Layer.succeed(AdvertTransport, {
    open: (options) =>
      Effect.map(
        Effect.andThen(
          options.interface === slow ? Effect.sleep(openingMillis) : Effect.void,
          transport.open({
            ...options,
            onReceived: (...received) => {
              seen.told += 1
              options.onReceived(...received)
            }
          })
        ),
        (channel) => ({
          ...channel,
          doze: (dozing) => {
            seen.isDozing = dozing
            if (!dozing) seen.wokenAt = network.world.now()
            channel.doze(dozing)
          }
        })
      )
  })
  const ports = Layer.mergeAll(Layer.succeedContext(simulated), counting)
  const engine = Context.get(yield* Layer.build(Layer.fresh(Layer.provide(Engine.layer, ports))), Engine)
  const events: Array<EngineEvent> = []
  yield* engine.events.pipe(
    Stream.runForEach((event) => Effect.sync(() => events.push(event))),
    Effect.forkScoped({ startImmediately: true })
  )
  yield* engine.apply(routersOf(priority))
  const roles = Effect.map(engine.status, ({ routers }) =>
    [...new Set(routers.map(({ role }) => role))].join()
  )
  return { engine, events, roles, seen }
})

/** A Master and its Backup, who has heard it for a while. */
const settled = Effect.gen(function* () {
  const { lan, network, sent } = yield* makeNetwork()
  lan.setConditions({ ...VirtualLan.calm, latencyMicros: 100 })
  const master = yield* makeDirector(network, "r1")
  yield* master.engine.apply(routersOf(250))
  yield* run(1)
  const backup = yield* makeBackup(network)
  yield* run(2.5)
  /** When each router's last advert of the Master and first of the Backup were sent, apart. */
  const apart = () =>
    Array.from({ length: count }, (_, index) => {
      const adverts = sent.filter(({ what }) => what.startsWith(`advert ${index + 1}/`))
      const first = adverts.findIndex(({ port }) => port === "r2.eth0")
      return first < 0 ? Number.NaN : adverts[first]!.at - adverts[first - 1]!.at
    })
  const firstAt = () => sent.find(({ port }) => port === "r2.eth0")?.at
  return { apart, backup, firstAt, lan, master }
})

/** RFC 9568 section 6.1, and the time that an advert is on its way. */
const skewMicros = ((256 - priority) / 256) * intervalMicros
const latencyMicros = 100

describe("Engine: a Backup dozes", () => {
  it.effect("it is told of all that waits, and stays what it is", () =>
    Effect.gen(function* () {
      const { backup } = yield* settled
      assert.isTrue(backup.seen.isDozing)
      const before = backup.seen.told
      yield* run(10)

      // The Master's adverts leave ten times a second, all at once. A quarter of an interval is to spare.
      const doze = 3 * intervalMicros + skewMicros - 1.25 * intervalMicros
      assert.approximately(backup.seen.told - before, 10_000_000 / doze, 1)
      assert.strictEqual(yield* backup.roles, "Backup")
    })
  )

  it.effect("what it finds out is told when it looks", () =>
    Effect.gen(function* () {
      const { backup, master } = yield* settled
      const differing = () => backup.events.filter(({ _tag }) => _tag === "ParametersDiffer").length
      assert.strictEqual(differing(), 0)
      const [first, ...others] = routersOf(250)
      const { addresses } = parameters({ priority })
      yield* master.engine.apply([{ ...first!, addresses }, ...others])
      yield* run(0.5)

      assert.isTrue(backup.seen.isDozing)
      assert.strictEqual(differing(), 1)
    })
  )

  it.effect("it does not look while a reload is under way, and goes on afterwards", () =>
    Effect.gen(function* () {
      const { backup } = yield* settled
      const elsewhere = { ...parameters({ priority }), interface: slow as InterfaceName, name: "elsewhere" }
      const reload = yield* Effect.forkChild(backup.engine.apply([...routersOf(priority), elsewhere]))
      yield* run(0.01)
      const before = backup.seen.told
      yield* run(openingMillis / 1000 - 0.02)
      assert.strictEqual(backup.seen.told, before)
      yield* run(1)

      yield* Fiber.join(reload)
      assert.isAbove(backup.seen.told, before)
      const { routers } = yield* backup.engine.status
      assert.isTrue(routers.slice(0, count).every(({ role }) => role === "Backup"))
    })
  )

  it.effect("it counts a stranger's adverts that it heard in one look", () =>
    Effect.gen(function* () {
      const { backup, lan } = yield* settled
      const told = backup.seen.told
      while (backup.seen.told === told) yield* run(0.001)
      const payload = Advertisement.encode(
        {
          version: 2,
          vrid: 200,
          priority: 90,
          advertIntervalMicros: 1_000_000,
          authenticationType: 0,
          addresses: []
        },
        { source: stranger, destination: groupVrrp }
      )
      for (let sent = 0; sent < 3; sent++)
        lan.send(
          "stranger",
          Frame.Advert({ source: stranger, destination: groupVrrp, hopLimit: 255, payload })
        )
      yield* run(0.5)

      const { foreign } = yield* backup.engine.status
      assert.deepStrictEqual(foreign, [{ interface: "eth0", vrid: 200, advertCount: 3 }])
    })
  )

  it.effect("it counts each advert", () =>
    Effect.gen(function* () {
      const { backup } = yield* settled
      const received = Effect.map(backup.engine.status, ({ routers }) =>
        routers.map(({ statistics }) => statistics.counters.advertsReceived)
      )
      const before = yield* received
      yield* run(10)

      for (const [index, count] of (yield* received).entries())
        assert.approximately(count - before[index]!, 100, 3)
    })
  )

  it.effect("it takes over on the microsecond when its Master is silent, and then hears each advert", () =>
    Effect.gen(function* () {
      const { apart, backup, firstAt, master } = yield* settled
      master.host.kernel.setUp("eth0", false)
      yield* run(1)

      assert.strictEqual(yield* backup.roles, "Master")
      assert.isFalse(backup.seen.isDozing)
      assert.strictEqual(backup.seen.wokenAt, firstAt())
      const due = Math.ceil(3 * intervalMicros + skewMicros + latencyMicros)
      for (const micros of apart()) assert.approximately(micros, due, 1)
    })
  )

  it.effect("it takes over after its skew time when its Master leaves", () =>
    Effect.gen(function* () {
      const { apart, backup, master } = yield* settled
      yield* master.stop
      yield* run(1)

      assert.strictEqual(yield* backup.roles, "Master")
      for (const micros of apart()) assert.approximately(micros, Math.ceil(skewMicros + latencyMicros), 1)
    })
  )
})
