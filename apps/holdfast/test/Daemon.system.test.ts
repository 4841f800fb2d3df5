/**
 * The daemon's main thread around its routers: scripts, pipes, names of peers, delays, modes, status and what is missing.
 */
import { existsSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Host from "./Host.ts"

const { until } = Host
const address = "192.0.2.10"

/** A file with one router, which owns its address, and nftables under virtual servers. */
const fileOf = (options: {
  readonly global?: string
  readonly instance?: string
  readonly rest?: string
}): string => `
global_defs {
  script_user root
  forwarding_plane nf_tables
  ${options.global ?? ""}
}
vrrp_instance web {
  interface eth0
  virtual_router_id 51
  priority 255
  ${options.instance ?? ""}
  virtual_ipaddress {
    ${address}/24
  }
}
${options.rest ?? ""}
`

/** A virtual server whose only server refuses connections. */
const server = `virtual_server 192.0.2.20 80 {
  protocol TCP
  lvs_method NAT
  delay_loop 1
  real_server 127.0.0.1 9 {
    TCP_CHECK {
      connect_timeout 1
      retry 0
    }
  }
}`

const linesOf = (text: string): ReadonlyArray<string> => text.split("\n").filter((line) => line !== "")

type Host = Effect.Success<typeof Host.make>

/** Writes the file, starts the daemon, and waits until the router holds its address. */
const startMaster = Effect.fnUntraced(function* (host: Host, text: string, words = "") {
  host.write("holdfast.conf", text)
  const daemon = yield* host.start(`-nl -f holdfast.conf -p pid --stats-file stats${words}`)
  yield* until(`the daemon holds its address: ${daemon.output()}`, () => host.holds(address))
  return daemon
})

/** The status that the daemon writes when asked. */
const statusOf = Effect.fnUntraced(function* (
  host: Host,
  daemon: { readonly signal: (name: NodeJS.Signals) => void }
) {
  const before = host.read("stats")
  daemon.signal("SIGUSR1")
  yield* until("the status is written", () => host.read("stats") !== before)
  return JSON.parse(host.read("stats"))
})

describe("Daemon: pipes", () => {
  const global = "notify_fifo all.pipe\n  notify_fifo_script reader"
  const reader = '#!/bin/sh\necho $$ >> readers\nexec cat "$1" >> lines\n'

  const make = Effect.gen(function* () {
    const host = yield* Host.make
    const inDirectory = (text: string): string =>
      text.replaceAll(/\b(all\.pipe|reader|readers|lines)(?=[ \n]|$)/g, (name) => host.file(name))
    host.write("reader", inDirectory(reader), 0o755)
    return { ...host, text: fileOf({ global: inDirectory(global), rest: server }) }
  })

  it.live("a pipe that routers and servers tell has one reader, which gets the lines of both", () =>
    Effect.gen(function* () {
      const host = yield* make
      const daemon = yield* startMaster(host, host.text)
      yield* until(
        "both told",
        () => /^INSTANCE .* MASTER/m.test(host.read("lines")) && /^RS /m.test(host.read("lines"))
      )
      daemon.signal("SIGHUP")
      yield* until(
        "the reload is over",
        () => linesOf(daemon.output()).filter((line) => line.includes("configuration applied")).length === 2
      )
      daemon.stop()
      assert.strictEqual(yield* daemon.code, 0, daemon.output())

      assert.lengthOf(linesOf(host.read("readers")), 1)
      const lines = linesOf(host.read("lines"))
      assert.includeMembers([...lines], ['INSTANCE "web" MASTER 255', 'INSTANCE "web" STOP 255'])
      assert.isTrue(
        lines.some((line) => /^RS \[127\.0\.0\.1\]:tcp:9 .* DOWN$/.test(line)),
        lines.join("\n")
      )
    })
  )

  it.live("with servers alone, they run the reader; with routers alone, nothing is told of servers", () =>
    Effect.gen(function* () {
      const [checking, routing] = yield* Effect.all([make, make])
      checking.write("holdfast.conf", checking.text)
      const checks = yield* checking.start("-nlC -f holdfast.conf -p pid")
      yield* until("servers are told", () => /^RS /m.test(checking.read("lines")))
      const routes = yield* startMaster(routing, routing.text, " -P")
      yield* until("routers are told", () => routing.read("lines").includes("MASTER"))

      assert.lengthOf(linesOf(checking.read("readers")), 1)
      assert.notInclude(checking.read("lines"), "INSTANCE")
      assert.isFalse(checking.holds(address))
      assert.lengthOf(linesOf(routing.read("readers")), 1)
      assert.notMatch(routing.read("lines"), /^(RS|VS) /m)
      for (const daemon of [checks, routes]) {
        daemon.stop()
        assert.strictEqual(yield* daemon.code, 0, daemon.output())
      }
    })
  )
})

describe("Daemon: scripts", () => {
  it.live("a script runs to its end before the routers, another after them; what fails is told", () =>
    Effect.gen(function* () {
      const host = yield* Host.make
      const note = (name: string): string =>
        `#!/bin/sh\nsleep 0.2\nip addr show dev eth0 | grep -c ' ${address}/' > ${host.file(`${name}.held`)}\nexit 3\n`
      host.write("first", note("first"), 0o755)
      host.write("last", note("last"), 0o755)
      const global = `startup_script ${host.file("first")}\n  shutdown_script ${host.file("last")}`
      const daemon = yield* startMaster(host, fileOf({ global }))
      assert.strictEqual(host.read("first.held"), "0\n")
      assert.isFalse(existsSync(host.file("last.held")))

      daemon.stop()
      assert.strictEqual(yield* daemon.code, 0, daemon.output())
      assert.strictEqual(host.read("last.held"), "0\n")
      for (const name of ["first", "last"])
        assert.include(daemon.output(), `warning: ${host.file(name)}: it ended with code 3`)
    })
  )

  it.live("a script that cannot run is told at the start and at a reload, and the routers run", () =>
    Effect.gen(function* () {
      const host = yield* Host.make
      const daemon = yield* startMaster(host, fileOf({ instance: "notify_stop /nowhere/stop" }))
      yield* until("the script is told", () =>
        daemon.output().includes("warning: vrrp_instance web: notify_stop: /nowhere/stop cannot be found")
      )

      host.write("holdfast.conf", fileOf({ instance: "notify_backup /nowhere/backup" }))
      daemon.signal("SIGHUP")
      yield* until("the other is told", () =>
        daemon.output().includes("warning: vrrp_instance web: notify_backup: /nowhere/backup cannot be found")
      )
    })
  )
})

describe("Daemon: delays", () => {
  it.live("no router starts before vrrp_startup_delay is over", () =>
    Effect.gen(function* () {
      const host = yield* Host.make
      host.write("holdfast.conf", fileOf({ global: "vrrp_startup_delay 1" }))
      const daemon = yield* host.start("-nl -f holdfast.conf -p pid --stats-file stats")
      yield* until("the file is applied", () => daemon.output().includes("configuration applied"))
      const appliedAt = performance.now()
      const [router] = (yield* statusOf(host, daemon)).routers
      assert.strictEqual(router.role, "Init")

      yield* until("the daemon holds its address", () => host.holds(address))
      assert.isAbove(performance.now() - appliedAt, 900)
    })
  )

  it.live("a vrrp_delay_after_boot that is over delays nothing", () =>
    Effect.gen(function* () {
      const host = yield* Host.make
      yield* startMaster(host, fileOf({ global: "vrrp_delay_after_boot 0.001" }))
    })
  )
})

describe("Daemon: status and modes", () => {
  const text = (host: Host): string =>
    fileOf({
      instance: `priority 200\n  track_script {\n    flag weight -10\n  }\n  notify ${host.file("notify")}`,
      rest: `
vrrp_sync_group both {
  sync_group_tracking_weight
  group {
    web
  }
}
vrrp_script flag {
  script "/usr/bin/test -e ${host.file("flag")}"
  interval 1
}`
    })
  const notify = (host: Host): void =>
    host.write("notify", `#!/bin/sh\necho "$@" >> ${host.file("told")}\n`, 0o755)

  it.live("the status has what is tracked, groups and priorities", () =>
    Effect.gen(function* () {
      const host = yield* Host.make
      notify(host)
      const daemon = yield* startMaster(host, text(host))
      const status = yield* statusOf(host, daemon)

      assert.deepInclude(status.routers[0], { name: "web", role: "Master", basePriority: 200, priority: 190 })
      assert.deepInclude(status.groups[0], { name: "both", role: "Master" })
      assert.isDefined(status.tracking, JSON.stringify(status))
      yield* until("the script is told", () => host.read("told").includes("INSTANCE web MASTER"))
    })
  )

  it.live("with -C nothing is tracked and nobody is told", () =>
    Effect.gen(function* () {
      const host = yield* Host.make
      notify(host)
      host.write("holdfast.conf", text(host) + server)
      const daemon = yield* host.start("-nlC -f holdfast.conf -p pid --stats-file stats")
      yield* until("virtual servers run", () => daemon.output().includes("virtual servers applied"))

      const status = yield* statusOf(host, daemon)
      assert.notProperty(status, "tracking")
      assert.deepStrictEqual(status.routers, [])
      assert.isFalse(existsSync(host.file("told")))
    })
  )
})

describe("Daemon: peers by name", () => {
  it.live(
    "a name that has no address yet is told once and is a fault where that is wanted; then the router runs",
    () =>
      Effect.gen(function* () {
        const host = yield* Host.make
        host.write("hosts", "127.0.0.1 localhost\n")
        host.write("nsswitch.conf", "hosts: files\n")
        const instance =
          "priority 200\n  advert_int 0.1\n  version 3\n  unicast_fault_no_peer\n  unicast_peer {\n    peer.example\n  }"
        host.write("holdfast.conf", fileOf({ instance }))
        const mount = `mount --bind ${host.file("hosts")} /etc/hosts; mount --bind ${host.file("nsswitch.conf")} /etc/nsswitch.conf; exec "$0" "$@"`
        const daemon = yield* host.start(
          "-nl -f holdfast.conf -p pid --stats-file stats",
          "unshare",
          "-m",
          "sh",
          "-c",
          mount
        )
        yield* until("the router is in Fault", () => daemon.output().includes("Init -> Fault"))
        assert.include(daemon.output(), "warning: peer peer.example has no address")

        daemon.signal("SIGHUP")
        yield* until("the reload is over", () => daemon.output().split("configuration applied").length > 2)
        assert.strictEqual(daemon.output().split("has no address").length, 2)
        host.write("hosts", "127.0.0.1 localhost\n192.0.2.2 peer.example\n")
        daemon.signal("SIGHUP")

        yield* until("the router is Master", () => host.holds(address))
      })
  )

  it.live("a name server that does not answer delays neither the start nor the end for long", () =>
    Effect.gen(function* () {
      const host = yield* Host.make
      host.write("resolv.conf", "nameserver 192.0.2.77\n")
      host.write("nsswitch.conf", "hosts: dns\n")
      const mount = `mount --bind ${host.file("resolv.conf")} /etc/resolv.conf; mount --bind ${host.file("nsswitch.conf")} /etc/nsswitch.conf; exec "$0" "$@"`
      host.write("holdfast.conf", fileOf({ instance: "unicast_peer {\n    peer.example\n  }" }))
      const daemon = yield* host.start("-nl -f holdfast.conf -p pid", "unshare", "-m", "sh", "-c", mount)
      yield* until("the daemon holds its address", () => host.holds(address))
      assert.notInclude(daemon.output(), "has no address")

      const stoppedAt = performance.now()
      daemon.stop()
      assert.strictEqual(yield* daemon.code, 0, daemon.output())
      // As the resolver is configured here, it gives up after 6 s.
      assert.isBelow(performance.now() - stoppedAt, 4_500)
    })
  )
})

describe("Daemon: what is missing", () => {
  /** Lets a module of the command be unreadable, as after an update of the files under a running daemon. */
  const without = (module: string): ReadonlyArray<string> => [
    "env",
    `NODE_OPTIONS=--import data:text/javascript,${encodeURIComponent(
      `import { registerHooks } from "node:module"
       registerHooks({ resolve: (name, context, next) => {
         if (name.endsWith("/${module}")) throw new Error("${module} is gone")
         return next(name, context)
       } })`
    )}`
  ]

  it.live("without the part of the VRRP thread it ends with 70 and says why", () =>
    Effect.gen(function* () {
      const host = yield* Host.make
      host.write("holdfast.conf", fileOf({}))
      const daemon = yield* host.start("-nl -f holdfast.conf -p pid", ...without("VrrpThread.ts"))

      assert.strictEqual(yield* daemon.code, 70, daemon.output())
      assert.include(daemon.output(), "VrrpThread.ts is gone")
      assert.isFalse(existsSync(host.file("pid")))
    })
  )

  const parts = [
    ["TrackingRuntime.ts", "the part that tracks", "track_script {\n    flag\n  }"],
    ["NotificationRuntime.ts", "the part that notifies", "notify_master /bin/true"]
  ] as const
  it.live.each(parts)(
    "without %s a reload that needs it ends the daemon in order, with 70",
    ([module, part, instance]) =>
      Effect.gen(function* () {
        const host = yield* Host.make
        const rest = "vrrp_script flag {\n  script /bin/true\n}"
        host.write("holdfast.conf", fileOf({}))
        const daemon = yield* host.start("-nl -f holdfast.conf -p pid", ...without(module))
        yield* until("the daemon holds its address", () => host.holds(address))
        host.write("holdfast.conf", fileOf({ instance, rest }))
        daemon.signal("SIGHUP")

        assert.strictEqual(yield* daemon.code, 70, daemon.output())
        assert.include(
          daemon.output(),
          `${part} cannot be loaded: Error: ${module} is gone; restart the daemon`
        )
        assert.match(daemon.output(), /Master -> Init/)
        assert.isFalse(host.holds(address))
      })
  )
})
