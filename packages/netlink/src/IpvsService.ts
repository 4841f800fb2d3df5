/**
 * The virtual services of IPVS: what the kernel says of them, and requests to add, change and remove them.
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
 * What a service is found by.
 *
 * - `protocol`: a number of IPPROTO_….
 * - `family`: `IpvsMessage.AF_INET` or `AF_INET6`.
 *
 * @category models
 * @since 0.1.0
 */
export type IpvsServiceAddress =
  | {
      readonly _tag: "Endpoint"
      readonly protocol: number
      readonly address: Address.IpAddress
      readonly port: number
    }
  | { readonly _tag: "FirewallMark"; readonly family: number; readonly mark: number }

/**
 * A service without its destinations.
 *
 * - `flags`: numbers of `ServiceFlag`, or-ed.
 * - `timeoutSeconds`, `prefixLength`: of persistence; how long, and which clients count as one.
 * - `engine`: of persistence, such as `sip`.
 *
 * @category models
 * @since 0.1.0
 */
export interface IpvsService {
  readonly address: IpvsServiceAddress
  readonly scheduler: string
  readonly flags: number
  readonly timeoutSeconds: number
  readonly prefixLength: number
  readonly engine?: string | undefined
}

/**
 * A service and what was counted.
 *
 * @category models
 * @since 0.1.0
 */
export interface CountedService {
  readonly service: IpvsService
  readonly statistics: IpvsMessage.IpvsStatistics
}

/**
 * `IP_VS_SVC_F_…`. `hashed` is the kernel's own.
 *
 * @category constants
 * @since 0.1.0
 */
export const ServiceFlag = {
  persistent: 0x01,
  hashed: 0x02,
  onePacket: 0x04,
  scheduler1: 0x08,
  scheduler2: 0x10,
  scheduler3: 0x20
} as const

/**
 * Decodes a service; `undefined` for other messages.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message.Message): IpvsService | undefined => {
  const decoded = body.decode(message.payload)
  return decoded?.header.command === IpvsMessage.Command.newService
    ? serviceOf(decoded.attributes.IPVS_CMD_ATTR_SERVICE)
    : undefined
}

/**
 * Decodes a service with its statistics; `undefined` for other messages.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeCounted = (message: Message.Message): CountedService | undefined => {
  const decoded = countedBody.decode(message.payload)
  if (decoded?.header.command !== IpvsMessage.Command.newService) return undefined
  const values = decoded.attributes.IPVS_CMD_ATTR_SERVICE
  const service = serviceOf(values)
  return service && { service, statistics: IpvsMessage.statisticsOf(values?.IPVS_SVC_ATTR_STATS64) }
}

/**
 * Asks for all services.
 *
 * @category requests
 * @since 0.1.0
 */
export const list = (family: number): Query<IpvsService> => ({
  operation: "ipvs-service-list",
  subject: "all services",
  type: family,
  flags: Message.NLM_F_DUMP,
  payload: IpvsMessage.encodeBare(IpvsMessage.Command.getService),
  decode
})

/**
 * Asks for one service; fails with `NotFound` when there is none.
 *
 * @category requests
 * @since 0.1.0
 */
export const get = (family: number, address: IpvsServiceAddress): Query<IpvsService> => ({
  ...about(family, IpvsMessage.Command.getService, "ipvs-service-get", address, identityOf(address)),
  decode
})

/**
 * Asks for one service and its statistics; fails with `NotFound` when there is none.
 *
 * @category requests
 * @since 0.1.0
 */
export const getCounted = (family: number, address: IpvsServiceAddress): Query<CountedService> => ({
  ...about(family, IpvsMessage.Command.getService, "ipvs-service-get", address, identityOf(address)),
  decode: decodeCounted
})

/**
 * Adds a service; fails with `AlreadyExists` when it is there, with `NotFound` when there is no such scheduler or engine.
 *
 * @category requests
 * @since 0.1.0
 */
export const add = (family: number, service: IpvsService): Request =>
  about(family, IpvsMessage.Command.newService, "ipvs-service-add", service.address, valuesOf(service))

/**
 * Changes a service and keeps its destinations; fails with `NotFound` when there is none, or no such scheduler or engine.
 *
 * @category requests
 * @since 0.1.0
 */
export const change = (family: number, service: IpvsService): Request =>
  about(family, IpvsMessage.Command.setService, "ipvs-service-change", service.address, valuesOf(service))

/**
 * Removes a service with its destinations; fails with `NotFound` when there is none.
 *
 * @category requests
 * @since 0.1.0
 */
export const remove = (family: number, address: IpvsServiceAddress): Request =>
  about(family, IpvsMessage.Command.delService, "ipvs-service-remove", address, identityOf(address))

/**
 * Returns the attributes that a service is found by.
 *
 * @category encoding
 * @since 0.1.0
 */
export const identityOf = (address: IpvsServiceAddress): Attribute.Values<typeof serviceTable> =>
  address._tag === "FirewallMark"
    ? { IPVS_SVC_ATTR_AF: address.family, IPVS_SVC_ATTR_FWMARK: address.mark }
    : {
        IPVS_SVC_ATTR_AF: IpvsMessage.familyOf(address.address),
        IPVS_SVC_ATTR_PROTOCOL: address.protocol,
        IPVS_SVC_ATTR_ADDR: IpvsMessage.encodeAddress(address.address),
        IPVS_SVC_ATTR_PORT: address.port
      }

/**
 * Returns what a service is called in errors, such as `protocol 6 192.0.2.1:80`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describe = (address: IpvsServiceAddress): string =>
  address._tag === "FirewallMark"
    ? `firewall mark ${address.mark} of family ${address.family}`
    : `protocol ${address.protocol} ${Address.formatEndpoint(address.address, address.port)}`

/** `IPVS_SVC_ATTR_…` without the statistics, which most readers do not want. @category codecs @since 0.1.0 */
export const serviceTable = {
  IPVS_SVC_ATTR_AF: [1, Codec.u16],
  IPVS_SVC_ATTR_PROTOCOL: [2, Codec.u16],
  IPVS_SVC_ATTR_ADDR: [3, Codec.bytes],
  IPVS_SVC_ATTR_PORT: [4, Codec.be16],
  IPVS_SVC_ATTR_FWMARK: [5, Codec.u32],
  IPVS_SVC_ATTR_SCHED_NAME: [6, Codec.string],
  IPVS_SVC_ATTR_FLAGS: [7, Codec.struct({ flags: Codec.u32, mask: Codec.u32 })],
  IPVS_SVC_ATTR_TIMEOUT: [8, Codec.u32],
  IPVS_SVC_ATTR_NETMASK: [9, Codec.bytes],
  IPVS_SVC_ATTR_PE_NAME: [11, Codec.string]
} as const

const about = (
  type: number,
  command: number,
  operation: string,
  address: IpvsServiceAddress,
  values: Attribute.Values<typeof serviceTable>
): Request => ({
  operation,
  subject: describe(address),
  type,
  flags: 0,
  payload: body.encode({ command, version: IpvsMessage.IPVS_GENL_VERSION }, { IPVS_CMD_ATTR_SERVICE: values })
})

const valuesOf = (service: IpvsService): Attribute.Values<typeof serviceTable> => ({
  ...identityOf(service.address),
  IPVS_SVC_ATTR_SCHED_NAME: service.scheduler,
  IPVS_SVC_ATTR_PE_NAME: service.engine,
  IPVS_SVC_ATTR_FLAGS: { flags: service.flags, mask: allFlags },
  IPVS_SVC_ATTR_TIMEOUT: service.timeoutSeconds,
  IPVS_SVC_ATTR_NETMASK: encodeNetmask(familyOf(service.address), service.prefixLength)
})

const serviceOf = (values: Attribute.Values<typeof serviceTable> | undefined): IpvsService | undefined => {
  const address = values && addressOf(values)
  if (address === undefined || values?.IPVS_SVC_ATTR_SCHED_NAME === undefined) return undefined
  const service = {
    address,
    scheduler: values.IPVS_SVC_ATTR_SCHED_NAME,
    flags: values.IPVS_SVC_ATTR_FLAGS?.flags ?? 0,
    timeoutSeconds: values.IPVS_SVC_ATTR_TIMEOUT ?? 0,
    prefixLength: decodeNetmask(familyOf(address), values.IPVS_SVC_ATTR_NETMASK)
  }
  return values.IPVS_SVC_ATTR_PE_NAME === undefined
    ? service
    : { ...service, engine: values.IPVS_SVC_ATTR_PE_NAME }
}

const addressOf = (values: Attribute.Values<typeof serviceTable>): IpvsServiceAddress | undefined => {
  const family = values.IPVS_SVC_ATTR_AF ?? IpvsMessage.AF_INET
  if (values.IPVS_SVC_ATTR_FWMARK !== undefined)
    return { _tag: "FirewallMark", family, mark: values.IPVS_SVC_ATTR_FWMARK }
  const address = IpvsMessage.decodeAddress(family, values.IPVS_SVC_ATTR_ADDR)
  const { IPVS_SVC_ATTR_PORT: port, IPVS_SVC_ATTR_PROTOCOL: protocol } = values
  return address === undefined || port === undefined || protocol === undefined
    ? undefined
    : { _tag: "Endpoint", protocol, address, port }
}

const familyOf = (address: IpvsServiceAddress): number =>
  address._tag === "FirewallMark" ? address.family : IpvsMessage.familyOf(address.address)

/** Of IPv4 a mask in network byte order, of IPv6 the prefix length in the host's. */
const encodeNetmask = (family: number, prefixLength: number): Uint8Array => {
  const bytes = new Uint8Array(netmaskLength)
  const view = new DataView(bytes.buffer)
  if (family === IpvsMessage.AF_INET6) view.setUint32(0, prefixLength, true)
  // A shift by 32 would be one by zero.
  else view.setUint32(0, prefixLength === 0 ? 0 : -1 << (ipv4Bits - prefixLength))
  return bytes
}

const decodeNetmask = (family: number, bytes: Uint8Array | undefined): number => {
  if (bytes === undefined || bytes.length < netmaskLength)
    return family === IpvsMessage.AF_INET6 ? ipv6Bits : ipv4Bits
  const view = new DataView(bytes.buffer, bytes.byteOffset, netmaskLength)
  return family === IpvsMessage.AF_INET6 ? view.getUint32(0, true) : Math.clz32(~view.getUint32(0))
}

const commandTable = { IPVS_CMD_ATTR_SERVICE: [1, Attribute.nested(serviceTable)] } as const
const body = GenericNetlink.body(commandTable)

const countedBody = GenericNetlink.body({
  IPVS_CMD_ATTR_SERVICE: [
    1,
    Attribute.nested({
      ...serviceTable,
      IPVS_SVC_ATTR_STATS64: [12, Attribute.nested(IpvsMessage.statisticsTable)]
    } as const)
  ]
} as const)

/** Every flag is told: what is not set shall not be. */
const allFlags = 0xffff_ffff
const netmaskLength = 4
const ipv4Bits = 32
const ipv6Bits = 128
