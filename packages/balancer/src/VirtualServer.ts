/**
 * The state machine of one virtual server over its real servers.
 *
 * Decides; never acts. Checks, counted connections and time come in as events; what comes out is who is up, whether the
 * quorum is held, and the services that the forwarding plane shall have (`services`).
 *
 * **Invariants**
 * 1. A server that nobody has checked takes no traffic, except one that the kernel's table served when we started, and one
 *    that was up before a reload changed its checks.
 * 2. Every server and the quorum are announced once when they are first known (`Initial`), and then whenever they change.
 * 3. `services` is a function of members, quorum and time; what is equal to before is the same object.
 * 4. `deadline` is held while a weight grows or a server drains, and never otherwise.
 *
 * **Details** three concepts with a module each: `Member` (one real server), `Quorum`, and `ServerPool` (who is in, with
 * what weight).
 *
 * **Gotchas**
 * - The quorum counts the weights of servers as their checks adjust them, not how far a slow start has brought them: a
 *   server that has just come up is worth its whole weight.
 * - A quorum is `Unknown` after the start until it is gained, or cannot be gained by the servers that nobody has checked yet.
 *   What the kernel's table did at the start is taken for what it was: with real servers in it, it was held; with sorry
 *   servers in it, it was lost. With `alpha` it begins lost, unless real servers serve already.
 *
 * @see docs/decisions/0001-pure-reducers.md
 * @since 0.1.0
 */
import { type Instant, plus } from "@holdfast/wire/Instant"
import type { Decided } from "./Checker.ts"
import * as Drain from "./Drain.ts"
import * as Member from "./Member.ts"
import type { RealServer, VirtualServer as Parameters } from "./Parameters.ts"
import * as Quorum from "./Quorum.ts"
import * as ServerPool from "./ServerPool.ts"
import type { Service } from "./Service.ts"

/**
 * The state of one virtual server.
 *
 * - `members`: in the order of `parameters.realServers`; `places` finds them by key.
 * - `quorumTold`: what was announced last.
 * - `liveWeight`, `uncheckedWeight`: sums over `members`.
 * - `countAt`: when connections of draining servers are counted next.
 * - `wakeAt`: the earliest of all deadlines.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualServer {
  readonly parameters: Parameters
  readonly isRunning: boolean
  readonly members: ReadonlyArray<Member.Member>
  readonly places: ReadonlyMap<string, number>
  readonly draining: ReadonlyArray<Drain.Draining>
  readonly thresholds: Quorum.Thresholds
  readonly quorum: Quorum.Quorum
  readonly quorumTold: Quorum.Quorum
  readonly liveWeight: number
  readonly uncheckedWeight: number
  readonly countAt: Instant | undefined
  readonly wakeAt: Instant | undefined
  readonly pool: ServerPool.ServerPool
}

/**
 * - `Started`: `serving` is what the kernel's table holds under our services, weights by the keys of destinations; empty at
 *   a first start.
 * - `CheckDecided`: the check with this number of this real server decided. To be sent for a check that runs already, too,
 *   when a server joins it (`Checker.decision`).
 * - `Woken`: time passed. Acts only if `deadline` is not after `at`.
 * - `Reconfigured`: new parameters for the virtual server of this name.
 * - `ConnectionsCounted`: open connections by the keys of destinations, summed over our services; undefined where the plane
 *   counts none, absent where the destination is.
 * - `Stopped`: the service ends; `services` is empty from then on. What becomes of the kernel's table is the shell's to say.
 *
 * @category models
 * @since 0.1.0
 */
export type Event =
  | { readonly _tag: "Started"; readonly at: Instant; readonly serving: ReadonlyMap<string, number> }
  | {
      readonly _tag: "CheckDecided"
      readonly at: Instant
      readonly server: string
      readonly check: number
      readonly decided: Decided
    }
  | { readonly _tag: "Woken"; readonly at: Instant }
  | { readonly _tag: "Reconfigured"; readonly at: Instant; readonly parameters: Parameters }
  | {
      readonly _tag: "ConnectionsCounted"
      readonly at: Instant
      readonly counts: ReadonlyMap<string, number | undefined>
    }
  | { readonly _tag: "Stopped"; readonly at: Instant }

/**
 * Why something is announced.
 *
 * - `Initial`: it is known for the first time. keepalived begins with servers up, so that a first `up` is told only where
 *   the operator wants it (`rs_init_notifies`), and a first `down` always.
 * - `Change`.
 * - `Stop`: the service ends and its down scripts run (`omega`).
 *
 * @category models
 * @since 0.1.0
 */
export type Occasion = "Initial" | "Change" | "Stop"

/**
 * - `ServerChanged`: a real server is up or down, and why it is down.
 * - `QuorumChanged`: with the weight that is up, and the thresholds that it crossed.
 * - `WeightChanged`: the checks or a reload changed the weight of a server that is up. Steps of a slow start are no news.
 * - `CountConnections`: answer with `ConnectionsCounted`, if the plane can; of these real servers.
 *
 * @category models
 * @since 0.1.0
 */
export type Action =
  | {
      readonly _tag: "ServerChanged"
      readonly server: RealServer
      readonly up: boolean
      readonly reason?: string
      readonly occasion: Occasion
    }
  | {
      readonly _tag: "QuorumChanged"
      readonly up: boolean
      readonly liveWeight: number
      readonly thresholds: Quorum.Thresholds
      readonly occasion: Occasion
    }
  | {
      readonly _tag: "WeightChanged"
      readonly server: RealServer
      readonly from: number
      readonly weight: number
    }
  | { readonly _tag: "CountConnections"; readonly servers: ReadonlyArray<RealServer> }

/**
 * The next state, and what is to be done, in order.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly state: VirtualServer
  readonly actions: ReadonlyArray<Action>
}

/**
 * Returns a virtual server that has not been started.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (parameters: Parameters): VirtualServer => ({
  parameters,
  isRunning: false,
  members: [],
  places: placesOf(parameters),
  draining: [],
  thresholds: Quorum.thresholds(parameters),
  quorum: "Unknown",
  quorumTold: "Unknown",
  liveWeight: 0,
  uncheckedWeight: 0,
  countAt: undefined,
  wakeAt: undefined,
  pool: ServerPool.empty
})

/**
 * Returns the services that the forwarding plane shall have. While nothing changes, each is the same object.
 *
 * @category queries
 * @since 0.1.0
 */
export const services = (state: VirtualServer): ReadonlyArray<Service> => state.pool.services

/**
 * Returns when the virtual server wants `Woken`, or nothing.
 *
 * @category queries
 * @since 0.1.0
 */
export const deadline = (state: VirtualServer): Instant | undefined => state.wakeAt

/**
 * Takes one event. Total and deterministic.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (state: VirtualServer, event: Event): Step => stepAll(state, [event])

/**
 * Takes events that came together, in their order, and builds the services once: a virtual server of tens of thousands
 * whose checks all decide at the start would else build them for each.
 *
 * @category steps
 * @since 0.1.0
 */
export const stepAll = (state: VirtualServer, events: ReadonlyArray<Event>): Step => {
  const actions: Array<Action> = []
  let next = state
  /** The members of `next` where they are a copy that nobody else has seen. */
  let draft: Array<Member.Member> = []
  for (const event of events) {
    if (event._tag === "CheckDecided") {
      if (draft !== next.members) draft = [...next.members]
      next = decide(next, draft, event, actions)
    } else next = take(next, event, actions)
  }
  const last = events.at(-1)
  if (last === undefined || next === state) return { state, actions }
  return { state: withPool(next, last.at), actions }
}

const take = (
  state: VirtualServer,
  event: Exclude<Event, CheckDecided>,
  actions: Array<Action>
): VirtualServer => {
  if (event._tag === "Started")
    return state.isRunning ? state : start(state, event.at, event.serving, actions)
  if (!state.isRunning) {
    return event._tag === "Reconfigured" ? make(event.parameters) : state
  }
  switch (event._tag) {
    case "Woken":
      return wake(state, event.at, actions)
    case "Reconfigured":
      return reconfigure(state, event.parameters, event.at, actions)
    case "ConnectionsCounted":
      return endDrains(state, (draining) => Drain.isOver(draining, state.parameters, event.counts))
    case "Stopped":
      return stop(state, actions)
  }
}

const start = (
  state: VirtualServer,
  at: Instant,
  serving: ReadonlyMap<string, number>,
  actions: Array<Action>
): VirtualServer => {
  const { parameters } = state
  const served = (server: ServerPool.Target) =>
    ServerPool.destinationKeys(parameters, server).reduce(
      (weight, key) => Math.max(weight, serving.get(key) ?? 0),
      0
    )
  const members = parameters.realServers.map((server) => Member.make(server, at, served(server)))
  const wasHeld = members.some(({ health, server }) => health === "Up" && served(server) > 0)
  const wasLost = parameters.alpha || parameters.sorryServers.some((server) => served(server) > 0)
  const quorum: Quorum.Quorum = wasHeld ? "Up" : wasLost ? "Down" : "Unknown"
  const started = withWeights({
    ...state,
    isRunning: true,
    members: members.map((member) => announce(undefined, member, actions)),
    quorum
  })
  return judge(started, actions)
}

type CheckDecided = Extract<Event, { readonly _tag: "CheckDecided" }>

/** Writes to `members`, a copy of those of the state. */
const decide = (
  state: VirtualServer,
  members: Array<Member.Member>,
  event: CheckDecided,
  actions: Array<Action>
): VirtualServer => {
  const place = state.places.get(event.server)
  const before = place === undefined ? undefined : members[place]
  if (place === undefined || before === undefined) return state
  const decided = Member.decide(before, event.check, event.decided, event.at)
  if (decided === before) return state
  const member = announce(before, decided, actions)
  members[place] = member
  return judge(
    {
      ...state,
      members,
      liveWeight: state.liveWeight - liveWeightOf(before) + liveWeightOf(member),
      uncheckedWeight: state.uncheckedWeight - uncheckedWeightOf(before) + uncheckedWeightOf(member)
    },
    actions
  )
}

const wake = (state: VirtualServer, at: Instant, actions: Array<Action>): VirtualServer => {
  if (state.wakeAt === undefined || at < state.wakeAt) return state
  const drained = endDrains(state, ({ until }) => at >= until)
  const { countAt, draining } = drained
  // A weight that grows is no part of the state: the pool is built for this instant.
  if (countAt === undefined || at < countAt) return { ...drained }
  actions.push({ _tag: "CountConnections", servers: draining.map(({ member }) => member.server) })
  return { ...drained, countAt: plus(at, Drain.countInterval) }
}

const reconfigure = (
  state: VirtualServer,
  parameters: Parameters,
  at: Instant,
  actions: Array<Action>
): VirtualServer => {
  if (parameters === state.parameters) return state
  const places = hasSameServers(state.parameters, parameters) ? state.places : placesOf(parameters)
  const returning = new Map(state.draining.map(({ member }) => [member.server.key, member]))
  const members = parameters.realServers.map((server) => {
    const before = state.members[state.places.get(server.key) ?? -1]
    if (before !== undefined) return announce(before, Member.reconfigure(before, server, at), actions)
    const drained = returning.get(server.key)
    if (drained !== undefined) return announce(drained, Member.readmit(drained, server, at), actions)
    return announce(undefined, Member.make(server, at, 0), actions)
  })
  const leaving =
    places === state.places
      ? []
      : state.members.filter(
          (member) => !places.has(member.server.key) && ServerPool.weightOf(state, member, at) !== undefined
        )
  const draining = [
    ...state.draining.filter(({ member }) => !places.has(member.server.key)),
    ...(parameters.drain === 0 ? [] : leaving.map((member) => Drain.make(member, at, parameters.drain)))
  ]
  const reconfigured = withWeights({
    ...state,
    parameters,
    places,
    members,
    draining,
    thresholds: Quorum.thresholds(parameters),
    countAt: draining.length === 0 ? undefined : (state.countAt ?? plus(at, Drain.countInterval))
  })
  return judge(reconfigured, actions)
}

const stop = (state: VirtualServer, actions: Array<Action>): VirtualServer => {
  if (state.parameters.omega) {
    for (const { health, server } of state.members) {
      if (health === "Up") actions.push({ _tag: "ServerChanged", server, up: false, occasion: "Stop" })
    }
    if (state.quorum === "Up")
      actions.push(quorumChanged({ ...state, quorum: "Down", liveWeight: 0 }, "Stop"))
  }
  return make(state.parameters)
}

/** Tells what is new about a server; returns it as one of which this was told. */
const announce = (
  before: Member.Member | undefined,
  member: Member.Member,
  actions: Array<Action>
): Member.Member => {
  const { health, server, told, weight } = member
  if (health === "Unchecked") return member
  if (health === told) {
    if (health === "Up" && before !== undefined && before.weight !== weight) {
      actions.push({ _tag: "WeightChanged", server, from: before.weight, weight })
    }
    return member
  }
  const reason = Member.reasonOf(member)
  actions.push({
    _tag: "ServerChanged",
    server,
    up: health === "Up",
    ...(reason !== undefined && { reason }),
    occasion: told === undefined ? "Initial" : "Change"
  })
  return { ...member, told: health }
}

/** Brings the quorum up to date with the weights. */
const judge = (state: VirtualServer, actions: Array<Action>): VirtualServer => {
  const quorum = Quorum.step(state.quorum, state.thresholds, state.liveWeight, state.uncheckedWeight)
  const { quorumTold } = state
  if (quorum === "Unknown" || quorum === quorumTold) {
    return quorum === state.quorum ? state : { ...state, quorum }
  }
  const judged = { ...state, quorum, quorumTold: quorum }
  actions.push(quorumChanged(judged, quorumTold === "Unknown" ? "Initial" : "Change"))
  return judged
}

const quorumChanged = (
  { liveWeight, quorum, thresholds }: Pick<VirtualServer, "liveWeight" | "quorum" | "thresholds">,
  occasion: Occasion
): Action => ({ _tag: "QuorumChanged", up: quorum === "Up", liveWeight, thresholds, occasion })

const endDrains = (state: VirtualServer, isOver: (draining: Drain.Draining) => boolean): VirtualServer => {
  const draining = state.draining.filter((entry) => !isOver(entry))
  if (draining.length === state.draining.length) return state
  return { ...state, draining, countAt: draining.length === 0 ? undefined : state.countAt }
}

/** Builds what follows from members, quorum and time. */
const withPool = (state: VirtualServer, at: Instant): VirtualServer => {
  if (!state.isRunning) return state
  const draining = state.draining.map(({ member }) => member)
  const pool = ServerPool.build(state.pool, { ...state, draining }, at)
  return { ...state, pool, wakeAt: earliest(state, at) }
}

const earliest = (state: VirtualServer, at: Instant): Instant | undefined => {
  let wakeAt = state.countAt
  const consider = (due: Instant | undefined) => {
    if (due !== undefined && (wakeAt === undefined || due < wakeAt)) wakeAt = due
  }
  for (const { until } of state.draining) consider(until)
  for (const member of state.members) consider(Member.nextRiseAt(member, state.parameters.slowStart, at))
  return wakeAt
}

const withWeights = (state: VirtualServer): VirtualServer => {
  let [liveWeight, uncheckedWeight] = [0, 0]
  for (const member of state.members) {
    liveWeight += liveWeightOf(member)
    uncheckedWeight += uncheckedWeightOf(member)
  }
  return { ...state, liveWeight, uncheckedWeight }
}

const liveWeightOf = ({ health, weight }: Member.Member): number => (health === "Up" ? weight : 0)

const uncheckedWeightOf = ({ health, weight }: Member.Member): number => (health === "Unchecked" ? weight : 0)

const placesOf = ({ realServers }: Parameters): ReadonlyMap<string, number> =>
  new Map(realServers.map(({ key }, index) => [key, index]))

/** Most reloads change settings and not who is there. */
const hasSameServers = ({ realServers: left }: Parameters, { realServers: right }: Parameters): boolean =>
  left.length === right.length && left.every(({ key }, index) => key === right[index]?.key)
