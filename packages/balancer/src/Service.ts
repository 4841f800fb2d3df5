/**
 * What a forwarding plane knows of one service: where clients' packets arrive and which servers they go to.
 *
 * The words are those of IPVS, because its table is what operators read; the nf_tables plane takes the same values.
 *
 * @see include/uapi/linux/ip_vs.h of Linux
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"

/**
 * @category models
 * @since 0.1.0
 */
export type Protocol = "TCP" | "UDP" | "SCTP"

/**
 * @category models
 * @since 0.1.0
 */
export type Family = "inet" | "inet6"

/**
 * The schedulers of IPVS (`lvs_sched`).
 *
 * @category constants
 * @since 0.1.0
 */
export const schedulers = [
  "rr",
  "wrr",
  "lc",
  "wlc",
  "lblc",
  "lblcr",
  "sh",
  "mh",
  "dh",
  "fo",
  "ovf",
  "sed",
  "nq",
  "twos"
] as const

/**
 * @category models
 * @since 0.1.0
 */
export type Scheduler = (typeof schedulers)[number]

/**
 * What packets belong to a service. Port 0 stands for every port.
 *
 * @category models
 * @since 0.1.0
 */
export type ServiceAddress =
  | {
      readonly _tag: "Endpoint"
      readonly protocol: Protocol
      readonly address: Address.IpAddress
      readonly port: number
    }
  | { readonly _tag: "FirewallMark"; readonly family: Family; readonly mark: number }

/**
 * Clients come back to the server they had, for a time (`persistence_timeout`).
 *
 * - `granularity`: prefix length of the clients that count as one; 32 or 128 is each client on its own.
 * - `engine`: `sip` looks at the Call-ID (`persistence_engine`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Persistence {
  readonly timeoutSeconds: number
  readonly granularity: number
  readonly engine?: string
}

/**
 * How packets reach a server (`lvs_method`).
 *
 * @category models
 * @since 0.1.0
 */
export type Method =
  | { readonly _tag: "Nat" }
  | { readonly _tag: "DirectRouting" }
  | { readonly _tag: "Tunnel"; readonly tunnel: Tunnel }

/**
 * The encapsulation of a tunnel. `remcsum` is remote checksum offload and exists for GUE only.
 *
 * @category models
 * @since 0.1.0
 */
export type Tunnel =
  | { readonly type: "ipip" }
  | { readonly type: "gue"; readonly port: number; readonly checksum: "nocsum" | "csum" | "remcsum" }
  | { readonly type: "gre"; readonly checksum: "nocsum" | "csum" }

/**
 * One server of a service.
 *
 * - `key`: `formatEndpoint` of address and port.
 * - `weight`: 0 takes no new connections.
 * - `upperThreshold`, `lowerThreshold`: connections above which it takes no new ones, and below which it takes them again; 0 is none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Destination {
  readonly key: string
  readonly address: Address.IpAddress
  readonly port: number
  readonly method: Method
  readonly weight: number
  readonly upperThreshold: number
  readonly lowerThreshold: number
}

/**
 * Scheduler flags by number, as the kernel has them: sh-fallback and mh-fallback are flag 1, sh-port and mh-port flag 2.
 *
 * @category models
 * @since 0.1.0
 */
export type SchedulerFlag = 1 | 2 | 3

/**
 * One service with its servers.
 *
 * - `key`: `keyOf` of its address; services and destinations are found by their keys.
 * - `onePacket`: each UDP datagram is scheduled on its own (`ops`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly key: string
  readonly address: ServiceAddress
  readonly scheduler: Scheduler
  /** In ascending order. */
  readonly schedulerFlags: ReadonlyArray<SchedulerFlag>
  readonly onePacket: boolean
  readonly persistence?: Persistence
  readonly destinations: ReadonlyMap<string, Destination>
}

/**
 * Returns what a service is found by, in words that operators know: `TCP 192.0.2.1:80`, `FWM 3 inet6`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const keyOf = (address: ServiceAddress): string =>
  address._tag === "Endpoint"
    ? `${address.protocol} ${Address.formatEndpoint(address.address, address.port)}`
    : `FWM ${address.mark} ${address.family}`
