/**
 * One timer of the kernel that expires at an absolute time of the monotonic clock.
 *
 * Owns a timer descriptor and its readiness on the event loop of the thread that made it. Holds one deadline: callers
 * with many keep them in a heap and arm the earliest.
 *
 * **Details**
 * Microsecond precision. Wakes about 0.1 ms after the deadline where `setTimeout` takes 0.75, and never before it.
 *
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Descriptor from "./Descriptor.ts"
import type * as SocketError from "./SocketError.ts"

/**
 * A timer; both functions are synchronous and cost one system call.
 *
 * - `arm`: expire at this time; a time in the past expires at once. Replaces the former deadline.
 * - `disarm`: expire no more; an expiry not yet delivered is dropped.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeadlineTimer {
  readonly arm: (atMicros: number) => void
  readonly disarm: () => void
}

/**
 * Opens a timer that calls `onExpired` with the current time, once for each `arm`, until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  onExpired: (nowMicros: number) => void
): Effect.fn.Return<DeadlineTimer, SocketError.SocketError, Scope.Scope> {
  const native = Native.load()
  const timer = yield* Descriptor.open("timerfd_create", () => native.timerfdCreate())
  yield* Descriptor.watch(timer, () => {
    // Nothing to read means that the deadline was replaced after the loop saw the expiry.
    if (native.timerfdRead(timer.fd) > 0) onExpired(native.clockMonotonic())
  })
  return {
    // Zero would disarm; the first microsecond of the clock is as past as any.
    arm: (atMicros) => void native.timerfdSet(timer.fd, Math.max(atMicros, 1)),
    disarm: () => void native.timerfdSet(timer.fd, 0)
  }
})
