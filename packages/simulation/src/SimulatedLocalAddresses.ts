/**
 * The addresses of a machine as a set that a test changes.
 *
 * @since 0.1.0
 */
import { LocalAddresses, LocalAddressesError } from "@holdfast/engine/LocalAddresses"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * @category models
 * @since 0.1.0
 */
export interface SimulatedLocalAddresses {
  readonly set: (addresses: ReadonlyArray<IpAddress>) => void
  /** Whoever subscribes from now on is refused. */
  readonly refuse: () => void
  readonly layer: Layer.Layer<LocalAddresses>
}

/**
 * Makes a machine without addresses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): SimulatedLocalAddresses => {
  const listeners = new Set<(addresses: ReadonlySet<IpAddress>) => void>()
  let current: ReadonlySet<IpAddress> = new Set()
  let refuses = false
  return {
    set: (addresses) => {
      current = new Set(addresses)
      for (const listener of listeners) listener(current)
    },
    refuse: () => {
      refuses = true
    },
    layer: Layer.succeed(
      LocalAddresses,
      LocalAddresses.of({
        subscribe: (onChange) =>
          Effect.suspend(() =>
            refuses
              ? Effect.fail(new LocalAddressesError({ message: "refused" }))
              : Effect.acquireRelease(
                  Effect.sync(() => {
                    listeners.add(onChange)
                    onChange(current)
                  }),
                  () => Effect.sync(() => listeners.delete(onChange))
                )
          ).pipe(Effect.asVoid)
      })
    )
  }
}
