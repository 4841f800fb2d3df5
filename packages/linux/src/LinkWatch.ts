/**
 * `LinkWatch` on rtnetlink.
 *
 * @since 0.1.0
 */
import { LinkWatch } from "@holdfast/engine/LinkWatch"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { KernelNetwork } from "./KernelNetwork.ts"

/**
 * The port on this kernel.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<LinkWatch, never, KernelNetwork> = Layer.effect(
  LinkWatch,
  Effect.gen(function* () {
    const network = yield* KernelNetwork
    return LinkWatch.of({
      subscribe: (onChange) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => {
              onChange(network.links())
              return network.onChanges(() => onChange(network.links()))
            }),
            (unsubscribe) => Effect.sync(unsubscribe)
          )
        )
    })
  })
)
