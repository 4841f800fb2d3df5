/**
 * The runtime of virtual routers: one actor that hears, decides and acts.
 *
 * **Details**
 *
 *     timer ─┐                                                  ┌─> adverts   (one call per device)
 *     wire  ─┼─> inbox ─> pass: step each router concerned ─> outbox ─> addresses (levels)
 *     links ─┤   (batches)        (pure reducers)               ├─> bursts of announcements
 *     plane ─┤                                                  └─> events to subscribers
 *     others ┘ (what is tracked)
 *
 * **Invariants**
 * 1. Only the actor's fiber steps a router, and in its place, while it waits, a Backup's look at what it has dozed through.
 * 2. In a pass everything that was heard is stepped before any timer expires, and a Backup looks into the kernel's buffer
 *    before it takes over: after a stall, adverts that waited there count before the silence does, whichever the event
 *    loop came to first. A Master that stood still steps aside before either.
 * 3. No edge out of a pass waits.
 * 4. Nothing but adverts and the counts of overruns is lost when the inbox is full: wake-ups, links and reports of
 *    addresses are kept beside it, and every pass looks at them; commands wait for room.
 *
 * @see docs/ARCHITECTURE.md; docs/decisions/0008-one-actor-fiber-one-timer.md
 * @since 0.1.0
 */
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import type { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import * as SharedParameters from "@holdfast/vrrp/SharedParameters"
import type { Observation } from "@holdfast/vrrp/Tracker"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type AddressEvent, AddressPlane, nothingOwned } from "./AddressPlane.ts"
import * as AddressReports from "./AddressReports.ts"
import type { AdvertTransport } from "./AdvertTransport.ts"
import { Announcer } from "./Announcer.ts"
import * as Channels from "./Channels.ts"
import type { ApplyReport, EngineEvent } from "./EngineEvent.ts"
import * as DelayedLinks from "./DelayedLinks.ts"
import * as Devices from "./Devices.ts"
import * as Dozing from "./Dozing.ts"
import * as Hearing from "./Hearing.ts"
import * as Lateness from "./Lateness.ts"
import { LinkWatch, type LinkWatchError } from "./LinkWatch.ts"
import * as Outbox from "./Outbox.ts"
import * as Rehearsal from "./Rehearsal.ts"
import * as Reload from "./Reload.ts"
import * as Routers from "./Routers.ts"
import type * as RunningRouter from "./RunningRouter.ts"
import * as Status from "./Status.ts"
import * as TimerHeap from "./TimerHeap.ts"
import type { VirtualDevices } from "./VirtualDevices.ts"
import { WakeTimer } from "./WakeTimer.ts"

type Input =
  | { readonly _tag: "Woken" }
  | { readonly _tag: "LinksChanged" }
  | { readonly _tag: "Delivered"; readonly batch: Hearing.Batch }
  | { readonly _tag: "Overrun"; readonly device: InterfaceName; readonly droppedCount: number }
  | { readonly _tag: "AddressesReported" }
  | { readonly _tag: "ObservationsTold" }
  | {
      readonly _tag: "ApplyAsked"
      readonly wanted: ReadonlyArray<Parameters>
      readonly shared: SharedParameters.SharedParameters
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
     * puts nothing on the wire. Virtual MAC devices are there before the routers that need them, and go after them.
     */
    readonly apply: (
      wanted: ReadonlyArray<Parameters>,
      shared?: SharedParameters.SharedParameters
    ) => Effect.Effect<ApplyReport>
    /** Notes what is known of tracked scripts, processes and files, by `Tracker.keyOf`. Never waits. */
    readonly observe: (observations: ReadonlyMap<string, Observation>) => void
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
    WakeTimer | LinkWatch | AdvertTransport | AddressPlane | Announcer | VirtualDevices
  > = Layer.effect(
    Engine,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const timer = yield* WakeTimer
  const announcer = yield* Announcer
  const wallClock = yield* Clock.Clock
  const clockMicros = (): number => wallClock.currentTimeMillisUnsafe() * 1_000
  const inbox = yield* Queue.bounded<Input>(inboxMax)
  const events = yield* PubSub.sliding<EngineEvent>({ capacity: eventsMax, replay: eventsReplayed })
  // Telling costs time: what a pass has to tell is told when what it has to do is done.
  const untold: Array<EngineEvent> = []
  const publish = (event: EngineEvent): void => {
    untold.push(event)
    if (event._tag === "RoleChanged") isDozeDoubted = true
  }
  const tellSubscribers = (): void => {
    for (const event of untold.splice(0)) PubSub.publishUnsafe(events, event)
  }
  // False when the inbox is full. Then a pass is due, and what it does whatever it was told makes up for it.
  const tell = (input: Input): boolean => Queue.offerUnsafe(inbox, input)

  // Roles or devices changed: which channels doze is decided anew at the end of the pass.
  let isDozeDoubted = false
  let linksChanged = false
  const reported: Array<AddressEvent> = []
  const observed = new Map<string, Observation>()

  const plane = yield* (yield* AddressPlane).open((event) => {
    if (reported.push(event) === 1) tell({ _tag: "AddressesReported" })
  })
  const channels = yield* Channels.make({
    publish,
    onDelivered: (...delivered) => hearing.onDelivered(...delivered),
    onOverrun: (device, droppedCount) => void tell({ _tag: "Overrun", device, droppedCount }),
    judge: {
      authenticationOf: (device, family, vrid) =>
        routers.on(device, family)?.get(vrid)?.state().parameters.authentication,
      clockMicros
    }
  })
  const wake = yield* timer.open(() => {
    armedAt = undefined
    if (!lookAside()) tell({ _tag: "Woken" })
  })
  /** What the timer is armed for: to set it costs a virtual machine more than to hear a dozen adverts. */
  let armedAt: Instant | undefined
  const arm = (next: Instant | undefined): void => {
    if (next === armedAt) return
    armedAt = next
    if (next === undefined) wake.disarm()
    else wake.arm(next)
  }

  const lateness = Lateness.make()
  const heap = TimerHeap.make()
  const links = DelayedLinks.make(heap, () => void (linksChanged = true))
  const hearing = Hearing.make({
    heap,
    lateness,
    timer,
    channels: () => channels,
    routers: () => routers,
    tell: (batch) => tell({ _tag: "Delivered", batch }),
    onMutesOver: () => void (linksChanged = true)
  })
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
    leadOf: (router) => ({
      micros: timer.leadMicros,
      wait: (deadline) => hearing.approach(router, deadline)
    }),
    outbox,
    publish,
    clockMicros,
    links: links.current,
    serves: channels.serves
  }

  const routers = Routers.make(surroundings, plane)
  const addressReports = AddressReports.make(routers, publish)
  const stopReplies: Array<Deferred.Deferred<void>> = []
  const channelRetry = heap.slot(() => void (linksChanged = true))
  const startUp = heap.slot((now) => {
    heap.disarm(startUp)
    for (const router of held.splice(0))
      // A reload may have taken it away meanwhile.
      if (routers.named(router.name) === router) router.step({ _tag: "Started", at: now })
  })
  /** Routers that wait for the end of the start-up delay. */
  const held: Array<RunningRouter.RunningRouter> = []
  let applied: SharedParameters.SharedParameters | undefined

  /**
   * Has every Master that stood still step aside now, before it hears what waited meanwhile: by the stamps of that it would
   * have yielded long ago, and be ready to be Master again.
   */
  const yieldStalled = (at: Instant): void => {
    for (const router of routers.all())
      if (VirtualRouter.hasStalled(router.state(), at))
        router.step({ _tag: "TimerExpired", at, timer: "Advert" })
  }

  const settleLinks = Effect.fnUntraced(function* (at: Instant) {
    linksChanged = false
    const complete = yield* channels.settle(
      links.current(),
      routers.all().map((router) => router.state().parameters),
      at
    )
    if (!complete) heap.arm(channelRetry, plus(at, channelRetryMicros))
    for (const router of routers.all()) router.tellLinks(at)
    isDozeDoubted = true
  })

  const hearReports = (at: Instant): void => {
    addressReports.tell(reported.splice(0), at)
    if (observed.size === 0) return
    routers.observe(observed, at)
    observed.clear()
  }

  const begin = (router: RunningRouter.RunningRouter, at: Instant): void => {
    if (startUp.wakeAt !== undefined) held.push(router)
    else router.step({ _tag: "Started", at })
  }

  const share = (shared: SharedParameters.SharedParameters, at: Instant): void => {
    if (applied === undefined && shared.startupDelay > 0) heap.arm(startUp, plus(at, shared.startupDelay))
    links.setDelays(shared.interfaceDelays, at)
    announcer.setPacings(shared.pacings)
    const statics = {
      ...nothingOwned,
      owned: true,
      addresses: shared.staticAddresses,
      routes: shared.staticRoutes,
      rules: shared.staticRules
    }
    const hadStatics = applied !== undefined && hasStatics(applied)
    if (hasStatics(shared) || hadStatics) outbox.ownership(ownerOfStatics, statics)
  }

  const apply = Effect.fnUntraced(function* (
    wanted: ReadonlyArray<Parameters>,
    shared: SharedParameters.SharedParameters,
    at: Instant
  ) {
    // Reports carry the names that routers have until now.
    hearReports(at)
    share(shared, at)
    const means = { routers, settleLinks: settleLinks(at), begin }
    const report = yield* Reload.apply(means, wanted, shared.groups, at)
    outbox.flush()
    if (applied === undefined) plane.sweep()
    applied = shared
    publish({ _tag: "Applied", at, report })
    return report
  })

  const stopAll = (at: Instant): void => {
    heap.disarm(startUp)
    held.length = 0
    routers.remove(routers.all(), at)
    routers.regroup([], at)
    if (applied !== undefined && hasStatics(applied)) {
      routers.release(ownerOfStatics)
      // A second stop has nothing left to wait for.
      applied = SharedParameters.none
    }
    routers.reindex()
  }

  const handle = Effect.fnUntraced(function* (input: Input, at: Instant) {
    switch (input._tag) {
      case "Woken":
      case "LinksChanged":
        return
      case "Delivered":
        return hearing.take(input.batch)
      case "Overrun":
        return publish({
          _tag: "ReceiveOverrun",
          at,
          interface: input.device,
          droppedCount: input.droppedCount
        })
      case "AddressesReported":
      case "ObservationsTold":
        return hearReports(at)
      case "ApplyAsked":
        return yield* Deferred.succeed(input.reply, yield* apply(input.wanted, input.shared, at))
      case "StopAsked":
        stopReplies.push(input.reply)
        return stopAll(at)
    }
  })

  const receiveDozing = (): void => hearing.ask(channels.receiveDozing)
  const dozing = Dozing.make(heap, { doze: channels.doze, receiveDozing }, () =>
    routers.all().map((router) => router.state())
  )

  /**
   * Lets a Backup that dozes look without a pass, which costs more than a hundred adverts, when it is the only one to wake up,
   * no pass is under way, and nothing waits for one. Whatever comes of it is for a pass.
   */
  const lookAside = (): boolean => {
    const due = heap.next()
    const at = timer.now()
    if (!isIdle || due === undefined || at - due >= stallMicros || Queue.sizeUnsafe(inbox) > 0) return false
    if (!dozing.look(at)) return false
    lateness.record(Math.max(at - due, 0))
    const next = heap.next()
    if (untold.length > 0 || isDozeDoubted || !outbox.isEmpty() || (next !== undefined && next <= at))
      return false
    arm(next)
    return true
  }
  /** Whether the actor waits for its inbox. */
  let isIdle = false

  const pass = Effect.fnUntraced(function* () {
    isIdle = true
    const inputs = yield* Queue.takeAll(inbox)
    isIdle = false
    const at = timer.now()
    const overdue = heap.next()
    if (overdue !== undefined && at - overdue >= stallMicros) yieldStalled(at)
    for (const input of inputs) {
      yield* handle(input, at)
    }
    hearReports(at)
    if (linksChanged) yield* settleLinks(at)
    const due = heap.next()
    if (due !== undefined && due <= at) {
      lateness.record(at - due)
      heap.expire(at)
      // What an expiry found out about devices cannot wait for a notification.
      if (linksChanged) yield* settleLinks(at)
    }
    outbox.flush()
    if (isDozeDoubted) {
      isDozeDoubted = false
      dozing.reassess(at)
    }
    arm(heap.next())
    const hasStopped = stopReplies.length > 0 && !routers.isReleasing()
    if (hasStopped) publish({ _tag: "Stopped", at })
    tellSubscribers()
    if (hasStopped) for (const reply of stopReplies.splice(0)) yield* Deferred.succeed(reply, undefined)
  })

  const devices = yield* Devices.make(
    ({ message, name }) =>
      void PubSub.publishUnsafe(events, { _tag: "DeviceFailed", at: timer.now(), interface: name, message })
  )
  yield* (yield* LinkWatch).subscribe((now) => {
    links.tell(now, timer.now())
    devices.tellLinks(now)
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
  const stop = Effect.gen(function* () {
    const reply = yield* Deferred.make<void>()
    yield* Queue.offer(inbox, { _tag: "StopAsked", reply })
    const stopped = Effect.raceFirst(Deferred.await(reply), Effect.ignore(Deferred.await(ended)))
    yield* Effect.timeoutOption(stopped, stopWaitMax)
  })
  yield* Effect.addFinalizer(() => stop)

  return Engine.of({
    stop,
    ended: Deferred.await(ended),
    apply: (wanted, shared = SharedParameters.none) =>
      devices.around(
        shared.devices,
        Effect.gen(function* () {
          const reply = yield* Deferred.make<ApplyReport>()
          yield* Queue.offer(inbox, { _tag: "ApplyAsked", wanted, shared, reply })
          return yield* Deferred.await(reply)
        })
      ),
    observe: (observations) => {
      for (const [subject, observation] of observations) observed.set(subject, observation)
      tell({ _tag: "ObservationsTold" })
    },
    status: Effect.sync(() => Status.of(routers, channels.foreignCounts(), lateness.summary())),
    events: Stream.fromPubSub(events)
  })
})

const hasStatics = ({
  staticAddresses,
  staticRoutes,
  staticRules
}: SharedParameters.SharedParameters): boolean =>
  staticAddresses.length + staticRoutes.length + staticRules.length > 0

/** No instance has this name: a configuration file has no line end in a word. */
const ownerOfStatics = "\n"

/** Nobody's master-down interval is over sooner after an advert that was due: it is two intervals of 10 ms more. */
const stallMicros = 20_000

/** Inputs are batches, so this many are only waiting when the process stalls. */
const inboxMax = 1024

/** Events a subscriber may lag behind before it misses the oldest. */
const eventsMax = 1024

/** Events a new subscriber is told of the past. */
const eventsReplayed = 64

/** A device that refused its channel is tried again after this long. */
const channelRetryMicros = 1_000_000 as Micros

/** How long stopping waits for the kernel to take 1,000 addresses away (8 to 25 ms measured) before it leaves all the same. */
const stopWaitMax = "5 seconds"
