/**
 * The destinations of IPVS services: what the kernel says of them, and requests to add, change and remove them.
 *
 * @see include/uapi/linux/ip_vs.h of Linux
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as GenericNetlink from "./GenericNetlink.ts"
import * as IpvsMessage from "./IpvsMessage.ts"
import * as IpvsService from "./IpvsService.ts"
import * as Message from "./Message.ts"
import type { Query, Request } from "./Request.ts"

/**
 * A destination.
 *
 * - `method`: a number of `ForwardingMethod`.
 * - `tunnel`: of the method `tunnel`.
 *
 * @category models
 * @since 0.1.0
 */
export interface IpvsDestination {
  readonly address: Address.IpAddress
  readonly port: number
  readonly method: number
  readonly weight: number
  readonly upperThreshold: number
  readonly lowerThreshold: number
  readonly tunnel?: IpvsTunnel | undefined
}

/**
 * The encapsulation of a tunnel.
 *
 * - `type`: a number of `TunnelType`; `flags`: numbers of `TunnelFlag`, or-ed.
 *
 * @category models
 * @since 0.1.0
 */
export interface IpvsTunnel {
  readonly type: number
  readonly port: number
  readonly flags: number
}

/**
 * A destination and what was counted.
 *
 * @category models
 * @since 0.1.0
 */
export interface CountedDestination {
  readonly destination: IpvsDestination
  readonly activeConnections: number
  readonly inactiveConnections: number
  readonly persistentConnections: number
  readonly statistics: IpvsMessage.IpvsStatistics
}

/**
 * How packets reach a destination (`IP_VS_CONN_F_…` in `IP_VS_CONN_F_FWD_MASK`).
 *
 * @category constants
 * @since 0.1.0
 */
export const ForwardingMethod = { masquerade: 0, local: 1, tunnel: 2, directRouting: 3, bypass: 4 } as const

/** `IP_VS_CONN_F_TUNNEL_TYPE_…`. @category constants @since 0.1.0 */
export const TunnelType = { ipip: 0, gue: 1, gre: 2 } as const

/** `IP_VS_TUNNEL_ENCAP_FLAG_…`. @category constants @since 0.1.0 */
export const TunnelFlag = { none: 0, checksum: 1, remoteChecksum: 2 } as const

/**
 * Decodes a destination; `undefined` for other messages. `family` is that of its service, which old kernels leave out.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message.Message): IpvsDestination | undefined => {
  const decoded = body.decode(message.payload)
  return decoded?.header.command === IpvsMessage.Command.newDest
    ? destinationOf(decoded.attributes.IPVS_CMD_ATTR_DEST)
    : undefined
}

/**
 * Decodes a destination with its statistics; `undefined` for other messages.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeCounted = (message: Message.Message): CountedDestination | undefined => {
  const decoded = countedBody.decode(message.payload)
  if (decoded?.header.command !== IpvsMessage.Command.newDest) return undefined
  const values = decoded.attributes.IPVS_CMD_ATTR_DEST
  const destination = destinationOf(values)
  return (
    destination && {
      destination,
      activeConnections: values?.IPVS_DEST_ATTR_ACTIVE_CONNS ?? 0,
      inactiveConnections: values?.IPVS_DEST_ATTR_INACT_CONNS ?? 0,
      persistentConnections: values?.IPVS_DEST_ATTR_PERSIST_CONNS ?? 0,
      statistics: IpvsMessage.statisticsOf(values?.IPVS_DEST_ATTR_STATS64)
    }
  )
}

/**
 * Asks for the destinations of a service; none when there is no such service.
 *
 * @category requests
 * @since 0.1.0
 */
export const list = (family: number, service: IpvsService.IpvsServiceAddress): Query<IpvsDestination> => ({
  ...listing(family, service),
  decode
})

/**
 * Asks for the destinations of a service with their statistics; none when there is no such service.
 *
 * @category requests
 * @since 0.1.0
 */
export const listCounted = (
  family: number,
  service: IpvsService.IpvsServiceAddress
): Query<CountedDestination> => ({ ...listing(family, service), decode: decodeCounted })

/**
 * Adds a destination; fails with `AlreadyExists` when it is there, with `NotFound` when there is no such service.
 *
 * @category requests
 * @since 0.1.0
 */
export const add = (
  family: number,
  service: IpvsService.IpvsServiceAddress,
  destination: IpvsDestination
): Request =>
  about(
    family,
    IpvsMessage.Command.newDest,
    "ipvs-destination-add",
    service,
    destination,
    valuesOf(destination)
  )

/**
 * Changes a destination, which goes on with its connections and counts; fails with `NotFound` when there is none.
 *
 * @category requests
 * @since 0.1.0
 */
export const change = (
  family: number,
  service: IpvsService.IpvsServiceAddress,
  destination: IpvsDestination
): Request =>
  about(
    family,
    IpvsMessage.Command.setDest,
    "ipvs-destination-change",
    service,
    destination,
    valuesOf(destination)
  )

/**
 * Removes a destination; fails with `NotFound` when there is none.
 *
 * @category requests
 * @since 0.1.0
 */
export const remove = (
  family: number,
  service: IpvsService.IpvsServiceAddress,
  destination: Pick<IpvsDestination, "address" | "port">
): Request =>
  about(
    family,
    IpvsMessage.Command.delDest,
    "ipvs-destination-remove",
    service,
    destination,
    identityOf(destination)
  )

const listing = (type: number, service: IpvsService.IpvsServiceAddress): Request => ({
  operation: "ipvs-destination-list",
  subject: IpvsService.describe(service),
  type,
  flags: Message.NLM_F_DUMP,
  payload: body.encode(
    { command: IpvsMessage.Command.getDest, version: IpvsMessage.IPVS_GENL_VERSION },
    { IPVS_CMD_ATTR_SERVICE: IpvsService.identityOf(service) }
  )
})

const about = (
  type: number,
  command: number,
  operation: string,
  service: IpvsService.IpvsServiceAddress,
  { address, port }: Pick<IpvsDestination, "address" | "port">,
  values: Attribute.Values<typeof destinationTable>
): Request => ({
  operation,
  subject: `${Address.formatEndpoint(address, port)} of ${IpvsService.describe(service)}`,
  type,
  flags: 0,
  payload: body.encode(
    { command, version: IpvsMessage.IPVS_GENL_VERSION },
    { IPVS_CMD_ATTR_SERVICE: IpvsService.identityOf(service), IPVS_CMD_ATTR_DEST: values }
  )
})

const identityOf = ({ address, port }: Pick<IpvsDestination, "address" | "port">) => ({
  IPVS_DEST_ATTR_ADDR_FAMILY: IpvsMessage.familyOf(address),
  IPVS_DEST_ATTR_ADDR: IpvsMessage.encodeAddress(address),
  IPVS_DEST_ATTR_PORT: port
})

const valuesOf = (destination: IpvsDestination): Attribute.Values<typeof destinationTable> => ({
  ...identityOf(destination),
  IPVS_DEST_ATTR_FWD_METHOD: destination.method,
  IPVS_DEST_ATTR_WEIGHT: destination.weight,
  IPVS_DEST_ATTR_TUN_TYPE: destination.tunnel?.type,
  IPVS_DEST_ATTR_TUN_PORT: destination.tunnel?.port,
  IPVS_DEST_ATTR_TUN_FLAGS: destination.tunnel?.flags,
  IPVS_DEST_ATTR_U_THRESH: destination.upperThreshold,
  IPVS_DEST_ATTR_L_THRESH: destination.lowerThreshold
})

const destinationOf = (
  values: Attribute.Values<typeof destinationTable> | undefined
): IpvsDestination | undefined => {
  const family = values?.IPVS_DEST_ATTR_ADDR_FAMILY ?? IpvsMessage.AF_INET
  const address = IpvsMessage.decodeAddress(family, values?.IPVS_DEST_ATTR_ADDR)
  if (values?.IPVS_DEST_ATTR_PORT === undefined || address === undefined) return undefined
  const method = (values.IPVS_DEST_ATTR_FWD_METHOD ?? 0) & IP_VS_CONN_F_FWD_MASK
  const destination = {
    address,
    port: values.IPVS_DEST_ATTR_PORT,
    method,
    weight: values.IPVS_DEST_ATTR_WEIGHT ?? 0,
    upperThreshold: values.IPVS_DEST_ATTR_U_THRESH ?? 0,
    lowerThreshold: values.IPVS_DEST_ATTR_L_THRESH ?? 0
  }
  if (method !== ForwardingMethod.tunnel) return destination
  return {
    ...destination,
    tunnel: {
      type: values.IPVS_DEST_ATTR_TUN_TYPE ?? TunnelType.ipip,
      port: values.IPVS_DEST_ATTR_TUN_PORT ?? 0,
      flags: values.IPVS_DEST_ATTR_TUN_FLAGS ?? TunnelFlag.none
    }
  }
}

/** `IPVS_DEST_ATTR_…` without what is counted. */
const destinationTable = {
  IPVS_DEST_ATTR_ADDR: [1, Codec.bytes],
  IPVS_DEST_ATTR_PORT: [2, Codec.be16],
  IPVS_DEST_ATTR_FWD_METHOD: [3, Codec.u32],
  IPVS_DEST_ATTR_WEIGHT: [4, Codec.u32],
  IPVS_DEST_ATTR_U_THRESH: [5, Codec.u32],
  IPVS_DEST_ATTR_L_THRESH: [6, Codec.u32],
  IPVS_DEST_ATTR_ADDR_FAMILY: [11, Codec.u16],
  IPVS_DEST_ATTR_TUN_TYPE: [13, Codec.u8],
  IPVS_DEST_ATTR_TUN_PORT: [14, Codec.be16],
  IPVS_DEST_ATTR_TUN_FLAGS: [15, Codec.u16]
} as const

const body = GenericNetlink.body({
  IPVS_CMD_ATTR_SERVICE: [1, Attribute.nested(IpvsService.serviceTable)],
  IPVS_CMD_ATTR_DEST: [2, Attribute.nested(destinationTable)]
} as const)

const countedBody = GenericNetlink.body({
  IPVS_CMD_ATTR_DEST: [
    2,
    Attribute.nested({
      ...destinationTable,
      IPVS_DEST_ATTR_ACTIVE_CONNS: [7, Codec.u32],
      IPVS_DEST_ATTR_INACT_CONNS: [8, Codec.u32],
      IPVS_DEST_ATTR_PERSIST_CONNS: [9, Codec.u32],
      IPVS_DEST_ATTR_STATS64: [12, Attribute.nested(IpvsMessage.statisticsTable)]
    } as const)
  ]
} as const)

const IP_VS_CONN_F_FWD_MASK = 0x07
