/**
 * The settings of a whole plane: timeouts and the daemons that synchronise connections.
 */
import type { SyncDaemon } from "@holdfast/balancer/Parameters"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  type Abilities,
  additionOf,
  apply,
  dns,
  type RunPlane,
  server,
  serviceOf,
  web
} from "./ForwardingPlaneHarness.ts"

export const settingsContract = (run: RunPlane, abilities: Abilities) => {
  it.live("counts connections by server, and goes on counting when a weight changes", () =>
    run(({ connect, eventually, open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        yield* apply(plane, [web, dns].flatMap(additionOf))
        const connections = Effect.map(plane.statistics([web.address]), (all) =>
          [...web.destinations.keys()].map((key) => all.get(web.key)?.destinations.get(key)?.connections)
        )
        assert.deepStrictEqual(yield* connections, [0, 0])

        yield* connect(4)
        yield* eventually(
          "each server had two",
          Effect.map(connections, (counts) => counts.join() === "2,2")
        )
        const counts = (yield* plane.statistics([web.address, dns.address])).get(web.key)!
        assert.deepStrictEqual(counts.connections, 4)
        assert.isAtLeast(counts.packetsIn, 4)
        assert.isAtLeast(counts.bytesIn, counts.packetsIn * 40)

        const destination = server("198.51.100.1", 8080, { weight: 0 })
        const drained = serviceOf(web.address, [destination, server("198.51.100.2", 8080)])
        yield* apply(plane, [{ _tag: "ChangeDestination", service: drained, destination }])
        yield* connect(2)
        yield* eventually(
          "the second server had both",
          Effect.map(connections, (now) => now.join() === "2,4")
        )
      })
    )
  )

  it.live("has no statistics of a service that is not there", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        yield* apply(plane, additionOf(web))

        assert.deepStrictEqual([...(yield* plane.statistics([dns.address, web.address])).keys()], [web.key])
      })
    )
  )

  it.live(abilities.timeouts ? "sets timeouts and returns those before" : "refuses timeouts", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        if (!abilities.timeouts) {
          assert.strictEqual(
            (yield* Effect.flip(plane.setTimeouts({ udpSeconds: 17 }))).reason,
            "Unsupported"
          )
          return
        }
        const first = yield* plane.setTimeouts({ tcpSeconds: 1000, udpSeconds: 17 })
        const second = yield* plane.setTimeouts({ tcpFinSeconds: 33 })
        const third = yield* plane.setTimeouts(first)

        assert.notStrictEqual(first.udpSeconds, 17)
        assert.deepStrictEqual(second, { ...first, tcpSeconds: 1000, udpSeconds: 17 })
        assert.deepStrictEqual(third, { ...second, tcpFinSeconds: 33 })
        assert.deepStrictEqual(yield* plane.setTimeouts({}), first)
      })
    )
  )

  it.live(`${abilities.syncDaemon ? "runs the halves of the" : "refuses a"} synchronisation daemon`, () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        if (!abilities.syncDaemon) {
          const error = yield* Effect.flip(plane.setSyncDaemon(syncDaemon, { master: true, backup: false }))
          assert.strictEqual(error.reason, "Unsupported")
          return
        }
        // Each is a level: to ask for what is there already changes nothing.
        for (const halves of [
          { master: true, backup: false },
          { master: true, backup: false },
          { master: false, backup: true },
          { master: true, backup: true },
          { master: false, backup: false },
          { master: false, backup: false }
        ])
          yield* plane.setSyncDaemon(syncDaemon, halves)
      })
    )
  )
}

const syncDaemon: SyncDaemon = { interface: "eth0", syncId: 51 }
