/**
 * The command as a service manager sees it: exit codes, pid files, and the way to the background.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Host from "./Host.ts"

const address = "192.0.2.10"

const good = `vrrp_instance web {
  interface eth0
  virtual_router_id 51
  priority 255
  virtual_ipaddress {
    ${address}/24
  }
}
`
const mistaken = good.replace("virtual_router_id 51", "virtual_router_id 510")

/** A host with configuration files. */
const makeHost = Effect.map(Host.make, (host) => {
  host.write("good.conf", good)
  host.write("mistaken.conf", mistaken)
  return { ...host, holdsAddress: () => host.holds(address) }
})
const { until } = Host

const withoutPrivilege = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]

describe("Command: exit codes", () => {
  const cases: ReadonlyArray<
    readonly [words: string, code: number, says: string, wrapper?: ReadonlyArray<string>]
  > = [
    ["check good.conf", 0, "good.conf: good: 1 virtual router, 0 virtual servers"],
    ["check mistaken.conf", 1, "mistaken.conf:3:"],
    ["check", 2, "check needs the name of one file; see holdfast --help"],
    ["check missing.conf", 3, "cannot read missing.conf"],
    ["check .", 3, "cannot read ."],
    ["-t -f good.conf", 0, "good.conf: good"],
    ["-t -f missing.conf", 3, "cannot read missing.conf"],
    ["--version", 0, "Holdfast 0."],
    ["--nonsense", 2, "--nonsense"],
    ["-n -f missing.conf", 3, "cannot read missing.conf"],
    ["-f missing.conf", 3, "cannot read missing.conf"],
    ["-n -f mistaken.conf", 1, "mistaken.conf has mistakes; nothing was started"],
    ["-n -f good.conf -p pid", 4, "needs CAP_NET_ADMIN and CAP_NET_RAW", withoutPrivilege],
    ["-f good.conf -p pid", 4, "needs CAP_NET_ADMIN and CAP_NET_RAW", withoutPrivilege],
    ["-n -f good.conf -p good.conf/pid", 4, "cannot write pid file good.conf/pid"],
    ["-f good.conf -p good.conf/pid", 4, "cannot write pid file good.conf/pid"]
  ]
  for (const [words, code, says, wrapper = []] of cases)
    it.live(`${code}: holdfast ${words}${wrapper.length > 0 ? ", without privilege" : ""}`, () =>
      Effect.gen(function* () {
        const host = yield* makeHost
        const child = yield* host.start(words, ...wrapper)

        assert.strictEqual(yield* child.code, code, child.output())
        assert.include(child.output(), says)
        assert.isFalse(existsSync(host.file("pid")))
      })
    )
})

describe("Command: pid files", () => {
  it.live("a second start is refused with 5 and disturbs nothing; a stop removes the file", () =>
    Effect.gen(function* () {
      const host = yield* makeHost
      const first = yield* host.start("-nl -f good.conf -p pid -r vrrp.pid")
      yield* until("the first holds the address", host.holdsAddress)
      const second = yield* host.start("-nl -f good.conf -p pid")

      assert.strictEqual(yield* second.code, 5)
      assert.include(second.output(), `already running as process ${first.pid} (pid file pid)`)
      for (const name of ["pid", "vrrp.pid"])
        assert.strictEqual(readFileSync(host.file(name), "utf8"), `${first.pid}\n`)
      assert.isTrue(host.holdsAddress())

      first.stop()
      assert.strictEqual(yield* first.code, 0, first.output())
      for (const name of ["pid", "vrrp.pid"]) assert.isFalse(existsSync(host.file(name)))
      assert.isFalse(host.holdsAddress())
    })
  )

  it.live("a stale file is no obstacle, even if its process lives", () =>
    Effect.gen(function* () {
      const host = yield* makeHost
      writeFileSync(host.file("pid"), `${process.ppid} and more\n`)
      const daemon = yield* host.start("-nl -f good.conf -p pid")

      yield* until("the daemon holds the address", host.holdsAddress)
      assert.strictEqual(readFileSync(host.file("pid"), "utf8"), `${daemon.pid}\n`)
      daemon.stop()
      assert.strictEqual(yield* daemon.code, 0, daemon.output())
    })
  )
})

describe("Command: in the background", () => {
  it.live("returns 0 once the routers run, logs nowhere with -G, and SIGTERM stops the daemon", () =>
    Effect.gen(function* () {
      const host = yield* makeHost
      const command = yield* host.start("-G -f good.conf -p pid")

      assert.strictEqual(yield* command.code, 0, command.output())
      const pid = Number(readFileSync(host.file("pid"), "utf8"))
      assert.notStrictEqual(pid, command.pid)
      assert.isTrue(process.kill(pid, 0))
      yield* until("the daemon holds the address", host.holdsAddress)

      process.kill(pid, "SIGTERM")
      yield* until("the daemon has ended", () => !existsSync(host.file("pid")))
      assert.isFalse(host.holdsAddress())
      assert.strictEqual(command.output(), "")
    })
  )

  it.live("returns the daemon's exit code when it ends before", () =>
    Effect.gen(function* () {
      const host = yield* makeHost
      const first = yield* host.start("-nl -f good.conf -p pid")
      yield* until("the first holds the address", host.holdsAddress)
      const second = yield* host.start("-f good.conf -p pid")

      assert.strictEqual(yield* second.code, 5)
      assert.include(second.output(), "already running")
      first.stop()
      assert.strictEqual(yield* first.code, 0, first.output())
    })
  )
})
