/**
 * A worker thread that watches a timer and a socket: posts a message for each expiry until it is told how to end.
 */
import * as DeadlineTimer from "@holdfast/raw-socket/DeadlineTimer"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as NetlinkSocket from "@holdfast/raw-socket/NetlinkSocket"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { parentPort } from "node:worker_threads"

const scope = Scope.makeUnsafe()
const timer = Effect.runSync(
  Scope.provide(
    DeadlineTimer.make((now) => {
      parentPort!.postMessage(now)
      timer.arm(now + 100)
    }),
    scope
  )
)
Effect.runSync(
  Scope.provide(NetlinkSocket.open({ family: 0, groups: [1], onBatch: () => {}, onEvent: () => {} }), scope)
)
parentPort!.once("message", (ending: "close" | "throw") => {
  if (ending === "close") return Effect.runSync(Scope.close(scope, Exit.void))
  timer.disarm()
  return Effect.runSync(
    Effect.map(
      Scope.provide(
        DeadlineTimer.make(() => {
          throw new Error("thrown in a callback")
        }),
        scope
      ),
      ({ arm }) => arm(MonotonicClock.now())
    )
  )
})
timer.arm(MonotonicClock.now())
