/**
 * What nf_tables cannot do of a configuration, where it would carry the services: said before anything is started.
 *
 * @since 0.1.0
 */
import * as Approximation from "@holdfast/balancer/Approximation"
import type { Parameters } from "@holdfast/balancer/Parameters"
import * as IpvsPresence from "@holdfast/linux/ipvs/IpvsPresence"

/**
 * - `notes`: what is done otherwise, or could not be done on this machine.
 * - `refusals`: what cannot be done anywhere as the file has it.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlaneReport {
  readonly notes: ReadonlyArray<string>
  readonly refusals: ReadonlyArray<string>
}

/**
 * Reports on a configuration. With `auto` it may be meant for a machine that has IPVS: then nothing is a mistake, and
 * nothing is said where this one has it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const of = (
  { plane, virtualServers }: Pick<Parameters, "plane" | "virtualServers">,
  hasIpvs: boolean = IpvsPresence.isPresent()
): PlaneReport => {
  if (plane === "ipvs" || (plane === "auto" && hasIpvs)) return { notes: [], refusals: [] }
  const notes = virtualServers.flatMap(Approximation.notes)
  const refusals = virtualServers.flatMap(Approximation.impossible)
  if (plane === "nf_tables") return { notes, refusals }
  return { notes: [...notes, ...refusals].map((note) => `without IPVS, as here: ${note}`), refusals: [] }
}
