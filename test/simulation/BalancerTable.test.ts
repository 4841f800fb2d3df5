/**
 * What a balancer makes of the kernel's table and settings: levels, whatever others do to them.
 */
import { assert, describe, it } from "@effect/vitest"
import type { IpAddress } from "@holdfast/wire/Address"
import { ForwardingPlaneError } from "@holdfast/engine/ForwardingPlane"
import * as Effect from "effect/Effect"
import { makeBalancer, makeMachine, parameters, realServer, table, virtualServer } from "./BalancerRig.ts"
import { run } from "./Rig.ts"
import { both, passed, refused, second, service, started } from "./StartedBalancer.ts"

describe("Balancer: the kernel's table is a level", () => {
  it.effect("D2: a service that somebody deleted is back with the next change of a server", () =>
    Effect.gen(function* () {
      const { events, kernel, servers } = yield* started()
      kernel.edit({ _tag: "RemoveService", service: kernel.table().get("TCP 192.0.2.100:80")! })
      servers.set("10.0.0.1:80", refused)
      yield* run(12)
      assert.deepStrictEqual(table(kernel), second)
      assert.isTrue(events.some(({ _tag }) => _tag === "TableRepaired"))
    })
  )

  it.effect("D2: without any change it is back within 30 s, and with an unchanged reload at once", () =>
    Effect.gen(function* () {
      const { balancer, kernel } = yield* started()
      const remove = () =>
        kernel.edit({ _tag: "RemoveService", service: kernel.table().get("TCP 192.0.2.100:80")! })
      remove()
      yield* run(30)
      assert.deepStrictEqual(table(kernel), both)
      yield* run(2)
      remove()
      yield* balancer.apply(parameters([virtualServer()]))
      assert.deepStrictEqual(table(kernel), both)
    })
  )

  it.effect(
    "D2: a service that is deleted again right after it was restored is back again, and that is told",
    () =>
      Effect.gen(function* () {
        const { balancer, events, kernel } = yield* started()
        const remove = () =>
          kernel.edit({ _tag: "RemoveService", service: kernel.table().get("TCP 192.0.2.100:80")! })
        remove()
        yield* balancer.apply(parameters([virtualServer()]))
        remove()
        yield* run(31)
        assert.deepStrictEqual(table(kernel), both)
        assert.lengthOf(
          events.filter(({ _tag }) => _tag === "TableRepaired"),
          2
        )
      })
  )

  it.effect("a weight that is set again right after it was put right is put right within 30 s", () =>
    Effect.gen(function* () {
      const { balancer, kernel } = yield* started()
      const change = () => {
        const found = kernel.table().get("TCP 192.0.2.100:80")!
        const destination = { ...found.destinations.get("10.0.0.1:80")!, weight: 9 }
        kernel.edit({ _tag: "ChangeDestination", service: found, destination })
      }
      change()
      yield* balancer.apply(parameters([virtualServer()]))
      change()
      yield* run(31)
      assert.deepStrictEqual(table(kernel), both)
    })
  )

  it.effect("what we have just changed is read back within two seconds", () =>
    Effect.gen(function* () {
      const { kernel } = yield* started()
      const found = kernel.table().get("TCP 192.0.2.100:80")!
      kernel.edit({
        _tag: "RemoveDestination",
        service: found,
        destination: found.destinations.get("10.0.0.1:80")!
      })
      yield* run(2)
      assert.deepStrictEqual(table(kernel), both)
    })
  )

  it.effect("a weight and a stray server that somebody set are put right and told, once", () =>
    Effect.gen(function* () {
      const { events, kernel } = yield* started()
      const found = kernel.table().get("TCP 192.0.2.100:80")!
      const destination = found.destinations.get("10.0.0.1:80")!
      kernel.edit({
        _tag: "ChangeDestination",
        service: found,
        destination: { ...destination, weight: 9 }
      })
      kernel.edit({
        _tag: "AddDestination",
        service: found,
        destination: { ...destination, key: "10.0.0.9:80", address: "10.0.0.9" as IpAddress }
      })
      yield* run(65)
      assert.deepStrictEqual(table(kernel), both)
      assert.deepStrictEqual(
        events.flatMap((event) => (event._tag === "TableRepaired" ? event.repairs : [])),
        ["TCP 192.0.2.100:80: set 10.0.0.1:80 to weight 1", "TCP 192.0.2.100:80: remove 10.0.0.9:80"]
      )
    })
  )

  it.effect("D3: what an earlier run left under our service becomes what the file says", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      const old = virtualServer({ scheduler: "rr" })
      const stray = realServer("10.0.0.9", { checks: [] })
      machine.servers.set("10.0.0.1:80", passed)
      machine.servers.set("10.0.0.2:80", passed)
      const before = yield* makeBalancer(machine)
      yield* before.balancer.apply(parameters([{ ...old, realServers: [...old.realServers, stray] }]))
      yield* run(1)
      yield* before.kill
      assert.strictEqual(machine.kernel.table().get("TCP 192.0.2.100:80")?.destinations.size, 3)
      const after = yield* makeBalancer(machine)
      yield* after.balancer.apply(parameters([virtualServer()]))
      assert.deepStrictEqual(table(machine.kernel), both)
    })
  )

  it.effect("a restart with the same file edits nothing: connections and counters stay", () =>
    Effect.gen(function* () {
      const { kernel, kill, machine } = yield* started()
      kernel.deliver(service, 4)
      const edits = kernel.edits.length
      yield* kill
      const after = yield* makeBalancer(machine)
      yield* after.balancer.apply(parameters([virtualServer()]))
      yield* run(60)
      assert.strictEqual(kernel.edits.length, edits)
      assert.deepStrictEqual(table(kernel), both)
    })
  )

  it.effect("after a crash a server that was out stays out until its check passes", () =>
    Effect.gen(function* () {
      const { kernel, kill, machine, servers } = yield* started()
      servers.set("10.0.0.1:80", undefined)
      yield* run(30)
      assert.deepStrictEqual(table(kernel), second)
      yield* kill
      const after = yield* makeBalancer(machine)
      yield* after.balancer.apply(parameters([virtualServer()]))
      yield* run(2)
      assert.deepStrictEqual(table(kernel), second)
    })
  )

  it.effect("foreign services are left alone, and go with lvs_flush", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      const foreign = {
        key: "TCP 203.0.113.1:22",
        address: { ...service, address: "203.0.113.1" as IpAddress, port: 22 },
        scheduler: "rr",
        schedulerFlags: [],
        onePacket: false,
        destinations: new Map()
      } as const
      machine.kernel.edit({ _tag: "AddService", service: foreign })
      machine.servers.set("10.0.0.1:80", passed)
      machine.servers.set("10.0.0.2:80", passed)
      const before = yield* makeBalancer(machine)
      yield* before.balancer.apply(parameters([virtualServer()]))
      yield* run(31)
      assert.deepStrictEqual(table(machine.kernel), ["TCP 203.0.113.1:22 rr", ...both])
      yield* before.balancer.stop({ keepServices: false })
      assert.deepStrictEqual(table(machine.kernel), ["TCP 203.0.113.1:22 rr"])
      yield* before.kill
      const after = yield* makeBalancer(machine)
      yield* after.balancer.apply(parameters([virtualServer()], { flushAtStart: true }))
      yield* run(1)
      assert.deepStrictEqual(table(machine.kernel), both)
    })
  )

  it.effect("D12: what the kernel refuses is told and not counted as set, and is tried again", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      machine.servers.set("10.0.0.1:80", passed)
      machine.servers.set("10.0.0.2:80", passed)
      machine.kernel.refused.set("TCP 192.0.2.100:80", "no scheduler wrr")
      const { balancer, events } = yield* makeBalancer(machine)
      yield* balancer.apply(parameters([virtualServer()]))
      yield* run(10)
      const told = events.flatMap((event) => (event._tag === "EditsRefused" ? event.messages : []))
      assert.strictEqual(told.length, 1)
      assert.include(told[0], "no scheduler wrr")
      assert.deepStrictEqual((yield* balancer.status).refusals, { "TCP 192.0.2.100:80": told[0] ?? "" })
      machine.kernel.refused.clear()
      yield* run(25)
      assert.deepStrictEqual(table(machine.kernel), both)
      assert.deepStrictEqual((yield* balancer.status).refusals, {})
    })
  )

  it.effect("without a plane the checks run, and the table is written when there is one", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine("nf_tables")
      machine.servers.set("10.0.0.1:80", passed)
      machine.servers.set("10.0.0.2:80", passed)
      const { balancer, events } = yield* makeBalancer(machine)
      yield* balancer.apply(parameters([virtualServer()], { plane: "ipvs" }))
      yield* run(61)
      assert.strictEqual(events.filter(({ _tag }) => _tag === "PlaneFailed").length, 1)
      assert.strictEqual((yield* balancer.status).plane, "none")
      assert.strictEqual(events.filter(({ _tag }) => _tag === "ServerChanged").length, 2)
    })
  )
})

describe("Balancer: nf_tables", () => {
  const notesOn = (kind: "ipvs" | "nf_tables") =>
    Effect.gen(function* () {
      const { balancer, events } = yield* makeBalancer(yield* makeMachine(kind))
      const wanted = parameters([virtualServer({ scheduler: "wlc" })])
      yield* balancer.apply(wanted)
      yield* balancer.apply(wanted)
      yield* run(1)
      return events.flatMap((event) => (event._tag === "ServicesApproximated" ? event.notes : []))
    })

  it.effect("what it does otherwise is told once, and nothing where IPVS does what was asked", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* notesOn("nf_tables"), [
        "TCP 192.0.2.100:80: lvs_sched wlc is done as wrr: nf_tables does not count open connections"
      ])
      assert.deepStrictEqual(yield* notesOn("ipvs"), [])
    })
  )
})

describe("Balancer: the kernel's settings", () => {
  const syncDaemon = { interface: "eth0", router: "VI_1", syncId: 7 }

  it.effect("the synchronisation daemon follows the virtual router, and ends with us", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      const { balancer } = yield* makeBalancer(machine)
      const halves = () => [...machine.kernel.syncDaemons.keys()]
      yield* balancer.apply(parameters([virtualServer()], { syncDaemon }))
      assert.deepStrictEqual(halves(), ["backup"])
      yield* balancer.tellRole("VI_1", true)
      yield* balancer.tellRole("VI_2", false)
      assert.deepStrictEqual(halves(), ["master"])
      yield* balancer.tellRole("VI_1", false)
      assert.deepStrictEqual(halves(), ["backup"])
      yield* balancer.stop({ keepServices: true })
      assert.deepStrictEqual(halves(), [])
    })
  )

  it.effect("timeouts are set, and set back at the stop", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      const before = machine.kernel.timeouts()
      const { balancer } = yield* makeBalancer(machine)
      yield* balancer.apply(parameters([virtualServer()], { timeouts: { tcpSeconds: 60 } }))
      assert.deepStrictEqual(machine.kernel.timeouts(), { ...before, tcpSeconds: 60 })
      yield* balancer.apply(parameters([virtualServer()]))
      assert.deepStrictEqual(machine.kernel.timeouts(), before)
      yield* balancer.apply(parameters([virtualServer()], { timeouts: { udpSeconds: 5 } }))
      yield* balancer.stop({ keepServices: false })
      assert.deepStrictEqual(machine.kernel.timeouts(), before)
    })
  )

  it.effect("a plane that is opened late is told them, too", () =>
    Effect.gen(function* () {
      const machine = yield* makeMachine()
      machine.kernel.unavailable = new ForwardingPlaneError({ reason: "Unsupported", message: "no ip_vs" })
      const { balancer } = yield* makeBalancer(machine)
      yield* balancer.apply(parameters([virtualServer()], { syncDaemon }))
      machine.kernel.unavailable = undefined
      yield* run(30)
      assert.deepStrictEqual([...machine.kernel.syncDaemons.keys()], ["backup"])
    })
  )
})
