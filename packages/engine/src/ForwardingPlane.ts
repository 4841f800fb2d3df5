/**
 * The port for the kernel's forwarding table.
 *
 * The engine says what the table shall be and hands over the edits that lead there; the adapter carries them out in order
 * and says what the kernel refused. It keeps no table of its own: `read` always asks the kernel.
 *
 * @since 0.1.0
 */
import type { ConnectionTimeouts, SyncDaemon } from "@holdfast/balancer/Parameters"
import type { Edit, ForwardingTable } from "@holdfast/balancer/ForwardingTable"
import type { ServiceAddress } from "@holdfast/balancer/Service"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * The kernel has no such plane, or does not let us at it. `message` says why and what to do.
 *
 * @category errors
 * @since 0.1.0
 */
export class ForwardingPlaneError extends Schema.TaggedError<ForwardingPlaneError>()("ForwardingPlaneError", {
  reason: Schema.Literals(["Unsupported", "Forbidden", "Failed"]),
  message: Schema.String
}) {}

/**
 * An edit that the kernel refused: nothing of it holds.
 *
 * - `message`: why, in words for the operator; it does not name the edit.
 * - `mismatch`: the table was not what the edit assumed (already there, or not there): somebody else changed it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refusal {
  readonly edit: Edit
  readonly mismatch: boolean
  readonly message: string
}

/**
 * Counts of one destination, by its key.
 *
 * @category models
 * @since 0.1.0
 */
export interface DestinationStatistics {
  /** Connections that are open; absent where the plane does not count them. */
  readonly activeConnections?: number
  readonly inactiveConnections?: number
  readonly persistentConnections?: number
  /** Since the destination was added. */
  readonly connections: number
  readonly packetsIn: number
  readonly packetsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface ServiceStatistics {
  readonly connections: number
  readonly packetsIn: number
  readonly packetsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly destinations: ReadonlyMap<string, DestinationStatistics>
}

/**
 * A plane that is open.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenForwardingPlane {
  readonly kind: "ipvs" | "nf_tables"
  /** All services that the kernel has, whoever made them. */
  readonly read: Effect.Effect<ForwardingTable, ForwardingPlaneError>
  /** Only these; absent ones are absent from the table. */
  readonly readServices: (
    addresses: ReadonlyArray<ServiceAddress>
  ) => Effect.Effect<ForwardingTable, ForwardingPlaneError>
  /**
   * Carries edits out in their order. A refused one does not stop the others. What is returned as done was acknowledged by the kernel.
   */
  readonly apply: (edits: ReadonlyArray<Edit>) => Effect.Effect<ReadonlyArray<Refusal>>
  /** Removes every service, also foreign ones. */
  readonly flush: Effect.Effect<void, ForwardingPlaneError>
  /** By keys of services. */
  readonly statistics: (
    addresses: ReadonlyArray<ServiceAddress>
  ) => Effect.Effect<ReadonlyMap<string, ServiceStatistics>, ForwardingPlaneError>
  /** Sets timeouts and returns those that were there before. */
  readonly setTimeouts: (
    timeouts: ConnectionTimeouts
  ) => Effect.Effect<ConnectionTimeouts, ForwardingPlaneError>
  /** Runs exactly these halves of the synchronisation daemon; none stops it. */
  readonly setSyncDaemon: (
    daemon: SyncDaemon,
    halves: { readonly master: boolean; readonly backup: boolean }
  ) => Effect.Effect<void, ForwardingPlaneError>
}

/**
 * Opens the plane of this kernel.
 *
 * @category services
 * @since 0.1.0
 */
export class ForwardingPlane extends Context.Service<
  ForwardingPlane,
  {
    /**
     * `onForeignChange` is called when somebody else changed the table, where the kernel tells (nf_tables does, IPVS
     * does not: there the table is compared from time to time). `auto` takes IPVS where the kernel has it.
     */
    readonly open: (
      choice: "ipvs" | "nf_tables" | "auto",
      onForeignChange: () => void
    ) => Effect.Effect<OpenForwardingPlane, ForwardingPlaneError, Scope.Scope>
  }
>()("@holdfast/engine/ForwardingPlane") {}
