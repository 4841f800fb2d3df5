/**
 * The port for waking at a point of monotonic time.
 *
 * One timer serves every virtual router of an engine: the engine keeps the heap of deadlines and arms this timer for
 * the earliest. Node's own timers count whole milliseconds; an adapter that can do better shall.
 *
 * @see docs/decisions/0008-one-actor-fiber-one-timer.md
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * A timer that is open.
 *
 * @category models
 * @since 0.1.0
 */
export interface Armable {
  /** Wakes once at `deadline`, or at once when it has passed; replaces what was armed before. */
  readonly arm: (deadline: Instant) => void
  /** Wakes no more until armed again. */
  readonly disarm: () => void
}

/**
 * Reads the monotonic clock and opens timers on it.
 *
 * @category services
 * @since 0.1.0
 */
export class WakeTimer extends Context.Service<
  WakeTimer,
  {
    /** The monotonic clock now. */
    readonly now: () => Instant
    /** How much before an exact deadline to arm the timer, so that the way from the kernel to the engine costs nothing. */
    readonly leadMicros: number
    /** Waits actively until the deadline, which is `leadMicros` away at most or past, and returns the time it then is. */
    readonly waitUntil: (deadline: Instant) => Instant
    /** Opens a timer. `onWake` runs on the adapter's callback, never before the deadline, and must not throw. */
    readonly open: (onWake: (now: Instant) => void) => Effect.Effect<Armable, never, Scope.Scope>
  }
>()("@holdfast/engine/WakeTimer") {}
