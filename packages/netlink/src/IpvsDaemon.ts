/**
 * The synchronisation daemon of IPVS: its two halves, and requests to start and stop them.
 *
 * @see include/uapi/linux/ip_vs.h of Linux
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as GenericNetlink from "./GenericNetlink.ts"
import * as IpvsMessage from "./IpvsMessage.ts"
import * as Message from "./Message.ts"
import type { Query, Request } from "./Request.ts"

/**
 * One half that runs, or shall. What is absent is the kernel's choice.
 *
 * @category models
 * @since 0.1.0
 */
export interface IpvsDaemon {
  readonly half: Half
  readonly interface: string
  readonly syncId: number
  readonly maxLength?: number | undefined
  readonly port?: number | undefined
  readonly ttl?: number | undefined
  readonly group?: Address.IpAddress | undefined
}

/**
 * `master` sends the director's connections, `backup` receives another director's.
 *
 * @category models
 * @since 0.1.0
 */
export type Half = "master" | "backup"

/**
 * Decodes a half that runs; `undefined` for other messages.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message.Message): IpvsDaemon | undefined => {
  const decoded = body.decode(message.payload)
  const values = decoded?.attributes.IPVS_CMD_ATTR_DAEMON
  const half = halves.find((one) => numbers[one] === values?.IPVS_DAEMON_ATTR_STATE)
  if (half === undefined || values?.IPVS_DAEMON_ATTR_MCAST_IFN === undefined) return undefined
  return {
    half,
    interface: values.IPVS_DAEMON_ATTR_MCAST_IFN,
    syncId: values.IPVS_DAEMON_ATTR_SYNC_ID ?? 0,
    maxLength: values.IPVS_DAEMON_ATTR_SYNC_MAXLEN,
    port: values.IPVS_DAEMON_ATTR_MCAST_PORT,
    ttl: values.IPVS_DAEMON_ATTR_MCAST_TTL,
    group:
      values.IPVS_DAEMON_ATTR_MCAST_GROUP ??
      IpvsMessage.decodeAddress(IpvsMessage.AF_INET6, values.IPVS_DAEMON_ATTR_MCAST_GROUP6)
  }
}

/**
 * Asks for the halves that run.
 *
 * @category requests
 * @since 0.1.0
 */
export const list = (family: number): Query<IpvsDaemon> => ({
  operation: "ipvs-daemon-list",
  subject: "both halves",
  type: family,
  flags: Message.NLM_F_DUMP,
  payload: IpvsMessage.encodeBare(IpvsMessage.Command.getDaemon),
  decode
})

/**
 * Starts a half; fails with `AlreadyExists` when it runs.
 *
 * @category requests
 * @since 0.1.0
 */
export const start = (family: number, daemon: IpvsDaemon): Request => {
  const { group } = daemon
  return about(family, IpvsMessage.Command.newDaemon, "ipvs-daemon-start", daemon, {
    IPVS_DAEMON_ATTR_STATE: numbers[daemon.half],
    IPVS_DAEMON_ATTR_MCAST_IFN: daemon.interface,
    IPVS_DAEMON_ATTR_SYNC_ID: daemon.syncId,
    IPVS_DAEMON_ATTR_SYNC_MAXLEN: daemon.maxLength,
    IPVS_DAEMON_ATTR_MCAST_PORT: daemon.port,
    IPVS_DAEMON_ATTR_MCAST_TTL: daemon.ttl,
    ...(group !== undefined &&
      (Address.isIpv6(group)
        ? { IPVS_DAEMON_ATTR_MCAST_GROUP6: IpvsMessage.encodeAddress(group) }
        : { IPVS_DAEMON_ATTR_MCAST_GROUP: group }))
  })
}

/**
 * Stops a half; fails with `NotFound` when it does not run.
 *
 * @category requests
 * @since 0.1.0
 */
export const stop = (family: number, daemon: Pick<IpvsDaemon, "half" | "interface" | "syncId">): Request =>
  about(family, IpvsMessage.Command.delDaemon, "ipvs-daemon-stop", daemon, {
    IPVS_DAEMON_ATTR_STATE: numbers[daemon.half],
    IPVS_DAEMON_ATTR_MCAST_IFN: daemon.interface,
    IPVS_DAEMON_ATTR_SYNC_ID: daemon.syncId
  })

const about = (
  type: number,
  command: number,
  operation: string,
  daemon: Pick<IpvsDaemon, "half" | "interface" | "syncId">,
  values: Attribute.Values<typeof daemonTable>
): Request => ({
  operation,
  subject: `the ${daemon.half} half on ${daemon.interface}, sync-id ${daemon.syncId}`,
  type,
  flags: 0,
  payload: body.encode({ command, version: IpvsMessage.IPVS_GENL_VERSION }, { IPVS_CMD_ATTR_DAEMON: values })
})

const halves = ["master", "backup"] as const

/** `IP_VS_STATE_…`. */
const numbers: Readonly<Record<Half, number>> = { master: 1, backup: 2 }

/** `IPVS_DAEMON_ATTR_…`. The port is in the host's byte order. */
const daemonTable = {
  IPVS_DAEMON_ATTR_STATE: [1, Codec.u32],
  IPVS_DAEMON_ATTR_MCAST_IFN: [2, Codec.string],
  IPVS_DAEMON_ATTR_SYNC_ID: [3, Codec.u32],
  IPVS_DAEMON_ATTR_SYNC_MAXLEN: [4, Codec.u16],
  IPVS_DAEMON_ATTR_MCAST_GROUP: [5, Codec.ipv4],
  IPVS_DAEMON_ATTR_MCAST_GROUP6: [6, Codec.bytes],
  IPVS_DAEMON_ATTR_MCAST_PORT: [7, Codec.u16],
  IPVS_DAEMON_ATTR_MCAST_TTL: [8, Codec.u8]
} as const

const body = GenericNetlink.body({ IPVS_CMD_ATTR_DAEMON: [3, Attribute.nested(daemonTable)] } as const)
