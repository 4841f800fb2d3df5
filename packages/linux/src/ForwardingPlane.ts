/**
 * Which of this kernel's forwarding planes carries the services.
 *
 * @since 0.1.0
 */
import { ForwardingPlane, ForwardingPlaneError } from "@holdfast/engine/ForwardingPlane"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as IpvsPlane from "./ipvs/IpvsPlane.ts"
import * as NfTablesPlane from "./nftables/NfTablesPlane.ts"

/**
 * The planes in the network namespace of the thread that opens one.
 *
 * `auto` falls back on nf_tables only when the kernel has no IPVS: where it has one that cannot be used, the operator
 * must know.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ForwardingPlane> = Layer.succeed(ForwardingPlane, {
  open: (choice, onForeignChange) => {
    if (choice === "nf_tables") return NfTablesPlane.open(onForeignChange)
    if (choice === "ipvs") return IpvsPlane.open
    return Effect.catchIf(IpvsPlane.open, isUnsupported, (absence) =>
      Effect.mapError(NfTablesPlane.open(onForeignChange), (error) => withBoth(absence, error))
    )
  }
})

/** Neither is there: the operator may choose which one to bring. */
const withBoth = (absence: ForwardingPlaneError, error: ForwardingPlaneError): ForwardingPlaneError =>
  new ForwardingPlaneError({ reason: error.reason, message: `${absence.message}; ${error.message}` })

const isUnsupported = (error: ForwardingPlaneError): boolean => error.reason === "Unsupported"
