/**
 * The runtime of tracking: runs scripts, counts processes and reads files, and tells what is known of each.
 *
 * Belongs in the main thread: to start a script takes milliseconds, which no advert may wait for.
 *
 * **Details**
 *
 *     timer ──────┐
 *     scripts ────┼─> trackers (pure reducers) ──┬─> scripts to run, deadlines
 *     processes ──┤                              ├─> observations to subscribers
 *     files ──────┘                              └─> events
 *
 * **Invariants**
 * 1. A tracker is stepped from callbacks of ports, which never come from inside a port: steps do not nest.
 * 2. After `apply` there is an observation of every subject, and of no other.
 * 3. Whoever subscribes is told all that is known, then every change, in order and without loss.
 *
 * @see docs/decisions/0025-tracking-and-notifications-beside-the-engine.md
 * @since 0.1.0
 */
import type { Observation } from "@holdfast/vrrp/Tracker"
import type { TrackingParameters } from "@holdfast/vrrp/TrackingParameters"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as TimerHeap from "../TimerHeap.ts"
import { WakeTimer } from "../WakeTimer.ts"
import type { FileWatch } from "./FileWatch.ts"
import type { ProcessWatch } from "./ProcessWatch.ts"
import type { ScriptRuns } from "./ScriptRuns.ts"
import * as TrackedFiles from "./TrackedFiles.ts"
import * as TrackedProcesses from "./TrackedProcesses.ts"
import * as TrackedScripts from "./TrackedScripts.ts"
import type { TrackingEvent } from "./TrackingEvent.ts"
import type { TrackingShell } from "./TrackingShell.ts"

/**
 * What is known of one subject.
 *
 * - `subject`: by `Tracker.keyOf`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observed {
  readonly subject: string
  readonly observation: Observation
}

/**
 * @category models
 * @since 0.1.0
 */
export interface TrackingStatus {
  readonly scripts: ReadonlyArray<TrackedScripts.ScriptStatus>
  readonly processes: ReadonlyArray<TrackedProcesses.ProcessStatus>
  readonly files: ReadonlyArray<TrackedFiles.FileStatus>
}

/**
 * Tracks.
 *
 * @category services
 * @since 0.1.0
 */
export class Tracking extends Context.Service<
  Tracking,
  {
    /**
     * Makes what is tracked that which is wanted, by difference: what did not change keeps its state. A script whose program
     * changed begins anew.
     */
    readonly apply: (wanted: TrackingParameters) => Effect.Effect<void>
    /** What is known of every subject now. */
    readonly observations: Effect.Effect<ReadonlyArray<Observed>>
    /** Calls back with all that is known before it returns, then with each change, until the scope closes. Must not throw. */
    readonly subscribe: (
      onObserved: (observed: ReadonlyArray<Observed>) => void
    ) => Effect.Effect<void, never, Scope.Scope>
    readonly status: Effect.Effect<TrackingStatus>
    /** What happens, from now on, with the last few before. A slow reader misses the oldest and delays nobody. */
    readonly events: Stream.Stream<TrackingEvent>
    /** Tracks nothing any more; scripts that run are ended. */
    readonly stop: Effect.Effect<void>
  }
>()("@holdfast/engine/tracking/Tracking") {
  /**
   * Tracking on whatever adapters are given.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<Tracking, never, WakeTimer | ScriptRuns | ProcessWatch | FileWatch> =
    Layer.effect(
      Tracking,
      Effect.suspend(() => make)
    )
}

const make = Effect.gen(function* () {
  const timer = yield* WakeTimer
  const events = yield* PubSub.sliding<TrackingEvent>({ capacity: eventsMax, replay: eventsReplayed })
  const known = new Map<string, Observation>()
  const listeners = new Set<(observed: ReadonlyArray<Observed>) => void>()
  const all = (): ReadonlyArray<Observed> =>
    Array.from(known, ([subject, observation]) => ({ subject, observation }))

  const heap = TimerHeap.make()
  const wake = yield* timer.open((now) => {
    heap.expire(now)
    armWake()
  })
  const armWake = (): void => {
    const next = heap.next()
    if (next === undefined) wake.disarm()
    else wake.arm(next)
  }

  const shell: TrackingShell = {
    now: timer.now,
    publish: (event) => void PubSub.publishUnsafe(events, event),
    observe: (subject, observation) => {
      known.set(subject, observation)
      for (const listener of listeners) listener([{ subject, observation }])
    },
    forget: (subject) => void known.delete(subject),
    slot: heap.slot,
    arm: (slot, deadline) => {
      heap.arm(slot, deadline)
      armWake()
    },
    disarm: heap.disarm
  }
  const scripts = yield* TrackedScripts.make(shell)
  const processes = yield* TrackedProcesses.make(shell)
  const files = yield* TrackedFiles.make(shell)

  const oneAtATime = yield* Semaphore.make(1)
  const apply = (wanted: TrackingParameters): Effect.Effect<void> =>
    Effect.gen(function* () {
      files.apply(wanted.files)
      yield* processes.apply(wanted.processes)
      yield* scripts.apply(wanted.scripts)
    }).pipe(Semaphore.withPermit(oneAtATime), Effect.uninterruptible)

  return Tracking.of({
    apply,
    observations: Effect.sync(all),
    subscribe: (onObserved) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          listeners.add(onObserved)
          onObserved(all())
        }),
        () => Effect.sync(() => listeners.delete(onObserved))
      ).pipe(Effect.asVoid),
    status: Effect.sync(() => ({
      scripts: scripts.status(),
      processes: processes.status(),
      files: files.status()
    })),
    events: Stream.fromPubSub(events),
    stop: apply({ scripts: [], processes: [], files: [] })
  })
})

/** Events a subscriber may lag behind before it misses the oldest. */
const eventsMax = 1024

/** Events a new subscriber is told of the past. */
const eventsReplayed = 64
