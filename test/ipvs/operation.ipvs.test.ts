/** The daemon's work on IPVS, as the kernel's table and its counters show it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Daemon from "../lab/Daemon.ts"
import * as Topology from "../lab/Topology.ts"
import * as Director from "./Director.ts"

const { first, port, second, serverLine, serviceLine, third, vip, virtualServer } = Director
const checks = Daemon.checking(Daemon.underTest)
const all = Daemon.balancing(Daemon.underTest)

/** Runs a witness again and again until what it prints fits. */
const eventually = (director: Director.Director, words: string, pattern: RegExp) =>
  director.run(words).pipe(
    Effect.repeat({ until: (output) => pattern.test(output), schedule: Schedule.spaced("100 millis") }),
    Effect.timeoutOrElse({
      duration: "20 seconds",
      orElse: () => Effect.die(new Error(`${words} never shows ${String(pattern)}`))
    })
  )

/** Connections of a service as the kernel has counted them, once it has added them up. */
const connections = (director: Director.Director, atLeast: number) =>
  eventually(director, "ipvsadm -Ln --stats --exact", new RegExp(`${vip}:80 +([${atLeast}-9]|\\d\\d)`)).pipe(
    Effect.map((output) => Number(new RegExp(`${vip}:80 +(\\d+)`).exec(output)![1]))
  )

const applied = (daemon: Daemon.Daemon, from: number) =>
  daemon.log.waitFor("application of the file", ({ text }) => /virtual servers applied/.test(text), {
    from,
    withinMillis: 20_000
  })

const reload = (daemon: Daemon.Daemon) =>
  Effect.suspend(() => {
    const from = daemon.log.entries.length
    return Effect.andThen(daemon.signal("SIGHUP"), applied(daemon, from))
  })

describe("our daemon on IPVS", () => {
  it.live(
    "an unchanged reload, a start after SIGKILL and one after SIGTERM with -I reset no connection and no counter",
    () =>
      Effect.gen(function* () {
        const director = yield* Director.make
        yield* director.run(`ip addr add ${vip}/32 dev lo`)
        yield* director.peer.listen(second, port)
        const program = Daemon.keepingServices(checks)
        const file = virtualServer([first, second])
        const table = [serviceLine(), serverLine(first), serverLine(second)]
        const running = yield* director.start(program, file)
        yield* Director.becomes(director, table)
        const since = director.table.entries.length
        yield* director.peer.connect(vip, 80)
        const server = yield* director.peer.ask
        assert.oneOf(server, [first, second])
        assert.strictEqual(yield* connections(director, 1), 1)

        yield* reload(running)
        assert.strictEqual(yield* director.peer.ask, server, "after the reload")

        yield* running.crash
        yield* running.exit
        const next = yield* director.start(program, file)
        yield* applied(next, 0)
        assert.strictEqual(yield* director.peer.ask, server, "after SIGKILL and a start")

        assert.deepStrictEqual(yield* Daemon.stop(next), { code: 0, signal: null })
        const last = yield* director.start(program, file)
        yield* applied(last, 0)
        assert.strictEqual(yield* director.peer.ask, server, "after SIGTERM and a start")

        assert.strictEqual(yield* connections(director, 1), 1)
        assert.deepStrictEqual(
          director.table.entries.slice(since).map(({ lines }) => lines),
          [],
          "the table was never touched"
        )
      })
  )

  it.live("a reload that changes scheduler and weights resets no connection and no counter", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      yield* director.run(`ip addr add ${vip}/32 dev lo`)
      const daemon = yield* director.start(checks, virtualServer([first]))
      yield* Director.becomes(director, [serviceLine(), serverLine(first)])
      yield* director.peer.connect(vip, 80)
      assert.strictEqual(yield* director.peer.ask, first)
      assert.strictEqual(yield* connections(director, 1), 1)

      yield* daemon.configure(virtualServer([first], { scheduler: "wrr", serverLines: ["weight 7"] }))
      yield* reload(daemon)

      yield* Director.becomes(director, [serviceLine("wrr"), serverLine(first, 7)])
      assert.strictEqual(yield* director.peer.ask, first)
      assert.strictEqual(yield* connections(director, 1), 1)
    })
  )

  it.live("a server that died while the daemon was away is out with the first check after its start", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      yield* director.peer.listen(second, port)
      const file = virtualServer([first, second], { delay: 60 })
      const running = yield* director.start(checks, file)
      yield* Director.becomes(director, [serviceLine(), serverLine(first), serverLine(second)])
      yield* running.crash
      yield* running.exit
      yield* director.peer.close(second, port)
      const since = director.table.entries.length

      yield* director.start(checks, file)

      yield* director.table.waitFor("change", () => true, { from: since, withinMillis: 20_000 })
      assert.deepStrictEqual(
        director.table.entries.slice(since).map(({ lines }) => lines),
        [[serviceLine(), serverLine(first)]]
      )
    })
  )

  it.live("SIGTERM without -I removes our services and leaves those of others", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      yield* director.run("ipvsadm -A -f 7 -s rr")
      const daemon = yield* director.start(checks, virtualServer([first]))
      yield* Director.becomes(director, ["FWM 7 rr", serviceLine(), serverLine(first)])

      assert.deepStrictEqual(yield* Daemon.stop(daemon), { code: 0, signal: null })

      yield* Director.becomes(director, ["FWM 7 rr"])
    })
  )

  it.live("the synchronisation daemon sends while the virtual router is Master, and else receives", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      yield* Topology.ip(director.namespace, [
        "link add eth0 type veth peer name eth0-peer",
        "addr add 203.0.113.1/24 dev eth0",
        "link set eth0 up",
        "link set eth0-peer up"
      ])
      const daemon = yield* director.start(
        all,
        [
          "global_defs {",
          "  lvs_sync_daemon eth0 VI_1 id 51",
          "  lvs_timeouts tcp 1000 tcpfin 33 udp 17",
          "}",
          "vrrp_instance VI_1 {",
          "  interface eth0",
          "  virtual_router_id 51",
          "  priority 200",
          `  virtual_ipaddress {\n    ${vip}/32 dev eth0\n  }`,
          "}",
          virtualServer([first])
        ].join("\n")
      )
      const show = "ipvsadm -Ln --daemon"
      yield* eventually(director, show, /^backup sync daemon \(mcast=eth0, syncid=51/m)
      yield* eventually(director, "ipvsadm -Ln --timeout", /1000 33 17/)
      yield* daemon.log.waitFor("role of Master", ({ text }) => /Backup -> Master/.test(text), {
        withinMillis: 20_000
      })
      assert.notMatch(
        yield* eventually(director, show, /^master sync daemon \(mcast=eth0, syncid=51/m),
        /backup/
      )

      yield* Topology.ip(director.namespace, ["link set eth0-peer down"])
      assert.notMatch(yield* eventually(director, show, /^backup/m), /master/)

      yield* Daemon.stop(daemon)
      assert.strictEqual((yield* director.run(show)).trim(), "")
      assert.match(yield* director.run("ipvsadm -Ln --timeout"), /900 120 300/)
    })
  )

  it.live("quorum by weight, a pool of sorry servers, and their way back", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      yield* director.peer.listen(second, port)
      yield* director.start(
        checks,
        virtualServer([first, second], {
          lines: ["quorum 2", `sorry_server ${third} ${port}`, "sorry_server 203.0.113.9 80"],
          serverLines: ["weight 1"]
        })
      )
      const served = [serviceLine(), serverLine(first), serverLine(second)]
      yield* Director.becomes(director, served)

      yield* director.peer.close(second, port)
      yield* Director.becomes(director, [serviceLine(), serverLine(third), `${vip}:80 > 203.0.113.9:80 1`])
      yield* director.peer.listen(second, port)
      yield* Director.becomes(director, served)
    })
  )

  it.live("inhibit_on_failure keeps a dead server with weight 0; an unchecked one is not there at all", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      yield* director.start(
        checks,
        virtualServer([first], { serverLines: ["weight 5", "inhibit_on_failure"] })
      )
      yield* Director.becomes(director, [serviceLine(), serverLine(first, 5)])
      yield* director.peer.close(first, port)
      yield* Director.becomes(director, [serviceLine(), serverLine(first, 0)])
      yield* director.peer.listen(first, port)
      yield* Director.becomes(director, [serviceLine(), serverLine(first, 5)])
    })
  )

  it.live("slow_start lets the weight grow from 1", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      yield* director.start(
        checks,
        virtualServer([first], { lines: ["slow_start 2"], serverLines: ["weight 8"] })
      )
      yield* Director.becomes(director, [serviceLine(), serverLine(first, 8)])

      const weights = director.table.entries.flatMap(({ lines }) =>
        lines.flatMap((line) => (line.includes(" > ") ? [Number(line.split(" ").at(-1))] : []))
      )
      assert.strictEqual(weights[0], 1)
      assert.isAbove(weights.length, 2)
      assert.deepStrictEqual(
        weights,
        weights.toSorted((left, right) => left - right)
      )
    })
  )

  it.live("drain keeps a removed server with weight 0 until its connections have ended", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      yield* director.run(`ip addr add ${vip}/32 dev lo`)
      const file = (servers: ReadonlyArray<string>) => virtualServer(servers, { lines: ["drain 60"] })
      const daemon = yield* director.start(checks, file([first]))
      yield* Director.becomes(director, [serviceLine(), serverLine(first)])
      yield* director.peer.connect(vip, 80)
      assert.strictEqual(yield* director.peer.ask, first)

      yield* director.peer.listen(second, port)
      yield* daemon.configure(file([second]))
      yield* reload(daemon)
      yield* Director.becomes(director, [serviceLine(), serverLine(first, 0), serverLine(second)])
      assert.strictEqual(yield* director.peer.ask, first)
      yield* director.peer.connect(vip, 80)
      assert.strictEqual(yield* director.peer.ask, second)

      // The peer's first connection ended when it opened the other one.
      yield* Director.becomes(director, [serviceLine(), serverLine(second)])
    })
  )

  it.live("D12: what the kernel refuses is told, and does not count as set", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      const daemon = yield* director.start(
        checks,
        // No kernel of Debian has this one.
        virtualServer([first], { scheduler: "twos" })
      )

      yield* daemon.log.waitFor(
        "word of the refusal",
        ({ text }) => /error: the kernel refused .*192\.0\.2\.1:80.*no scheduler twos/.test(text),
        { withinMillis: 20_000 }
      )
      yield* Director.becomes(director, [])
      yield* daemon.configure(virtualServer([first]))
      yield* reload(daemon)
      yield* Director.becomes(director, [serviceLine(), serverLine(first)])
    })
  )
})
