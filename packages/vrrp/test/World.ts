/**
 * A small network of virtual routers for tests: a discrete-event loop in which adverts take time, and routers are
 * stopped, killed, cut off and made to stand still.
 */
import type { Event, TimerName } from "@holdfast/vrrp/Event"
import * as Timing from "@holdfast/vrrp/Timing"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import {
  down,
  eth0,
  expired,
  heard,
  linkChanged,
  type Overrides,
  parameters,
  second,
  started,
  stopped
} from "./Fixture.ts"

export const Member = Schema.Struct({
  priority: Schema.Literals([1, 2, 99, 100, 101, 254, 255]),
  preempt: Schema.Boolean
})

/** `after` is the time since the disturbance before. A pause lasts as long as its kind says. */
export const Disturbance = Schema.Struct({
  after: Schema.Literals([0, 1, 100_000, second, 3 * second, 3_900_000, 5 * second]),
  member: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 })),
  kind: Schema.Literals([
    "Stop",
    "Start",
    "Kill",
    "LinkDown",
    "LinkUp",
    "Cut",
    "Join",
    "PauseShort",
    "PauseLong"
  ])
})

export const Network = Schema.Struct({
  latency: Schema.Literals([0, 1, 1_000, 50_000]),
  /** Whether a router that resumes looks at its socket before its timers. */
  readsFirst: Schema.Boolean,
  version: Schema.Literals([2, 3])
})

/** Version 3 lives in tenths of a second: what disturbs a network is scaled with it. */
const pace = { 2: 1, 3: 0.1 }

export interface World {
  readonly now: () => number
  /** Runs to a point of time; `observe` is called after each event. */
  readonly runUntil: (until: number, observe?: () => void) => void
  readonly disturb: (disturbance: typeof Disturbance.Type) => void
  /** Ends all that is wrong: from now on nothing happens but the protocol. */
  readonly heal: () => void
  /** When the last router that stands still resumes. */
  readonly quietFrom: () => number
  /** The routers that are Master, by island: a router that is cut off is an island of its own. */
  readonly masters: () => ReadonlyArray<ReadonlyArray<Node>>
  readonly nodes: ReadonlyArray<Node>
  /** Time after which a network without disturbance has settled. */
  readonly settlingTime: number
  /** How long a second of the scenario lasts. */
  readonly pace: number
}

export interface Node {
  readonly source: Ipv4Address
  readonly priority: number
  state: VirtualRouter.VirtualRouter
  isCut: boolean
  isAlive: boolean
  pausedUntil: number
}

interface Entry {
  readonly at: number
  readonly sequence: number
  readonly run: () => void
}

/** Five routers send and receive some hundred adverts in the longest span that a test runs. */
const eventCountMax = 10_000

const pauses = { PauseShort: 2 * second, PauseLong: 5 * second }

export const make = (members: ReadonlyArray<typeof Member.Type>, network: typeof Network.Type): World => {
  let now = 0
  let sequence = 0
  const queue: Array<Entry> = []

  const schedule = (at: number, run: () => void): void => {
    const entry = { at, sequence: sequence++, run }
    let index = queue.length
    while (index > 0 && queue[index - 1]!.at > at) index--
    queue.splice(index, 0, entry)
  }

  const nodes = members.map(({ preempt, priority }, index): Node => {
    const { version } = network
    const advertInterval = second * pace[version]
    const overrides: Overrides = { name: `r${index}`, priority, preempt, version, advertInterval }
    const source = `10.0.0.${index + 10}` as Ipv4Address
    const given = parameters(overrides)
    return { source, priority, state: VirtualRouter.make(given), isCut: false, isAlive: true, pausedUntil: 0 }
  })

  const deliver = (node: Node, event: () => Event): void => {
    if (!node.isAlive) return
    if (node.pausedUntil > now) return schedule(node.pausedUntil, () => deliver(node, event))
    const { actions, state } = VirtualRouter.step(node.state, event())
    node.state = state
    for (const action of actions) {
      if (action._tag === "ArmTimer") armTimer(node, action.timer, action.deadline)
      if (action._tag === "SendAdvert") transmit(node, action.priority)
    }
  }

  /** Late timers of a router that resumes come before or after what is in its socket, by their sequence. */
  const armTimer = (node: Node, timer: TimerName, deadline: number): void =>
    schedule(deadline, () => {
      if (node.pausedUntil > now && network.readsFirst)
        return schedule(node.pausedUntil + 1, () => deliver(node, () => expired(timer, now)))
      deliver(node, () => expired(timer, now))
    })

  const transmit = (sender: Node, priority: number): void => {
    for (const receiver of nodes) {
      if (receiver === sender || sender.isCut || receiver.isCut) continue
      schedule(now + network.latency, () => {
        if (!receiver.isCut) deliver(receiver, () => heard(now, priority, soundFields(sender)))
      })
    }
  }

  const soundFields = ({ source, state: { parameters: given } }: Node) => ({
    source,
    version: given.version,
    advertIntervalMicros: given.advertInterval
  })

  const setLink = (node: Node, isUp: boolean): void =>
    deliver(node, () => linkChanged(now, eth0, isUp ? { _tag: "Up", address: node.source } : down))

  const disturb = ({ kind, member }: typeof Disturbance.Type): void => {
    const node = nodes[member % nodes.length]!
    switch (kind) {
      case "Stop":
        return deliver(node, () => stopped(now))
      case "Start":
        return begin(node)
      case "Kill":
        node.isAlive = false
        node.state = VirtualRouter.make(node.state.parameters)
        return
      case "LinkDown":
        return setLink(node, false)
      case "LinkUp":
        return setLink(node, true)
      case "Cut":
        node.isCut = true
        return
      case "Join":
        node.isCut = false
        return
      case "PauseShort":
      case "PauseLong":
        node.pausedUntil = Math.max(node.pausedUntil, now + pauses[kind] * pace[network.version])
    }
  }

  const begin = (node: Node): void => {
    node.isAlive = true
    setLink(node, true)
    deliver(node, () => started(now))
  }

  const quietFrom = (): number => Math.max(now, ...nodes.map(({ pausedUntil }) => pausedUntil))

  for (const node of nodes) begin(node)

  return {
    now: () => now,
    nodes,
    disturb,
    quietFrom,
    pace: pace[network.version],
    heal: () => {
      for (const node of nodes) {
        node.isCut = false
        begin(node)
      }
    },
    runUntil: (until, observe = () => {}) => {
      let eventCount = 0
      while (queue.length > 0 && queue[0]!.at <= until) {
        if (++eventCount > eventCountMax) throw new Error("the routers answer one another without end")
        const entry = queue.shift()!
        now = entry.at
        entry.run()
        observe()
      }
      now = until
    },
    masters: () => {
      const found = nodes.filter((node) => node.isAlive && node.state.role._tag === "Master")
      return [
        found.filter((node) => !node.isCut),
        ...found.filter((node) => node.isCut).map((node) => [node])
      ]
    },
    // An advert that was on its way restarts a Backup one latency later, and one more latency tells the others of it.
    settlingTime:
      Math.max(...nodes.map((node) => Timing.masterDownInterval(node.state.parameters))) +
      2 * network.latency +
      2
  }
}
