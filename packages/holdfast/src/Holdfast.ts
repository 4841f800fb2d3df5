/**
 * The promise door: hold addresses from a program that does not use Effect.
 *
 * **Example** (Hold one address)
 *
 * ```ts
 * const holdfast = await Holdfast.start([{ name: "web", interface: "eth0", vrid: 51, addresses: ["192.0.2.10/24"] }])
 * for await (const event of holdfast.events())
 *   if (event._tag === "RoleChanged") console.log(`${event.router} is ${event.to}`)
 * ```
 *
 * @since 0.1.0
 */
import { Engine } from "@holdfast/engine/Engine"
import type { ApplyReport, EngineEvent } from "@holdfast/engine/EngineEvent"
import type { EngineStatus } from "@holdfast/engine/Status"
import * as LinuxHost from "@holdfast/linux/LinuxHost"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import * as RouterOptions from "./RouterOptions.ts"

/**
 * Virtual routers that run in this process.
 *
 * @category models
 * @since 0.1.0
 */
export interface Holdfast {
  /** What happens, from now on, and the last few events before. Ends when stopped. */
  readonly events: () => AsyncIterable<EngineEvent>
  /** Makes the running routers those given, by difference. Rejects with `RouterOptionsError`, and then changes nothing. */
  readonly apply: (routers: ReadonlyArray<RouterOptions.RouterOptions>) => Promise<ApplyReport>
  readonly status: () => Promise<EngineStatus>
  /** Leaves: priority 0 first, then the addresses. Resolves when they are gone. */
  readonly stop: () => Promise<void>
}

/**
 * The engine on this kernel, for programs that use Effect.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = Layer.provide(Engine.layer, LinuxHost.layer)

/**
 * Starts virtual routers in this process. Needs CAP_NET_ADMIN and CAP_NET_RAW; rejects with the reason and the remedy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = async (routers: ReadonlyArray<RouterOptions.RouterOptions>): Promise<Holdfast> => {
  const runtime = ManagedRuntime.make(layer)
  const apply = (wanted: ReadonlyArray<RouterOptions.RouterOptions>) =>
    runtime.runPromise(
      Effect.gen(function* () {
        const parameters = yield* Effect.forEach(wanted, RouterOptions.decode)
        return yield* (yield* Engine).apply(parameters)
      })
    )
  try {
    const engine = await runtime.runPromise(Engine)
    await apply(routers)
    return {
      events: () =>
        Stream.toAsyncIterable(engine.events.pipe(Stream.takeUntil((event) => event._tag === "Stopped"))),
      apply,
      status: () => runtime.runPromise(engine.status),
      stop: async () => {
        await runtime.runPromise(engine.stop)
        await runtime.dispose()
      }
    }
  } catch (error) {
    await runtime.dispose()
    throw error
  }
}
