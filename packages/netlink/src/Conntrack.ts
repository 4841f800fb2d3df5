/**
 * Flows in the kernel's table of connections (ctnetlink): a list of them, and the request to forget one.
 *
 * @see include/uapi/linux/netfilter/nfnetlink_conntrack.h of Linux
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as Message from "./Message.ts"
import type { Query, Request } from "./Request.ts"

/**
 * A flow. Of an answer the source is who answered: the server that destination NAT chose.
 *
 * - `key`: the tuple of the first packet in the kernel's bytes, by which it finds the flow.
 *
 * @category models
 * @since 0.1.0
 */
export interface Flow {
  readonly family: number
  readonly protocol: number
  readonly destination: Endpoint
  readonly answerSource: Endpoint
  readonly key: Uint8Array
  readonly id: number | undefined
}

/** @category models @since 0.1.0 */
export interface Endpoint {
  readonly address: Address.IpAddress
  readonly port: number
}

/** Families of flows (linux/socket.h). @category constants @since 0.1.0 */
export const AF_INET = 2
export const AF_INET6 = 10

/**
 * Asks for all flows of a family that have ports.
 *
 * @category requests
 * @since 0.1.0
 */
export const list = (family: number): Query<Flow> => ({
  operation: "conntrack-list",
  subject: family === AF_INET ? "all IPv4 flows" : "all IPv6 flows",
  type: IPCTNL_MSG_CT_GET,
  flags: Message.NLM_F_DUMP,
  payload: body.encode({ family }, {}),
  decode
})

/**
 * Forgets a flow: its next packet is a first one.
 *
 * @category requests
 * @since 0.1.0
 */
export const remove = ({ destination, family, id, key }: Flow): Request => ({
  operation: "conntrack-delete",
  subject: `flow to ${Address.formatEndpoint(destination.address, destination.port)}`,
  type: IPCTNL_MSG_CT_DELETE,
  flags: 0,
  payload: body.encode({ family }, { CTA_TUPLE_ORIG: key, CTA_ID: id })
})

const decode = (message: Message.Message): Flow | undefined => {
  if (message.type !== IPCTNL_MSG_CT_NEW) return undefined
  const decoded = body.decode(message.payload)
  const { CTA_TUPLE_ORIG: key, CTA_TUPLE_REPLY: answer, CTA_ID: id } = decoded?.attributes ?? {}
  if (decoded === undefined || key === undefined || answer === undefined) return undefined
  const first = Attribute.decode(tuple, key)
  const back = Attribute.decode(tuple, answer)
  const protocol = first.CTA_TUPLE_PROTO?.CTA_PROTO_NUM
  const destination = endpointOf(
    first.CTA_TUPLE_IP?.CTA_IP_V4_DST ?? first.CTA_TUPLE_IP?.CTA_IP_V6_DST,
    first.CTA_TUPLE_PROTO?.CTA_PROTO_DST_PORT
  )
  const answerSource = endpointOf(
    back.CTA_TUPLE_IP?.CTA_IP_V4_SRC ?? back.CTA_TUPLE_IP?.CTA_IP_V6_SRC,
    back.CTA_TUPLE_PROTO?.CTA_PROTO_SRC_PORT
  )
  if (protocol === undefined || destination === undefined || answerSource === undefined) return undefined
  return { family: decoded.header.family, protocol, destination, answerSource, key, id }
}

const endpointOf = (bytes: Uint8Array | undefined, port: number | undefined): Endpoint | undefined => {
  if (bytes === undefined || port === undefined) return undefined
  return Option.getOrUndefined(Option.map(Address.ipFromBytes(bytes), (address) => ({ address, port })))
}

/** `struct nfgenmsg` of linux/netfilter/nfnetlink.h. */
const nfgenmsg = Codec.struct({ family: Codec.u8, version: Codec.u8, resource: Codec.be16 })

/** `enum ctattr_type`. Tuples are kept as they came. */
const body = Attribute.body(nfgenmsg, {
  CTA_TUPLE_ORIG: [1, { ...Codec.bytes, nested: true }],
  CTA_TUPLE_REPLY: [2, { ...Codec.bytes, nested: true }],
  CTA_ID: [12, Codec.be32]
})

/** `enum ctattr_tuple`. */
const tuple = {
  CTA_TUPLE_IP: [
    1,
    Attribute.nested({
      CTA_IP_V4_SRC: [1, Codec.bytes],
      CTA_IP_V4_DST: [2, Codec.bytes],
      CTA_IP_V6_SRC: [3, Codec.bytes],
      CTA_IP_V6_DST: [4, Codec.bytes]
    })
  ],
  CTA_TUPLE_PROTO: [
    2,
    Attribute.nested({
      CTA_PROTO_NUM: [1, Codec.u8],
      CTA_PROTO_SRC_PORT: [2, Codec.be16],
      CTA_PROTO_DST_PORT: [3, Codec.be16]
    })
  ]
} as const

/** Messages of the subsystem 1, NFNL_SUBSYS_CTNETLINK. */
const IPCTNL_MSG_CT_NEW = 0x100
const IPCTNL_MSG_CT_GET = 0x101
const IPCTNL_MSG_CT_DELETE = 0x102
