import { assert, describe, it } from "@effect/vitest"
import * as DeadlineTimer from "@holdfast/raw-socket/DeadlineTimer"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"

/** The median of a timer that works is 0.1 ms; wide enough for a loaded machine with two cores. */
const latenessMedianMax = 20_000

const openTimer = Effect.gen(function* () {
  const expiries = yield* Queue.bounded<number>(16)
  const timer = yield* DeadlineTimer.make((now) => Queue.offerUnsafe(expiries, now))
  return { ...timer, expiries }
})

describe("DeadlineTimer", () => {
  it.live("expires soon after its deadline and never before it", () =>
    Effect.gen(function* () {
      const timer = yield* openTimer
      const lateness: Array<number> = []

      for (let round = 0; round < 21; round++) {
        const deadline = MonotonicClock.now() + 1_500
        timer.arm(deadline)
        lateness.push((yield* Queue.take(timer.expiries)) - deadline)
      }
      const sorted = lateness.toSorted((left, right) => left - right)

      assert.isAtLeast(sorted[0]!, 0)
      assert.isBelow(sorted[10]!, latenessMedianMax)
    })
  )

  it.live("expires at once when the deadline has passed, be it the start of the clock", () =>
    Effect.gen(function* () {
      const timer = yield* openTimer

      timer.arm(MonotonicClock.now() - 1_000)
      yield* Queue.take(timer.expiries)
      timer.arm(0)
      yield* Queue.take(timer.expiries)
    })
  )

  it.live("keeps only the last deadline, and none once disarmed", () =>
    Effect.gen(function* () {
      const timer = yield* openTimer
      const reference = yield* openTimer
      const deadline = MonotonicClock.now() + 20_000

      timer.arm(MonotonicClock.now() + 1_000)
      timer.arm(deadline)
      const expiredAt = yield* Queue.take(timer.expiries)
      timer.arm(MonotonicClock.now() + 1_000)
      timer.disarm()
      reference.arm(MonotonicClock.now() + 5_000)
      yield* Queue.take(reference.expiries)

      assert.isAtLeast(expiredAt, deadline)
      assert.strictEqual(yield* Queue.size(timer.expiries), 0)
    })
  )

  it.live("drops an expiry when the deadline is replaced before it is delivered", () =>
    Effect.gen(function* () {
      const expired: Array<string> = []
      const after = yield* openTimer
      const first = yield* DeadlineTimer.make(() => {
        expired.push("first")
        second.disarm()
      })
      const second = yield* DeadlineTimer.make(() => {
        expired.push("second")
        first.disarm()
      })

      // Both deadlines pass before the event loop looks.
      first.arm(1)
      second.arm(1)
      after.arm(MonotonicClock.now() + 1_000)
      yield* Queue.take(after.expiries)

      assert.strictEqual(expired.length, 1)
    })
  )
})
