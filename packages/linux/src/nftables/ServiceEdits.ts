/**
 * Carries edits out on what the kernel has, as values: what shall be written, and which edits do not fit.
 *
 * Each edit is judged by what the edits before it left, as IPVS does it. A service that its edits leave as it was is not
 * written.
 *
 * @since 0.1.0
 */
import type { Edit } from "@holdfast/balancer/ForwardingTable"
import type * as Service from "@holdfast/balancer/Service"
import type { Refusal } from "@holdfast/engine/ForwardingPlane"
import * as ServiceRules from "./ServiceRules.ts"

/**
 * What becomes of one service.
 *
 * - `before`, `after`: absent when it is not there, or of `before` broken.
 * - `edits`: those that `after` holds; all refused when the kernel refuses it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly address: Service.ServiceAddress
  readonly before: Service.Service | undefined
  readonly after: Service.Service | undefined
  readonly edits: ReadonlyArray<Edit>
}

/**
 * What the kernel has.
 *
 * - `find`: a service as it should be.
 * - `broken`: what a service counts as of which there is but an entry, with whatever that leads to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Kernel {
  readonly find: (address: Service.ServiceAddress) => Service.Service | undefined
  readonly broken: (address: Service.ServiceAddress) => Service.Service | undefined
}

/**
 * Returns the changes in the order in which the services come first in the edits, and what is refused right away.
 *
 * @category transformations
 * @since 0.1.0
 */
export const carryOut = (
  edits: ReadonlyArray<Edit>,
  kernel: Kernel
): { readonly changes: ReadonlyArray<Change>; readonly refusals: ReadonlyArray<Refusal> } => {
  const changes: Array<Change> = []
  const refusals: Array<Refusal> = []
  for (const ofService of Map.groupBy(edits, ({ service }) => service.key).values()) {
    const { address } = ofService[0]!.service
    const before = kernel.find(address)
    const remnant = before === undefined ? kernel.broken(address) : undefined
    const held: Array<Edit> = []
    let after = before ?? remnant
    for (const edit of ofService) {
      // What is broken may be changed and removed, and added, too: whoever read it before it broke does not know of it.
      const isAdded = edit._tag === "AddService" && after === remnant
      const outcome = stepOf(isAdded ? undefined : after, edit)
      if ("refusal" in outcome) {
        refusals.push({ edit, mismatch: outcome.mismatch, message: outcome.refusal })
      } else {
        after = outcome.after
        held.push(edit)
      }
    }
    if (held.length > 0) changes.push({ address, before, after, edits: held })
  }
  return { changes, refusals }
}

type Outcome =
  | { readonly after: Service.Service | undefined }
  | { readonly refusal: string; readonly mismatch: boolean }

const stepOf = (service: Service.Service | undefined, edit: Edit): Outcome => {
  if (edit._tag === "AddService") {
    if (service !== undefined) return mismatch("the service is there already")
    return { after: { ...edit.service, destinations: new Map() } }
  }
  if (service === undefined) return mismatch("there is no such service, or somebody changed its rules")
  switch (edit._tag) {
    case "RemoveService":
      return { after: undefined }
    case "ChangeService":
      return { after: { ...edit.service, destinations: service.destinations } }
    case "AddDestination":
      if (service.destinations.has(edit.destination.key)) return mismatch("the server is there already")
      return withDestination(service, edit.destination)
    case "ChangeDestination":
      if (!service.destinations.has(edit.destination.key)) return mismatch("there is no such server")
      return withDestination(service, edit.destination)
    case "RemoveDestination": {
      const destinations = new Map(service.destinations)
      if (!destinations.delete(edit.destination.key)) return mismatch("there is no such server")
      return { after: { ...service, destinations } }
    }
  }
}

const withDestination = (service: Service.Service, destination: Service.Destination): Outcome => {
  const problem = ServiceRules.problemOf(service, destination)
  if (problem !== undefined) return { refusal: problem, mismatch: false }
  return {
    after: { ...service, destinations: new Map(service.destinations).set(destination.key, destination) }
  }
}

const mismatch = (refusal: string): Outcome => ({ refusal, mismatch: true })
