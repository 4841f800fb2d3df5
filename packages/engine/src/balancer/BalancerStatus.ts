/**
 * What the balancer runs now: the answer to "which servers take traffic, and why not that one".
 *
 * @since 0.1.0
 */
import * as ServerStatus from "@holdfast/balancer/ServerStatus"
import { keyOf } from "@holdfast/balancer/Service"
import * as Effect from "effect/Effect"
import type { DestinationStatistics, ServiceStatistics } from "../ForwardingPlane.ts"
import type { RunningVirtualServer } from "./RunningVirtualServer.ts"
import type { TableKeeper } from "./TableKeeper.ts"

/**
 * The kernel's counts of a service as plain data.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceCounts extends Omit<ServiceStatistics, "destinations"> {
  readonly destinations: Readonly<Record<string, DestinationStatistics>>
}

/**
 * One virtual server; `services` are the kernel's own counts, by service.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualServerStatus extends ServerStatus.VirtualServerStatus {
  readonly checksSuspended: boolean
  readonly services: Readonly<Record<string, ServiceCounts>>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface BalancerStatus {
  readonly plane: "ipvs" | "nf_tables" | "none"
  readonly checks: number
  readonly probes: number
  /** What the kernel refused and is not set, by service: quorum or not, no client is served there as wanted. */
  readonly refusals: Readonly<Record<string, string>>
  readonly virtualServers: ReadonlyArray<VirtualServerStatus>
}

/**
 * Takes a snapshot; the kernel's counts are read now.
 *
 * @category constructors
 * @since 0.1.0
 */
export const of = Effect.fnUntraced(function* (
  servers: ReadonlyArray<RunningVirtualServer>,
  keeper: TableKeeper | undefined,
  counts: { readonly checks: number; readonly probes: number }
): Effect.fn.Return<BalancerStatus> {
  const addresses = servers.flatMap(({ state }) => state.parameters.addresses)
  const statistics =
    keeper === undefined
      ? new Map<string, ServiceStatistics>()
      : yield* keeper
          .use((plane) => plane.statistics(addresses))
          .pipe(Effect.orElseSucceed(() => new Map<string, ServiceStatistics>()))
  return {
    plane: keeper?.kind() ?? "none",
    ...counts,
    refusals: Object.fromEntries(keeper?.refusals() ?? []),
    virtualServers: servers.map((server) => ({
      ...ServerStatus.status(server.state),
      checksSuspended: server.suspended,
      services: Object.fromEntries(
        server.state.parameters.addresses.flatMap((address) => {
          const found = statistics.get(keyOf(address))
          return found === undefined ? [] : [[keyOf(address), plain(found)]]
        })
      )
    }))
  }
})

const plain = (statistics: ServiceStatistics): ServiceCounts => ({
  ...statistics,
  destinations: Object.fromEntries(statistics.destinations)
})
