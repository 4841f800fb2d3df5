/**
 * The runtime of load balancing: one actor that hears what checks found, decides, and says what the kernel's table shall be.
 *
 * **Details**
 *
 *     timer ────┐                                                              ┌─> table (levels, TableKeeper)
 *     probes ───┼─> inbox ─> pass: checks ─> virtual servers (pure reducers) ──┼─> probes
 *     addresses ┤   (batches)                                                  ├─> scripts and pipes
 *     counts ───┘                                                              └─> events to subscribers
 *
 * **Invariants**
 * 1. Only the actor's fiber steps a check or a virtual server.
 * 2. In a pass everything that was reported is stepped before any timer expires: after a stall, an answer that waited
 *    counts before its deadline does.
 * 3. No edge out of a pass waits.
 *
 * @see docs/ARCHITECTURE.md
 * @since 0.1.0
 */
import * as Approximation from "@holdfast/balancer/Approximation"
import type * as Parameters from "@holdfast/balancer/Parameters"
import type * as VirtualServerSet from "@holdfast/balancer/VirtualServerSet"
import type { ForwardingTable } from "@holdfast/balancer/ForwardingTable"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ForwardingPlane } from "../ForwardingPlane.ts"
import { LocalAddresses } from "../LocalAddresses.ts"
import { Notifier } from "../Notifier.ts"
import { Prober, type ProbeReport } from "../Prober.ts"
import * as TimerHeap from "../TimerHeap.ts"
import { WakeTimer } from "../WakeTimer.ts"
import { BalancerEnded } from "./BalancerEnded.ts"
import type { BalancerEvent, BalancerReport } from "./BalancerEvent.ts"
import * as BalancerStatus from "./BalancerStatus.ts"
import * as KernelSettings from "./KernelSettings.ts"
import type { RunningVirtualServer } from "./RunningVirtualServer.ts"
import * as Serving from "./Serving.ts"
import * as TableKeeper from "./TableKeeper.ts"
import * as VirtualServers from "./VirtualServers.ts"

type Input =
  | { readonly _tag: "Woken" }
  | { readonly _tag: "Reported" }
  | { readonly _tag: "AddressesChanged" }
  | {
      readonly _tag: "Counted"
      readonly virtualServer: RunningVirtualServer
      readonly counts: ReadonlyMap<string, number | undefined>
    }
  | {
      readonly _tag: "ApplyAsked"
      readonly wanted: Parameters.Parameters
      readonly reply: Deferred.Deferred<BalancerReport>
    }
  | {
      readonly _tag: "StopAsked"
      readonly keepServices: boolean
      readonly reply: Deferred.Deferred<void>
    }

/**
 * Balances load.
 *
 * @category services
 * @since 0.1.0
 */
export class Balancer extends Context.Service<
  Balancer,
  {
    /**
     * Makes the running virtual servers those wanted, by difference: what did not change keeps its state, its checks and
     * its connections. Returns when the kernel's table is so, or said why not.
     */
    readonly apply: (wanted: Parameters.Parameters) => Effect.Effect<BalancerReport>
    /** A virtual router took a role: the synchronisation daemon follows it. */
    readonly tellRole: (router: string, isMaster: boolean) => Effect.Effect<void>
    readonly status: Effect.Effect<BalancerStatus.BalancerStatus>
    /** What happens, from now on, with the last few before. A slow reader misses the oldest and delays nobody. */
    readonly events: Stream.Stream<BalancerEvent>
    /** Stops everything; the services go, unless they are to be kept. Returns when that is done. */
    readonly stop: (options: { readonly keepServices: boolean }) => Effect.Effect<void>
    /** Fails when the balancer cannot go on. */
    readonly ended: Effect.Effect<never, BalancerEnded>
  }
>()("@holdfast/engine/balancer/Balancer") {
  /**
   * The balancer on whatever adapters are given.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<
    Balancer,
    never,
    WakeTimer | Prober | ForwardingPlane | Notifier | LocalAddresses
  > = Layer.effect(
    Balancer,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const timer = yield* WakeTimer
  const planes = yield* ForwardingPlane
  const localAddresses = yield* LocalAddresses
  const inbox = yield* Queue.bounded<Input>(inboxMax)
  const events = yield* PubSub.sliding<BalancerEvent>({ capacity: eventsMax, replay: eventsReplayed })
  const publish = (event: BalancerEvent): void => void PubSub.publishUnsafe(events, event)
  const tell = (input: Input): boolean => Queue.offerUnsafe(inbox, input)

  const reported: Array<ProbeReport> = []
  const probing = yield* (yield* Prober).open((reports) => {
    if (reported.length === 0) tell({ _tag: "Reported" })
    for (const report of reports) reported.push(report)
  })
  const notifying = yield* (yield* Notifier).open((report) =>
    publish({ _tag: "NotificationLost", at: timer.now(), report })
  )
  const wake = yield* timer.open(() => void tell({ _tag: "Woken" }))
  const heap = TimerHeap.make()

  let parameters: Parameters.Parameters | undefined
  let keeper: TableKeeper.TableKeeper | undefined
  let local: ReadonlySet<IpAddress> | undefined
  let watchesAddresses = false
  const settings = KernelSettings.make()
  const fork = Effect.runForkWith(yield* Effect.context())
  const servers = VirtualServers.make({
    heap,
    probing,
    publish,
    notify: notifying.notify,
    want: (key, service) => keeper?.want(key, service),
    countConnections: (virtualServer) => void fork(count(virtualServer))
  })

  const count = (virtualServer: RunningVirtualServer) =>
    Serving.countConnections(keeper, virtualServer.state.parameters).pipe(
      Effect.flatMap((counts) => Queue.offer(inbox, { _tag: "Counted", virtualServer, counts }))
    )

  const publishRefusals = (messages: ReadonlyArray<string>): void => {
    if (messages.length > 0) publish({ _tag: "EditsRefused", at: timer.now(), messages })
  }
  const setSettings = (wanted: Parameters.Parameters) =>
    Effect.suspend(() =>
      keeper === undefined ? Effect.void : Effect.map(settings.apply(keeper, wanted), publishRefusals)
    )

  const openKeeper = (wanted: Parameters.Parameters) =>
    TableKeeper.make({
      choice: wanted.plane,
      flush: wanted.flushAtStart,
      tell: (news) => {
        publish({ ...news, at: timer.now() })
        // Opened later than at the start: what the kernel is told beside services has yet to be said.
        if (news._tag === "PlaneOpened" && parameters !== undefined) void fork(setSettings(parameters))
      }
    }).pipe(Effect.provideService(ForwardingPlane, planes), Scope.provide(scope))

  const watchAddresses = Effect.gen(function* () {
    watchesAddresses = true
    yield* localAddresses.subscribe((addresses) => {
      local = addresses
      tell({ _tag: "AddressesChanged" })
    })
  }).pipe(
    Scope.provide(scope),
    Effect.catch(({ message }) =>
      Effect.sync(() => {
        watchesAddresses = false
        publish({ _tag: "AddressesUnknown", at: timer.now(), message })
      })
    )
  )

  const settleSuspension = (at: Instant): void => {
    if (local !== undefined) servers.settleSuspension(local, at)
  }

  const apply = Effect.fnUntraced(function* (wanted: Parameters.Parameters) {
    const found = keeper === undefined ? (keeper = yield* openKeeper(wanted)).found : undefined
    if (!watchesAddresses && wanted.virtualServers.some(({ haSuspend }) => haSuspend)) yield* watchAddresses
    yield* notifying.setFifos(wanted.fifos)
    const at = timer.now()
    settleSuspension(at)
    if (parameters !== undefined && parameters.plane !== wanted.plane)
      publish({ _tag: "PlaneKept", at, wanted: wanted.plane })
    parameters = wanted
    const plan = servers.apply(wanted, found ?? noTable, at)
    return { keeper, isFirst: found !== undefined, plan }
  })

  /** What waits for the kernel does not hold up the actor. */
  const finishApply = Effect.fnUntraced(function* (
    { isFirst, keeper, plan }: Effect.Success<ReturnType<typeof apply>>,
    wanted: Parameters.Parameters,
    reply: Deferred.Deferred<BalancerReport>
  ) {
    yield* isFirst ? keeper.claimed : keeper.compare
    publishRefusals(yield* settings.apply(keeper, wanted))
    const news = [...plan.added, ...plan.changed.map(({ to }) => to)]
    const notes = keeper.kind() === "nf_tables" ? news.flatMap(Approximation.notes) : []
    if (notes.length > 0) publish({ _tag: "ServicesApproximated", at: timer.now(), notes })
    const report = reportOf(plan)
    publish({ _tag: "BalancerApplied", at: timer.now(), report })
    yield* Deferred.succeed(reply, report)
  })

  const stop = Effect.fnUntraced(function* (keepServices: boolean, reply: Deferred.Deferred<void>) {
    servers.stop(keepServices, timer.now())
    if (keeper !== undefined) {
      yield* keeper.settled
      // The whole table of nf_tables is ours: nothing of it stays behind.
      if (!keepServices && (parameters?.atStop === "flush" || keeper.kind() === "nf_tables"))
        yield* Effect.ignore(keeper.use(({ flush }) => flush))
      yield* settings.restore(keeper)
    }
    yield* notifying.drained
    publish({ _tag: "BalancerStopped", at: timer.now() })
    yield* Deferred.succeed(reply, undefined)
  })

  const handle = Effect.fnUntraced(function* (input: Input, at: Instant) {
    switch (input._tag) {
      case "Woken":
      case "Reported":
        return
      case "AddressesChanged":
        return settleSuspension(at)
      case "Counted":
        return input.virtualServer.tell({ _tag: "ConnectionsCounted", at, counts: input.counts })
      case "ApplyAsked": {
        const applied = yield* apply(input.wanted)
        return yield* Effect.forkIn(finishApply(applied, input.wanted, input.reply), scope)
      }
      case "StopAsked":
        return yield* Effect.forkIn(stop(input.keepServices, input.reply), scope)
    }
  })

  let hasLetRead = false
  const pass = Effect.fnUntraced(function* () {
    const inputs = yield* Queue.takeAll(inbox)
    if (reported.length > 0) servers.hear(reported.splice(0))
    for (const input of inputs) yield* handle(input, timer.now())
    const at = timer.now()
    const due = heap.next()
    // After a stall what was found meanwhile has yet to be read: let that happen before anything counts as silence.
    const isStalled = due !== undefined && at - due >= stallMicros && !hasLetRead
    hasLetRead = isStalled
    if (due !== undefined && due <= at && !isStalled) heap.expire(at)
    servers.flush()
    const next = heap.next()
    if (next === undefined) wake.disarm()
    else wake.arm(next)
  })
  const ended = yield* Deferred.make<never, BalancerEnded>()
  yield* Effect.forever(pass()).pipe(
    Effect.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.void
        : Deferred.fail(
            ended,
            new BalancerEnded({ message: `the balancer cannot go on: ${Cause.pretty(cause)}` })
          )
    ),
    Effect.forkScoped
  )

  return Balancer.of({
    apply: Effect.fnUntraced(function* (wanted) {
      const reply = yield* Deferred.make<BalancerReport>()
      yield* Queue.offer(inbox, { _tag: "ApplyAsked", wanted, reply })
      return yield* Deferred.await(reply)
    }),
    tellRole: (router, isMaster) => Effect.map(settings.tellRole(keeper, router, isMaster), publishRefusals),
    status: Effect.suspend(() => BalancerStatus.of(servers.all(), keeper, servers.counts())),
    events: Stream.fromPubSub(events),
    ended: Deferred.await(ended),
    stop: Effect.fnUntraced(function* ({ keepServices }) {
      const reply = yield* Deferred.make<void>()
      yield* Queue.offer(inbox, { _tag: "StopAsked", keepServices, reply })
      yield* Effect.raceFirst(Deferred.await(reply), Effect.ignore(Deferred.await(ended)))
    })
  })
})

const reportOf = ({ added, changed, kept, removed }: VirtualServerSet.Plan): BalancerReport => ({
  kept: kept.map(({ name }) => name),
  changed: changed.map(({ to }) => to.name),
  added: added.map(({ name }) => name),
  removed: removed.map(({ name }) => name)
})

const noTable: ForwardingTable = new Map()

/** Longer than a pass takes when thousands of checks are due at once. */
const stallMicros = 50_000

/** Inputs are batches: more of them wait only when the process stalls, and then senders wait, too. */
const inboxMax = 1024

/** Events a subscriber may lag behind before it misses the oldest: a site whose switch fails tells thousands at once. */
const eventsMax = 16_384

/** Events a new subscriber is told of the past. */
const eventsReplayed = 64
