/**
 * Runs checks: one for all servers of all virtual servers that ask for the same thing.
 *
 * **Details**
 * - A check lives while somebody subscribes to it. One who subscribes to a check that has decided is told at once.
 * - It rests while all of its subscribers rest.
 * - At most `probesMax` probes are out at the same time; those that are due beyond it go in the order of their turn.
 * - Timers go by a grid, so that a thousand checks share a wake-up.
 *
 * @since 0.1.0
 */
import * as Checker from "@holdfast/balancer/Checker"
import type { VirtualServer } from "@holdfast/balancer/Parameters"
import type { Check } from "@holdfast/balancer/Probe"
import type { Instant } from "@holdfast/wire/Instant"
import type { Probing, ProbeReport } from "../Prober.ts"
import type { Slot, TimerHeap } from "../TimerHeap.ts"

/**
 * A real server's `check`-th check.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subscriber {
  readonly virtualServer: string
  readonly server: string
  readonly check: number
  readonly logsFailures: boolean
}

/**
 * @category models
 * @since 0.1.0
 */
export interface CheckRunner {
  /** Makes the checks of a virtual server those of `to`; either may be absent. Checks in both go on undisturbed. */
  readonly replace: (name: string, to: VirtualServer | undefined, at: Instant, suspended: boolean) => void
  /** Lets the checks of a virtual server rest, or go on. */
  readonly suspend: (name: string, suspended: boolean, at: Instant) => void
  readonly hear: (reports: ReadonlyArray<ProbeReport>) => void
  /** How many distinct checks there are, and how many probes are out. */
  readonly counts: () => { readonly checks: number; readonly probes: number }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface RunnerOptions {
  readonly heap: TimerHeap
  readonly probing: Probing
  readonly onDecided: (subscriber: Subscriber, decision: Checker.Decided, at: Instant) => void
  readonly onFailureBorne: (
    subscriber: Subscriber,
    failure: { readonly reason: string; readonly retriesLeft: number },
    at: Instant
  ) => void
}

interface RunningCheck {
  readonly key: string
  state: Checker.Checker
  readonly slot: Slot
  probeId: number
  suspended: boolean
  readonly subscribers: Array<Subscriber>
}

type Waited = "Started" | "Woken"

interface Subscription {
  readonly check: RunningCheck
  readonly subscriber: Subscriber
}

/**
 * Makes a runner without checks.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: RunnerOptions): CheckRunner => {
  const checks = new Map<string, RunningCheck>()
  const subscriptions = new Map<string, ReadonlyArray<Subscription>>()
  const suspendedServers = new Set<string>()
  const probes = new Map<number, RunningCheck>()
  const keys = makeKeys()
  /** Checks whose turn came while too many probes were out, in that order, and what they wait to be told. */
  const queued = new Map<RunningCheck, Waited>()
  let probeId = 0
  let spreadCount = 0

  const step = (check: RunningCheck, event: Checker.Event): void => {
    const { state, actions } = Checker.step(check.state, event)
    check.state = state
    for (const action of actions) interpret(check, action, event.at)
    const deadline = Checker.deadline(check.state)
    if (deadline === undefined) options.heap.disarm(check.slot)
    else options.heap.arm(check.slot, onGrid(deadline))
  }

  const interpret = (check: RunningCheck, action: Checker.Action, at: Instant): void => {
    switch (action._tag) {
      case "StartProbe":
        probeId += 1
        check.probeId = probeId
        probes.set(probeId, check)
        return options.probing.start(probeId, check.state.plan.probe)
      case "CancelProbe":
        probes.delete(check.probeId)
        return options.probing.cancel(check.probeId)
      case "Decided":
        for (const subscriber of check.subscribers) options.onDecided(subscriber, action, at)
        return
      case "FailureBorne":
        for (const subscriber of check.subscribers)
          if (subscriber.logsFailures) options.onFailureBorne(subscriber, action, at)
        return
    }
  }

  /** Tells a check that its turn has come, or lets it wait for room. One whose probe is out may always end it. */
  const go = (check: RunningCheck, waited: Waited, at: Instant): void => {
    if (probes.size >= probesMax && check.state.activity._tag !== "Probing") queued.set(check, waited)
    else if (waited === "Woken") step(check, { _tag: "Woken", at })
    else step(check, { _tag: "Started", at, spread: nextSpread() })
  }

  const launchQueued = (at: Instant): void => {
    for (const [check, waited] of queued) {
      if (probes.size >= probesMax) return
      queued.delete(check)
      go(check, waited, at)
    }
  }

  const open = (key: string, check: Check, at: Instant, suspended: boolean): RunningCheck => {
    const running: RunningCheck = {
      key,
      state: Checker.make(check),
      slot: options.heap.slot((now) => {
        go(running, "Woken", now)
        // Its probe may have ended in silence: there is room for another.
        launchQueued(now)
      }),
      probeId: 0,
      suspended,
      subscribers: []
    }
    checks.set(key, running)
    if (!suspended) go(running, "Started", at)
    return running
  }

  const close = (check: RunningCheck): void => {
    options.heap.disarm(check.slot)
    queued.delete(check)
    if (probes.delete(check.probeId)) options.probing.cancel(check.probeId)
    checks.delete(check.key)
  }

  /** Numbers that fill the interval from 0 to 1 evenly, however many there are: multiples of the golden ratio. */
  const nextSpread = (): number => {
    spreadCount += 1
    return (spreadCount * goldenRatio) % 1
  }

  const settleSuspension = (check: RunningCheck, at: Instant): void => {
    const suspended = check.subscribers.every(({ virtualServer }) => suspendedServers.has(virtualServer))
    if (suspended === check.suspended) return
    check.suspended = suspended
    queued.delete(check)
    if (suspended) step(check, { _tag: "Suspended", at })
    else go(check, "Started", at)
  }

  const subscribe = (
    virtualServer: VirtualServer,
    at: Instant,
    suspended: boolean
  ): ReadonlyArray<Subscription> =>
    virtualServer.realServers.flatMap((server) =>
      server.checks.map((wanted, index) => {
        const key = keys(wanted)
        const check = checks.get(key) ?? open(key, wanted, at, suspended)
        const subscriber: Subscriber = {
          virtualServer: virtualServer.name,
          server: server.key,
          check: index,
          logsFailures: wanted.timing.logAllFailures
        }
        check.subscribers.push(subscriber)
        const decision = Checker.decision(check.state)
        if (decision !== undefined) options.onDecided(subscriber, decision, at)
        return { check, subscriber }
      })
    )

  return {
    replace: (name, to, at, suspended) => {
      const before = subscriptions.get(name) ?? []
      if (suspended) suspendedServers.add(name)
      else suspendedServers.delete(name)
      if (to === undefined) subscriptions.delete(name)
      else subscriptions.set(name, subscribe(to, at, suspended))
      for (const { check, subscriber } of before) {
        check.subscribers.splice(check.subscribers.indexOf(subscriber), 1)
        if (check.subscribers.length === 0) close(check)
      }
      for (const { check } of subscriptions.get(name) ?? []) settleSuspension(check, at)
      launchQueued(at)
    },
    suspend: (name, suspended, at) => {
      if (suspended) suspendedServers.add(name)
      else suspendedServers.delete(name)
      for (const { check } of subscriptions.get(name) ?? []) settleSuspension(check, at)
      launchQueued(at)
    },
    hear: (reports) => {
      for (const { at, id, result } of reports) {
        const check = probes.get(id)
        if (check === undefined) continue
        if (check.state.plan.probe._tag !== "File") probes.delete(id)
        step(check, { _tag: "Reported", at, result })
        launchQueued(at)
      }
    },
    counts: () => ({ checks: checks.size, probes: probes.size })
  }
}

/**
 * Makes the function that tells checks apart: equal probes with equal timing have equal keys, because their properties are
 * always written in one order. Most checks of a file have one of a few timings, so that a number stands for each.
 */
const makeKeys = (): ((check: Check) => string) => {
  const timings = new Map<string, number>()
  return ({ probe, timing }) => {
    const { delay, retries, retryDelay, timeout, warmup } = timing
    // Whether failures are told is the affair of each server.
    const text = `${delay} ${timeout} ${retries} ${retryDelay} ${warmup}`
    const number = timings.get(text) ?? timings.size
    timings.set(text, number)
    return `${number} ${JSON.stringify(probe)}`
  }
}

const onGrid = (deadline: Instant): Instant => (Math.ceil(deadline / gridMicros) * gridMicros) as Instant

/** Checks count in seconds: hundredths are exact enough, and a wake-up then serves all checks of its hundredth. */
const gridMicros = 10_000

/** Each probe out holds a descriptor; the usual hard limit of a process is 20,000 or more, and a process has others. */
const probesMax = 4096

const goldenRatio = (Math.sqrt(5) - 1) / 2
