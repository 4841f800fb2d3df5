/**
 * The addresses of a machine as a set that a test changes.
 *
 * @since 0.2.0
 */
import { LocalAddresses } from "@holdfast/engine/LocalAddresses"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * @category models
 * @since 0.2.0
 */
export interface SimulatedLocalAddresses {
  readonly set: (addresses: ReadonlyArray<IpAddress>) => void
  readonly layer: Layer.Layer<LocalAddresses>
}

/**
 * Makes a machine without addresses.
 *
 * @category constructors
 * @since 0.2.0
 */
export const make = (): SimulatedLocalAddresses => {
  const listeners = new Set<(addresses: ReadonlySet<IpAddress>) => void>()
  let current: ReadonlySet<IpAddress> = new Set()
  return {
    set: (addresses) => {
      current = new Set(addresses)
      for (const listener of listeners) listener(current)
    },
    layer: Layer.succeed(
      LocalAddresses,
      LocalAddresses.of({
        subscribe: (onChange) =>
          Effect.asVoid(
            Effect.acquireRelease(
              Effect.sync(() => {
                listeners.add(onChange)
                onChange(current)
              }),
              () => Effect.sync(() => listeners.delete(onChange))
            )
          )
      })
    )
  }
}
