/**
 * Reloads and restarts on nf_tables: what did not change is not written, so no connection and no counter is lost.
 * `test/ipvs/operation.ipvs.test.ts` is the same on IPVS.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { first, port, second, vip, virtualServer } from "../ipvs/Director.ts"
import * as Child from "../lab/Child.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Namespace from "../lab/Namespace.ts"
import * as Peer from "../lab/Peer.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Topology from "../lab/Topology.ts"

const file = `global_defs {\n  forwarding_plane nf_tables\n}\n${virtualServer([first, second])}`
const program = Daemon.keepingServices(Daemon.checking(Daemon.underTest))

const make = Effect.gen(function* () {
  const namespace = yield* Namespace.make("director")
  yield* Topology.ip(namespace, [
    "link set lo up",
    ...[vip, first, second].map((address) => `addr add ${address}/32 dev lo`)
  ])
  const peer = yield* Peer.make(namespace)
  for (const address of [first, second]) yield* peer.listen(address, port)
  return {
    peer,
    start: Daemon.start(namespace, program, file),
    /** The chains of the service, with handles, so that a rule that was written again shows, and with counters. */
    rules: Effect.map(Child.run(namespace, ["nft", "-a", "list", "ruleset"]), (text) =>
      text.slice(text.indexOf("chain TCP/"))
    )
  }
})

const applied = (daemon: Daemon.Daemon, from = 0) =>
  daemon.log.waitFor("application of the file", ({ text }) => /virtual servers applied/.test(text), { from })

Requirement.suite("our daemon on nf_tables", [...Requirement.lab, "nft"], () => {
  it.live(
    "an unchanged reload, a start after SIGKILL and one after SIGTERM with -I change no rule and no counter, and reset no connection",
    () =>
      Effect.gen(function* () {
        const { peer, rules, start } = yield* make
        const running = yield* start
        yield* rules.pipe(
          Effect.repeat({
            until: (text) => text.includes(first) && text.includes(second),
            schedule: Schedule.spaced("50 millis")
          })
        )
        yield* peer.connect(vip, 80)
        const server = yield* peer.ask
        assert.oneOf(server, [first, second])
        const written = yield* rules
        assert.match(written, /counter packets 1 /)

        const from = running.log.entries.length
        yield* running.signal("SIGHUP")
        yield* applied(running, from)
        assert.strictEqual(yield* peer.ask, server, "after the reload")
        assert.strictEqual(yield* rules, written, "after the reload")

        yield* running.crash
        yield* running.exit
        const next = yield* start
        yield* applied(next)
        assert.strictEqual(yield* peer.ask, server, "after SIGKILL and a start")
        assert.strictEqual(yield* rules, written, "after SIGKILL and a start")

        assert.deepStrictEqual(yield* Daemon.stop(next), { code: 0, signal: null })
        assert.strictEqual(yield* rules, written, "after SIGTERM")
        yield* applied(yield* start)
        assert.strictEqual(yield* peer.ask, server, "after SIGTERM and a start")
        assert.strictEqual(yield* rules, written, "after SIGTERM and a start")
      })
  )
})
