/**
 * The port for virtual MAC devices: a level, not a command.
 *
 * A virtual MAC device is a macvlan in private mode on the device of a virtual router, with the router's own link-layer
 * address. So a switch sees that address move when the Master changes, and no neighbour has to learn anything.
 *
 * @see RFC 9568 section 7.3; keepalived `use_vmac`
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * What could not be made, with reason and remedy.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeviceFailure {
  readonly name: InterfaceName
  readonly message: string
}

/**
 * Virtual devices that are open.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeviceLevels {
  /**
   * Makes these the virtual devices of this program, those of a killed run included: others that bear its mark go. Returns
   * when that is so, and what was refused. Settings of the parents that the devices need are made before, and put back
   * when the last device of a parent is gone.
   */
  readonly set: (wanted: ReadonlyArray<VirtualDevice>) => Effect.Effect<ReadonlyArray<DeviceFailure>>
}

/**
 * Makes virtual MAC devices. Closing the scope takes them all away.
 *
 * @category services
 * @since 0.1.0
 */
export class VirtualDevices extends Context.Service<
  VirtualDevices,
  {
    readonly open: (
      onFailure: (failure: DeviceFailure) => void
    ) => Effect.Effect<DeviceLevels, never, Scope.Scope>
  }
>()("@holdfast/engine/VirtualDevices") {}
