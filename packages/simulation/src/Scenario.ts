/**
 * Scenarios made from a seed, run, and shortened when they fail.
 *
 * A seed picks everything (swarm testing): how many routers there are, what they are told, which faults this run has and
 * which it does not, and when. Delays and priorities lie at the edges of the protocol more often than between them.
 *
 * @since 0.1.0
 */
import { type Command, print, routerDefaults, type RouterOptions } from "./Command.ts"
import * as Invariants from "./Invariants.ts"
import * as Random from "./Random.ts"
import * as Simulation from "./Simulation.ts"
import * as Transcript from "./Transcript.ts"

/**
 * How a run ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome {
  readonly violations: ReadonlyArray<Invariants.Violation>
  readonly transcript: string
}

/**
 * Returns the scenario of a seed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generate = (seed: number): ReadonlyArray<Command> => {
  const random = Random.make(seed)
  const routers = Array.from({ length: random.integer(1, routersMax) }, (_, index) => `r${index + 1}`)
  const swarm = makeSwarm(random, routers)
  const commands: Array<Command> = [{ _tag: "Seed", seed }]
  if (random.chance(0.5)) commands.push(networkOf(random))
  for (const router of routers)
    commands.push({ _tag: "Add", router, options: optionsOf(random, swarm) }, pause(random, swarm))
  const length = random.integer(0, commandsMax)
  for (let index = 0; index < length; index++) {
    const make = swarm.faults[random.integer(0, swarm.faults.length - 1)]
    if (make !== undefined) commands.push(make(random))
    // One command in three comes at once upon the last: what a human never does in time.
    if (random.chance(2 / 3)) commands.push(pause(random, swarm))
  }
  return commands
}

/**
 * Runs a scenario, then heals everything and waits for the one Master that must come.
 *
 * @category running
 * @since 0.1.0
 */
export const run = (
  commands: ReadonlyArray<Command>,
  observe: (simulation: Simulation.Simulation) => void = () => {},
  options: Transcript.Options = {}
): Outcome => {
  const simulation = Simulation.make()
  const transcript = Transcript.watch(simulation, options)
  const { violations } = Invariants.watch(simulation)
  observe(simulation)
  for (const command of commands) simulation.execute(command)
  for (const command of Invariants.healing(simulation)) simulation.execute(command)
  simulation.execute({ _tag: "Run", micros: Invariants.healingMicrosMax(simulation) })

  const stuck = simulation.isStuck() ? "progress: events of one instant never end" : undefined
  const last = stuck ?? Invariants.checkHealed(simulation)
  const atEnd = last === undefined ? [] : [{ at: simulation.now(), message: last }]
  return { violations: [...violations, ...atEnd], transcript: transcript.render() }
}

/**
 * Returns a part of a failing scenario that still fails and fails no more when any one command is left out.
 *
 * @category running
 * @since 0.1.0
 */
export const shrink = (commands: ReadonlyArray<Command>): ReadonlyArray<Command> => {
  let failing = commands
  for (let index = failing.length - 1; index >= 0; index = Math.min(index - 1, failing.length - 1)) {
    const shorter = failing.toSpliced(index, 1)
    if (run(shorter).violations.length > 0) failing = shorter
  }
  return failing.length < commands.length ? shrink(failing) : failing
}

/**
 * Renders a failure: how to repeat it, what does not hold, the shortest scenario, and what happens in it.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describeFailure = (seed: number, commands: ReadonlyArray<Command>): string => {
  const shortest = shrink(commands)
  const outcome = run(shortest, undefined, { adverts: true })
  return [
    `SIM_SEED=${seed}`,
    ...outcome.violations.slice(0, violationsShown).map(({ at, message }) => `at ${at} µs: ${message}`),
    "",
    ...shortest.map(print),
    "---",
    outcome.transcript
  ].join("\n")
}

/** What one seed decides for all of its commands. */
interface Swarm {
  readonly base: RouterOptions
  readonly faults: ReadonlyArray<(random: Random.Random) => Command>
}

const makeSwarm = (random: Random.Random, routers: ReadonlyArray<string>): Swarm => {
  const base = {
    ...routerDefaults,
    priority: random.integer(1, 254),
    interval: random.pick([1_000_000, 1_000_000, 2_000_000, 3_000_000]),
    preemptDelay: random.pick([0, 0, 1, 1_000_000, 7_000_000])
  }
  const some = (): string => routers[random.integer(0, routers.length - 1)] ?? "r1"
  const chosen = faultKinds.filter(() => random.chance(0.4))
  return { base, faults: chosen.map((kind) => (random) => kind(random, some, base)) }
}

type FaultKind = (random: Random.Random, some: () => string, base: RouterOptions) => Command

const faultKinds: ReadonlyArray<FaultKind> = [
  (_, some) => ({ _tag: "Stop", router: some() }),
  (_, some) => ({ _tag: "Start", router: some() }),
  (_, some) => ({ _tag: "Start", router: some() }),
  (_, some) => ({ _tag: "Crash", router: some() }),
  (_, some) => ({ _tag: "Boot", router: some() }),
  (_, some) => ({ _tag: "Steal", router: some() }),
  (random, some, base) => ({ _tag: "Set", router: some(), options: changeOf(random, base) }),
  (random, some) => ({
    _tag: "Freeze",
    router: some(),
    micros: random.integer(0, Invariants.freezeMicrosMax)
  }),
  (random, some) => ({ _tag: "Clog", router: some(), micros: random.integer(0, Invariants.freezeMicrosMax) }),
  (random, some) => ({ _tag: "Link", router: some(), device: "eth0", change: random.pick(linkChanges) }),
  (random, some) => ({ _tag: "Link", router: some(), device: "eth1", change: random.pick(linkChanges) }),
  (random) => ({ _tag: "Cut", islands: islandsOf(random) }),
  (_, some) => ({ _tag: "Block", from: some(), to: some() }),
  () => ({ _tag: "Heal" }),
  networkOf,
  (random, _, base) => ({ _tag: "Forge", options: forgedOf(random, base) }),
  (random, some) => ({
    _tag: "Expire",
    router: some(),
    timer: random.pick(["MasterDown", "Advert", "Announce", "Refresh"])
  })
]

function networkOf(random: Random.Random): Command {
  const rate = (): number => random.pick([0, 0, 0.05, 0.3])
  return {
    _tag: "Network",
    options: {
      latency: random.pick([0, 100, 1_000, 40_000]),
      jitter: random.pick([0, 0, 500, 60_000]),
      loss: rate(),
      burst: rate(),
      duplicate: rate(),
      reorder: rate()
    }
  }
}

const optionsOf = (random: Random.Random, { base }: Swarm): RouterOptions => ({
  ...base,
  priority: priorityNear(random, base.priority),
  preempt: random.chance(0.8),
  tracked: random.chance(0.3),
  answerLower: random.chance(0.8),
  answerHigher: random.chance(0.2),
  refresh: random.pick([0, 0, 1_000_000, 3_000_000])
})

const changeOf = (random: Random.Random, base: RouterOptions): Partial<RouterOptions> => {
  const whole = optionsOf(random, { base, faults: [] })
  const { preempt, priority, refresh, tracked } = whole
  return random.pick<Partial<RouterOptions>>([
    { priority },
    { priority, preempt },
    { tracked },
    { refresh },
    { interval: random.pick([1_000_000, base.interval, 2_000_000]) },
    whole,
    {}
  ])
}

/** Priorities collide, differ by one, or are the ends of the range. */
const priorityNear = (random: Random.Random, priority: number): number =>
  Math.min(255, Math.max(1, random.pick([priority, priority, priority + 1, priority - 1, 1, 254, 255])))

const forgedOf = (
  random: Random.Random,
  base: RouterOptions
): (Command & { readonly _tag: "Forge" })["options"] =>
  random.pick([
    { priority: random.pick([0, 1, 255, base.priority, base.priority + 1]), interval: base.interval },
    { priority: 255, interval: base.interval, hopLimit: random.pick([0, 1, 254]) },
    { priority: 255, interval: random.pick([0, 255_000_000]) },
    { priority: 255, interval: base.interval, authentication: random.integer(1, 255) },
    { malformed: random.pick(["Length", "Version", "Type", "Checksum"]) }
  ])

const islandsOf = (random: Random.Random): ReadonlyArray<ReadonlyArray<string>> => {
  const islands: ReadonlyArray<Array<string>> = [["stranger"], []]
  for (let number = 1; number <= routersMax; number++) islands[random.integer(0, 1)]?.push(`r${number}`)
  return islands.filter((island) => island.length > 0)
}

/** A delay relative to the last command: one microsecond below, at and above everything that the protocol waits for. */
const pause = (random: Random.Random, { base }: Swarm): Command => {
  const skew = Math.ceil(((256 - base.priority) * 1_000_000) / 256)
  const edge = random.pick([
    0,
    100,
    base.interval,
    skew,
    3 * base.interval + skew,
    base.preemptDelay,
    5_000_000
  ])
  const near = Math.max(0, edge + random.integer(-1, 1))
  return { _tag: "Run", micros: random.chance(0.6) ? near : random.integer(0, pauseMicrosMax) }
}

const linkChanges = ["down", "down", "up", "up", "delete", "add"] as const

/** More routers than three differ only in how often the same things happen. */
const routersMax = 4

/** Long enough to reach every pair of role and event, short enough for a thousand seeds in seconds. */
const commandsMax = 30

const pauseMicrosMax = 12_000_000

const violationsShown = 3
