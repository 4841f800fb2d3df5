/**
 * The table of a forwarding plane as a value, and the difference of two.
 *
 * **Details** what an edit means is what `apply` does; `apply(diff(actual, desired), actual)` is `desired`. After every
 * single edit each destination has its service, so that a plane may carry them out one by one. What serves is added
 * before what served is taken away, so that no service stands without servers in between.
 *
 * **Gotchas** equal objects are compared field by field, the same object not at all: who keeps his services from one
 * time to the next pays for what changed.
 *
 * @since 0.1.0
 */
import * as PlainData from "./PlainData.ts"
import type { Destination, Service } from "./Service.ts"

/**
 * Services by key.
 *
 * @category models
 * @since 0.1.0
 */
export type ForwardingTable = ReadonlyMap<string, Service>

/**
 * One change of a table. `service` is what the service shall be in the end, with all its destinations, so that a plane which
 * writes whole services has what it needs; of `RemoveService` it is what was there, and of `RemoveDestination` the
 * destination is what was there.
 *
 * @category models
 * @since 0.1.0
 */
export type Edit =
  | { readonly _tag: "AddService"; readonly service: Service }
  | { readonly _tag: "ChangeService"; readonly service: Service }
  | { readonly _tag: "RemoveService"; readonly service: Service }
  | { readonly _tag: "AddDestination"; readonly service: Service; readonly destination: Destination }
  | { readonly _tag: "ChangeDestination"; readonly service: Service; readonly destination: Destination }
  | { readonly _tag: "RemoveDestination"; readonly service: Service; readonly destination: Destination }

/**
 * Returns the table of these services.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (services: Iterable<Service>): ForwardingTable =>
  new Map(Array.from(services, (service) => [service.key, service]))

/**
 * Returns the part of a table that belongs to us: what `diff` shall not see, it does not remove.
 *
 * @category combinators
 * @since 0.1.0
 */
export const owned = (table: ForwardingTable, keys: Iterable<string>): ForwardingTable => {
  const part = new Map<string, Service>()
  for (const key of keys) {
    const service = table.get(key)
    if (service !== undefined) part.set(key, service)
  }
  return part
}

/**
 * Returns the edits that lead from one table to another: none for what is equal. Whatever `actual` has and `desired` has
 * not is removed.
 *
 * @category queries
 * @since 0.1.0
 */
export const diff = (actual: ForwardingTable, desired: ForwardingTable): ReadonlyArray<Edit> => {
  if (actual === desired) return []
  const edits: Array<Edit> = []
  for (const [key, service] of desired) append(edits, actual.get(key), service)
  for (const [key, service] of actual) if (!desired.has(key)) append(edits, service, undefined)
  return edits
}

/**
 * Returns the edits of one service, which is absent where it is undefined.
 *
 * @category queries
 * @since 0.1.0
 */
export const serviceDiff = (
  actual: Service | undefined,
  desired: Service | undefined
): ReadonlyArray<Edit> => {
  const edits: Array<Edit> = []
  append(edits, actual, desired)
  return edits
}

/**
 * Whether a table is what an edit assumes it to be: what is added is not there, what is changed or removed is.
 *
 * @category guards
 * @since 0.1.0
 */
export const fits = (edit: Edit, table: ForwardingTable): boolean => {
  const service = table.get(edit.service.key)
  switch (edit._tag) {
    case "AddService":
      return service === undefined
    case "ChangeService":
    case "RemoveService":
      return service !== undefined
    case "AddDestination":
      return service !== undefined && !service.destinations.has(edit.destination.key)
    case "ChangeDestination":
    case "RemoveDestination":
      return service !== undefined && service.destinations.has(edit.destination.key)
  }
}

/**
 * Returns a table after edits, carried out in their order. One that does not fit changes nothing.
 *
 * @category combinators
 * @since 0.1.0
 */
export const apply = (edits: ReadonlyArray<Edit>, table: ForwardingTable): ForwardingTable => {
  const next = new Map<string, Service>(table)
  /** Destinations that are ours to write, by the service's key: each map is copied once. */
  const copies = new Map<string, Map<string, Destination>>()
  const destinationsOf = (service: Service): Map<string, Destination> => {
    const copied = copies.get(service.key)
    if (copied !== undefined) return copied
    const copy = new Map(service.destinations)
    copies.set(service.key, copy)
    next.set(service.key, { ...service, destinations: copy })
    return copy
  }
  for (const edit of edits) {
    if (!fits(edit, next)) continue
    const { key } = edit.service
    switch (edit._tag) {
      case "AddService":
        copies.delete(key)
        next.set(key, { ...edit.service, destinations: new Map() })
        break
      case "ChangeService":
        next.set(key, { ...edit.service, destinations: next.get(key)!.destinations })
        break
      case "RemoveService":
        next.delete(key)
        break
      case "AddDestination":
      case "ChangeDestination":
        destinationsOf(next.get(key)!).set(edit.destination.key, edit.destination)
        break
      case "RemoveDestination":
        destinationsOf(next.get(key)!).delete(edit.destination.key)
        break
    }
  }
  return next
}

/**
 * What a destination is apart from where it is.
 *
 * @category models
 * @since 0.1.0
 */
export type DestinationSettings = Pick<Destination, "method" | "weight" | "upperThreshold" | "lowerThreshold">

/**
 * Whether two destinations of one key are the same to the kernel.
 *
 * @category guards
 * @since 0.1.0
 */
export const isSameDestination = (left: DestinationSettings, right: DestinationSettings): boolean =>
  left === right ||
  (left.weight === right.weight &&
    left.upperThreshold === right.upperThreshold &&
    left.lowerThreshold === right.lowerThreshold &&
    (left.method === right.method || PlainData.equals(left.method, right.method)))

/**
 * What a service is apart from its address and its destinations.
 *
 * @category models
 * @since 0.1.0
 */
export type ServiceSettings = Pick<Service, "scheduler" | "schedulerFlags" | "onePacket" | "persistence">

/**
 * Whether two services of one key are the same, whatever their destinations are.
 *
 * @category guards
 * @since 0.1.0
 */
export const hasSameSettings = (left: ServiceSettings, right: ServiceSettings): boolean =>
  left === right ||
  (left.scheduler === right.scheduler &&
    left.onePacket === right.onePacket &&
    (left.schedulerFlags === right.schedulerFlags ||
      PlainData.equals(left.schedulerFlags, right.schedulerFlags)) &&
    (left.persistence === right.persistence || PlainData.equals(left.persistence, right.persistence)))

const append = (edits: Array<Edit>, actual: Service | undefined, desired: Service | undefined): void => {
  if (actual === desired) return
  if (desired === undefined) {
    if (actual !== undefined) edits.push({ _tag: "RemoveService", service: actual })
  } else if (actual === undefined) {
    edits.push({ _tag: "AddService", service: desired })
    for (const destination of desired.destinations.values()) {
      edits.push({ _tag: "AddDestination", service: desired, destination })
    }
  } else {
    if (!hasSameSettings(actual, desired)) edits.push({ _tag: "ChangeService", service: desired })
    appendDestinations(edits, actual, desired)
  }
}

const appendDestinations = (edits: Array<Edit>, actual: Service, desired: Service): void => {
  if (actual.destinations === desired.destinations) return
  const changes: Array<Edit> = []
  let remaining = actual.destinations.size
  for (const [key, destination] of desired.destinations) {
    const before = actual.destinations.get(key)
    if (before === undefined) {
      edits.push({ _tag: "AddDestination", service: desired, destination })
      continue
    }
    remaining -= 1
    if (!isSameDestination(before, destination)) {
      changes.push({ _tag: "ChangeDestination", service: desired, destination })
    }
  }
  for (const change of changes) edits.push(change)
  if (remaining === 0) return
  for (const [key, destination] of actual.destinations) {
    if (!desired.destinations.has(key)) {
      edits.push({ _tag: "RemoveDestination", service: desired, destination })
    }
  }
}
