/**
 * The runtime of virtual routers: one actor that hears, decides and acts.
 *
 * **Details**
 *
 *     timer ─┐                                                  ┌─> adverts   (one call per device)
 *     wire  ─┼─> inbox ─> pass: step each router concerned ─> outbox ─> addresses (levels)
 *     links ─┤   (batches)        (pure reducers)               ├─> bursts of gratuitous ARP
 *     plane ─┘                                                  └─> events to subscribers
 *
 * **Invariants**
 * 1. Only the actor's fiber steps a router.
 * 2. In a pass everything that was heard is stepped before any timer expires: after a stall, adverts that waited in the
 *    kernel's buffer count before the silence does.
 * 3. No edge out of a pass waits.
 * 4. Nothing but adverts and the counts of overruns is lost when the inbox is full: wake-ups, links and reports of
 *    addresses are kept beside it, and every pass looks at them; commands wait for room.
 *
 * @see docs/ARCHITECTURE.md; docs/decisions/0008-one-actor-fiber-one-timer.md
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import type { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import * as RouterSet from "@holdfast/vrrp/RouterSet"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type AddressEvent, AddressPlane } from "./AddressPlane.ts"
import type { AdvertTransport } from "./AdvertTransport.ts"
import { Announcer } from "./Announcer.ts"
import * as Channels from "./Channels.ts"
import type { ApplyReport, EngineEvent } from "./EngineEvent.ts"
import * as ForeignRouters from "./ForeignRouters.ts"
import * as Lateness from "./Lateness.ts"
import { type Links, LinkWatch, type LinkWatchError } from "./LinkWatch.ts"
import * as Outbox from "./Outbox.ts"
import * as Rehearsal from "./Rehearsal.ts"
import * as RunningRouter from "./RunningRouter.ts"
import * as Statistics from "./Statistics.ts"
import * as Status from "./Status.ts"
import * as TimerHeap from "./TimerHeap.ts"
import { WakeTimer } from "./WakeTimer.ts"

type Input =
  | { readonly _tag: "Woken" }
  | { readonly _tag: "LinksChanged" }
  | {
      readonly _tag: "Delivered"
      readonly device: InterfaceName
      readonly deliveries: ReadonlyArray<Channels.Delivery>
    }
  | { readonly _tag: "Overrun"; readonly device: InterfaceName; readonly droppedCount: number }
  | { readonly _tag: "AddressesReported" }
  | {
      readonly _tag: "ApplyAsked"
      readonly wanted: ReadonlyArray<Parameters>
      readonly reply: Deferred.Deferred<ApplyReport>
    }
  | { readonly _tag: "StopAsked"; readonly reply: Deferred.Deferred<void> }

/**
 * The engine cannot go on: a fault in it, never in the network or the kernel. Addresses stay as they are.
 *
 * @category errors
 * @since 0.1.0
 */
export class EngineEnded extends Schema.TaggedError<EngineEnded>()("EngineEnded", {
  message: Schema.String
}) {}

/**
 * Runs virtual routers.
 *
 * **When to use** by an application that chose the adapters: `Engine.layer` over the layers of `@holdfast/linux` or
 * `@holdfast/simulation`. Closing the layer's scope stops every router: a Master sends priority 0 first, then gives its
 * addresses up.
 *
 * @category services
 * @since 0.1.0
 */
export class Engine extends Context.Service<
  Engine,
  {
    /**
     * Makes the running routers those wanted, by difference: what did not change keeps its state, timers and counts and
     * puts nothing on the wire.
     */
    readonly apply: (wanted: ReadonlyArray<Parameters>) => Effect.Effect<ApplyReport>
    /** What runs now and what it has counted. */
    readonly status: Effect.Effect<Status.EngineStatus>
    /** What happens, from now on, with the last few before. A slow reader misses the oldest and delays nobody. */
    readonly events: Stream.Stream<EngineEvent>
    /** Stops every router: priority 0 first, then the addresses. Returns when they are gone, or after 5 s. */
    readonly stop: Effect.Effect<void>
    /** Fails when the engine cannot go on. */
    readonly ended: Effect.Effect<never, EngineEnded>
  }
>()("@holdfast/engine/Engine") {
  /**
   * The engine on whatever adapters are given.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<
    Engine,
    LinkWatchError,
    WakeTimer | LinkWatch | AdvertTransport | AddressPlane | Announcer
  > = Layer.effect(
    Engine,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const timer = yield* WakeTimer
  const announcer = yield* Announcer
  const inbox = yield* Queue.bounded<Input>(inboxMax)
  const events = yield* PubSub.sliding<EngineEvent>({ capacity: eventsMax, replay: eventsReplayed })
  // Telling costs time: what a pass has to tell is told when what it has to do is done.
  const untold: Array<EngineEvent> = []
  const publish = (event: EngineEvent): void => void untold.push(event)
  const tellSubscribers = (): void => {
    for (const event of untold.splice(0)) PubSub.publishUnsafe(events, event)
  }
  // False when the inbox is full. Then a pass is due, and what it does whatever it was told makes up for it.
  const tell = (input: Input): boolean => Queue.offerUnsafe(inbox, input)

  // A reservoir for the bulk input, so that a flood of adverts can never crowd out the rest of the inbox.
  let deliveriesWaiting = 0
  let links: Links = new Map()
  let linksChanged = false
  const reported: Array<AddressEvent> = []

  const watch = yield* LinkWatch
  const plane = yield* (yield* AddressPlane).open((event) => {
    if (reported.push(event) === 1) tell({ _tag: "AddressesReported" })
  })
  const channels = yield* Channels.make({
    publish,
    onDelivered: (device, deliveries) => {
      if (deliveriesWaiting < deliveriesMax && tell({ _tag: "Delivered", device, deliveries }))
        deliveriesWaiting += 1
      else lateness.countFlooded(deliveries.length)
    },
    onOverrun: (device, droppedCount) => void tell({ _tag: "Overrun", device, droppedCount })
  })
  const wake = yield* timer.open(() => void tell({ _tag: "Woken" }))

  const lateness = Lateness.make()
  const heap = TimerHeap.make()
  const outbox = Outbox.make({
    send: (device, adverts) => channels.send(device, adverts, timer.now()),
    setOwnership: (owner, ownership) => {
      if (!ownership.owned) announcer.cancel(ownership.addresses.map((entry) => entry.address))
      plane.set(owner, ownership)
    },
    announce: announcer.announce
  })
  const surroundings: RunningRouter.Surroundings = {
    heap,
    leadMicros: timer.leadMicros,
    outbox,
    publish,
    links: () => links,
    hasChannel: channels.isOpen
  }

  const routers = new Map<string, RunningRouter.RunningRouter>()
  const byWire = new Map<string, RunningRouter.RunningRouter>()
  const releasing = new Set<string>()
  const stopReplies: Array<Deferred.Deferred<void>> = []
  const channelRetry = heap.slot(() => void (linksChanged = true))
  const muteExpiry = heap.slot((now) => {
    linksChanged = true
    heap.arm(muteExpiry, (now + ForeignRouters.muteMicros) as Instant)
  })

  const index = (): void => {
    byWire.clear()
    for (const router of routers.values()) byWire.set(wireKey(router.state.parameters), router)
  }

  const hear = ({ device, deliveries }: Extract<Input, { _tag: "Delivered" }>): void => {
    deliveriesWaiting -= 1
    for (const { vrid, event } of deliveries) {
      const router = byWire.get(`${device} ${vrid}`)
      if (router !== undefined) router.step(event)
      else if (channels.hearForeign(device, vrid, event.source, event.at) && muteExpiry.wakeAt === undefined)
        heap.arm(muteExpiry, (event.at + ForeignRouters.muteMicros) as Instant)
    }
  }

  const settleLinks = Effect.fnUntraced(function* (at: Instant) {
    linksChanged = false
    const complete = yield* channels.settle(
      links,
      [...routers.values()].map(({ state }) => state.parameters),
      at
    )
    if (!complete) heap.arm(channelRetry, (at + channelRetryMicros) as Instant)
    for (const router of routers.values()) router.tellLinks(at)
  })

  const reportAddresses = (event: AddressEvent, at: Instant): void => {
    const router = routers.get(event.owner)
    if (event._tag === "OwnershipChanged") {
      if (!event.owned) releasing.delete(event.owner)
      const { failures, owned } = event
      if (router === undefined) return
      if (router.addressesHeld !== owned || failures.length > 0)
        publish({ _tag: "AddressesChanged", at, router: event.owner, owned, failures })
      router.addressesHeld = owned
      router.addressFailures = failures
      return router.step({ _tag: "OwnershipChanged", at, owned, failures })
    }
    if (router === undefined) return
    if (event._tag === "AddressesRestored")
      publish({ _tag: "AddressesRestored", at, router: event.owner, addresses: event.addresses })
    router.step({ _tag: "AddressesHeld", at, addresses: event.addresses })
  }

  const reportAllAddresses = (at: Instant): void => {
    for (const event of reported.splice(0)) reportAddresses(event, at)
  }

  const stop = (leaving: ReadonlyArray<RunningRouter.RunningRouter>, at: Instant): void => {
    for (const router of leaving) {
      if (RunningRouter.roleOf(router) === "Master" || router.addressesHeld) releasing.add(router.name)
      router.step({ _tag: "Stopped", at })
      router.close()
      routers.delete(router.name)
    }
    // Every priority 0 advert is on the wire before the plane hears that anything is released.
    outbox.flush()
    for (const router of leaving) plane.release(router.name)
  }

  const start = (parameters: Parameters, tally = Statistics.make()): RunningRouter.RunningRouter => {
    const router = RunningRouter.make(parameters, surroundings, tally)
    routers.set(parameters.name, router)
    return router
  }

  const apply = Effect.fnUntraced(function* (wanted: ReadonlyArray<Parameters>, at: Instant) {
    // Reports carry the names that routers have until now.
    reportAllAddresses(at)
    const running = [...routers.values()].map(({ state }) => state.parameters)
    const plan = RouterSet.diff(running, wanted)
    const started: Array<RunningRouter.RunningRouter> = []
    const replaced = plan.replaced.map(({ from, to }) => ({ router: routers.get(from.name)!, to }))
    const removed = plan.removed.map(({ name }) => routers.get(name)!)
    stop([...removed, ...replaced.map(({ router }) => router)], at)
    for (const { router, to } of replaced) started.push(start(to, router.tally))
    const changed = plan.changed.map(({ from, to }) => ({ router: routers.get(from.name)!, to }))
    for (const { router, to } of changed) rename(router, to.name)
    for (const { router } of changed) routers.set(router.name, router)
    for (const parameters of plan.added) started.push(start(parameters))
    index()
    yield* settleLinks(at)
    for (const { router, to } of changed) {
      // A device that is new to the router would count as missing until it is told of it.
      router.tellLinks(at, to)
      router.step({ _tag: "Reconfigured", at, parameters: to })
    }
    for (const router of started) router.step({ _tag: "Started", at })
    const names = (list: ReadonlyArray<Parameters>) => list.map(({ name }) => name)
    const report: ApplyReport = {
      kept: names(plan.kept),
      changed: names(plan.changed.map(({ to }) => to)),
      replaced: names(plan.replaced.map(({ to }) => to)),
      added: names(plan.added),
      removed: names(plan.removed)
    }
    publish({ _tag: "Applied", at, report })
    return report
  })

  const rename = (router: RunningRouter.RunningRouter, name: string): void => {
    if (router.name === name) return
    routers.delete(router.name)
    plane.rename(router.name, name)
    router.name = name
  }

  const handle = Effect.fnUntraced(function* (input: Input, at: Instant) {
    switch (input._tag) {
      case "Woken":
      case "LinksChanged":
        return
      case "Delivered":
        return hear(input)
      case "Overrun":
        return publish({
          _tag: "ReceiveOverrun",
          at,
          interface: input.device,
          droppedCount: input.droppedCount
        })
      case "AddressesReported":
        return reportAllAddresses(at)
      case "ApplyAsked":
        return yield* Deferred.succeed(input.reply, yield* apply(input.wanted, at))
      case "StopAsked":
        stopReplies.push(input.reply)
        stop([...routers.values()], at)
        return index()
    }
  })

  /** The last rehearsal is a moment before the performance: what it needs is then in the processor's caches. */
  const waitUntil = (deadline: Instant): Instant => {
    Rehearsal.failover(channels.rehearse)
    return timer.waitUntil(deadline)
  }

  const pass = Effect.fnUntraced(function* () {
    const inputs = yield* Queue.takeAll(inbox)
    const at = timer.now()
    for (const input of inputs) {
      if (input._tag === "Delivered") hear(input)
      else yield* handle(input, at)
    }
    reportAllAddresses(at)
    if (linksChanged) yield* settleLinks(at)
    const due = heap.next()
    if (due !== undefined && due <= at) {
      lateness.record(at - due)
      heap.expire(at, waitUntil)
      // What an expiry found out about devices cannot wait for a notification.
      if (linksChanged) yield* settleLinks(at)
    }
    outbox.flush()
    const next = heap.next()
    if (next === undefined) wake.disarm()
    else wake.arm(next)
    if (stopReplies.length > 0 && releasing.size === 0) publish({ _tag: "Stopped", at })
    tellSubscribers()
    if (stopReplies.length > 0 && releasing.size === 0) {
      for (const reply of stopReplies.splice(0)) yield* Deferred.succeed(reply, undefined)
    }
  })

  yield* watch.subscribe((now) => {
    links = now
    if (!linksChanged) tell({ _tag: "LinksChanged" })
    linksChanged = true
  })
  const ended = yield* Deferred.make<never, EngineEnded>()
  yield* Effect.forever(pass()).pipe(
    Effect.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.void
        : Deferred.fail(
            ended,
            new EngineEnded({ message: `the engine cannot go on: ${Cause.pretty(cause)}` })
          )
    ),
    Effect.forkScoped
  )
  Rehearsal.schedule(heap, timer.now(), channels.rehearse)
  tell({ _tag: "Woken" })
  const stopAll = Effect.gen(function* () {
    const reply = yield* Deferred.make<void>()
    yield* Queue.offer(inbox, { _tag: "StopAsked", reply })
    const stopped = Effect.raceFirst(Deferred.await(reply), Effect.ignore(Deferred.await(ended)))
    yield* Effect.timeoutOption(stopped, stopWaitMax)
  })
  yield* Effect.addFinalizer(() => stopAll)

  return Engine.of({
    stop: stopAll,
    ended: Deferred.await(ended),
    apply: Effect.fnUntraced(function* (wanted) {
      const reply = yield* Deferred.make<ApplyReport>()
      yield* Queue.offer(inbox, { _tag: "ApplyAsked", wanted, reply })
      return yield* Deferred.await(reply)
    }),
    status: Effect.sync(() => Status.of([...routers.values()], channels.foreignCounts(), lateness.summary())),
    events: Stream.fromPubSub(events)
  })
})

const wireKey = (parameters: Parameters): string => `${parameters.interface} ${parameters.vrid}`

/** Inputs are batches, so this many are only waiting when the process stalls. */
const inboxMax = 1024

/** Half of the inbox: the rest stays free for links, addresses and commands. */
const deliveriesMax = 512

/** Events a subscriber may lag behind before it misses the oldest. */
const eventsMax = 1024

/** Events a new subscriber is told of the past. */
const eventsReplayed = 64

/** A device that refused its channel is tried again after this long. */
const channelRetryMicros = 1_000_000

/** How long stopping waits for the kernel to take 1,000 addresses away (8 to 25 ms measured) before it leaves all the same. */
const stopWaitMax = "5 seconds"
