/**
 * How values lie in registers and map keys: lengths, `nft`'s numbers of types, and the expressions that load them.
 *
 * **Details** registers are told by the index of their first word of four bytes.
 *
 * @since 0.1.0
 */
import type * as Service from "@holdfast/balancer/Service"
import * as NfTables from "@holdfast/netlink/NfTables"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import * as Address from "@holdfast/wire/Address"

/** The name of our table, of the family `inet`. @category constants @since 0.1.0 */
export const table = "holdfast"

/**
 * What differs between IPv4 and IPv6. Offsets are those of the network header.
 *
 * @category constants
 * @since 0.1.0
 */
export const families = {
  inet: {
    protocolFamily: NfTables.NFPROTO_IPV4,
    suffix: "4",
    addressType: 7,
    addressLength: 4,
    sourceOffset: 12,
    destinationOffset: 16
  },
  inet6: {
    protocolFamily: NfTables.NFPROTO_IPV6,
    suffix: "6",
    addressType: 8,
    addressLength: 16,
    sourceOffset: 8,
    destinationOffset: 24
  }
} as const satisfies Readonly<Record<Service.Family, object>>

/** IPPROTO_… of linux/in.h. @category constants @since 0.1.0 */
export const protocols = { TCP: 6, UDP: 17, SCTP: 132 } as const satisfies Readonly<
  Record<Service.Protocol, number>
>

/** @category constants @since 0.1.0 */
export const protocolNames = Object.keys(protocols) as ReadonlyArray<Service.Protocol>

/** `enum datatypes` of nft. @category constants @since 0.1.0 */
export const typeInteger = 4
export const typeProtocol = 12
export const typePort = 13
export const typeMark = 19

/** Returns nft's number of several values in a row. @category conversions @since 0.1.0 */
export const concatenated = (...types: ReadonlyArray<number>): number =>
  types.reduce((number, type) => (number << 6) | type, 0)

/** @category getters @since 0.1.0 */
export const familyOf = (address: Service.ServiceAddress): Service.Family => {
  if (address._tag === "FirewallMark") return address.family
  return Address.isIpv6(address.address) ? "inet6" : "inet"
}

/** A port as a key holds it: four bytes. @category conversions @since 0.1.0 */
export const portBytes = (port: number): Uint8Array => Uint8Array.of(port >>> 8, port & 0xff, 0, 0)

/** A number as a register holds it. @category conversions @since 0.1.0 */
export const hostWord = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

/** @category conversions @since 0.1.0 */
export const readHostWord = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true)

/** @category conversions @since 0.1.0 */
export const joined = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

/** @category constructors @since 0.1.0 */
export const loadMeta = (key: number, word: number): Expression.Expression => ({
  name: "meta",
  data: { NFTA_META_DREG: Expression.register32(word), NFTA_META_KEY: key }
})

/**
 * Goes on when a value of one byte is this. `nft` shows addresses and ports as such only after it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const match = (key: number, value: number): ReadonlyArray<Expression.Expression> => [
  loadMeta(key, 0),
  {
    name: "cmp",
    data: {
      NFTA_CMP_SREG: Expression.register32(0),
      NFTA_CMP_OP: Expression.NFT_CMP_EQ,
      NFTA_CMP_DATA: { NFTA_DATA_VALUE: Uint8Array.of(value) }
    }
  }
]

/** @category constructors @since 0.1.0 */
export const loadNetwork = (offset: number, length: number, word: number): Expression.Expression =>
  load(Expression.NFT_PAYLOAD_NETWORK_HEADER, offset, length, word)

/** @category constructors @since 0.1.0 */
export const loadTransport = (offset: number, length: number, word: number): Expression.Expression =>
  load(Expression.NFT_PAYLOAD_TRANSPORT_HEADER, offset, length, word)

const load = (base: number, offset: number, length: number, word: number): Expression.Expression => ({
  name: "payload",
  data: {
    NFTA_PAYLOAD_DREG: Expression.register32(word),
    NFTA_PAYLOAD_BASE: base,
    NFTA_PAYLOAD_OFFSET: offset,
    NFTA_PAYLOAD_LEN: length
  }
})

/** @category constructors @since 0.1.0 */
export const constant = (word: number, bytes: Uint8Array): Expression.Expression => ({
  name: "immediate",
  data: {
    NFTA_IMMEDIATE_DREG: Expression.register32(word),
    NFTA_IMMEDIATE_DATA: { NFTA_DATA_VALUE: bytes }
  }
})

/** @category constructors @since 0.1.0 */
export const verdict = (code: number, chain?: string): Expression.Expression => ({
  name: "immediate",
  data: {
    NFTA_IMMEDIATE_DREG: Expression.NFT_REG_VERDICT,
    NFTA_IMMEDIATE_DATA: { NFTA_DATA_VERDICT: { NFTA_VERDICT_CODE: code, NFTA_VERDICT_CHAIN: chain } }
  }
})

/** Bytes as text, to find them by. @category conversions @since 0.1.0 */
export const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")
