/**
 * The balancer in the daemon's main thread: the engine's balancer on this kernel's adapters.
 *
 * Imported when a file has virtual servers: a director that only holds addresses does not pay for it.
 *
 * @since 0.1.0
 */
import type { ScriptDefaults } from "@holdfast/wire/Script"
import { Balancer } from "@holdfast/engine/balancer/Balancer"
import type { BalancerEvent } from "@holdfast/engine/balancer/BalancerEvent"
import * as BalancerHost from "@holdfast/linux/BalancerHost"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/**
 * Opens a balancer that lives until the scope closes. `onEvent` gets everything that happens.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  scripts: ScriptDefaults,
  onEvent: (event: BalancerEvent) => void
) {
  const context = yield* Layer.build(Layer.provide(Balancer.layer, BalancerHost.layer(scripts)))
  const balancer = Context.get(context, Balancer)
  yield* balancer.events.pipe(
    Stream.runForEach((event) => Effect.sync(() => onEvent(event))),
    Effect.forkScoped({ startImmediately: true })
  )
  return balancer
})
