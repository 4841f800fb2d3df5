/**
 * What the virtual routers of one configuration share: groups, and what is there whoever is Master.
 *
 * @since 0.1.0
 */
import { MacAddress } from "@holdfast/wire/Address"
import { Micros } from "@holdfast/wire/Instant"
import * as Schema from "effect/Schema"
import { InterfaceName, VirtualAddress } from "./Parameters.ts"
import { VirtualRoute } from "./VirtualRoute.ts"
import { VirtualRule } from "./VirtualRule.ts"

/**
 * Virtual routers that are Master together or not at all (`vrrp_sync_group`).
 *
 * - `kind`: `Instance` joins the two virtual routers of one instance with addresses of both families, and has its name.
 * - `members`: names of virtual routers; one is in one group at most.
 *
 * @category models
 * @since 0.1.0
 */
export const SyncGroup = Schema.Struct({
  name: Schema.String,
  kind: Schema.Literals(["Group", "Instance"]),
  members: Schema.NonEmptyArray(Schema.String)
})

/**
 * @category models
 * @since 0.1.0
 */
export type SyncGroup = typeof SyncGroup.Type

/**
 * The least time between two frames that announce addresses on some devices together (`vrrp_garp_interval`,
 * `vrrp_gna_interval`, `garp_group`); 0 for none.
 *
 * @category models
 * @since 0.1.0
 */
export const Pacing = Schema.Struct({
  /** The devices that share the pace; a list that is absent means every device on its own that no other pacing names. */
  interfaces: Schema.optionalKey(Schema.Array(InterfaceName)),
  arpInterval: Micros,
  neighbourInterval: Micros
})

/**
 * @category models
 * @since 0.1.0
 */
export type Pacing = typeof Pacing.Type

/**
 * For how long a device must be up or down before it counts (`interface_up_down_delays`).
 *
 * @category models
 * @since 0.1.0
 */
export const InterfaceDelay = Schema.Struct({ interface: InterfaceName, up: Micros, down: Micros })

/**
 * @category models
 * @since 0.1.0
 */
export type InterfaceDelay = typeof InterfaceDelay.Type

/**
 * A virtual MAC device: a macvlan in private mode on `parent`, which may not exist yet, or go and come back. It takes part
 * in `families` only.
 *
 * @category models
 * @since 0.1.0
 */
export const VirtualDevice = Schema.Struct({
  name: InterfaceName,
  parent: InterfaceName,
  mac: MacAddress,
  families: Schema.Array(Schema.Literals(["Ipv4", "Ipv6"]))
})

/**
 * @category models
 * @since 0.1.0
 */
export type VirtualDevice = typeof VirtualDevice.Type

/**
 * @category models
 * @since 0.1.0
 */
export const SharedParameters = Schema.Struct({
  groups: Schema.Array(SyncGroup),
  /** All devices that routers and addresses name (`use_vmac`, `use_vmac_addr`). */
  devices: Schema.Array(VirtualDevice),
  /** There from the first `apply` until the stop (`static_ipaddress`, `static_routes`, `static_rules`). */
  staticAddresses: Schema.Array(VirtualAddress),
  staticRoutes: Schema.Array(VirtualRoute),
  staticRules: Schema.Array(VirtualRule),
  pacings: Schema.Array(Pacing),
  interfaceDelays: Schema.Array(InterfaceDelay),
  /** No router is anything but Init for this long after the first start (`vrrp_startup_delay`). */
  startupDelay: Micros
})

/**
 * @category models
 * @since 0.1.0
 */
export type SharedParameters = typeof SharedParameters.Type

/**
 * Nothing shared.
 *
 * @category constants
 * @since 0.1.0
 */
export const none: SharedParameters = {
  groups: [],
  devices: [],
  staticAddresses: [],
  staticRoutes: [],
  staticRules: [],
  pacings: [],
  interfaceDelays: [],
  startupDelay: 0 as Micros
}
