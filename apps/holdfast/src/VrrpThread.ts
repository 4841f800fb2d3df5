/**
 * The VRRP thread: the engine on this kernel's adapters, told what to run by the main thread.
 *
 * It has an event loop of its own, so that parsing a file, writing a log or checking a server cannot delay an advert.
 *
 * @since 0.1.0
 */
import { parentPort } from "node:worker_threads"
import { Engine } from "@holdfast/engine/Engine"
import * as LinuxHost from "@holdfast/linux/LinuxHost"
import type { Parameters } from "@holdfast/vrrp/Parameters"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as Scheduling from "./Scheduling.ts"
import type { Reply, Request } from "./VrrpMessage.ts"

/**
 * Runs until the main thread says stop, then ends the thread.
 *
 * @category main
 * @since 0.1.0
 */
export const main = (): void => {
  const port = parentPort!
  Scheduling.runPunctually()
  const send = (reply: Reply): void => port.postMessage(reply)

  const program = Effect.gen(function* () {
    const requests = yield* Queue.bounded<Question>(requestsMax)
    const engine = yield* Engine
    port.on("message", (request: Request) => {
      // Waits for no reload and is never lost.
      if (request._tag === "Observe") engine.observe(request.observations)
      else Queue.offerUnsafe(requests, request)
    })
    const telling = yield* engine.events.pipe(
      Stream.takeUntil((event) => event._tag === "Stopped"),
      Stream.runForEach((event) => Effect.sync(() => send({ _tag: "Happened", event }))),
      Effect.forkScoped({ startImmediately: true })
    )
    send({ _tag: "Ready" })
    const serve = Effect.gen(function* () {
      for (;;) {
        const request = yield* Queue.take(requests)
        switch (request._tag) {
          case "Begin":
            break
          case "Apply":
            send({ _tag: "Applied", report: yield* engine.apply(routersOf(request), request.shared) })
            break
          case "Report":
            send({ _tag: "Status", status: yield* engine.status })
            break
          case "Stop":
            yield* engine.stop
            return yield* Fiber.join(telling)
        }
      }
    })
    return yield* Effect.raceFirst(serve, engine.ended)
  })

  const toMain = Logger.make(({ logLevel, message }) => {
    const text = Array.isArray(message) ? message.join(" ") : String(message)
    send({ _tag: "Logged", level: levels[logLevel] ?? "info", message: text })
  })

  const layer = Layer.provide(Engine.layer, LinuxHost.layerOfOwnThread)
  const begin = (): void => {
    Effect.runFork(
      Effect.scoped(Effect.provide(program, layer)).pipe(Effect.provide(Logger.layer([toMain])))
    ).addObserver((exit) => {
      if (Exit.isFailure(exit)) send({ _tag: "Failed", message: Cause.pretty(exit.cause) })
      port.close()
    })
  }
  port.once("message", begin)
}

const routersOf = ({ routers }: Extract<Request, { _tag: "Apply" }>): ReadonlyArray<Parameters> =>
  JSON.parse(routers) as ReadonlyArray<Parameters>

type Question = Exclude<Request, { readonly _tag: "Observe" }>

const levels: Partial<Record<string, "detail" | "info" | "warning" | "error">> = {
  Debug: "detail",
  Info: "info",
  Warn: "warning",
  Error: "error",
  Fatal: "error"
}

/** Reloads and status requests that may wait; the main thread sends one at a time. */
const requestsMax = 64
