/**
 * What IPVS as a whole has: its version, its connection timeouts, and the request to empty its table.
 *
 * @see include/uapi/linux/ip_vs.h of Linux
 * @since 0.1.0
 */
import * as Codec from "./Codec.ts"
import * as GenericNetlink from "./GenericNetlink.ts"
import * as IpvsMessage from "./IpvsMessage.ts"
import type * as Message from "./Message.ts"
import type { Query, Request } from "./Request.ts"

/**
 * How long connections are kept, in seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface IpvsTimeouts {
  readonly tcpSeconds: number
  readonly tcpFinSeconds: number
  readonly udpSeconds: number
}

/**
 * - `version`: such as `1.2.1`.
 * - `connectionTableSize`: buckets of the hash table.
 *
 * @category models
 * @since 0.1.0
 */
export interface IpvsInfo {
  readonly version: string
  readonly connectionTableSize: number
}

/**
 * Decodes timeouts; `undefined` for other messages.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeTimeouts = (message: Message.Message): IpvsTimeouts | undefined => {
  const decoded = timeoutsBody.decode(message.payload)
  if (decoded?.header.command !== IpvsMessage.Command.setConfig) return undefined
  const {
    IPVS_CMD_ATTR_TIMEOUT_TCP: tcpSeconds,
    IPVS_CMD_ATTR_TIMEOUT_TCP_FIN: tcpFinSeconds,
    IPVS_CMD_ATTR_TIMEOUT_UDP: udpSeconds
  } = decoded.attributes
  return tcpSeconds === undefined || tcpFinSeconds === undefined || udpSeconds === undefined
    ? undefined
    : { tcpSeconds, tcpFinSeconds, udpSeconds }
}

/**
 * Decodes what IPVS is; `undefined` for other messages.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeInfo = (message: Message.Message): IpvsInfo | undefined => {
  const decoded = infoBody.decode(message.payload)
  if (decoded?.header.command !== IpvsMessage.Command.setInfo) return undefined
  const { IPVS_INFO_ATTR_CONN_TAB_SIZE: connectionTableSize, IPVS_INFO_ATTR_VERSION: version } =
    decoded.attributes
  if (version === undefined || connectionTableSize === undefined) return undefined
  return { version: `${version >>> 16}.${(version >>> 8) & 0xff}.${version & 0xff}`, connectionTableSize }
}

/**
 * Asks what IPVS is, which only those who may change it are told.
 *
 * @category requests
 * @since 0.1.0
 */
export const getInfo = (family: number): Query<IpvsInfo> => ({
  operation: "ipvs-info-get",
  subject: "IPVS",
  type: family,
  flags: 0,
  payload: IpvsMessage.encodeBare(IpvsMessage.Command.getInfo),
  decode: decodeInfo
})

/**
 * Asks for the timeouts.
 *
 * @category requests
 * @since 0.1.0
 */
export const getTimeouts = (family: number): Query<IpvsTimeouts> => ({
  operation: "ipvs-timeouts-get",
  subject: "IPVS",
  type: family,
  flags: 0,
  payload: IpvsMessage.encodeBare(IpvsMessage.Command.getConfig),
  decode: decodeTimeouts
})

/**
 * Sets timeouts; those that are absent stay.
 *
 * @category requests
 * @since 0.1.0
 */
export const setTimeouts = (family: number, timeouts: Partial<IpvsTimeouts>): Request => ({
  operation: "ipvs-timeouts-set",
  subject: "IPVS",
  type: family,
  flags: 0,
  payload: timeoutsBody.encode(
    { command: IpvsMessage.Command.setConfig, version: IpvsMessage.IPVS_GENL_VERSION },
    {
      IPVS_CMD_ATTR_TIMEOUT_TCP: timeouts.tcpSeconds,
      IPVS_CMD_ATTR_TIMEOUT_TCP_FIN: timeouts.tcpFinSeconds,
      IPVS_CMD_ATTR_TIMEOUT_UDP: timeouts.udpSeconds
    }
  )
})

/**
 * Removes all services.
 *
 * @category requests
 * @since 0.1.0
 */
export const flush = (family: number): Request => ({
  operation: "ipvs-flush",
  subject: "all services",
  type: family,
  flags: 0,
  payload: IpvsMessage.encodeBare(IpvsMessage.Command.flush)
})

const timeoutsBody = GenericNetlink.body({
  IPVS_CMD_ATTR_TIMEOUT_TCP: [4, Codec.u32],
  IPVS_CMD_ATTR_TIMEOUT_TCP_FIN: [5, Codec.u32],
  IPVS_CMD_ATTR_TIMEOUT_UDP: [6, Codec.u32]
} as const)

const infoBody = GenericNetlink.body({
  IPVS_INFO_ATTR_VERSION: [1, Codec.u32],
  IPVS_INFO_ATTR_CONN_TAB_SIZE: [2, Codec.u32]
} as const)
