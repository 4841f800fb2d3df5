/**
 * What an observer is shown of a virtual server.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import * as Member from "./Member.ts"
import type { RealServer } from "./Parameters.ts"
import type { Probe } from "./Probe.ts"
import type { Quorum, Thresholds } from "./Quorum.ts"
import * as ServerPool from "./ServerPool.ts"
import type { VirtualServer } from "./VirtualServer.ts"

/**
 * What one check of a real server has found, and what kind of probe it makes.
 *
 * @category models
 * @since 0.1.0
 */
export type CheckStatus = { readonly probe: Probe["_tag"] } & Member.Finding

/**
 * One real server.
 *
 * - `server`: as configured, without what its checks and scripts are: a password may be among it.
 * - `weight`: configured and adjusted by its checks.
 * - `poolWeight`: what the forwarding plane shall have now; absent where the server is out.
 * - `reason`: why it is down.
 * - `checks`: what each has found.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerStatus {
  readonly server: Omit<RealServer, "checks" | "notifyUp" | "notifyDown">
  readonly health: Member.Health | "Draining"
  readonly since: Instant
  readonly weight: number
  readonly poolWeight?: number
  readonly reason?: string
  readonly checks: ReadonlyArray<CheckStatus>
}

/**
 * One virtual server. `isSorry`: sorry servers stand in for the real ones.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualServerStatus {
  readonly name: string
  readonly quorum: Quorum
  readonly thresholds: Thresholds
  readonly liveWeight: number
  readonly isSorry: boolean
  readonly servers: ReadonlyArray<ServerStatus>
}

/**
 * Returns the status of a virtual server; those of its servers that drain come last.
 *
 * @category queries
 * @since 0.1.0
 */
export const status = (state: VirtualServer): VirtualServerStatus => ({
  name: state.parameters.name,
  quorum: state.quorum,
  thresholds: state.thresholds,
  liveWeight: state.liveWeight,
  isSorry: ServerPool.isSorry(state),
  servers: [
    ...state.members.map((member) => statusOf(state, member, member.health, member.since)),
    ...state.draining.map(({ member, since }) => statusOf(state, member, "Draining", since))
  ]
})

const statusOf = (
  state: VirtualServer,
  member: Member.Member,
  health: ServerStatus["health"],
  since: Instant
): ServerStatus => {
  const { findings, weight } = member
  const { checks, notifyDown: _down, notifyUp: _up, ...server } = member.server
  const reason = Member.reasonOf(member)
  const poolWeight = poolWeightOf(state, member.server)
  return {
    server,
    health,
    since,
    weight,
    checks: checks.map(({ probe }, index) =>
      Object.assign({ probe: probe._tag }, findings[index] ?? unknown)
    ),
    ...(poolWeight !== undefined && { poolWeight }),
    ...(reason !== undefined && { reason })
  }
}

/** All services have the same servers: the first tells. */
const poolWeightOf = ({ parameters, pool }: VirtualServer, server: RealServer): number | undefined => {
  const [service] = pool.services
  const [key] = ServerPool.destinationKeys(parameters, server)
  return key === undefined ? undefined : service?.destinations.get(key)?.weight
}

const unknown: Member.Finding = { verdict: "Unknown" }
