/**
 * Whether enough weight is up to serve.
 *
 * **Details** what counts is weight, not servers. The quorum is gained at `quorum + hysteresis` and lost below
 * `quorum - hysteresis`, or when nothing is left at all.
 *
 * - A quorum above the sum of all configured weights is cut to it, and the hysteresis below the quorum, as keepalived does.
 * - The threshold for gaining is cut to the sum, too: keepalived begins with its quorum held, so that one that could never
 *   be gained is not seen before it was lost. Here servers begin unchecked.
 *
 * `Unknown` is the quorum of a start: not gained yet, and servers that nobody has checked could still bring it. Nobody is
 * sent to a sorry server before the real ones were asked.
 *
 * @since 0.1.0
 */
import type { VirtualServer } from "./Parameters.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type Quorum = "Unknown" | "Up" | "Down"

/**
 * Weights at which a quorum changes: `gain` and more gain it, less than `keep` lose it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Thresholds {
  readonly gain: number
  readonly keep: number
}

/**
 * Returns the thresholds of a virtual server.
 *
 * @category queries
 * @since 0.1.0
 */
export const thresholds = ({ hysteresis, quorum, realServers }: VirtualServer): Thresholds => {
  let total = 0
  for (const { weight } of realServers) total += weight
  const wanted = Math.min(quorum, total)
  const margin = Math.min(hysteresis, Math.max(wanted - 1, 0))
  return { gain: Math.max(Math.min(wanted + margin, total), 1), keep: Math.max(wanted - margin, 1) }
}

/**
 * Returns the quorum after `live` weight is up and `unchecked` weight may come up yet.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (before: Quorum, { gain, keep }: Thresholds, live: number, unchecked: number): Quorum => {
  if (live >= (before === "Up" ? keep : gain)) return "Up"
  return before === "Unknown" && live + unchecked >= gain ? "Unknown" : "Down"
}
