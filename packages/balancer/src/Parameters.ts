/**
 * What the operator asks of the balancer: compiled once from a configuration file; a reload brings new ones.
 *
 * After the file is compiled nobody tests a range again, and every default is filled in.
 *
 * @since 0.1.0
 */
import type { IpAddress } from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import type { NotifyFifo, Script, ScriptDefaults } from "@holdfast/wire/Script"
import type { Check } from "./Probe.ts"
import type { Method, Persistence, Protocol, Scheduler, SchedulerFlag, ServiceAddress } from "./Service.ts"

/**
 * One server behind a virtual server.
 *
 * - `key`: `formatEndpoint(address, port)`; no two of one virtual server are equal.
 * - `inhibitOnFailure`: down is weight 0, not removal.
 * - `notifyUp`, `notifyDown`: run when it changes.
 *
 * @category models
 * @since 0.1.0
 */
export interface RealServer {
  readonly key: string
  readonly address: IpAddress
  readonly port: number
  readonly weight: number
  readonly method: Method
  readonly upperThreshold: number
  readonly lowerThreshold: number
  readonly inhibitOnFailure: boolean
  readonly checks: ReadonlyArray<Check>
  readonly notifyUp?: Script
  readonly notifyDown?: Script
}

/**
 * Who serves when the quorum is lost (`sorry_server`; several are a pool with equal weights).
 *
 * @category models
 * @since 0.1.0
 */
export interface SorryServer {
  readonly key: string
  readonly address: IpAddress
  readonly port: number
  readonly method: Method
}

/**
 * A virtual server.
 *
 * - `name`: what a reload and the messages know it by: the key of its one service, `FWM …`, or `group NAME PROTOCOL`.
 * - `addresses`: every service it stands for; a group has many. All get the same servers. For DR and TUN the port of a
 *   destination is the port of the service.
 * - `quorum`, `hysteresis`: sums of weights.
 * - `sorryInhibit`: while the real servers serve, the sorry servers stay in with weight 0 (`sorry_server_inhibit`, which is
 *   `inhibit_on_failure` of the sorry server).
 * - `alpha`: its servers start down and announced as such; `omega`: its down scripts run at the stop.
 * - `haSuspend`: checks rest while none of its addresses is on this machine.
 * - `slowStart`: the time in which the weight of a server that came up grows from 1 to its own; 0 is at once.
 * - `drain`: how long a server that a reload removes keeps weight 0 for the connections it has; 0 is not at all.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualServer {
  readonly name: string
  readonly addresses: ReadonlyArray<ServiceAddress>
  /** The group's name as the file has it (`virtual_server_group`); absent for a single service. */
  readonly group?: string
  readonly protocol: Protocol
  readonly scheduler: Scheduler
  readonly schedulerFlags: ReadonlyArray<SchedulerFlag>
  readonly onePacket: boolean
  readonly persistence?: Persistence
  readonly quorum: number
  readonly hysteresis: number
  readonly quorumUp?: Script
  readonly quorumDown?: Script
  readonly alpha: boolean
  readonly omega: boolean
  readonly haSuspend: boolean
  readonly slowStart: Micros
  readonly drain: Micros
  readonly sorryServers: ReadonlyArray<SorryServer>
  readonly sorryInhibit: boolean
  readonly realServers: ReadonlyArray<RealServer>
}

/**
 * The kernel's connection timeouts (`lvs_timeouts`); absent ones are left as they are.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectionTimeouts {
  readonly tcpSeconds?: number
  readonly tcpFinSeconds?: number
  readonly udpSeconds?: number
}

/**
 * The kernel's connection synchronisation (`lvs_sync_daemon`).
 *
 * - `router`: the virtual router that decides whether this director sends (Master) or receives; absent: both.
 *
 * @category models
 * @since 0.1.0
 */
export interface SyncDaemon {
  readonly interface: string
  readonly router?: string
  readonly syncId: number
  readonly maxLength?: number
  readonly port?: number
  readonly ttl?: number
  readonly group?: IpAddress
}

/**
 * Which forwarding plane carries the services (`forwarding_plane`). `auto` is IPVS where the kernel has it.
 *
 * @category models
 * @since 0.1.0
 */
export type PlaneChoice = "ipvs" | "nf_tables" | "auto"

/**
 * All of it.
 *
 * - `flushAtStart`: foreign services go, too (`lvs_flush`).
 * - `atStop`: what becomes of our services at an orderly stop (`lvs_flush_on_stop`): `remove` ours, `flush` the whole table,
 *   or `flush-services`, which removes our services without their servers one by one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parameters {
  readonly plane: PlaneChoice
  readonly flushAtStart: boolean
  readonly atStop: "remove" | "flush" | "flush-services"
  readonly timeouts: ConnectionTimeouts
  readonly syncDaemon?: SyncDaemon
  readonly fifos: ReadonlyArray<NotifyFifo>
  readonly scripts: ScriptDefaults
  /** First states are told, too (`rs_init_notifies`). */
  readonly notifyInitial: boolean
  readonly virtualServers: ReadonlyArray<VirtualServer>
}
