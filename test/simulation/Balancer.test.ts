/**
 * The balancer on a simulated machine: what the shell owes the reducers, in virtual time; keepalived's defects D2 to D5 as
 * tests that it must pass.
 */
import { assert, describe, it } from "@effect/vitest"
import type { IpAddress } from "@holdfast/wire/Address"
import { seconds } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import {
  makeBalancer,
  makeMachine,
  parameters,
  realServer,
  table,
  tcpCheck,
  virtualServer
} from "./BalancerRig.ts"
import { run } from "./Rig.ts"
import { both, first, passed, refused, second, service, started } from "./StartedBalancer.ts"

describe("Balancer: checks and servers", () => {
  it.effect("a server is in the table as soon as its first check passed", () =>
    Effect.gen(function* () {
      const { kernel } = yield* started()
      assert.deepStrictEqual(table(kernel), both)
    })
  )

  it.effect("D4: a server that nobody has checked takes no traffic, at the start and at a reload", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      machine.servers.set("10.0.0.1:80", passed)
      const { balancer } = yield* makeBalancer(machine)
      yield* balancer.apply(parameters([virtualServer()]))
      yield* run(1)
      assert.deepStrictEqual(table(machine.kernel), first)
      const more = [realServer("10.0.0.1"), realServer("10.0.0.2"), realServer("10.0.0.3")]
      yield* balancer.apply(parameters([virtualServer({ realServers: more })]))
      yield* run(1)
      assert.deepStrictEqual(table(machine.kernel), first)
      machine.servers.set("10.0.0.3:80", passed)
      yield* run(1)
      assert.deepStrictEqual(table(machine.kernel), ["TCP 192.0.2.100:80 wrr 10.0.0.1:80=1 10.0.0.3:80=1"])
    })
  )

  it.effect(
    "a server that stops answering is out after its check and its retry, and back when it answers",
    () =>
      Effect.gen(function* () {
        const { events, kernel, servers } = yield* started()
        servers.set("10.0.0.1:80", refused)
        yield* run(11.1)
        assert.deepStrictEqual(table(kernel), second)
        servers.set("10.0.0.1:80", passed)
        yield* run(10)
        assert.deepStrictEqual(table(kernel), both)
        const changes = events.flatMap((event) =>
          event._tag === "ServerChanged" ? [`${event.server} ${event.up} ${event.occasion}`] : []
        )
        assert.deepStrictEqual(changes, [
          "10.0.0.1:80 true Initial",
          "10.0.0.2:80 true Initial",
          "10.0.0.1:80 false Change",
          "10.0.0.1:80 true Change"
        ])
      })
  )

  it.effect("one probe serves every virtual server that checks the same thing", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      machine.servers.set("10.0.0.1:80", passed)
      const { balancer } = yield* makeBalancer(machine)
      const realServers = [realServer("10.0.0.1")]
      const virtualServers = [81, 82, 83].map((port) =>
        virtualServer({
          name: `TCP 192.0.2.100:${port}`,
          addresses: [{ ...service, port }],
          realServers
        })
      )
      yield* balancer.apply(parameters(virtualServers))
      yield* run(1)
      assert.strictEqual(machine.servers.startedCount("10.0.0.1:80"), 1)
      assert.strictEqual(machine.kernel.table().size, 3)
      machine.servers.set("10.0.0.1:80", refused)
      yield* run(12)
      assert.deepStrictEqual(table(machine.kernel), [
        "TCP 192.0.2.100:81 wrr",
        "TCP 192.0.2.100:82 wrr",
        "TCP 192.0.2.100:83 wrr"
      ])
    })
  )

  it.effect("five thousand servers are all checked, though not all at the same moment", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      const addresses = Array.from({ length: 5_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`)
      const { balancer } = yield* makeBalancer(machine)
      const realServers = addresses.map((address) => realServer(address))
      yield* balancer.apply(parameters([virtualServer({ realServers })]))
      yield* run(0.1)
      assert.strictEqual(machine.servers.outstanding().length, 4_096)
      for (const address of addresses) machine.servers.set(`${address}:80`, passed)
      yield* run(1)
      assert.strictEqual([...machine.kernel.table().values()][0]?.destinations.size, 5_000)
    })
  )
})

describe("Balancer: thousands of silent servers", () => {
  it.effect("do not keep the others from being checked", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      const addresses = Array.from({ length: 5_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`)
      for (const address of addresses.slice(4_500)) machine.servers.set(`${address}:80`, passed)
      const { balancer } = yield* makeBalancer(machine)
      const realServers = addresses.map((address) => realServer(address))
      yield* balancer.apply(parameters([virtualServer({ realServers })]))
      yield* run(11)
      assert.strictEqual([...machine.kernel.table().values()][0]?.destinations.size, 500)
    })
  )
})

describe("Balancer: reload", () => {
  it.effect("keeps what is known, edits nothing that did not change, and checks no server again for it", () =>
    Effect.gen(function* () {
      const { balancer, kernel, servers } = yield* started()
      const probes = servers.startedCount("10.0.0.1:80")
      const edits = kernel.edits.length
      const report = yield* balancer.apply(parameters([virtualServer()]))
      assert.deepStrictEqual(report.kept, ["TCP 192.0.2.100:80"])
      yield* balancer.apply(parameters([virtualServer({ quorum: 2 })]))
      yield* run(0.1)
      assert.strictEqual(kernel.edits.length, edits)
      assert.strictEqual(servers.startedCount("10.0.0.1:80"), probes)
      assert.deepStrictEqual(table(kernel), both)
    })
  )

  it.effect("a removed virtual server leaves the table and its servers are checked no more", () =>
    Effect.gen(function* () {
      const { balancer, kernel, servers } = yield* started()
      yield* balancer.apply(parameters([]))
      assert.deepStrictEqual(table(kernel), [])
      const probes = servers.startedCount("10.0.0.1:80")
      yield* run(30)
      assert.strictEqual(servers.startedCount("10.0.0.1:80"), probes)
    })
  )

  it.effect("a server that a reload removes drains: weight 0, and gone when its connections end", () =>
    Effect.gen(function* () {
      const { balancer, kernel } = yield* started({ drain: seconds(60) })
      kernel.held.set("10.0.0.2:80", 2)
      const drained = virtualServer({ drain: seconds(60), realServers: [realServer("10.0.0.1")] })
      yield* balancer.apply(parameters([drained]))
      yield* run(30)
      assert.deepStrictEqual(table(kernel), ["TCP 192.0.2.100:80 wrr 10.0.0.1:80=1 10.0.0.2:80=0"])
      kernel.held.clear()
      yield* run(1)
      assert.deepStrictEqual(table(kernel), first)
    })
  )

  it.effect("a server whose connections do not end is gone when the time to drain is over", () =>
    Effect.gen(function* () {
      const { balancer, kernel } = yield* started({ drain: seconds(60) })
      kernel.held.set("10.0.0.2:80", 2)
      const drained = virtualServer({ drain: seconds(60), realServers: [realServer("10.0.0.1")] })
      yield* balancer.apply(parameters([drained]))
      yield* run(59)
      assert.deepStrictEqual(table(kernel), ["TCP 192.0.2.100:80 wrr 10.0.0.1:80=1 10.0.0.2:80=0"])
      yield* run(2)
      assert.deepStrictEqual(table(kernel), first)
    })
  )
})

describe("Balancer: ha_suspend", () => {
  it.effect("D5: checks of a group run when one of its addresses is here, and rest when none is", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      machine.servers.set("10.0.0.1:80", passed)
      machine.servers.set("10.0.0.2:80", refused)
      const { balancer, events } = yield* makeBalancer(machine)
      const other = "192.0.2.101" as IpAddress
      const group = virtualServer({
        name: "group web TCP",
        group: "web",
        haSuspend: true,
        addresses: [service, { ...service, address: other }]
      })
      yield* balancer.apply(parameters([group]))
      yield* run(30)
      assert.strictEqual(machine.servers.startedCount("10.0.0.2:80"), 0)
      machine.local.set([other])
      yield* run(1)
      assert.deepStrictEqual(table(machine.kernel), [
        "TCP 192.0.2.100:80 wrr 10.0.0.1:80=1",
        "TCP 192.0.2.101:80 wrr 10.0.0.1:80=1"
      ])
      machine.local.set([])
      yield* run(1)
      const probes = machine.servers.startedCount("10.0.0.1:80")
      yield* run(30)
      assert.strictEqual(machine.servers.startedCount("10.0.0.1:80"), probes)
      assert.deepStrictEqual(
        events.map(({ _tag }) => _tag).filter((tag) => tag.startsWith("Checks")),
        ["ChecksSuspended", "ChecksResumed", "ChecksSuspended"]
      )
    })
  )

  it.effect("a group with a firewall mark is checked everywhere", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      machine.servers.set("10.0.0.1:80", passed)
      machine.servers.set("10.0.0.2:80", passed)
      const { balancer } = yield* makeBalancer(machine)
      const mark = { _tag: "FirewallMark", family: "inet", mark: 7 } as const
      const group = virtualServer({ name: "group m TCP", group: "m", haSuspend: true, addresses: [mark] })
      yield* balancer.apply(parameters([group]))
      yield* run(1)
      assert.deepStrictEqual(table(machine.kernel), ["FWM 7 inet wrr 10.0.0.1:80=1 10.0.0.2:80=1"])
    })
  )

  it.effect("checks run where nobody knows which addresses are here", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      machine.servers.set("10.0.0.1:80", passed)
      machine.servers.set("10.0.0.2:80", refused)
      machine.local.refuse()
      const { balancer, events } = yield* makeBalancer(machine)
      yield* balancer.apply(parameters([virtualServer({ haSuspend: true })]))
      yield* run(1)
      assert.deepStrictEqual(table(machine.kernel), ["TCP 192.0.2.100:80 wrr 10.0.0.1:80=1"])
      assert.deepStrictEqual(
        events.flatMap((event) => (event._tag === "AddressesUnknown" ? [event.message] : [])),
        ["refused"]
      )
    })
  )
})

describe("Balancer: telling", () => {
  it.effect("scripts and pipes hear of servers and of the quorum, in order", () =>
    Effect.gen(function* () {
      const { notifications, servers } = yield* started()
      servers.set("10.0.0.1:80", refused)
      yield* run(12)
      servers.set("10.0.0.2:80", refused)
      yield* run(12)
      assert.deepStrictEqual(
        notifications.map(({ fifoLine }) => fifoLine),
        [
          "VS [192.0.2.100]:tcp:80 UP",
          "RS [10.0.0.1]:tcp:80 [192.0.2.100]:tcp:80 DOWN",
          "RS [10.0.0.2]:tcp:80 [192.0.2.100]:tcp:80 DOWN",
          "VS [192.0.2.100]:tcp:80 DOWN"
        ]
      )
    })
  )

  it.effect("stopping takes our services away and says the last word after that", () =>
    Effect.gen(function* () {
      const { balancer, events, kernel } = yield* started()
      const stopping = yield* Effect.forkChild(balancer.stop({ keepServices: false }))
      yield* run(0.1)
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(table(kernel), [])
      assert.strictEqual(events.at(-1)?._tag, "BalancerStopped")
    })
  )

  it.effect("stopping can leave the services as they are", () =>
    Effect.gen(function* () {
      const { balancer, kernel } = yield* started()
      yield* balancer.stop({ keepServices: true })
      assert.deepStrictEqual(table(kernel), both)
    })
  )

  it.effect("a failure that a retry bears is told when the file asks for it", () =>
    Effect.gen(function* () {
      const checks = [tcpCheck("10.0.0.1", { retries: 2, logAllFailures: true })]
      const { events, servers } = yield* started({ realServers: [realServer("10.0.0.1", { checks })] })
      servers.set("10.0.0.1:80", refused)
      yield* run(13)
      assert.deepStrictEqual(
        events.flatMap((event) =>
          event._tag === "CheckFailed" ? [`${event.reason} ${event.retriesLeft}`] : []
        ),
        ["connection refused 2", "connection refused 1"]
      )
    })
  )
})

describe("Balancer: its own faults", () => {
  it.effect("it says that it cannot go on", () =>
    Effect.gen(function* () {
      const { balancer } = yield* makeBalancer(yield* makeMachine())
      const broken = Object.defineProperty({ ...virtualServer() }, "haSuspend", {
        get: () => {
          throw new Error("a fault")
        }
      })
      const applying = yield* Effect.forkChild(balancer.apply(parameters([broken])))
      const error = yield* Effect.flip(balancer.ended)
      assert.include(error.message, "a fault")
      yield* Fiber.interrupt(applying)
    })
  )
})
