import { WakeTimer } from "@holdfast/engine/WakeTimer"
import type { Instant } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Run } from "./Harness.ts"

/** A timer and when it woke. */
const open = Effect.gen(function* () {
  const timer = yield* WakeTimer
  const woken: Array<Instant> = []
  const armable = yield* timer.open((now) => woken.push(now))
  const armIn = (millis: number): Instant => {
    const deadline = (timer.now() + millis * 1_000) as Instant
    armable.arm(deadline)
    return deadline
  }
  return { timer, woken, armable, armIn }
})

export const wakeTimerContract = (run: Run) =>
  describe("WakeTimer", () => {
    it.live("wakes once, and never before the deadline", () =>
      run(({ eventually, pass }) =>
        Effect.gen(function* () {
          const { armIn, woken } = yield* open

          const deadline = armIn(20)
          yield* eventually("it wakes", () => woken.length > 0)
          yield* pass(40)

          assert.lengthOf(woken, 1)
          assert.isAtLeast(woken[0] ?? 0, deadline)
        })
      )
    )

    it.live("wakes at once for a deadline that has passed, and not inside the call", () =>
      run(({ eventually, pass }) =>
        Effect.gen(function* () {
          const { armIn, woken } = yield* open
          yield* pass(5)

          armIn(-5)
          assert.isEmpty(woken)

          yield* eventually("it wakes", () => woken.length === 1)
        })
      )
    )

    it.live("waits for a deadline, and not for one that has passed", () =>
      run(() =>
        Effect.gen(function* () {
          const { timer } = yield* open
          const from = timer.now()

          const soon = (from + 100) as Instant
          assert.isAtLeast(timer.waitUntil(soon), soon)
          assert.isAtLeast(timer.waitUntil((from - 1_000_000) as Instant), from)
        })
      )
    )

    it.live("arming replaces what was armed before, to an earlier and to a later deadline", () =>
      run(({ eventually, pass }) =>
        Effect.gen(function* () {
          const { armIn, woken } = yield* open

          armIn(500)
          const earlier = armIn(10)
          yield* eventually("it wakes at the earlier one", () => woken.length === 1)
          assert.isBelow(woken[0] ?? 0, earlier + 400_000)
          armIn(10)
          const later = armIn(60)
          yield* eventually("it wakes at the later one", () => woken.length === 2)
          yield* pass(50)

          assert.lengthOf(woken, 2)
          assert.isAtLeast(woken[1] ?? 0, later)
        })
      )
    )

    it.live("wakes no more once disarmed, until armed again", () =>
      run(({ eventually, pass }) =>
        Effect.gen(function* () {
          const { armable, armIn, woken } = yield* open

          armIn(10)
          armable.disarm()
          yield* pass(40)
          assert.isEmpty(woken)
          armIn(10)

          yield* eventually("it wakes", () => woken.length === 1)
        })
      )
    )

    it.live("can be armed from its own wake-up", () =>
      run(({ eventually }) =>
        Effect.gen(function* () {
          const timer = yield* WakeTimer
          const woken: Array<Instant> = []
          const armable = yield* timer.open((now) => {
            woken.push(now)
            if (woken.length < 3) armable.arm((now + 5_000) as Instant)
          })

          armable.arm(timer.now())

          yield* eventually("it wakes three times", () => woken.length === 3)
          assert.isAtLeast((woken[2] ?? 0) - (woken[0] ?? 0), 10_000)
        })
      )
    )

    it.live("wakes no more once its scope is closed", () =>
      run(({ pass }) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const { armIn, woken } = yield* Scope.provide(open, scope)

          armIn(10)
          yield* Scope.close(scope, Exit.void)
          yield* pass(40)

          assert.isEmpty(woken)
        })
      )
    )
  })
