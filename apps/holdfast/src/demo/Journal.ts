/**
 * The demo's journal: takes what happens from everywhere, prints it in the order it happened, and lets the story wait.
 *
 * @since 0.1.0
 */
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DemoFailed } from "./DemoFailed.ts"
import * as Timeline from "./Timeline.ts"

/**
 * An open journal. Times count from when it was opened.
 *
 * - `record`: may be called from anywhere, also from callbacks.
 * - `fail`: says that the story cannot go on; `failed` then fails.
 * - `wait`: until an entry matches, and returns it; it may be recorded already. Fails when that takes longer than `waitMax`.
 * - `flush`: prints what is recorded and returns all of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Journal {
  readonly record: (entry: Timeline.Entry) => void
  readonly fail: (message: string) => void
  readonly failed: Effect.Effect<never, DemoFailed>
  readonly wait: (
    what: string,
    matches: (entry: Timeline.Entry) => boolean
  ) => Effect.Effect<Timeline.Entry, DemoFailed>
  readonly flush: Effect.Effect<ReadonlyArray<Timeline.Entry>>
}

/**
 * Opens a journal that prints until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<Journal, never, Scope.Scope> = Effect.gen(function* () {
  const startedAt = MonotonicClock.now()
  const entries: Array<Timeline.Entry> = []
  const failed = yield* Deferred.make<never, DemoFailed>()
  const waiters = new Set<(entry: Timeline.Entry) => void>()
  let unprinted: ReadonlyArray<Timeline.Entry> = []

  const print = (until: number): void => {
    const [past, rest] = Timeline.splitAt(unprinted, until)
    unprinted = rest
    for (const entry of past) console.log(Timeline.line(entry, startedAt))
  }
  const appearance = (matches: (entry: Timeline.Entry) => boolean) =>
    Effect.callback<Timeline.Entry>((resume) => {
      const found = entries.find(matches)
      if (found !== undefined) return resume(Effect.succeed(found))
      const waiter = (entry: Timeline.Entry) => {
        if (matches(entry)) resume(Effect.succeed(entry))
      }
      waiters.add(waiter)
      return Effect.sync(() => waiters.delete(waiter))
    })

  yield* Effect.forkScoped(
    Effect.forever(
      Effect.andThen(
        Effect.sleep(printInterval),
        Effect.sync(() => print(MonotonicClock.now() - settleMicros))
      )
    )
  )
  return {
    record: (entry) => {
      entries.push(entry)
      unprinted = [...unprinted, entry]
      for (const waiter of waiters) waiter(entry)
    },
    fail: (message) => void Deferred.doneUnsafe(failed, Effect.fail(new DemoFailed({ message }))),
    failed: Deferred.await(failed),
    wait: (what, matches) =>
      appearance(matches).pipe(
        Effect.timeoutOrElse({
          duration: waitMax,
          orElse: () => Effect.fail(new DemoFailed({ message: `${what}: not within ${waitMax}` }))
        })
      ),
    flush: Effect.sync(() => {
      print(Number.POSITIVE_INFINITY)
      return entries
    })
  }
})

/** Often enough to look live. */
const printInterval = "50 millis"

/** A log line has come through its process and its pipe by then, so that what is printed stays in order. */
const settleMicros = 250_000

/** Twice the longest wait here, the 7 s of a check and its retry, for slow machines. */
const waitMax = "15 seconds"
