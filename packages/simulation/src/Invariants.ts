/**
 * What must hold in every simulated run, checked after every event.
 *
 * **Invariants**
 * 1. Timers armed are the deadlines of the state. An expiry that is due moves or clears its deadline; one that is not
 *    changes nothing.
 * 2. The addresses are asked for if and only if the role is Master.
 * 3. An advert leaves a Master, or a router that becomes one; priority 0 leaves a Master that stops or has a fault; a
 *    Master that yields may answer once more if it is told to.
 * 4. Gratuitous ARPs leave a Master for addresses that its kernel holds, and nobody else; at once for those, and only
 *    those, that it is told to hold from now on.
 * 5. A transition is told as it happened. An owner alone is Master without having waited; a Master yields to a higher
 *    priority, or to the higher address in a tie, and to nothing else.
 * 6. Two Masters that hear each other resolve it within one interval and the latency, once nothing disturbs them.
 * 7. After everything is healed there is one Master within the bound, nobody who would preempt it stands by, and it alone
 *    has the addresses.
 *
 * @since 0.1.0
 */
import type { Action, TransitionCause } from "@holdfast/vrrp/Action"
import type { Instant } from "@holdfast/wire/Instant"
import { priorityOwner } from "@holdfast/vrrp/Parameters"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import * as Address from "@holdfast/wire/Address"
import type { Command } from "./Command.ts"
import type { Member, Observer, Simulation } from "./Simulation.ts"
import { latencyMicrosMax } from "./VirtualLan.ts"
import type { Stepped, VirtualNode } from "./VirtualNode.ts"

/**
 * Something that must hold and does not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Violation {
  readonly at: Instant
  readonly message: string
}

/**
 * Watches a run and collects what does not hold.
 *
 * @category constructors
 * @since 0.1.0
 */
export const watch = (simulation: Simulation): { readonly violations: ReadonlyArray<Violation> } => {
  const violations: Array<Violation> = []
  const report = (message: string | undefined): void => {
    if (message !== undefined) violations.push({ at: simulation.now(), message })
  }
  const rivals = watchRivals(simulation)
  const observer: Observer = {
    onCommand: (at, command) => {
      if (command._tag === "Freeze" || command._tag === "Clog") rivals.disturbed(at + command.micros)
      else if (command._tag !== "Run") rivals.disturbed(at)
    },
    onStepped: (stepped) => {
      for (const check of checks) report(check(stepped))
      report(rivals.check(stepped))
    }
  }
  simulation.observe(observer)
  return { violations }
}

/**
 * Commands that take every fault back: the network heals, power, processes and devices come back, everybody is started.
 *
 * @category liveness
 * @since 0.1.0
 */
export const healing = (simulation: Simulation): ReadonlyArray<Command> => [
  { _tag: "Heal" },
  { _tag: "Network", options: { latency: 100, jitter: 0, loss: 0, burst: 0, duplicate: 0, reorder: 0 } },
  ...[...simulation.members.keys()].flatMap((router): ReadonlyArray<Command> => [
    { _tag: "Set", router, options: { interval: intervalHealed } },
    { _tag: "Boot", router },
    { _tag: "Link", router, device: "eth0", change: "add" },
    { _tag: "Link", router, device: "eth0", change: "up" },
    { _tag: "Link", router, device: "eth1", change: "add" },
    { _tag: "Link", router, device: "eth1", change: "up" },
    { _tag: "Start", router }
  ])
]

/**
 * Returns how long after the healing there must be one Master, in microseconds.
 *
 * A process that stands still goes on first; then a preempt delay may have to pass, then the highest router takes over
 * and the rest fall silent. Each change of Master takes one master-down interval at most.
 *
 * @category liveness
 * @since 0.1.0
 */
export const healingMicrosMax = (simulation: Simulation): number => {
  const preemptDelayMax = Math.max(
    0,
    ...[...simulation.members.values()].map(({ options }) => options.preemptDelay)
  )
  return freezeMicrosMax + preemptDelayMax + 3 * (3 * intervalHealed + skewMicrosMax) + intervalHealed
}

/**
 * Returns what is wrong after the healing, or nothing.
 *
 * @category liveness
 * @since 0.1.0
 */
export const checkHealed = (simulation: Simulation): string | undefined => {
  const members = [...simulation.members.values()]
  if (members.length === 0) return undefined
  const masters = members.filter(({ node }) => isMaster(node))
  const [master, ...others] = masters
  if (master === undefined) return "liveness: nobody is Master after everything was healed"
  if (others.length > 0)
    return `liveness: ${masters.map(({ node }) => node.name).join(" and ")} are Master after everything was healed`
  const better = members.find((member) => preempts(member, master))
  if (better !== undefined)
    return `liveness: ${better.node.name} has a higher priority than the Master ${master.node.name} and stands by`
  const wrong = members.find(({ node }) => addressCount(node) !== addressCountRight(node))
  return wrong === undefined
    ? undefined
    : `liveness: ${wrong.node.name} has ${addressCount(wrong.node)} addresses, not ${addressCountRight(wrong.node)}, as ${isMaster(wrong.node) ? "Master" : "no Master"}`
}

/**
 * How long a process stands still at most: `healingMicrosMax` counts on it.
 *
 * @category constants
 * @since 0.1.0
 */
export const freezeMicrosMax = 8_000_000

const isMaster = (node: VirtualNode): boolean => node.state()?.role._tag === "Master"

const preempts = ({ options }: Member, master: Member): boolean =>
  options.priority > master.options.priority && (options.preempt || options.priority === priorityOwner)

const addressCount = (node: VirtualNode): number =>
  [...node.kernel.links().values()].reduce((sum, link) => sum + link.addresses.length, 0)

/** Each device has one address of its own. */
const addressCountRight = (node: VirtualNode): number =>
  node.kernel.links().size + (isMaster(node) ? (node.state()?.parameters.addresses.length ?? 0) : 0)

type Check = (stepped: Stepped) => string | undefined

const timersAreDeadlines: Check = ({ before, event, node, step }) => {
  const deadlines = VirtualRouter.deadlines(step.state)
  const armed = Object.fromEntries(node.armed())
  if (!sameRecord(deadlines, armed))
    return `timers: ${node.name} holds ${JSON.stringify(deadlines)} and has armed ${JSON.stringify(armed)}`
  if (event._tag !== "TimerExpired") return undefined
  const due = VirtualRouter.deadlines(before)[event.timer]
  const isDue = due !== undefined && event.at >= due
  if (isDue && deadlines[event.timer] === due)
    return `timers: ${node.name} was due and did not act on ${event.timer}`
  if (!isDue && step.actions.length > 0)
    return `timers: ${node.name} acted on ${event.timer}, which was not due`
  return undefined
}

const ownershipIsMaster: Check = ({ node, step }) =>
  node.ownership().asked === (step.state.role._tag === "Master")
    ? undefined
    : `ownership: ${node.name} is ${step.state.role._tag} and asks for owned=${node.ownership().asked}`

const advertsLeaveMasters: Check = ({ before, node, step }) => {
  const wrong = step.actions.find(
    (action) => action._tag === "SendAdvert" && !mayLeave(before, step, action.priority)
  )
  return wrong?._tag === "SendAdvert"
    ? `adverts: ${node.name} sends priority ${wrong.priority} on its way from ${before.role._tag} to ${step.state.role._tag}`
    : undefined
}

const mayLeave = (
  before: VirtualRouter.VirtualRouter,
  step: VirtualRouter.Step,
  priority: number
): boolean => {
  const [from, to] = [before.role._tag, step.state.role._tag]
  if (priority === 0) return from === "Master" && (to === "Init" || to === "Fault")
  if (priority !== step.state.parameters.priority) return false
  return (
    to === "Master" ||
    (from === "Master" && step.state.parameters.answerHigherPriority && yields(step.actions))
  )
}

const yields = (actions: ReadonlyArray<Action>): boolean =>
  actions.some(
    (action) =>
      action._tag === "PublishTransition" &&
      (action.cause._tag === "HigherPriorityHeard" || action.cause._tag === "HigherAddressHeard")
  )

const announcementsAreTrue: Check = ({ event, node, step }) => {
  const announced = step.actions.flatMap((action) =>
    action._tag === "AnnounceAddresses" ? action.addresses : []
  )
  if (step.state.role._tag !== "Master")
    return announced.length === 0
      ? undefined
      : `announcements: ${node.name} announces addresses as ${step.state.role._tag}`
  const { held } = node.ownership()
  const untrue = announced.find((address) => !held.has(address))
  if (untrue !== undefined) return `announcements: ${node.name} announces ${untrue} and does not hold it`
  if (event._tag !== "AddressesHeld") return undefined
  const listed = new Set(step.state.parameters.addresses.map(({ address }) => address))
  const news = event.addresses.filter((address) => listed.has(address))
  return news.join(" ") === announced.join(" ")
    ? undefined
    : `announcements: ${node.name} holds ${news.join(" ")} now and announces ${announced.join(" ")}`
}

const transitionsAreTold: Check = ({ before, event, node, step }) => {
  let role = before.role._tag
  for (const action of step.actions) {
    if (action._tag !== "PublishTransition") continue
    const { at, cause, from, to } = action
    if (from !== role || from === to || at !== event.at)
      return `transitions: ${node.name} tells ${from} -> ${to} as ${role}`
    if (to === "Master" && from !== "Backup" && step.state.parameters.priority !== priorityOwner)
      return `transitions: ${node.name} is Master without having waited`
    if (!isReasonToYield(before.parameters.priority, node, cause))
      return `transitions: ${node.name} yields to ${JSON.stringify(cause)}`
    role = to
  }
  return role === step.state.role._tag
    ? undefined
    : `transitions: ${node.name} does not tell that it is ${step.state.role._tag}`
}

const isReasonToYield = (own: number, node: VirtualNode, cause: TransitionCause): boolean => {
  if (cause._tag === "HigherPriorityHeard") return cause.priority > own
  if (cause._tag !== "HigherAddressHeard") return true
  return cause.priority === own && Address.compare(cause.source, node.address) > 0
}

const checks: ReadonlyArray<Check> = [
  timersAreDeadlines,
  ownershipIsMaster,
  advertsLeaveMasters,
  announcementsAreTrue,
  transitionsAreTold
]

/** Two Masters that hear each other: since when, counted from the last disturbance. */
const watchRivals = (simulation: Simulation) => {
  let since: ReadonlyMap<string, number> = new Map()
  let disturbedUntil = 0
  return {
    disturbed: (until: number): void => {
      disturbedUntil = Math.max(disturbedUntil, until)
    },
    check: ({ event }: Stepped): string | undefined => {
      const masters = [...simulation.members.values()].filter(({ node }) => isMaster(node))
      since = rivalsSince(simulation, masters, since, event.at)
      const conditions = simulation.lan.conditions()
      if (since.size === 0 || conditions.lossRate > 0) return undefined
      const bound = intervalOf(masters) + latencyMicrosMax(conditions)
      for (const [pair, start] of since) {
        const together = event.at - Math.max(start, disturbedUntil)
        if (together > bound)
          return `rivals: ${pair} hear each other and have been Master together for ${together} µs`
      }
      return undefined
    }
  }
}

/** The pairs of Masters that hear each other, each with the time since when. */
const rivalsSince = (
  { lan }: Simulation,
  masters: ReadonlyArray<Member>,
  before: ReadonlyMap<string, number>,
  at: Instant
): ReadonlyMap<string, number> => {
  const since = new Map<string, number>()
  for (const [index, { node: left, options }] of masters.entries())
    for (const { node: right, options: theirs } of masters.slice(index + 1)) {
      const hear = lan.reaches(left.name, right.name) && lan.reaches(right.name, left.name)
      if (!hear || options.interval !== theirs.interval) continue
      const pair = `${left.name} and ${right.name}`
      since.set(pair, before.get(pair) ?? at)
    }
  return since
}

const intervalOf = (masters: ReadonlyArray<Member>): number =>
  Math.max(...masters.map(({ options }) => options.interval))

const sameRecord = (left: object, right: object): boolean => {
  const entries = Object.entries(left)
  return (
    entries.length === Object.keys(right).length &&
    entries.every(([key, value]) => (right as Record<string, unknown>)[key] === value)
  )
}

/** All routers have the same interval after the healing: adverts with another one are dropped (RFC 3768 7.1). */
const intervalHealed = 1_000_000

/** Skew of priority 1, rounded up (RFC 3768 6.1). */
const skewMicrosMax = 1_000_000
