/**
 * Addresses of devices in rtnetlink, of both families: what the kernel says of them, and requests to add and delete them.
 *
 * **Details** a device has an IPv4 address once for each prefix and peer, an IPv6 address once.
 *
 * @see rtnetlink(7); include/uapi/linux/if_addr.h of Linux
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as Message from "./Message.ts"
import type { Query, Request } from "./Request.ts"

/**
 * An address of a device.
 *
 * - `address`: our own; IFA_LOCAL.
 * - `peer`: the other end of a point-to-point link; otherwise the same as `address`. IFA_ADDRESS.
 * - `flags`: IFA_F_SECONDARY and its like.
 * - `broadcast`, `label`: of IPv4 only.
 * - `scope`: a number of `Scope`.
 * - `protocol`: who made it (IFAPROT_…); zero when nobody said.
 *
 * @category models
 * @since 0.1.0
 */
export interface InterfaceAddress {
  readonly linkIndex: number
  readonly address: Address.IpAddress
  readonly peer: Address.IpAddress
  readonly prefixLength: number
  readonly broadcast: Address.Ipv4Address | undefined
  readonly label: string | undefined
  readonly scope: number
  readonly flags: number
  readonly protocol: number
  readonly preferredSeconds: number
  readonly validSeconds: number
}

/**
 * How far an address or a route is valid (linux/rtnetlink.h).
 *
 * @category constants
 * @since 0.1.0
 */
export const Scope = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const

/** Flags of an address (linux/if_addr.h). @category constants @since 0.1.0 */
export const IFA_F_SECONDARY = 0x01
export const IFA_F_NODAD = 0x02
export const IFA_F_DADFAILED = 0x08
export const IFA_F_HOMEADDRESS = 0x10
export const IFA_F_TENTATIVE = 0x40
export const IFA_F_PERMANENT = 0x80
export const IFA_F_MANAGETEMPADDR = 0x100
export const IFA_F_NOPREFIXROUTE = 0x200
export const IFA_F_MCAUTOJOIN = 0x400

/** A lifetime without end, in seconds (INFINITY_LIFE_TIME). @category constants @since 0.1.0 */
export const lifetimeInfinite = 0xffff_ffff

/**
 * Whether the address follows the primary one of its subnet and goes away with it. IPv6 has no such addresses: the same
 * flag marks temporary ones there.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSecondary = ({ address, flags }: InterfaceAddress): boolean =>
  (flags & IFA_F_SECONDARY) !== 0 && !Address.isIpv6(address)

/**
 * Whether nothing can be sent from the address: duplicate address detection is not over, or has failed.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isTentative = ({ flags }: InterfaceAddress): boolean =>
  (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) !== 0

/**
 * Whether two values mean the same address of the same device, whatever its flags and lifetimes are now.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSame = (left: InterfaceAddress, right: InterfaceAddress): boolean =>
  left.linkIndex === right.linkIndex &&
  left.address === right.address &&
  (Address.isIpv6(left.address) || (left.prefixLength === right.prefixLength && left.peer === right.peer))

/** Messages of addresses (linux/rtnetlink.h). @category constants @since 0.1.0 */
export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
export const RTM_GETADDR = 22

/** Groups of socket memberships that get addresses. @category constants @since 0.1.0 */
export const RTNLGRP_IPV4_IFADDR = 5
export const RTNLGRP_IPV6_IFADDR = 9

/**
 * Decodes an address of RTM_NEWADDR or RTM_DELADDR; `undefined` for those of other families.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message.Message): InterfaceAddress | undefined => {
  if (message.type !== RTM_NEWADDR && message.type !== RTM_DELADDR) return undefined
  const decoded = body.decode(message.payload)
  if (decoded === undefined) return undefined
  const { header, attributes } = decoded
  const address = attributes.IFA_LOCAL ?? attributes.IFA_ADDRESS
  if (address === undefined || header.family !== familyOf(address)) return undefined
  return {
    linkIndex: header.index,
    address,
    peer: attributes.IFA_ADDRESS ?? address,
    prefixLength: header.prefixLength,
    broadcast: attributes.IFA_BROADCAST,
    label: attributes.IFA_LABEL,
    scope: header.scope,
    // The header has room for eight of the flags only.
    flags: attributes.IFA_FLAGS ?? header.flags,
    protocol: attributes.IFA_PROTO ?? 0,
    preferredSeconds: attributes.IFA_CACHEINFO?.preferred ?? lifetimeInfinite,
    validSeconds: attributes.IFA_CACHEINFO?.valid ?? lifetimeInfinite
  }
}

/**
 * Asks for the addresses of one device, or of all, in the kernel's order: those of IPv4 first.
 *
 * @category requests
 * @since 0.1.0
 */
export const list = (linkIndex?: number): Query<InterfaceAddress> => ({
  operation: "address-list",
  subject: linkIndex === undefined ? "all links" : `link ${linkIndex}`,
  type: RTM_GETADDR,
  flags: Message.NLM_F_DUMP,
  payload: body.encode({ family: AF_UNSPEC, index: linkIndex ?? 0 }, {}),
  decode
})

/**
 * An address to be held by a device. What is absent is as `ip address add` has it.
 *
 * - `flags`: such as IFA_F_NOPREFIXROUTE.
 * - `protocol`: a number that marks who made it, so that it can be told from those of others later.
 * - `preferredSeconds`, `validSeconds`: without end when absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface NewAddress {
  readonly linkIndex: number
  readonly address: Address.IpAddress
  readonly prefixLength: number
  readonly peer?: Address.IpAddress | undefined
  readonly broadcast?: Address.Ipv4Address | undefined
  readonly label?: string | undefined
  readonly scope?: number | undefined
  readonly flags?: number | undefined
  readonly protocol?: number | undefined
  readonly preferredSeconds?: number | undefined
  readonly validSeconds?: number | undefined
}

/**
 * Adds an address; fails with `AlreadyExists` when the device holds it.
 *
 * @category requests
 * @since 0.1.0
 */
export const add = (address: NewAddress): Request =>
  requestNew("address-add", address, Message.NLM_F_CREATE | Message.NLM_F_EXCL)

/**
 * Adds an address, or gives the one that is there these lifetimes, scope and flags.
 *
 * @category requests
 * @since 0.1.0
 */
export const replace = (address: NewAddress): Request =>
  requestNew("address-replace", address, Message.NLM_F_CREATE | Message.NLM_F_REPLACE)

/**
 * Deletes an address; fails with `NotFound` when the device does not hold it.
 *
 * **Gotchas** the secondary addresses of its subnet go with a primary one, unless the device's `promote_secondaries`
 * is set.
 *
 * @category requests
 * @since 0.1.0
 */
export const remove = (
  address: Pick<NewAddress, "linkIndex" | "address" | "prefixLength" | "peer">
): Request => ({
  operation: "address-delete",
  subject: subjectOf(address),
  type: RTM_DELADDR,
  flags: 0,
  payload: body.encode(
    {
      family: familyOf(address.address),
      prefixLength: address.prefixLength,
      index: address.linkIndex
    },
    { IFA_LOCAL: address.address, IFA_ADDRESS: address.peer ?? address.address }
  )
})

const requestNew = (operation: string, address: NewAddress, flags: number): Request => ({
  operation,
  subject: subjectOf(address),
  type: RTM_NEWADDR,
  flags,
  payload: body.encode(
    {
      family: familyOf(address.address),
      prefixLength: address.prefixLength,
      scope: address.scope ?? Scope.global,
      index: address.linkIndex
    },
    {
      IFA_LOCAL: address.address,
      IFA_ADDRESS: address.peer ?? address.address,
      IFA_BROADCAST: address.broadcast,
      IFA_LABEL: address.label,
      IFA_FLAGS: address.flags,
      IFA_PROTO: address.protocol,
      IFA_CACHEINFO: cacheInformationOf(address)
    }
  )
})

const cacheInformationOf = ({ preferredSeconds, validSeconds }: NewAddress) =>
  preferredSeconds === undefined && validSeconds === undefined
    ? undefined
    : {
        preferred: preferredSeconds ?? lifetimeInfinite,
        valid: validSeconds ?? lifetimeInfinite,
        createdAt: 0,
        updatedAt: 0
      }

const subjectOf = ({
  address,
  prefixLength,
  linkIndex
}: Pick<NewAddress, "address" | "prefixLength" | "linkIndex">) =>
  `${address}/${prefixLength} on link ${linkIndex}`

/** `struct ifaddrmsg` of linux/if_addr.h. */
const ifaddrmsg = Codec.struct({
  family: Codec.u8,
  prefixLength: Codec.u8,
  flags: Codec.u8,
  scope: Codec.u8,
  index: Codec.u32
})

/** `struct ifa_cacheinfo`: lifetimes in seconds, times in hundredths of a second since the system started. */
const ifaCacheinfo = Codec.struct({
  preferred: Codec.u32,
  valid: Codec.u32,
  createdAt: Codec.u32,
  updatedAt: Codec.u32
})

/** `enum` of IFA_… in linux/if_addr.h. */
const table = {
  IFA_ADDRESS: [1, Codec.ip],
  IFA_LOCAL: [2, Codec.ip],
  IFA_LABEL: [3, Codec.string],
  IFA_BROADCAST: [4, Codec.ipv4],
  IFA_CACHEINFO: [6, ifaCacheinfo],
  IFA_FLAGS: [8, Codec.u32],
  IFA_PROTO: [11, Codec.u8]
} as const

const body = Attribute.body(ifaddrmsg, table)

const familyOf = (address: Address.IpAddress): number => (Address.isIpv6(address) ? AF_INET6 : AF_INET)

const AF_UNSPEC = 0
const AF_INET = 2
const AF_INET6 = 10
