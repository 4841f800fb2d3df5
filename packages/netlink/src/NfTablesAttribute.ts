/**
 * The attributes of nf_tables messages, and the user data in which `nft` keeps comments.
 *
 * @see include/uapi/linux/netfilter/nf_tables.h of Linux; include/libnftnl/udata.h of libnftnl
 * @since 0.1.0
 */
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import type { Message } from "./Message.ts"
import * as Expression from "./NfTablesExpression.ts"
import type { Request } from "./Request.ts"

/** `struct nfgenmsg`: what every message of netfilter begins with. */
const nfgenmsg = Codec.struct({ family: Codec.u8, version: Codec.u8, resource: Codec.be16 })

/** The payload of a message. @category models @since 0.1.0 */
export type NfBody<T extends Attribute.Table> = ReturnType<typeof bodyOf<T>>

/** `enum nft_list_attributes`. */
const NFTA_LIST_ELEM = 1

const bodyOf = <T extends Attribute.Table>(table: T) => Attribute.body(nfgenmsg, table)

/** @category constants @since 0.1.0 */
export const tableBody = bodyOf({ NFTA_TABLE_NAME: [1, Codec.string], NFTA_TABLE_FLAGS: [2, Codec.be32] })

/** @category constants @since 0.1.0 */
export const chainBody = bodyOf({
  NFTA_CHAIN_TABLE: [1, Codec.string],
  NFTA_CHAIN_NAME: [3, Codec.string],
  NFTA_CHAIN_HOOK: [
    4,
    Attribute.nested({ NFTA_HOOK_HOOKNUM: [1, Codec.be32], NFTA_HOOK_PRIORITY: [2, Codec.be32] })
  ],
  NFTA_CHAIN_POLICY: [5, Codec.be32],
  NFTA_CHAIN_TYPE: [7, Codec.string]
})

/** @category constants @since 0.1.0 */
export const ruleBody = bodyOf({
  NFTA_RULE_TABLE: [1, Codec.string],
  NFTA_RULE_CHAIN: [2, Codec.string],
  NFTA_RULE_EXPRESSIONS: [4, Attribute.list(NFTA_LIST_ELEM, Expression.codec)],
  NFTA_RULE_USERDATA: [7, Codec.bytes]
})

/** @category constants @since 0.1.0 */
export const setBody = bodyOf({
  NFTA_SET_TABLE: [1, Codec.string],
  NFTA_SET_NAME: [2, Codec.string],
  NFTA_SET_FLAGS: [3, Codec.be32],
  NFTA_SET_KEY_TYPE: [4, Codec.be32],
  NFTA_SET_KEY_LEN: [5, Codec.be32],
  NFTA_SET_DATA_TYPE: [6, Codec.be32],
  NFTA_SET_DATA_LEN: [7, Codec.be32],
  NFTA_SET_DESC: [9, Attribute.nested({ NFTA_SET_DESC_SIZE: [1, Codec.be32] })],
  NFTA_SET_ID: [10, Codec.be32],
  NFTA_SET_USERDATA: [13, Codec.bytes],
  NFTA_SET_EXPR: [17, Expression.codec]
})

/** @category constants @since 0.1.0 */
export const elementTable = {
  NFTA_SET_ELEM_KEY: [1, Expression.data],
  NFTA_SET_ELEM_DATA: [2, Expression.data],
  NFTA_SET_ELEM_EXPR: [7, Expression.codec]
} as const

/** @category constants @since 0.1.0 */
export const elementsBody = bodyOf({
  NFTA_SET_ELEM_LIST_TABLE: [1, Codec.string],
  NFTA_SET_ELEM_LIST_SET: [2, Codec.string],
  NFTA_SET_ELEM_LIST_ELEMENTS: [3, Attribute.list(NFTA_LIST_ELEM, Attribute.nested(elementTable))],
  NFTA_SET_ELEM_LIST_SET_ID: [4, Codec.be32]
})

/** @category constants @since 0.1.0 */
export const batchBody = bodyOf({ NFNL_BATCH_GENID: [1, Codec.be32] })

/** @category constants @since 0.1.0 */
export const generationBody = bodyOf({ NFTA_GEN_ID: [1, Codec.be32] })

/** Numbers of the comment among the user data of a rule and of a set. @category constants @since 0.1.0 */
export const ruleComment = 0
export const setComment = 7

/** Bytes that a comment may have: type, length and the zero at its end fit the kernel's 256 with it. @category constants @since 0.1.0 */
export const commentLengthMax = 252

/**
 * Encodes a comment as user data: type, length, and text that ends with a zero byte. A longer one is cut.
 *
 * @category encoding
 * @since 0.1.0
 */
export const userData = (type: number, comment: string): Uint8Array => {
  const text = new TextEncoder().encode(comment).subarray(0, commentLengthMax)
  const bytes = new Uint8Array(text.length + 3)
  bytes[0] = type
  bytes[1] = text.length + 1
  bytes.set(text, 2)
  return bytes
}

/**
 * Encodes the user data of a set, when it has any.
 *
 * @category encoding
 * @since 0.1.0
 */
export const setUserData = (set: {
  readonly hostOrder?: boolean | undefined
  readonly comment?: string | undefined
}): Uint8Array | undefined => {
  const order = set.hostOrder === true ? keyInHostOrder : []
  const comment = set.comment === undefined ? [] : userData(setComment, set.comment)
  return order.length + comment.length === 0 ? undefined : Uint8Array.from([...order, ...comment])
}

/** NFTNL_UDATA_SET_KEYBYTEORDER: BYTEORDER_HOST_ENDIAN, a number of four bytes. */
const keyInHostOrder = [0, 4, 1, 0, 0, 0]

/**
 * Returns the comment of user data, when it has one.
 *
 * @category decoding
 * @since 0.1.0
 */
export const commentOf = (type: number, bytes: Uint8Array): string | undefined => {
  let offset = 0
  while (bytes.length - offset >= 2) {
    const end = offset + 2 + bytes[offset + 1]!
    if (end > bytes.length) return undefined
    if (bytes[offset] === type) return new TextDecoder().decode(bytes.subarray(offset + 2, end - 1))
    offset = end
  }
  return undefined
}

/**
 * Makes a request of nf_tables.
 *
 * @category constructors
 * @since 0.1.0
 */
export const request = <T extends Attribute.Table>(
  operation: string,
  subject: string,
  type: number,
  flags: number,
  body: NfBody<T>,
  attributes: Attribute.Values<T>
): Request => ({
  operation: `nf_tables-${operation}`,
  subject,
  type: (subsystem << 8) | type,
  flags,
  payload: body.encode({ family: NFPROTO_INET }, attributes)
})

/**
 * Decodes a message of one type.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = <T extends Attribute.Table>(
  type: number,
  body: NfBody<T>,
  message: Message
): Attribute.Values<T> | undefined =>
  message.type === ((subsystem << 8) | type) ? body.decode(message.payload)?.attributes : undefined

/** The family of tables for IPv4 and IPv6. @category constants @since 0.1.0 */
export const NFPROTO_INET = 1

/** NFNL_SUBSYS_NFTABLES of linux/netfilter/nfnetlink.h. @category constants @since 0.1.0 */
export const subsystem = 10

/** `enum nf_tables_msg_types`. @category constants @since 0.1.0 */
export const NFT_MSG_NEWTABLE = 0
export const NFT_MSG_GETTABLE = 1
export const NFT_MSG_DELTABLE = 2
export const NFT_MSG_NEWCHAIN = 3
export const NFT_MSG_GETCHAIN = 4
export const NFT_MSG_DELCHAIN = 5
export const NFT_MSG_NEWRULE = 6
export const NFT_MSG_GETRULE = 7
export const NFT_MSG_DELRULE = 8
export const NFT_MSG_NEWSET = 9
export const NFT_MSG_GETSET = 10
export const NFT_MSG_DELSET = 11
export const NFT_MSG_NEWSETELEM = 12
export const NFT_MSG_GETSETELEM = 13
export const NFT_MSG_DELSETELEM = 14
export const NFT_MSG_NEWGEN = 15
export const NFT_MSG_GETGEN = 16
