/**
 * The expressions of nf_tables rules: each loads, compares, looks up or acts on the registers of a rule.
 *
 * **Details**
 * Numbers are in network byte order. An expression of a kind that is not in `tables` is decoded with its name and no
 * data: it equals none that this program writes.
 *
 * @see include/uapi/linux/netfilter/nf_tables.h of Linux
 * @since 0.1.0
 */
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"

/** A verdict, or bytes as a register holds them. @category codecs @since 0.1.0 */
export const data = Attribute.nested({
  NFTA_DATA_VALUE: [1, Codec.bytes],
  NFTA_DATA_VERDICT: [
    2,
    Attribute.nested({ NFTA_VERDICT_CODE: [1, Codec.be32], NFTA_VERDICT_CHAIN: [2, Codec.string] })
  ]
})

/**
 * The attributes of each kind of expression, by its kernel name.
 *
 * @category constants
 * @since 0.1.0
 */
export const tables = {
  bitwise: {
    NFTA_BITWISE_SREG: [1, Codec.be32],
    NFTA_BITWISE_DREG: [2, Codec.be32],
    NFTA_BITWISE_LEN: [3, Codec.be32],
    NFTA_BITWISE_MASK: [4, data],
    NFTA_BITWISE_XOR: [5, data]
  },
  cmp: {
    NFTA_CMP_SREG: [1, Codec.be32],
    NFTA_CMP_OP: [2, Codec.be32],
    NFTA_CMP_DATA: [3, data]
  },
  counter: { NFTA_COUNTER_BYTES: [1, Codec.be64], NFTA_COUNTER_PACKETS: [2, Codec.be64] },
  ct: { NFTA_CT_DREG: [1, Codec.be32], NFTA_CT_KEY: [2, Codec.be32], NFTA_CT_DIRECTION: [3, Codec.u8] },
  dup: { NFTA_DUP_SREG_ADDR: [1, Codec.be32], NFTA_DUP_SREG_DEV: [2, Codec.be32] },
  dynset: {
    NFTA_DYNSET_SET_NAME: [1, Codec.string],
    NFTA_DYNSET_OP: [3, Codec.be32],
    NFTA_DYNSET_SREG_KEY: [4, Codec.be32],
    NFTA_DYNSET_SREG_DATA: [5, Codec.be32],
    NFTA_DYNSET_TIMEOUT: [6, Codec.be64]
  },
  hash: {
    NFTA_HASH_SREG: [1, Codec.be32],
    NFTA_HASH_DREG: [2, Codec.be32],
    NFTA_HASH_LEN: [3, Codec.be32],
    NFTA_HASH_MODULUS: [4, Codec.be32],
    NFTA_HASH_SEED: [5, Codec.be32],
    NFTA_HASH_OFFSET: [6, Codec.be32],
    NFTA_HASH_TYPE: [7, Codec.be32]
  },
  immediate: { NFTA_IMMEDIATE_DREG: [1, Codec.be32], NFTA_IMMEDIATE_DATA: [2, data] },
  lookup: {
    NFTA_LOOKUP_SET: [1, Codec.string],
    NFTA_LOOKUP_SREG: [2, Codec.be32],
    NFTA_LOOKUP_DREG: [3, Codec.be32],
    NFTA_LOOKUP_SET_ID: [4, Codec.be32],
    NFTA_LOOKUP_FLAGS: [5, Codec.be32]
  },
  meta: { NFTA_META_DREG: [1, Codec.be32], NFTA_META_KEY: [2, Codec.be32], NFTA_META_SREG: [3, Codec.be32] },
  nat: {
    NFTA_NAT_TYPE: [1, Codec.be32],
    NFTA_NAT_FAMILY: [2, Codec.be32],
    NFTA_NAT_REG_ADDR_MIN: [3, Codec.be32],
    NFTA_NAT_REG_ADDR_MAX: [4, Codec.be32],
    NFTA_NAT_REG_PROTO_MIN: [5, Codec.be32],
    NFTA_NAT_REG_PROTO_MAX: [6, Codec.be32],
    NFTA_NAT_FLAGS: [7, Codec.be32]
  },
  numgen: {
    NFTA_NG_DREG: [1, Codec.be32],
    NFTA_NG_MODULUS: [2, Codec.be32],
    NFTA_NG_TYPE: [3, Codec.be32],
    NFTA_NG_OFFSET: [4, Codec.be32]
  },
  payload: {
    NFTA_PAYLOAD_DREG: [1, Codec.be32],
    NFTA_PAYLOAD_BASE: [2, Codec.be32],
    NFTA_PAYLOAD_OFFSET: [3, Codec.be32],
    NFTA_PAYLOAD_LEN: [4, Codec.be32],
    NFTA_PAYLOAD_SREG: [5, Codec.be32]
  }
} as const

type Tables = typeof tables

/** @category models @since 0.1.0 */
export type Known = {
  readonly [K in keyof Tables]: { readonly name: K; readonly data: Attribute.Values<Tables[K]> }
}[keyof Tables]

/**
 * An expression; `Foreign` is of a kind that is not in `tables`.
 *
 * @category models
 * @since 0.1.0
 */
export type Expression = Known | { readonly name: "Foreign"; readonly kind: string }

/**
 * An expression inside an attribute.
 *
 * @category codecs
 * @since 0.1.0
 */
export const codec: Codec.Codec<Expression> = {
  nested: true,
  write: (writer, value) => {
    if (value.name === "Foreign") return
    Attribute.write(writer, envelope, {
      NFTA_EXPR_NAME: value.name,
      NFTA_EXPR_DATA: Attribute.encode(tables[value.name] as Attribute.Table, value.data)
    })
  },
  read: (view, offset, length) => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length)
    const { NFTA_EXPR_NAME: name, NFTA_EXPR_DATA: encoded } = Attribute.decode(envelope, bytes)
    if (name === undefined) return undefined
    if (!isKnown(name)) return { name: "Foreign", kind: name }
    return { name, data: Attribute.decode(tables[name], encoded ?? new Uint8Array()) } as Known
  }
}

const isKnown = (name: string): name is keyof Tables => Object.hasOwn(tables, name)

/** The data are attributes again, whose table follows from the name. */
const envelope = {
  NFTA_EXPR_NAME: [1, Codec.string],
  NFTA_EXPR_DATA: [2, { ...Codec.bytes, nested: true }]
} as const

/** The register of verdicts; `register32` names the others. @category constants @since 0.1.0 */
export const NFT_REG_VERDICT = 0

/**
 * Returns the register of four bytes at an index from 0 to 15, by the number that the kernel shows: the first quarter
 * of a long register goes by the long one's number.
 *
 * @category constants
 * @since 0.1.0
 */
export const register32 = (index: number): number => (index % 4 === 0 ? 1 + index / 4 : NFT_REG32_00 + index)

const NFT_REG32_00 = 8

/** Where a payload is counted from. @category constants @since 0.1.0 */
export const NFT_PAYLOAD_NETWORK_HEADER = 1
export const NFT_PAYLOAD_TRANSPORT_HEADER = 2

/** What `meta` loads. @category constants @since 0.1.0 */
export const NFT_META_MARK = 3
export const NFT_META_IIFNAME = 6
export const NFT_META_OIFNAME = 7
export const NFT_META_NFPROTO = 15
export const NFT_META_L4PROTO = 16

/** Operations. @category constants @since 0.1.0 */
export const NFT_CMP_EQ = 0
export const NFT_CMP_LTE = 3
export const NFT_CMP_GTE = 5
export const NFT_DYNSET_OP_UPDATE = 1
export const NFT_HASH_JENKINS = 0
export const NFT_NG_INCREMENTAL = 0
export const NFT_NAT_DNAT = 1

/** Flags of `nat`, which the kernel sets itself (linux/netfilter/nf_nat.h). @category constants @since 0.1.0 */
export const NF_NAT_RANGE_MAP_IPS = 1
export const NF_NAT_RANGE_PROTO_SPECIFIED = 2

/** Verdicts; NF_DROP is of linux/netfilter.h. @category constants @since 0.1.0 */
export const NF_DROP = 0
export const NF_ACCEPT = 1
export const NFT_CONTINUE = 0xffff_ffff
export const NFT_JUMP = 0xffff_fffd
export const NFT_GOTO = 0xffff_fffc
