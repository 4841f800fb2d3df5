/**
 * The port for what the kernel says of network devices.
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { IpAddress, MacAddress } from "@holdfast/wire/Address"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * One address of a device.
 *
 * @category models
 * @since 0.1.0
 */
export interface LinkAddress {
  readonly address: IpAddress
  readonly prefixLength: number
  /** A secondary address follows the primary one of its subnet (IFA_F_SECONDARY). */
  readonly secondary: boolean
  /** Scope number of rtnetlink; 0 is global, 253 link-local. */
  readonly scope: number
  /** Not usable: duplicate address detection is not over, or failed (IFA_F_TENTATIVE, IFA_F_DADFAILED). */
  readonly tentative: boolean
}

/**
 * One network device.
 *
 * @category models
 * @since 0.1.0
 */
export interface Link {
  readonly name: InterfaceName
  /** Index in the kernel; a device that is deleted and made again gets another one. */
  readonly index: number
  readonly mac: MacAddress
  readonly mtu: number
  /** Administratively up and with carrier: IFF_UP and IFF_RUNNING. */
  readonly up: boolean
  /** In the kernel's order. */
  readonly addresses: ReadonlyArray<LinkAddress>
}

/**
 * All devices by name.
 *
 * @category models
 * @since 0.1.0
 */
export type Links = ReadonlyMap<InterfaceName, Link>

/**
 * The kernel's devices cannot be watched.
 *
 * @category errors
 * @since 0.1.0
 */
export class LinkWatchError extends Schema.TaggedError<LinkWatchError>()("LinkWatchError", {
  message: Schema.String,
  cause: Schema.Defect()
}) {}

/**
 * Watches network devices.
 *
 * @category services
 * @since 0.1.0
 */
export class LinkWatch extends Context.Service<
  LinkWatch,
  {
    /**
     * Calls back with everything before it returns, then with everything after each change, until the scope closes.
     * A lost notification is made good by reading all again, so that the last call always tells the truth.
     */
    readonly subscribe: (onChange: (links: Links) => void) => Effect.Effect<void, LinkWatchError, Scope.Scope>
  }
>()("@holdfast/engine/LinkWatch") {}
