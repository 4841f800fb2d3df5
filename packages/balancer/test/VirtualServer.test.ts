import { assert, describe, it } from "@effect/vitest"
import type { Decided } from "@holdfast/balancer/Checker"
import type { RealServer, VirtualServer as Parameters } from "@holdfast/balancer/Parameters"
import { status } from "@holdfast/balancer/ServerStatus"
import * as VirtualServer from "@holdfast/balancer/VirtualServer"
import type { Ipv4Address } from "@holdfast/wire/Address"
import { seconds } from "@holdfast/wire/Instant"
import { at, check, realServer, sorryServer, tcp, virtualServer } from "./Fixture.ts"

const up: Decided = { _tag: "Decided", verdict: "Up" }
const down: Decided = { _tag: "Decided", verdict: "Down", reason: "connection refused" }

const started = (serving: Readonly<Record<string, number>> = {}): VirtualServer.Event => ({
  _tag: "Started",
  at: at(0),
  serving: new Map(Object.entries(serving))
})
const decided = (
  time: number,
  { key }: Pick<RealServer, "key">,
  decision: Decided,
  index = 0
): VirtualServer.Event => ({
  _tag: "CheckDecided",
  at: at(time),
  server: key,
  check: index,
  decided: decision
})
const woken = (time: number): VirtualServer.Event => ({ _tag: "Woken", at: at(time) })
const reconfigured = (time: number, parameters: Parameters): VirtualServer.Event => ({
  _tag: "Reconfigured",
  at: at(time),
  parameters
})

const run = (parameters: Parameters, events: ReadonlyArray<VirtualServer.Event>): VirtualServer.Step =>
  more({ state: VirtualServer.make(parameters), actions: [] }, events)

/** What follows, with the actions of these events alone. */
const more = (
  { state }: VirtualServer.Step,
  events: ReadonlyArray<VirtualServer.Event>
): VirtualServer.Step =>
  events.reduce<VirtualServer.Step>(
    (step, event) => {
      const next = VirtualServer.step(step.state, event)
      return { state: next.state, actions: [...step.actions, ...next.actions] }
    },
    { state, actions: [] }
  )

/** The pool as a reader of `ipvsadm -Ln` sees it. */
const poolOf = ({ state }: VirtualServer.Step, index = 0): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Array.from(VirtualServer.services(state)[index]?.destinations ?? [], ([key, { weight }]) => [key, weight])
  )

const told = ({ actions }: VirtualServer.Step): ReadonlyArray<string> =>
  actions.map((action) => {
    switch (action._tag) {
      case "ServerChanged":
        return `${action.occasion} ${action.server.key} ${action.up ? "up" : "down"}`
      case "QuorumChanged":
        return `${action.occasion} quorum ${action.up ? "up" : "down"}`
      case "WeightChanged":
        return `${action.server.key} ${action.from} -> ${action.weight}`
      case "CountConnections":
        return `count ${action.servers.map(({ key }) => key).join(" ")}`
    }
  })

const a = realServer(1)
const b = realServer(2)
const sorry = sorryServer(9)
const both = { [a.key]: 1, [b.key]: 1 }

describe("VirtualServer: who is in the pool", () => {
  it("D4: no server that nobody has checked", () => {
    const step = run(virtualServer(), [started()])

    assert.deepStrictEqual(poolOf(step), {})
    assert.deepStrictEqual(told(step), [])
    assert.strictEqual(VirtualServer.services(step.state).length, 1)
  })

  it("a server whose check passed, and no longer one whose check failed", () => {
    const passed = run(virtualServer(), [started(), decided(1, a, up)])
    const failed = more(passed, [decided(2, a, down)])

    assert.deepStrictEqual(poolOf(passed), { [a.key]: 1 })
    assert.deepStrictEqual(told(passed), [`Initial ${a.key} up`, "Initial quorum up"])
    assert.deepStrictEqual(poolOf(failed), {})
    assert.deepStrictEqual(told(failed), [`Change ${a.key} down`, "Change quorum down"])
  })

  it("a server without checks, always", () => {
    const step = run(virtualServer({ realServers: [realServer(1, { checks: [] })] }), [started()])

    assert.deepStrictEqual(poolOf(step), { [a.key]: 1 })
    assert.deepStrictEqual(told(step), [`Initial ${a.key} up`, "Initial quorum up"])
  })

  it("a server with several checks, only while all of them pass", () => {
    const server = realServer(1, { checks: [check(tcp(1)), check(tcp(1, 443))] })
    const parameters = virtualServer({ realServers: [server] })

    const one = run(parameters, [started(), decided(1, server, up, 0)])
    const two = more(one, [decided(2, server, up, 1)])
    const failed = more(two, [decided(3, server, down, 1)])

    assert.deepStrictEqual([poolOf(one), poolOf(two), poolOf(failed)], [{}, { [server.key]: 1 }, {}])
  })

  it("a restart disturbs nothing: what the table served counts as up until a check says otherwise", () => {
    const step = run(virtualServer(), [started(both)])
    const confirmed = more(step, [decided(1, a, up)])
    const failed = more(confirmed, [decided(2, b, down)])

    assert.deepStrictEqual(poolOf(step), both)
    assert.deepStrictEqual(told(confirmed), [])
    assert.strictEqual(VirtualServer.services(confirmed.state), VirtualServer.services(step.state))
    assert.deepStrictEqual(poolOf(failed), { [a.key]: 1 })
  })

  it("a server that the table held with weight 0 was down: it waits for its check", () => {
    assert.deepStrictEqual(poolOf(run(virtualServer(), [started({ [a.key]: 0, [b.key]: 1 })])), {
      [b.key]: 1
    })
  })

  it("an alpha server is down from the start, and is told so, whatever the table served", () => {
    const alpha = realServer(1, { checks: [check(tcp(1), { alpha: true })] })

    const step = run(virtualServer({ realServers: [alpha] }), [started({ [a.key]: 1 })])
    const passed = more(step, [decided(1, alpha, up)])

    assert.deepStrictEqual(poolOf(step), {})
    assert.deepStrictEqual(told(step), [`Initial ${a.key} down`, "Initial quorum down"])
    assert.deepStrictEqual(told(passed), [`Change ${a.key} up`, "Change quorum up"])
  })

  it("alpha: the quorum is lost from the start, and told so", () => {
    const step = run(virtualServer({ alpha: true, sorryServers: [sorry] }), [started()])

    assert.deepStrictEqual(told(step), ["Initial quorum down"])
    assert.deepStrictEqual(poolOf(step), { [sorry.key]: 1 })
  })

  it("a server with one alpha check of several waits for all, whatever the table served", () => {
    const server = realServer(1, { checks: [check(tcp(1), { alpha: true }), check(tcp(1, 443))] })
    const parameters = virtualServer({ realServers: [server] })

    const one = run(parameters, [started({ [a.key]: 1 }), decided(1, server, up, 0)])

    assert.deepStrictEqual(poolOf(one), {})
    assert.deepStrictEqual(poolOf(more(one, [decided(2, server, up, 1)])), { [a.key]: 1 })
  })

  it("a server is down with its first check that fails, whatever the others have not decided yet", () => {
    const server = realServer(1, { checks: [check(tcp(1)), check(tcp(1, 443))] })

    const step = run(virtualServer({ realServers: [server] }), [started(), decided(1, server, down, 0)])

    assert.deepStrictEqual(told(step), [`Initial ${a.key} down`, "Initial quorum down"])
    assert.strictEqual(status(step.state).servers[0]?.reason, "connection refused")
  })

  it("inhibit_on_failure: a server that is not up has weight 0", () => {
    const inhibited = realServer(1, { inhibitOnFailure: true })
    const step = run(virtualServer({ realServers: [inhibited, b] }), [
      started(both),
      decided(1, inhibited, down)
    ])

    assert.deepStrictEqual(poolOf(step), { [a.key]: 0, [b.key]: 1 })
  })

  it("every address of a group has the same map of destinations with NAT", () => {
    const addresses = [80, 443].map((port) => ({
      _tag: "Endpoint" as const,
      protocol: "TCP" as const,
      address: "192.0.2.1" as Ipv4Address,
      port
    }))

    const [first, second] = VirtualServer.services(run(virtualServer({ addresses }), [started(both)]).state)

    assert.strictEqual(first?.destinations, second?.destinations)
    assert.deepStrictEqual([first?.key, second?.key], ["TCP 192.0.2.1:80", "TCP 192.0.2.1:443"])
  })

  it("with direct routing a destination has the port of its service, and the table's is found again", () => {
    const direct = realServer(1, { port: 8080, method: { _tag: "DirectRouting" } })
    const addresses = [80, 443].map((port) => ({
      _tag: "Endpoint" as const,
      protocol: "TCP" as const,
      address: "192.0.2.1" as Ipv4Address,
      port
    }))
    const mark = { _tag: "FirewallMark", family: "inet", mark: 3 } as const
    const parameters = virtualServer({ addresses: [...addresses, mark], realServers: [direct] })

    const step = run(parameters, [started({ "10.0.0.1:443": 1 })])

    assert.deepStrictEqual(
      [poolOf(step, 0), poolOf(step, 1), poolOf(step, 2)],
      [{ "10.0.0.1:80": 1 }, { "10.0.0.1:443": 1 }, { "10.0.0.1:0": 1 }]
    )
  })
})

describe("VirtualServer: mixed methods", () => {
  it("only what is reached by NAT keeps its own port", () => {
    const nat = realServer(1, { port: 8080 })
    const direct = realServer(2, { port: 8080, method: { _tag: "DirectRouting" } })

    const step = run(virtualServer({ realServers: [nat, direct] }), [
      started({ "10.0.0.1:8080": 1, "10.0.0.2:80": 1 })
    ])

    assert.deepStrictEqual(poolOf(step), { "10.0.0.1:8080": 1, "10.0.0.2:80": 1 })
  })

  it("all addresses of a group have servers, each with its ports", () => {
    const direct = realServer(2, { method: { _tag: "DirectRouting" } })
    const addresses = [80, 443].map((port) => ({
      _tag: "Endpoint" as const,
      protocol: "TCP" as const,
      address: "192.0.2.1" as Ipv4Address,
      port
    }))

    const step = run(virtualServer({ addresses, realServers: [a, direct] }), [
      started({ [a.key]: 1, "10.0.0.2:80": 1 })
    ])

    assert.deepStrictEqual(poolOf(step, 1), { [a.key]: 1, "10.0.0.2:443": 1 })
  })
})

describe("VirtualServer: the quorum", () => {
  const [heavy, light] = [realServer(1, { weight: 3 }), realServer(2)]
  const bothUp = { [heavy.key]: 3, [light.key]: 1 }

  it("counts weight and not servers: 3 + 1 with quorum 2 survives the loss of the light one", () => {
    const parameters = virtualServer({ quorum: 2, realServers: [heavy, light], sorryServers: [sorry] })

    const held = run(parameters, [started(bothUp), decided(1, light, down)])
    const lost = run(parameters, [started(bothUp), decided(1, heavy, down)])

    assert.deepStrictEqual(poolOf(held), { [heavy.key]: 3 })
    assert.deepStrictEqual(poolOf(lost), { [sorry.key]: 1 })
    assert.deepStrictEqual(told(lost).at(-1), "Change quorum down")
  })

  it("is gained at quorum + hysteresis and lost below quorum - hysteresis", () => {
    const realServers = [1, 2, 3, 4, 5].map((number) => realServer(number))
    const parameters = virtualServer({ quorum: 3, hysteresis: 1, realServers })
    const passes = realServers.map((server, index) => decided(index + 1, server, up))

    const gained = run(parameters, [started(), ...passes.slice(0, 4)])
    const kept = more(
      gained,
      [3, 2].map((place) => decided(10, realServers[place]!, down))
    )
    const lost = more(kept, [decided(11, realServers[1]!, down)])
    const notYet = more(
      lost,
      [1, 2].map((place) => decided(12, realServers[place]!, up))
    )

    assert.strictEqual(told(gained).at(-1), "Initial quorum up")
    assert.strictEqual(run(parameters, [started(), ...passes.slice(0, 3)]).state.quorum, "Unknown")
    assert.strictEqual(kept.state.quorum, "Up")
    assert.strictEqual(told(lost).at(-1), "Change quorum down")
    assert.strictEqual(notYet.state.quorum, "Down")
  })

  it("above the total weight is the total, and so is what gains it", () => {
    const parameters = virtualServer({ quorum: 9, hysteresis: 1 })

    assert.deepStrictEqual(VirtualServer.make(parameters).thresholds, { gain: 2, keep: 1 })
    assert.deepStrictEqual(VirtualServer.make(virtualServer({ quorum: 2, hysteresis: 7 })).thresholds, {
      gain: 2,
      keep: 1
    })
  })

  it("hysteresis is cut below the quorum", () => {
    const parameters = virtualServer({
      quorum: 2,
      hysteresis: 7,
      realServers: [realServer(1, { weight: 9 })]
    })

    assert.deepStrictEqual(VirtualServer.make(parameters).thresholds, { gain: 3, keep: 1 })
  })

  it("takes the thresholds of a reload at once", () => {
    const step = run(virtualServer(), [started(both), decided(1, a, down)])

    const reloaded = more(step, [reconfigured(2, virtualServer({ quorum: 2 }))])

    assert.deepStrictEqual(told(reloaded), ["Change quorum down"])
  })

  it("of servers with weight 0 alone is lost", () => {
    const parameters = virtualServer({
      realServers: [realServer(1, { weight: 0 })],
      sorryServers: [sorry]
    })

    assert.deepStrictEqual(poolOf(run(parameters, [started(), decided(1, a, up)])), { [sorry.key]: 1 })
  })

  it("nobody is sent to a sorry server before the real ones were asked", () => {
    const parameters = virtualServer({ sorryServers: [sorry] })

    const one = run(parameters, [started(), decided(1, a, down)])
    const all = more(one, [decided(2, b, down)])

    assert.deepStrictEqual([poolOf(one), poolOf(all)], [{}, { [sorry.key]: 1 }])
    assert.deepStrictEqual(told(all), [`Initial ${b.key} down`, "Initial quorum down"])
  })

  it("a restart with the sorry server in the table leaves it there until a real one is up", () => {
    const step = run(virtualServer({ sorryServers: [sorry] }), [started({ [sorry.key]: 1 })])

    assert.deepStrictEqual(poolOf(step), { [sorry.key]: 1 })
    assert.deepStrictEqual(poolOf(more(step, [decided(1, a, up)])), { [a.key]: 1 })
  })

  it("a restart keeps a quorum that holds by its hysteresis only", () => {
    const realServers = [1, 2, 3, 4].map((number) => realServer(number))
    const parameters = virtualServer({ quorum: 3, hysteresis: 1, realServers, sorryServers: [sorry] })

    const step = run(parameters, [started(both)])

    assert.strictEqual(step.state.quorum, "Up")
    assert.deepStrictEqual(poolOf(step), both)
  })

  it("lost without sorry servers leaves those that are up to go on", () => {
    const step = run(virtualServer({ quorum: 2 }), [started(both), decided(1, a, down)])

    assert.strictEqual(step.state.quorum, "Down")
    assert.deepStrictEqual(poolOf(step), { [b.key]: 1 })
  })

  it("lost with inhibit_on_failure leaves real servers with weight 0 beside a pool of sorry servers", () => {
    const realServers = [realServer(1, { inhibitOnFailure: true }), b]
    const sorryServers = [sorry, sorryServer(10)]
    const parameters = virtualServer({ quorum: 2, realServers, sorryServers })

    assert.deepStrictEqual(poolOf(run(parameters, [started(both), decided(1, b, down)])), {
      [a.key]: 0,
      [sorry.key]: 1,
      "10.0.0.10:80": 1
    })
  })

  it("sorry_server_inhibit: sorry servers stay with weight 0 while the real ones serve", () => {
    const parameters = virtualServer({ sorryServers: [sorry], sorryInhibit: true })

    assert.deepStrictEqual(poolOf(run(parameters, [started(both)])), { ...both, [sorry.key]: 0 })
  })
})

describe("VirtualServer: weights", () => {
  const adjusted = (adjustment: "Set" | "Add", weight: number): Decided => ({
    ...up,
    verdict: "Up",
    adjustment: { _tag: adjustment, weight }
  })
  const server = realServer(1, { weight: 10, checks: [check(tcp(1)), check(tcp(2)), check(tcp(3))] })
  const parameters = virtualServer({ realServers: [server] })
  const weightWith = (...decisions: ReadonlyArray<Decided>) =>
    poolOf(run(parameters, [started(), ...decisions.map((one, index) => decided(1, server, one, index))]))[
      server.key
    ]

  it.each<[string, ReadonlyArray<Decided>, number]>([
    ["a Set replaces the configured one", [adjusted("Set", 4), up, up], 4],
    ["the last Set in the order of the checks wins", [adjusted("Set", 4), up, adjusted("Set", 6)], 6],
    ["every Add is added", [adjusted("Add", 2), adjusted("Set", 4), adjusted("Add", -1)], 5],
    ["it is never below 0", [adjusted("Add", -20), up, up], 0],
    ["it is never above 65535", [adjusted("Add", 70_000), up, up], 65_535]
  ])("%s", (_, decisions, expected) => {
    assert.strictEqual(weightWith(...decisions), expected)
  })

  it("a change is told, and moves the quorum", () => {
    const step = run(virtualServer({ quorum: 8, realServers: [realServer(1, { weight: 10 })] }), [
      started({ [a.key]: 10 })
    ])

    const lighter = more(step, [decided(1, a, adjusted("Set", 5))])

    assert.deepStrictEqual(told(lighter), [`${a.key} 10 -> 5`, "Change quorum down"])
  })

  it("a restart keeps the weight that a script asked for before", () => {
    const script = check({ _tag: "Script", script: { words: ["load"] }, dynamic: true })
    const dynamic = virtualServer({ realServers: [realServer(1, { weight: 10, checks: [script] })] })

    assert.deepStrictEqual(poolOf(run(dynamic, [started({ [a.key]: 4 })])), { [a.key]: 4 })
    assert.deepStrictEqual(
      poolOf(run(virtualServer({ realServers: [realServer(1, { weight: 10 })] }), [started({ [a.key]: 4 })])),
      { [a.key]: 10 }
    )
  })

  it("slow_start: the weight of a server that came up grows from 1, in steps that are deadlines", () => {
    const slow = virtualServer({ slowStart: seconds(10), realServers: [realServer(1, { weight: 5 }), b] })
    let step = run(slow, [started(), decided(0, a, up)])
    const seen: Array<readonly [number, number]> = []

    for (let due = VirtualServer.deadline(step.state); due !== undefined; due = step.state.wakeAt) {
      seen.push([due / 1_000_000, poolOf(step)[a.key]!])
      step = more(step, [{ _tag: "Woken", at: due }])
    }

    assert.deepStrictEqual(seen, [
      [2.5, 1],
      [5, 2],
      [7.5, 3],
      [10, 4]
    ])
    assert.strictEqual(poolOf(step)[a.key], 5)
    assert.strictEqual(step.state.liveWeight, 5)
  })

  it("slow_start: not for a server that was up before we started", () => {
    const slow = virtualServer({ slowStart: seconds(10), realServers: [realServer(1, { weight: 5 })] })

    const step = run(slow, [started({ [a.key]: 5 }), decided(1, a, up)])

    assert.deepStrictEqual(poolOf(step), { [a.key]: 5 })
    assert.strictEqual(VirtualServer.deadline(step.state), undefined)
  })
})

describe("VirtualServer: reload", () => {
  it("keeps what is known of a server whose checks are equal by value, and the services by identity", () => {
    const step = run(virtualServer(), [started(), decided(1, a, up), decided(1, b, down)])

    const reloaded = more(step, [reconfigured(2, structuredClone(virtualServer()))])

    assert.deepStrictEqual(told(reloaded), [])
    assert.strictEqual(VirtualServer.services(reloaded.state)[0], VirtualServer.services(step.state)[0])
    assert.deepStrictEqual(
      status(reloaded.state).servers.map(({ health }) => health),
      ["Up", "Down"]
    )
  })

  it("D4: a server that it adds waits for its check", () => {
    const step = run(virtualServer({ realServers: [a] }), [started(), decided(1, a, up)])

    const reloaded = more(step, [reconfigured(2, virtualServer())])

    assert.deepStrictEqual(poolOf(reloaded), { [a.key]: 1 })
    assert.deepStrictEqual(poolOf(more(reloaded, [decided(3, b, up)])), both)
  })

  it("a server that is up stays in with a changed check, until that says otherwise; one that is down stays out", () => {
    const changed = virtualServer({
      realServers: [
        realServer(1, { checks: [check(tcp(1, 443))] }),
        realServer(2, { checks: [check(tcp(2, 443))] })
      ]
    })
    const step = run(virtualServer(), [started(), decided(1, a, up), decided(1, b, down)])

    const reloaded = more(step, [reconfigured(2, changed)])

    assert.deepStrictEqual(poolOf(reloaded), { [a.key]: 1 })
    assert.deepStrictEqual(poolOf(more(reloaded, [decided(3, a, down)])), {})
  })

  it("changes the weight in the pool and says so", () => {
    const step = run(virtualServer(), [started(both)])

    const reloaded = more(step, [
      reconfigured(1, virtualServer({ realServers: [realServer(1, { weight: 7 }), b] }))
    ])

    assert.deepStrictEqual(told(reloaded), [`${a.key} 1 -> 7`])
    assert.deepStrictEqual(poolOf(reloaded), { [a.key]: 7, [b.key]: 1 })
  })

  it("without drain a server that it removes is gone at once", () => {
    const step = run(virtualServer(), [started(both), reconfigured(1, virtualServer({ realServers: [b] }))])

    assert.deepStrictEqual(poolOf(step), { [b.key]: 1 })
  })
})

describe("VirtualServer: drain", () => {
  const drain = seconds(30)
  const leaving = run(virtualServer({ drain }), [
    started(),
    decided(1, a, up),
    decided(1, b, up),
    reconfigured(10, virtualServer({ drain, realServers: [b] }))
  ])
  const counted = (time: number, counts: ReadonlyArray<readonly [string, number | undefined]>) =>
    ({ _tag: "ConnectionsCounted", at: at(time), counts: new Map(counts) }) as const

  it("keeps a server that a reload removes with weight 0, and asks for its connections every second", () => {
    assert.deepStrictEqual(poolOf(leaving), { [a.key]: 0, [b.key]: 1 })
    assert.strictEqual(VirtualServer.deadline(leaving.state), at(11))

    const asked = more(leaving, [woken(11)])

    assert.deepStrictEqual(told(asked), [`count ${a.key}`])
    assert.strictEqual(VirtualServer.deadline(asked.state), at(12))
    assert.deepStrictEqual(
      status(asked.state).servers.map(({ health }) => health),
      ["Up", "Draining"]
    )
  })

  it.each<[string, ReadonlyArray<readonly [string, number | undefined]>, boolean]>([
    ["ends when it has none", [[a.key, 0]], true],
    ["goes on while it has some", [[a.key, 3]], false],
    ["goes on where the plane does not count them", [[a.key, undefined]], false],
    ["ends when the table does not have it", [[b.key, 5]], true]
  ])("%s", (_, counts, isOver) => {
    const step = more(leaving, [counted(12, counts)])

    assert.deepStrictEqual(poolOf(step), isOver ? { [b.key]: 1 } : { [a.key]: 0, [b.key]: 1 })
    assert.strictEqual(VirtualServer.deadline(step.state) === undefined, isOver)
  })

  it("ends at its deadline, whatever connections are left", () => {
    const step = more(leaving, [woken(40)])

    assert.deepStrictEqual(poolOf(step), { [b.key]: 1 })
    assert.strictEqual(VirtualServer.deadline(step.state), undefined)
  })

  it("ends when the server comes back, with its weight and without a check between", () => {
    const step = more(leaving, [reconfigured(20, virtualServer({ drain }))])

    assert.deepStrictEqual(poolOf(step), both)
    assert.deepStrictEqual(told(step), [])
    assert.strictEqual(VirtualServer.deadline(step.state), undefined)
  })

  it("is not for a server that was out", () => {
    const step = run(virtualServer({ drain }), [
      started(both),
      decided(1, a, down),
      reconfigured(10, virtualServer({ drain, realServers: [b] }))
    ])

    assert.deepStrictEqual(poolOf(step), { [b.key]: 1 })
  })
})

describe("VirtualServer: the end", () => {
  it("omega: what is up is told to be down", () => {
    const step = run(virtualServer({ omega: true }), [started(both), decided(1, b, down)])

    const stopped = more(step, [{ _tag: "Stopped", at: at(5) }])

    assert.deepStrictEqual(told(stopped), [`Stop ${a.key} down`, "Stop quorum down"])
    assert.deepStrictEqual(VirtualServer.services(stopped.state), [])
  })

  it("without omega nothing is told", () => {
    const step = run(virtualServer(), [started(both)])

    assert.deepStrictEqual(told(more(step, [{ _tag: "Stopped", at: at(5) }])), [])
  })

  it("events that came together build the services once, and lead to the same", () => {
    const events = [started(), decided(1, a, up), decided(1, b, up)]

    const together = VirtualServer.stepAll(VirtualServer.make(virtualServer()), events)

    assert.deepStrictEqual(together, run(virtualServer(), events))
  })
})
