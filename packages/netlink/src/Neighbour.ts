/**
 * The IPv4 neighbours of devices in rtnetlink (the ARP cache): what the kernel says of them, and requests to set and
 * delete them.
 *
 * @see rtnetlink(7); include/uapi/linux/neighbour.h of Linux
 * @since 0.1.0
 */
import type { Ipv4Address, MacAddress } from "@holdfast/wire/Address"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as Message from "./Message.ts"
import type { Query, Request } from "./Request.ts"

/**
 * A neighbour. `mac` is absent while it is not known; `state` holds a number of `NeighbourState`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Neighbour {
  readonly linkIndex: number
  readonly address: Ipv4Address
  readonly mac: MacAddress | undefined
  readonly state: number
}

/**
 * What the kernel knows of a neighbour (NUD_…).
 *
 * @category constants
 * @since 0.1.0
 */
export const NeighbourState = {
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noarp: 0x40,
  permanent: 0x80
} as const

/** Messages of neighbours (linux/rtnetlink.h). @category constants @since 0.1.0 */
export const RTM_NEWNEIGH = 28
export const RTM_DELNEIGH = 29
const RTM_GETNEIGH = 30

/** Group of socket memberships that gets neighbours of all families. @category constants @since 0.1.0 */
export const RTNLGRP_NEIGH = 3

/**
 * Decodes a neighbour of RTM_NEWNEIGH or RTM_DELNEIGH; `undefined` for other families, such as a bridge's own table.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message.Message): Neighbour | undefined => {
  if (message.type !== RTM_NEWNEIGH && message.type !== RTM_DELNEIGH) return undefined
  const decoded = body.decode(message.payload)
  if (decoded === undefined || decoded.header.family !== AF_INET) return undefined
  const { header, attributes } = decoded
  if (attributes.NDA_DST === undefined) return undefined
  return {
    linkIndex: header.index,
    address: attributes.NDA_DST,
    mac: attributes.NDA_LLADDR,
    state: header.state
  }
}

/**
 * Asks for the neighbours of one device, or of all.
 *
 * @category requests
 * @since 0.1.0
 */
export const list = (linkIndex?: number): Query<Neighbour> => ({
  operation: "neighbour-list",
  subject: linkIndex === undefined ? "all links" : `link ${linkIndex}`,
  type: RTM_GETNEIGH,
  flags: Message.NLM_F_DUMP,
  // Strict checking wants the device as an attribute, not in the header.
  payload: body.encode({ family: AF_INET }, { NDA_IFINDEX: linkIndex }),
  decode
})

/**
 * A neighbour to be known by the kernel.
 *
 * - `state`: permanent when absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface NewNeighbour {
  readonly linkIndex: number
  readonly address: Ipv4Address
  readonly mac: MacAddress
  readonly state?: number | undefined
}

/**
 * Adds a neighbour, or replaces what is known of it.
 *
 * @category requests
 * @since 0.1.0
 */
export const replace = (neighbour: NewNeighbour): Request => ({
  operation: "neighbour-replace",
  subject: subjectOf(neighbour),
  type: RTM_NEWNEIGH,
  flags: Message.NLM_F_CREATE | Message.NLM_F_REPLACE,
  payload: body.encode(
    { family: AF_INET, index: neighbour.linkIndex, state: neighbour.state ?? NeighbourState.permanent },
    { NDA_DST: neighbour.address, NDA_LLADDR: neighbour.mac }
  )
})

/**
 * Deletes a neighbour; fails with `NotFound` when the kernel does not know it.
 *
 * @category requests
 * @since 0.1.0
 */
export const remove = (neighbour: Pick<Neighbour, "linkIndex" | "address">): Request => ({
  operation: "neighbour-delete",
  subject: subjectOf(neighbour),
  type: RTM_DELNEIGH,
  flags: 0,
  payload: body.encode({ family: AF_INET, index: neighbour.linkIndex }, { NDA_DST: neighbour.address })
})

const subjectOf = ({ address, linkIndex }: Pick<Neighbour, "linkIndex" | "address">): string =>
  `${address} on link ${linkIndex}`

/** `struct ndmsg`. */
const ndmsg = Codec.struct({
  family: Codec.u8,
  padding1: Codec.u8,
  padding2: Codec.u16,
  index: Codec.s32,
  state: Codec.u16,
  flags: Codec.u8,
  type: Codec.u8
})

/** `enum` of NDA_…. */
const table = {
  NDA_DST: [1, Codec.ipv4],
  NDA_LLADDR: [2, Codec.mac],
  NDA_IFINDEX: [8, Codec.u32]
} as const

const body = Attribute.body(ndmsg, table)

const AF_INET = 2
