/**
 * The port for gratuitous ARP and unsolicited neighbour advertisements: making switches and hosts learn where an address
 * is now.
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Pacing } from "@holdfast/vrrp/SharedParameters"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Context from "effect/Context"

/**
 * One burst: `repeatCount` frames for every address.
 *
 * @category models
 * @since 0.1.0
 */
export interface Burst {
  readonly addresses: ReadonlyArray<{ readonly interface: InterfaceName; readonly address: IpAddress }>
  readonly repeatCount: number
}

/**
 * Sends gratuitous ARPs and unsolicited neighbour advertisements. A burst never waits and never fails: what the kernel refuses is logged and counted by the
 * adapter, and the next burst tries again.
 *
 * @category services
 * @since 0.1.0
 */
export class Announcer extends Context.Service<
  Announcer,
  {
    readonly announce: (burst: Burst) => void
    /** How fast frames may leave, from now on; those that wait keep their place. Without any, as fast as they can. */
    readonly setPacings: (pacings: ReadonlyArray<Pacing>) => void
    /** Drops what is still waiting for this address list: it is no longer ours to announce. */
    readonly cancel: (addresses: ReadonlyArray<IpAddress>) => void
  }
>()("@holdfast/engine/Announcer") {}
