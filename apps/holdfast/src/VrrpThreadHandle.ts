/**
 * The VRRP thread as the main thread sees it: started, told, listened to, restarted when it dies.
 *
 * @since 0.1.0
 */
import type { ApplyReport } from "@holdfast/engine/EngineEvent"
import type { EngineStatus } from "@holdfast/engine/Status"
import type { Parameters } from "@holdfast/vrrp/Parameters"
import type { SharedParameters } from "@holdfast/vrrp/SharedParameters"
import type { Observation } from "@holdfast/vrrp/Tracker"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Reply, Request } from "./VrrpMessage.ts"
import * as VrrpWorker from "./VrrpWorker.ts"

/**
 * The thread ended before it was told to stop.
 *
 * @category errors
 * @since 0.1.0
 */
export class ThreadEnded extends Schema.TaggedError<ThreadEnded>()("ThreadEnded", {
  message: Schema.String
}) {}

/**
 * A VRRP thread that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface VrrpThread {
  readonly apply: (
    routers: ReadonlyArray<Parameters>,
    shared: SharedParameters
  ) => Effect.Effect<ApplyReport, ThreadEnded>
  /** Passes on what is known of tracked things. Never waits. */
  readonly observe: (observations: ReadonlyMap<string, Observation>) => void
  readonly status: Effect.Effect<EngineStatus, ThreadEnded>
  /** Stops the routers; returns when the thread has ended, and so every priority 0 advert was sent and every address is gone. */
  readonly stop: Effect.Effect<void>
  /** Fails when the thread ends unasked. */
  readonly ended: Effect.Effect<never, ThreadEnded>
}

/**
 * Starts the thread. `onReply` gets what is no answer: events and log lines.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = Effect.fnUntraced(function* (
  onReply: (reply: Extract<Reply, { _tag: "Happened" | "Logged" }>) => void
): Effect.fn.Return<VrrpThread, ThreadEnded, Scope.Scope> {
  const ready = yield* Deferred.make<void, ThreadEnded>()
  const ended = yield* Deferred.make<never, ThreadEnded>()
  const exited = yield* Deferred.make<void>()
  const applied = yield* Queue.bounded<ApplyReport>(answersMax)
  const statuses = yield* Queue.bounded<EngineStatus>(answersMax)
  let failure = "the VRRP thread ended"
  let stopAsked = false

  const worker = yield* Effect.acquireRelease(Effect.sync(VrrpWorker.take), (worker) =>
    Effect.promise(() => worker.terminate())
  )
  const tell = (request: Request): void => worker.postMessage(request)

  worker.on("message", (reply: Reply) => {
    switch (reply._tag) {
      case "Ready":
        return void Deferred.doneUnsafe(ready, Effect.void)
      case "Applied":
        return void Queue.offerUnsafe(applied, reply.report)
      case "Status":
        return void Queue.offerUnsafe(statuses, reply.status)
      case "Failed":
        failure = reply.message
        return
      case "Happened":
      case "Logged":
        return onReply(reply)
    }
  })
  worker.on("error", (error) => void (failure = String(error)))
  worker.on("exit", () => {
    const reason = new ThreadEnded({ message: failure })
    Deferred.doneUnsafe(ready, Effect.fail(reason))
    if (!stopAsked) Deferred.doneUnsafe(ended, Effect.fail(reason))
    Deferred.doneUnsafe(exited, Effect.void)
  })
  tell({ _tag: "Begin" })
  yield* Deferred.await(ready)

  const orEnded = <A>(answer: Effect.Effect<A>): Effect.Effect<A, ThreadEnded> =>
    Effect.raceFirst(answer, Deferred.await(ended))

  return {
    observe: (observations) => tell({ _tag: "Observe", observations }),
    apply: (routers, shared) =>
      Effect.suspend(() => {
        tell({ _tag: "Apply", routers: JSON.stringify(routers), shared })
        return orEnded(Queue.take(applied))
      }),
    status: Effect.suspend(() => {
      tell({ _tag: "Report" })
      return orEnded(Queue.take(statuses))
    }),
    stop: Effect.suspend(() => {
      stopAsked = true
      tell({ _tag: "Stop" })
      return Effect.asVoid(Effect.timeoutOption(Deferred.await(exited), stopWaitMax))
    }),
    ended: Deferred.await(ended)
  }
})

/** Answers that may wait to be taken; each request waits for its own. */
const answersMax = 16

/** More than the engine's own bound for giving addresses up, so that the engine's report is what ends the wait. */
const stopWaitMax = "7 seconds"
