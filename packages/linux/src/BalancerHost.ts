/**
 * All ports of the balancer on this kernel: what an application that runs on Linux gives to `Balancer.layer`.
 *
 * @since 0.1.0
 */
import type { ScriptDefaults } from "@holdfast/wire/Script"
import * as Layer from "effect/Layer"
import * as ForwardingPlane from "./ForwardingPlane.ts"
import * as LocalAddresses from "./LocalAddresses.ts"
import * as Notifier from "./Notifier.ts"
import * as Prober from "./Prober.ts"
import * as WakeTimer from "./WakeTimer.ts"

/**
 * The ports in the network namespace of the thread that builds the layer. Needs CAP_NET_ADMIN and CAP_NET_RAW. `scripts`
 * says who scripts run as.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (scripts: ScriptDefaults) =>
  Layer.mergeAll(
    ForwardingPlane.layer,
    LocalAddresses.layer,
    Notifier.layer(scripts),
    Prober.layer(scripts),
    WakeTimer.layer
  )
