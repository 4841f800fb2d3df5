import { assert, describe, it } from "@effect/vitest"
import * as DeadlineTimer from "@holdfast/raw-socket/DeadlineTimer"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { once } from "node:events"
import { Worker } from "node:worker_threads"

const start = Effect.acquireRelease(
  Effect.promise(async () => {
    const worker = new Worker(new URL("./TimerWorker.ts", import.meta.url))
    await once(worker, "message")
    return worker
  }),
  (worker) => Effect.promise(() => worker.terminate())
)

describe("worker threads", () => {
  it.live("watch on their own loops, and may be terminated at any time", () =>
    Effect.gen(function* () {
      const expiries = yield* Queue.bounded<number>(4)
      const timer = yield* DeadlineTimer.make((now) => Queue.offerUnsafe(expiries, now))

      for (let round = 0; round < 5; round++) {
        const workers = yield* Effect.all([start, start])
        const codes = yield* Effect.promise(() => Promise.all(workers.map((worker) => worker.terminate())))
        assert.deepStrictEqual(codes, [1, 1])
      }
      timer.arm(0)

      assert.isAbove(yield* Queue.take(expiries), 0)
    })
  )

  it.live("end by themselves once the scope is closed", () =>
    Effect.gen(function* () {
      const worker = yield* start

      worker.postMessage("close")
      const [code] = yield* Effect.promise(() => once(worker, "exit"))

      assert.strictEqual(code, 0)
    })
  )

  it.live("report what a callback throws as an uncaught exception", () =>
    Effect.gen(function* () {
      const worker = yield* start

      worker.postMessage("throw")
      const [error] = yield* Effect.promise(() => once(worker, "error"))

      assert.strictEqual(error.message, "thrown in a callback")
    })
  )
})
