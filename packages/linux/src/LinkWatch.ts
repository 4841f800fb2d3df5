/**
 * `LinkWatch` on rtnetlink.
 *
 * @since 0.1.0
 */
import { LinkWatch } from "@holdfast/engine/LinkWatch"
import type { NetworkChange } from "@holdfast/netlink/NetworkChange"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AddressTable from "./AddressTable.ts"
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
              return network.onChanges((changes) => {
                if (!changes.every(isOwnAddress)) onChange(network.links())
              })
            }),
            (unsubscribe) => Effect.sync(unsubscribe)
          )
        )
    })
  })
)

/** The engine asked for these itself, and never sends from them: a burst of a thousand is no news of the device. */
const isOwnAddress = (change: NetworkChange): boolean =>
  (change._tag === "AddressChanged" || change._tag === "AddressRemoved") &&
  change.address.protocol === AddressTable.protocolMark
