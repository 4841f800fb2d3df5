/**
 * What the kernel's table says of the servers of a virtual server: who served before a restart, and how many connections each has.
 *
 * @since 0.1.0
 */
import type { ForwardingTable } from "@holdfast/balancer/ForwardingTable"
import type { VirtualServer } from "@holdfast/balancer/Parameters"
import { keyOf } from "@holdfast/balancer/Service"
import * as Effect from "effect/Effect"
import type { ServiceStatistics } from "../ForwardingPlane.ts"
import type { TableKeeper } from "./TableKeeper.ts"

/**
 * Returns the weights that destinations had in the table under the services of a virtual server, by their keys; the
 * largest where services differ.
 *
 * @category getters
 * @since 0.1.0
 */
export const of = (virtualServer: VirtualServer, table: ForwardingTable): ReadonlyMap<string, number> => {
  const weights = new Map<string, number>()
  if (table.size === 0) return weights
  for (const address of virtualServer.addresses)
    for (const { key, weight } of table.get(keyOf(address))?.destinations.values() ?? [])
      weights.set(key, Math.max(weight, weights.get(key) ?? 0))
  return weights
}

/**
 * Counts the open connections of each destination over all services of a virtual server; absent where the plane cannot say.
 *
 * @category queries
 * @since 0.1.0
 */
export const countConnections = (
  keeper: TableKeeper | undefined,
  virtualServer: VirtualServer
): Effect.Effect<ReadonlyMap<string, number | undefined>> =>
  keeper === undefined
    ? Effect.succeed(new Map())
    : keeper
        .use((plane) => plane.statistics(virtualServer.addresses))
        .pipe(
          Effect.map((statistics) => sum(virtualServer, statistics)),
          Effect.orElseSucceed(() => new Map<string, number | undefined>())
        )

const sum = (
  virtualServer: VirtualServer,
  statistics: ReadonlyMap<string, ServiceStatistics>
): ReadonlyMap<string, number | undefined> => {
  const counts = new Map<string, number | undefined>()
  for (const address of virtualServer.addresses)
    for (const [key, { activeConnections }] of statistics.get(keyOf(address))?.destinations ?? []) {
      const before = counts.has(key) ? counts.get(key) : 0
      counts.set(
        key,
        activeConnections === undefined || before === undefined ? undefined : before + activeConnections
      )
    }
  return counts
}
