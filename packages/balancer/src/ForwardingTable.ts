/**
 * The table of a forwarding plane as a value, and the difference of two.
 *
 * @since 0.2.0
 */
import type { Destination, Service } from "./Service.ts"

/**
 * Services by key.
 *
 * @category models
 * @since 0.2.0
 */
export type ForwardingTable = ReadonlyMap<string, Service>

/**
 * One change of a table. `service` is what the service shall be in the end, with all its destinations, so that a plane which
 * writes whole services has what it needs; of `RemoveService` it is what was there.
 *
 * @category models
 * @since 0.2.0
 */
export type Edit =
  | { readonly _tag: "AddService"; readonly service: Service }
  | { readonly _tag: "ChangeService"; readonly service: Service }
  | { readonly _tag: "RemoveService"; readonly service: Service }
  | { readonly _tag: "AddDestination"; readonly service: Service; readonly destination: Destination }
  | { readonly _tag: "ChangeDestination"; readonly service: Service; readonly destination: Destination }
  | { readonly _tag: "RemoveDestination"; readonly service: Service; readonly destination: Destination }
