/**
 * What every kind of probe offers to the prober.
 *
 * @since 0.1.0
 */
import type { Probe, ProbeResult } from "@holdfast/balancer/Probe"

/**
 * One kind of probe.
 *
 * @category models
 * @since 0.1.0
 */
export type ProbeOf<Tag extends Probe["_tag"]> = Extract<Probe, { readonly _tag: Tag }>

/**
 * Starts a probe and returns how to end it. `onResult` is called once (of a file: at every change), never before this
 * returns and never after the probe was ended. Ending a probe that has reported is allowed and does nothing.
 *
 * @category models
 * @since 0.1.0
 */
export type Launch<Tag extends Probe["_tag"]> = (
  probe: ProbeOf<Tag>,
  onResult: (result: ProbeResult) => void
) => () => void
