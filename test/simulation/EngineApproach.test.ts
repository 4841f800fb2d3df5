/** The last moment before a Backup takes over, on a timer that comes up early as a kernel's must. */
import { AdvertTransport, type ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import { Engine } from "@holdfast/engine/Engine"
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import { WakeTimer } from "@holdfast/engine/WakeTimer"
import * as SimulatedHost from "@holdfast/simulation/SimulatedHost"
import { type Micros, plus } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { advertOf, makeNetwork, parameters, run } from "./Rig.ts"

/**
 * A Backup of priority 100, alone on its segment. While its takeover is waited for, adverts arrive in its socket with the
 * priorities that `meanwhile` says, and wait there to be received. Its timer wakes it `late`.
 */
const makeBackup = Effect.fnUntraced(function* (
  meanwhile: () => ReadonlyArray<number>,
  late: Micros = 0 as Micros
) {
  const { network, sent } = yield* makeNetwork()
  const host = SimulatedHost.make(network, {
    name: "r1",
    links: [{ name: "eth0", addresses: ["192.0.2.1/24"] }]
  })
  const simulated = yield* Layer.build(Layer.fresh(SimulatedHost.layer(host)))
  const timer = Context.get(simulated, WakeTimer)
  const transport = Context.get(simulated, AdvertTransport)
  const waiting: Array<ReceivedAdvert> = []
  const ports = Layer.mergeAll(
    Layer.succeedContext(simulated),
    Layer.succeed(WakeTimer, {
      ...timer,
      leadMicros: 1_500,
      open: (onWake) =>
        Effect.map(timer.open(onWake), (armable) => ({
          ...armable,
          arm: (deadline) => armable.arm(plus(deadline, late))
        })),
      waitUntil: (deadline) => {
        for (const priority of meanwhile()) waiting.push(advertOf(51, priority))
        return Math.max(deadline, timer.now()) as typeof deadline
      }
    }),
    Layer.succeed(AdvertTransport, {
      open: (options) =>
        Effect.map(transport.open(options), (channel) => ({
          ...channel,
          receive: () => {
            if (waiting.length === 0) return
            const batch = waiting.splice(0)
            options.onReceived(
              batch,
              batch.map(() => timer.now())
            )
          }
        }))
    })
  )
  const engine = Context.get(yield* Layer.build(Layer.fresh(Layer.provide(Engine.layer, ports))), Engine)
  const events: Array<EngineEvent> = []
  yield* engine.events.pipe(
    Stream.runForEach((event) => Effect.sync(() => events.push(event))),
    Effect.forkScoped({ startImmediately: true })
  )
  yield* engine.apply([parameters({ priority: 100 })])
  yield* run(1)
  const router = Effect.map(engine.status, ({ routers }) => routers[0]!)
  return { events, role: Effect.map(router, ({ role }) => role), router, sent }
})

/** Three intervals of a second and the skew of priority 100 (RFC 3768 section 6.1). */
const masterDownSeconds = 3.61

describe("Engine: a takeover that is waited for", () => {
  it.effect("does not happen when the Master is heard meanwhile, but when it is heard no more", () =>
    Effect.gen(function* () {
      const heard = [[200]]
      const { role, sent } = yield* makeBackup(() => heard.pop() ?? [])
      yield* run(masterDownSeconds)
      assert.isEmpty(heard)
      assert.strictEqual(yield* role, "Backup")
      assert.isEmpty(sent)

      yield* run(masterDownSeconds)
      assert.strictEqual(yield* role, "Master")
    })
  )

  it.effect("happens when who is heard meanwhile is no Master of ours", () =>
    Effect.gen(function* () {
      const { role, sent } = yield* makeBackup(() => [50])
      yield* run(masterDownSeconds)
      assert.strictEqual(yield* role, "Master")
      assert.isNotEmpty(sent)
    })
  )

  it.effect("that is late is none when the Master was heard in time and the timer was seen first", () =>
    Effect.gen(function* () {
      const heard = [[200]]
      const { role, sent } = yield* makeBackup(() => heard.pop() ?? [], 50_000 as Micros)
      yield* run(masterDownSeconds)
      assert.isEmpty(heard)
      assert.strictEqual(yield* role, "Backup")
      assert.isEmpty(sent)
    })
  )

  it.effect("is gone through before, and nobody sees it", () =>
    Effect.gen(function* () {
      const heard = [[200]]
      const { events, router, sent } = yield* makeBackup(() => heard.pop() ?? [])
      const { statistics, ...before } = yield* router
      const told = events.length
      yield* run(masterDownSeconds)

      assert.isEmpty(heard)
      assert.strictEqual(events.length, told)
      assert.isEmpty(sent)
      assert.deepStrictEqual(yield* router, {
        ...before,
        statistics: { ...statistics, counters: { ...statistics.counters, advertsReceived: 1 } },
        lastHeard: { source: advertOf(51, 200).source, priority: 200 }
      })
    })
  )
})
