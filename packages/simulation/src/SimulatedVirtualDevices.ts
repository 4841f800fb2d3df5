/**
 * Virtual MAC devices of one simulated host.
 *
 * @since 0.1.0
 */
import type { DeviceFailure, DeviceLevels } from "@holdfast/engine/VirtualDevices"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SimulatedHost } from "./SimulatedHost.ts"

/**
 * Opens the devices of a host: each is there, and up, while its parent is.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (host: SimulatedHost): Effect.Effect<DeviceLevels, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { kernel } = host
    let wanted: ReadonlyArray<VirtualDevice> = []
    const made = new Set<InterfaceName>()

    const remove = (name: InterfaceName): void => {
      made.delete(name)
      kernel.deleteLink(name)
    }

    const follow = (): void => {
      for (const { mac, name, parent } of wanted) {
        const below = kernel.links().get(parent)
        if (below === undefined && made.has(name)) remove(name)
        else if (below !== undefined && made.has(name)) kernel.setUp(name, below.up)
        else if (below !== undefined && !kernel.links().has(name)) {
          made.add(name)
          kernel.addLink({ name, mac, up: below.up })
        }
      }
    }

    const set = (devices: ReadonlyArray<VirtualDevice>): ReadonlyArray<DeviceFailure> => {
      const names = new Set(devices.map(({ name }) => name))
      for (const name of [...made]) if (!names.has(name)) remove(name)
      wanted = devices
      follow()
      return devices
        .filter(({ name }) => !made.has(name) && kernel.links().has(name))
        .map(({ name }) => ({
          name,
          message: `${name} exists and is not ours; remove it or choose another name`
        }))
    }

    const unwatch = kernel.watch(follow)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        unwatch()
        set([])
      })
    )
    return { set: (devices) => Effect.sync(() => set(devices)) } satisfies DeviceLevels
  })
