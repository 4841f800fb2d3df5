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
import { keyOf, type Observation } from "@holdfast/vrrp/Tracker"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import type { RouterOptions, SharedOptions } from "./RouterOptions.ts"
import * as Routers from "./Routers.ts"

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
  readonly apply: (routers: ReadonlyArray<RouterOptions>, shared?: SharedOptions) => Promise<ApplyReport>
  /**
   * Says how something is that routers track by this name (`trackers`). Until the first time it is not known, and a router
   * that tracks it without weight is in Fault. Never waits.
   */
  readonly observe: (name: string, condition: Condition) => void
  readonly status: () => Promise<EngineStatus>
  /** Leaves: priority 0 first, then the addresses. Resolves when they are gone. */
  readonly stop: () => Promise<void>
}

/**
 * How something is that is tracked.
 *
 * @category models
 * @since 0.1.0
 */
export type Condition = "Up" | "Down" | "Unknown"

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
export const start = async (
  routers: ReadonlyArray<RouterOptions>,
  options: SharedOptions = {}
): Promise<Holdfast> => {
  const runtime = ManagedRuntime.make(layer)
  const apply: Holdfast["apply"] = (wanted, others) =>
    runtime.runPromise(
      Effect.gen(function* () {
        const decoded = yield* Routers.decode(wanted, others)
        return yield* (yield* Engine).apply(decoded.routers, decoded.shared)
      })
    )
  try {
    const engine = await runtime.runPromise(Engine)
    await apply(routers, options)
    return {
      events: () =>
        Stream.toAsyncIterable(engine.events.pipe(Stream.takeUntil((event) => event._tag === "Stopped"))),
      apply,
      observe: (name, condition) =>
        engine.observe(new Map([[keyOf({ _tag: "Script", name }), observations[condition]]])),
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

const observations: Record<Condition, Observation> = {
  Up: { _tag: "Up" },
  Down: { _tag: "Down" },
  Unknown: { _tag: "Unknown" }
}
