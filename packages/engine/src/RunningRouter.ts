/**
 * One virtual router while it runs: the pure state, its timers, its counts, and the interpreter of its actions.
 *
 * Owned by the engine's actor; nobody else writes to it.
 *
 * @since 0.1.0
 */
import type { Action, RoleName } from "@holdfast/vrrp/Action"
import type { Event, LinkState, TimerName } from "@holdfast/vrrp/Event"
import * as Health from "@holdfast/vrrp/Health"
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import {
  type InterfaceName,
  type Parameters,
  priorityOwner,
  type VirtualAddress
} from "@holdfast/vrrp/Parameters"
import type { State } from "@holdfast/vrrp/State"
import * as Repetition from "@holdfast/vrrp/Repetition"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import type { IpAddress } from "@holdfast/wire/Address"
import * as AdvertSending from "./AdvertSending.ts"
import * as DropReport from "./DropReport.ts"
import * as Delivery from "./Delivery.ts"
import type { EngineEvent } from "./EngineEvent.ts"
import { devicesOf, linkStateOf } from "./LinkFacts.ts"
import type { Links } from "./LinkWatch.ts"
import * as MismatchReport from "./MismatchReport.ts"
import type { Outbox } from "./Outbox.ts"
import type { RunningGroup } from "./RunningGroup.ts"
import type * as Statistics from "./Statistics.ts"
import type { Lead, Slot, TimerHeap } from "./TimerHeap.ts"

/**
 * What a running router is given by its engine.
 *
 * @category models
 * @since 0.1.0
 */
export interface Surroundings {
  readonly heap: TimerHeap
  /** How the router's takeover is waited for: it must not wait for the way from the kernel's timer to here. */
  readonly leadOf: (router: RunningRouter) => Lead | undefined
  readonly outbox: Outbox
  /** Now, since 1970: for authentication alone. */
  readonly clockMicros: () => number
  readonly publish: (event: EngineEvent) => void
  /** The devices as last told by the kernel. */
  readonly links: () => Links
  /** Whether the router can hear and speak now; without a channel a device is no better than a missing one. */
  readonly serves: (router: Parameters) => boolean
}

/**
 * A virtual router that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunningRouter {
  name: string
  readonly state: () => State
  /** Goes on from another state, without acting on it. */
  readonly resume: (state: State) => void
  readonly tally: Statistics.Tally
  /** When it took its role. */
  since: Instant
  /** Whether the plane last reported the addresses as held. */
  addressesHeld: boolean
  addressFailures: ReadonlyArray<string>
  /** The sync group that it steps with. */
  group: RunningGroup | undefined
  /** Steps the router with its group, if it is in one. */
  readonly step: (event: Event) => void
  /** Hears what arrived so many times, at last then; what is the same as before is heard the short way. */
  readonly hear: (delivery: Delivery.Delivery, at: Instant, count: number) => void
  /** Steps the router without its group. */
  readonly stepAlone: (event: Event) => void
  /** Takes what a step has decided, and acts on it. */
  readonly take: (step: VirtualRouter.Step, at: Instant) => void
  /** Tells the router what changed about the devices it depends on, or will depend on with parameters that come next. */
  readonly tellLinks: (at: Instant, parameters?: Parameters) => void
  /** Disarms everything; the router is stepped no more. */
  readonly close: () => void
}

/**
 * Makes a router that has not started. `tally` continues the counts of a predecessor.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  parameters: Parameters,
  surroundings: Surroundings,
  tally: Statistics.Tally
): RunningRouter => {
  const told = new Map<InterfaceName, LinkState>()
  /** What was heard last, if hearing it again in that state is known to do nothing but start the timer. */
  let heard: { readonly delivery: Delivery.Delivery; state: State; readonly waiting: Micros } | undefined
  /** What to send at each deadline in that state, if that is known to do nothing but start the timer; when the next is due. */
  let sent: { readonly advert: Repetition.Sending; state: State; dueAt: Instant } | undefined
  let state = VirtualRouter.make(parameters)
  /** When that was last heard again, or is to be sent again; the state is made of it when somebody looks. */
  let repeatedAt: Instant | undefined
  const sendAdvert = AdvertSending.make(surroundings)
  const drops = DropReport.make()
  const mismatches = MismatchReport.make()
  const slot = (timer: TimerName): Slot =>
    surroundings.heap.slot(
      (at) => (timer === "Advert" ? sendDue(at) : router.step({ _tag: "TimerExpired", at, timer })),
      timer === "MasterDown" ? surroundings.leadOf(router) : undefined
    )

  const router: RunningRouter = {
    name: parameters.name,
    state: () => {
      if (repeatedAt === undefined) return state
      if (heard?.state === state) state = heard.state = Repetition.hearAgain(state, repeatedAt, heard.waiting)
      else if (sent?.state === state) state = sent.state = Repetition.sendAgain(state, repeatedAt)
      repeatedAt = undefined
      return state
    },
    resume: (from) => {
      state = from
      repeatedAt = undefined
    },
    tally,
    since: 0 as Instant,
    addressesHeld: false,
    addressFailures: [],
    group: undefined,
    step: (event) => {
      if (router.group === undefined) router.stepAlone(event)
      else router.group.step(router, event)
    },
    hear: (delivery, at, count) => {
      let left = count
      for (; left > 0 && !isRepetition(delivery); left--) hearOne(delivery, at)
      if (left === 0 || heard === undefined) return
      repeatedAt = at
      router.tally.counters.advertsReceived += left
      surroundings.heap.arm(slots.MasterDown, plus(at, heard.waiting))
    },
    stepAlone: (event) => router.take(VirtualRouter.step(router.state(), event), event.at),
    take: ({ actions, state }, at) => {
      router.resume(state)
      for (const action of actions) interpret(action, at, actions)
    },
    tellLinks: (at, parameters = router.state().parameters) => {
      for (const device of devicesOf(parameters)) {
        const link = linkStateOf(surroundings, parameters, device)
        const before = told.get(device)
        if (before !== undefined && sameLink(before, link)) continue
        told.set(device, link)
        router.step({ _tag: "InterfaceChanged", at, interface: device, link })
      }
    },
    close: () => {
      for (const name of timerNames) surroundings.heap.disarm(slots[name])
    }
  }

  const isRepetition = (delivery: Delivery.Delivery): boolean =>
    heard !== undefined && heard.delivery === delivery && heard.state === state

  const hearOne = (delivery: Delivery.Delivery, at: Instant): void => {
    const before = router.state()
    const event = Delivery.eventOf(delivery, at)
    heard = undefined
    if (router.group !== undefined) return router.step(event)
    const step = VirtualRouter.step(before, event)
    router.take(step, at)
    const waiting = Repetition.hearingOf(before, event, step)
    if (waiting !== undefined) heard = { delivery, state: step.state, waiting }
  }

  const sendDue = (at: Instant): void => {
    if (sent === undefined || sent.state !== state || !isOnTime(sent, at)) return sendOne(at)
    repeatedAt = sent.dueAt = plus(sent.dueAt, sent.advert.interval)
    sendAdvert(state, sent.advert.priority)
    router.tally.counters.advertsSent += 1
    surroundings.heap.arm(slots.Advert, onGrid("Advert", repeatedAt))
  }

  const sendOne = (at: Instant): void => {
    router.step({ _tag: "TimerExpired", at, timer: "Advert" })
    const advert = Repetition.sendingOf(state)
    sent = advert && { advert, state, dueAt: advert.advertAt }
  }

  const slots: Record<TimerName, Slot> = {
    MasterDown: slot("MasterDown"),
    Advert: slot("Advert"),
    Announce: slot("Announce"),
    Refresh: slot("Refresh"),
    Rival: slot("Rival")
  }

  const interpret = (action: Action, at: Instant, actions: ReadonlyArray<Action>): void => {
    switch (action._tag) {
      case "SendAdvert":
        return sendAdvert(router.state(), action.priority)
      case "SetAddressOwnership":
        return surroundings.outbox.ownership(router.name, {
          owned: action.owned,
          addresses: router.state().parameters.addresses,
          accept: router.state().parameters.accept,
          routes: router.state().parameters.routes,
          rules: router.state().parameters.rules,
          keepForeign: router.state().parameters.priority === priorityOwner
        })
      case "AnnounceAddresses":
        return surroundings.outbox.burst({
          repeatCount: action.repeatCount,
          addresses: entriesOf(router.state().parameters.addresses, action.addresses)
        })
      case "ArmTimer":
        return surroundings.heap.arm(slots[action.timer], onGrid(action.timer, action.deadline))
      case "DisarmTimer":
        return surroundings.heap.disarm(slots[action.timer])
      case "PublishTransition":
        router.since = action.at
        return surroundings.publish({
          _tag: "RoleChanged",
          at: action.at,
          router: router.name,
          from: action.from,
          to: action.to,
          cause: action.cause,
          priority: Health.priorityOf(router.state())
        })
      case "CountDrop": {
        router.tally.drops[action.reason] += 1
        // What arrives while the router is in Fault is counted, and no news.
        if (action.reason === "NotRunning") return
        const count = drops.count(action.reason, action.source, at)
        // The first of its kind is told as a mismatch where that says what to change.
        if (count > 1 || (count === 1 && !actions.some(({ _tag }) => _tag === "PublishMismatch")))
          surroundings.publish({
            _tag: "AdvertDropped",
            at,
            router: router.name,
            reason: action.reason,
            source: action.source,
            count
          })
        return
      }
      case "PublishPriority":
        return surroundings.publish({
          _tag: "PriorityChanged",
          at: action.at,
          router: router.name,
          role: roleOf(router),
          from: action.from,
          to: action.to
        })
      case "PublishMismatch": {
        const { mismatch, source } = action
        if (mismatches.isNews(mismatch, source))
          surroundings.publish({
            _tag: "ParametersDiffer",
            at: action.at,
            router: router.name,
            source,
            mismatch
          })
        return
      }
      case "PublishLowerHeard":
        return surroundings.publish({
          _tag: "LowerPriorityHeard",
          at: action.at,
          router: router.name,
          source: action.source,
          priority: action.priority,
          ownPriority: Health.priorityOf(router.state())
        })
      case "PublishRival":
        return surroundings.publish({
          _tag: "RivalHeard",
          at: action.at,
          router: router.name,
          source: action.source,
          priority: action.priority
        })
      case "PublishRivalGone":
        return surroundings.publish({
          _tag: "RivalGone",
          at: action.at,
          router: router.name,
          source: action.source,
          togetherMicros: action.togetherMicros,
          yielded: action.yielded
        })
      case "Count":
        router.tally.counters[action.counter] += 1
        return
    }
  }

  return router
}

/**
 * Returns the name of the role that the router has.
 *
 * @category getters
 * @since 0.1.0
 */
export const roleOf = (router: RunningRouter): RoleName => router.state().role._tag

const sameLink = (left: LinkState, right: LinkState): boolean =>
  left._tag === right._tag && addressOf(left) === addressOf(right)

const addressOf = (link: LinkState): IpAddress | undefined =>
  link._tag === "Missing" ? undefined : link.address

/** Not before the deadline, which a moved timer may be, and not so late that the router has to ask whether it stood still. */
const isOnTime = (
  { advert, dueAt }: { readonly advert: Repetition.Sending; readonly dueAt: Instant },
  at: Instant
): boolean => at >= dueAt && at - dueAt < advert.interval

const entriesOf = (all: ReadonlyArray<VirtualAddress>, addresses: ReadonlyArray<IpAddress>) => {
  const wanted = new Set(addresses)
  return all.filter((entry) => wanted.has(entry.address))
}

/** Adverts may leave up to this much after their deadline, so that those of many routers share a wake-up. */
const advertGridMicros = 500 // docs/decisions/0008: half of keepalived's CPU at 255 routers

/** A failover must not wait for company: only adverts go by the grid. */
const onGrid = (timer: TimerName, deadline: Instant): Instant =>
  timer === "Advert" ? ((Math.ceil(deadline / advertGridMicros) * advertGridMicros) as Instant) : deadline

const timerNames: ReadonlyArray<TimerName> = ["MasterDown", "Advert", "Announce", "Refresh", "Rival"]
