import { assert, describe, it } from "@effect/vitest"
import type { Decided } from "@holdfast/balancer/Checker"
import type { VirtualServer as Parameters } from "@holdfast/balancer/Parameters"
import * as Quorum from "@holdfast/balancer/Quorum"
import { type ServerStatus, status } from "@holdfast/balancer/ServerStatus"
import * as VirtualServer from "@holdfast/balancer/VirtualServer"
import { type Instant, type Micros, plus, seconds } from "@holdfast/wire/Instant"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import { at, check, realServer, sorryServer, tcp, virtualServer } from "./Fixture.ts"

const Settings = Schema.Struct({
  quorum: Schema.Literals([1, 3, 5, 9]),
  hysteresis: Schema.Literals([0, 1, 4]),
  hosts: Schema.Array(Schema.Literals([1, 2, 3, 4])),
  heavy: Schema.Literals([1, 5]),
  hasSorry: Schema.Boolean,
  isInhibited: Schema.Boolean,
  sorryInhibit: Schema.Boolean,
  slowStart: Schema.Literals([0, 4]),
  drain: Schema.Literals([0, 3]),
  isAlpha: Schema.Boolean
})

const Command = Schema.Struct({
  kind: Schema.Literals([
    "Pass",
    "Pass",
    "Pass",
    "Fail",
    "Adjust",
    "Wake",
    "Wake",
    "Reload",
    "Count",
    "Restart"
  ]),
  host: Schema.Literals([1, 2, 3, 4]),
  check: Schema.Literals([0, 1]),
  weight: Schema.Literals([0, 2, 7]),
  offset: Schema.Literals([-1, 0, 300_000]),
  settings: Settings
})

/** Host 1 has no check, host 4 has two, the others one each. */
const parametersOf = (settings: typeof Settings.Type): Parameters => {
  const { drain, hasSorry, heavy, hosts, isAlpha, isInhibited, slowStart, ...others } = settings
  return virtualServer({
    ...others,
    slowStart: seconds(slowStart),
    drain: seconds(drain),
    sorryServers: hasSorry ? [sorryServer(9)] : [],
    realServers: Array.from(new Set(hosts), (host) =>
      realServer(host, {
        weight: host === 2 ? heavy : 1,
        inhibitOnFailure: isInhibited && host === 3,
        checks: [tcp(host), tcp(host, 443)]
          .slice(0, host === 1 ? 0 : host === 4 ? 2 : 1)
          .map((probe) => check(probe, { alpha: isAlpha && host === 3 }))
      })
    )
  })
}

const decisionOf = ({ kind, weight }: typeof Command.Type): Decided => {
  if (kind === "Pass") return { _tag: "Decided", verdict: "Up" }
  if (kind === "Fail") return { _tag: "Decided", verdict: "Down", reason: "refused" }
  return { _tag: "Decided", verdict: "Up", adjustment: { _tag: "Set", weight } }
}

const eventsOf = (
  command: typeof Command.Type,
  state: VirtualServer.VirtualServer,
  now: Instant
): ReadonlyArray<VirtualServer.Event> => {
  const later = plus(VirtualServer.deadline(state) ?? now, command.offset as Micros)
  const server = realServer(command.host).key
  const at = later < now ? now : later
  switch (command.kind) {
    case "Pass":
    case "Fail":
    case "Adjust":
      return [{ _tag: "CheckDecided", at: now, server, check: command.check, decided: decisionOf(command) }]
    case "Wake":
      return [{ _tag: "Woken", at }]
    case "Reload":
      return [{ _tag: "Reconfigured", at: now, parameters: parametersOf(command.settings) }]
    case "Count":
      return [{ _tag: "ConnectionsCounted", at: now, counts: new Map([[server, command.weight]]) }]
    case "Restart": {
      const [service] = VirtualServer.services(state)
      const serving = new Map(Array.from(service?.destinations ?? [], ([key, { weight }]) => [key, weight]))
      return [
        { _tag: "Stopped", at: now },
        { _tag: "Started", at: now, serving }
      ]
    }
  }
}

const poolOf = (state: VirtualServer.VirtualServer): ReadonlyMap<string, number> =>
  new Map(
    Array.from(VirtualServer.services(state)[0]?.destinations ?? [], ([key, { weight }]) => [key, weight])
  )

/** The rules of the pool, said once more and independently: who is in, and between what weights. */
const expectedWeight = (
  { health, server, weight }: ServerStatus,
  isSorry: boolean
): readonly [number, number] | undefined => {
  if (health === "Draining") return [0, 0]
  if (health === "Up" && !isSorry) return [Math.min(weight, 1), weight]
  return server.inhibitOnFailure ? [0, 0] : undefined
}

const assertPool = (state: VirtualServer.VirtualServer): void => {
  const { isSorry, servers } = status(state)
  const { sorryInhibit, sorryServers } = state.parameters
  const pool = poolOf(state)
  const keys = new Set<string>()
  for (const server of servers) {
    const bounds = expectedWeight(server, isSorry)
    const weight = pool.get(server.server.key)
    if (bounds !== undefined) keys.add(server.server.key)
    assert.strictEqual(weight !== undefined, bounds !== undefined, server.server.key)
    assert.isTrue(bounds === undefined || (weight! >= bounds[0] && weight! <= bounds[1]))
    assert.strictEqual(server.poolWeight, weight)
  }
  assert.strictEqual(isSorry, state.quorum === "Down" && sorryServers.length > 0)
  for (const { key } of sorryServers) {
    if (isSorry || sorryInhibit) keys.add(key)
    assert.strictEqual(pool.get(key), isSorry ? 1 : sorryInhibit ? 0 : undefined)
  }
  assert.strictEqual(pool.size, keys.size)
}

const assertQuorum = (state: VirtualServer.VirtualServer): void => {
  const { liveWeight, quorum, thresholds } = state
  assert.deepStrictEqual(thresholds, Quorum.thresholds(state.parameters))
  const live = status(state).servers.filter(({ health }) => health === "Up")
  assert.strictEqual(
    liveWeight,
    live.reduce((sum, { weight }) => sum + weight, 0)
  )
  if (quorum === "Up") assert.isTrue(liveWeight > 0 && liveWeight >= thresholds.keep)
  else assert.isTrue(liveWeight < thresholds.gain)
}

const isGrowing = ({ members, parameters }: VirtualServer.VirtualServer, now: Instant): boolean =>
  members.some(
    ({ risingSince }) => risingSince !== undefined && now < plus(risingSince, parameters.slowStart)
  )

/** What was announced so far, as a subscriber has it. */
class Audience {
  readonly servers = new Map<string, boolean>()
  quorum: boolean | undefined

  hear(actions: ReadonlyArray<VirtualServer.Action>): void {
    for (const action of actions) {
      if (action._tag === "ServerChanged") {
        const { key } = action.server
        assert.notStrictEqual(this.servers.get(key), action.up, "told twice")
        assert.strictEqual(action.occasion === "Initial", !this.servers.has(key))
        this.servers.set(key, action.up)
      }
      if (action._tag === "QuorumChanged") {
        assert.notStrictEqual(this.quorum, action.up, "told twice")
        assert.strictEqual(action.occasion === "Initial", this.quorum === undefined)
        this.quorum = action.up
      }
    }
  }

  agreesWith(state: VirtualServer.VirtualServer): void {
    for (const { health, server } of status(state).servers) {
      if (health === "Up" || health === "Down")
        assert.strictEqual(this.servers.get(server.key), health === "Up")
    }
    if (state.quorum !== "Unknown") assert.strictEqual(this.quorum, state.quorum === "Up")
  }
}

interface Seen {
  readonly tags: Set<string>
}

const run = (
  settings: typeof Settings.Type,
  commands: ReadonlyArray<typeof Command.Type>,
  seen: Seen
): void => {
  let now = at(100)
  let audience = new Audience()
  const first = VirtualServer.step(VirtualServer.make(parametersOf(settings)), {
    _tag: "Started",
    at: now,
    serving: new Map()
  })
  audience.hear(first.actions)
  let { state } = first
  for (const command of commands) {
    for (const event of eventsOf(command, state, now)) {
      const before = state
      const { actions, state: next } = VirtualServer.step(before, event)
      assert.deepStrictEqual(VirtualServer.step(before, event), { state: next, actions })
      ;[state, now] = [next, event.at]

      for (const action of actions) seen.tags.add(`${event._tag} ${action._tag}`)
      seen.tags.add(`quorum ${state.quorum}`)
      if (state.draining.length > 0) seen.tags.add("draining")
      if (status(state).isSorry) seen.tags.add("sorry")
      if (event._tag === "Stopped") {
        audience = new Audience()
        continue
      }
      audience.hear(actions)
      const gone = [...audience.servers.keys()].filter((key) => !state.places.has(key))
      // A server that comes back while it drains was told already; one that was gone begins anew.
      const draining = new Set(state.draining.map(({ member }) => member.server.key))
      for (const key of gone) if (!draining.has(key)) audience.servers.delete(key)
      assertStep(before, state, event)
      audience.agreesWith(state)
    }
  }
}

const assertStep = (
  before: VirtualServer.VirtualServer,
  state: VirtualServer.VirtualServer,
  event: VirtualServer.Event
): void => {
  assertPool(state)
  assertQuorum(state)
  const hasDeadline = VirtualServer.deadline(state) !== undefined
  // A deadline is looked at anew with every step that does something.
  if (state !== before)
    assert.strictEqual(hasDeadline, state.draining.length > 0 || isGrowing(state, event.at))
  if (hasDeadline && state !== before) assert.isTrue(VirtualServer.deadline(state)! > event.at)
  if (event._tag === "Woken" || event._tag === "ConnectionsCounted") {
    assert.strictEqual(state.quorum, before.quorum, "no verdict changed")
  }
  const [old, service] = [VirtualServer.services(before)[0], VirtualServer.services(state)[0]]
  const isSame =
    old !== undefined &&
    before.parameters.scheduler === state.parameters.scheduler &&
    Equal.equals(poolOf(before), poolOf(state))
  if (isSame) assert.strictEqual(service, old)
}

const scenario = Arbitrary.all({
  settings: Arbitrary.schema(Settings),
  commands: Arbitrary.array(Arbitrary.schema(Command), { minLength: 10, maxLength: 40 })
})

describe("VirtualServer.step, in all scenarios", () => {
  it.prop(
    "keeps the rules of the pool, of the quorum, of deadlines, and tells each change once",
    { scenario },
    ({ scenario }) => run(scenario.settings, scenario.commands, { tags: new Set() }),
    { arbitrary: { runs: 600, seed: "virtual-server", size: 30 } }
  )

  it.effect("reaches every action and every state of the quorum", () =>
    Effect.gen(function* () {
      const scenarios = yield* Arbitrary.sampleEffect(scenario, {
        count: 300,
        seed: "virtual-server",
        size: 30
      })
      const seen: Seen = { tags: new Set() }

      for (const { commands, settings } of scenarios) run(settings, commands, seen)

      const wanted = [
        "CheckDecided ServerChanged",
        "CheckDecided QuorumChanged",
        "CheckDecided WeightChanged",
        "Reconfigured ServerChanged",
        "Reconfigured QuorumChanged",
        "Reconfigured WeightChanged",
        "Started ServerChanged",
        "Started QuorumChanged",
        "Woken CountConnections",
        "quorum Unknown",
        "quorum Up",
        "quorum Down",
        "draining",
        "sorry"
      ]
      assert.deepStrictEqual([...seen.tags].toSorted(), wanted.toSorted())
    })
  )

  it.prop(
    "slow start: a weight grows at every deadline and ends at its own, after the time",
    [Schema.Literals([1, 2, 3, 50, 51, 52, 100, 65_535]), Schema.Literals([1, 3, 60, 3_000_000, 60_000_000])],
    ([weight, slowStart]) => {
      const server = realServer(2, { weight })
      const parameters = virtualServer({ slowStart: slowStart as Micros, realServers: [server] })
      let { state } = VirtualServer.stepAll(VirtualServer.make(parameters), [
        { _tag: "Started", at: at(0), serving: new Map() },
        {
          _tag: "CheckDecided",
          at: at(0),
          server: server.key,
          check: 0,
          decided: { _tag: "Decided", verdict: "Up" }
        }
      ])
      let [count, last] = [0, poolOf(state).get(server.key)!]
      assert.strictEqual(last, 1)

      for (let due = state.wakeAt; due !== undefined; due = state.wakeAt) {
        state = VirtualServer.step(state, { _tag: "Woken", at: due }).state
        const next = poolOf(state).get(server.key)!
        assert.isTrue(next > last || weight === 1)
        ;[count, last] = [count + 1, next]
        assert.isTrue(due < slowStart ? next < weight : due === slowStart)
      }

      assert.strictEqual(last, weight)
      assert.isTrue(count <= 51)
    },
    { arbitrary: { runs: 60, seed: "slow-start" } }
  )
})
