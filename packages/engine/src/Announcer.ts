/**
 * The port for gratuitous ARP: making switches and hosts learn where an address is now.
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Context from "effect/Context"

/**
 * One burst: `repeatCount` frames for every address.
 *
 * @category models
 * @since 0.1.0
 */
export interface Burst {
  readonly addresses: ReadonlyArray<{ readonly interface: InterfaceName; readonly address: Ipv4Address }>
  readonly repeatCount: number
}

/**
 * Sends gratuitous ARPs. A burst never waits and never fails: what the kernel refuses is logged and counted by the
 * adapter, and the next burst tries again.
 *
 * @category services
 * @since 0.1.0
 */
export class Announcer extends Context.Service<
  Announcer,
  {
    readonly announce: (burst: Burst) => void
    /** Drops what is still waiting for this address list: it is no longer ours to announce. */
    readonly cancel: (addresses: ReadonlyArray<Ipv4Address>) => void
  }
>()("@holdfast/engine/Announcer") {}
