/**
 * What all messages of IPVS share: commands, the outermost attributes, statistics and addresses.
 *
 * `IpvsService`, `IpvsDestination`, `IpvsDaemon` and `IpvsConfiguration` build their requests with it.
 *
 * @see include/uapi/linux/ip_vs.h of Linux
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import type * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as GenericNetlink from "./GenericNetlink.ts"

/** The name by which generic netlink knows IPVS. @category constants @since 0.1.0 */
export const IPVS_GENL_NAME = "IPVS"

/** @category constants @since 0.1.0 */
export const IPVS_GENL_VERSION = 1

/**
 * What a message asks for or tells (`IPVS_CMD_…`).
 *
 * @category constants
 * @since 0.1.0
 */
export const Command = {
  newService: 1,
  setService: 2,
  delService: 3,
  getService: 4,
  newDest: 5,
  setDest: 6,
  delDest: 7,
  getDest: 8,
  newDaemon: 9,
  delDaemon: 10,
  getDaemon: 11,
  setConfig: 12,
  getConfig: 13,
  setInfo: 14,
  getInfo: 15,
  flush: 17
} as const

/** Address families. @category constants @since 0.1.0 */
export const AF_INET = 2
export const AF_INET6 = 10

/**
 * Counts since the object was made.
 *
 * @category models
 * @since 0.1.0
 */
export interface IpvsStatistics {
  readonly connections: number
  readonly packetsIn: number
  readonly packetsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/**
 * The attributes of statistics with 64 bits (`IPVS_STATS_ATTR_…` inside `…_STATS64`).
 *
 * @category codecs
 * @since 0.1.0
 */
export const statisticsTable = {
  IPVS_STATS_ATTR_CONNS: [1, Codec.u64],
  IPVS_STATS_ATTR_INPKTS: [2, Codec.u64],
  IPVS_STATS_ATTR_OUTPKTS: [3, Codec.u64],
  IPVS_STATS_ATTR_INBYTES: [4, Codec.u64],
  IPVS_STATS_ATTR_OUTBYTES: [5, Codec.u64]
} as const

/**
 * Returns statistics as numbers; what is absent is zero.
 *
 * @category decoding
 * @since 0.1.0
 */
export const statisticsOf = (values: Attribute.Values<typeof statisticsTable> = {}): IpvsStatistics => ({
  connections: Number(values.IPVS_STATS_ATTR_CONNS ?? 0),
  packetsIn: Number(values.IPVS_STATS_ATTR_INPKTS ?? 0),
  packetsOut: Number(values.IPVS_STATS_ATTR_OUTPKTS ?? 0),
  bytesIn: Number(values.IPVS_STATS_ATTR_INBYTES ?? 0),
  bytesOut: Number(values.IPVS_STATS_ATTR_OUTBYTES ?? 0)
})

/**
 * Encodes an address as the kernel's `union nf_inet_addr`: sixteen bytes, of which IPv4 takes the first four.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeAddress = (address: Address.IpAddress): Uint8Array => {
  const bytes = new Uint8Array(unionLength)
  if (Address.isIpv6(address)) Address.ipv6ToBytes(address, bytes)
  else Address.ipv4ToBytes(address, bytes)
  return bytes
}

/**
 * Decodes an address of a family; `undefined` when there are not enough bytes, or for another family.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeAddress = (
  family: number,
  bytes: Uint8Array | undefined
): Address.IpAddress | undefined => {
  if (bytes === undefined) return undefined
  if (family === AF_INET && bytes.length >= ipv4Length) return Address.ipv4FromBytes(bytes)
  if (family === AF_INET6 && bytes.length >= unionLength) return Address.ipv6FromBytes(bytes)
  return undefined
}

/**
 * Returns the family of an address.
 *
 * @category getters
 * @since 0.1.0
 */
export const familyOf = (address: Address.IpAddress): number => (Address.isIpv6(address) ? AF_INET6 : AF_INET)

/**
 * Encodes a message without attributes of its own.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeBare = (command: number): Uint8Array =>
  bare.encode({ command, version: IPVS_GENL_VERSION }, {})

const bare = GenericNetlink.body({})

const ipv4Length = 4
const unionLength = 16
