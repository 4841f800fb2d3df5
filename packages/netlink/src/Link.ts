/**
 * Network devices in rtnetlink: what the kernel says of them, and requests to make, change and delete them.
 *
 * **Gotchas** a bridge port also appears in messages of the family AF_BRIDGE; its RTM_DELLINK says that the device
 * left the bridge, not that it is gone. `decode` passes these over.
 *
 * @see rtnetlink(7); include/uapi/linux/if_link.h and if.h of Linux
 * @since 0.1.0
 */
import type { MacAddress } from "@holdfast/wire/Address"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as Message from "./Message.ts"
import type { Query, Request } from "./Request.ts"

/**
 * A network device.
 *
 * - `index`: a device that is deleted and made again gets another one.
 * - `flags`: IFF_UP and its like; see `isUp` and `isRunning`.
 * - `mac`: absent on devices without an Ethernet address.
 * - `parentIndex`: of a macvlan or VLAN its base, of a veth its peer; in `parentNamespace` when that is another one.
 * - `masterIndex`: the bridge, bond or VRF that the device belongs to.
 * - `kind`: such as `veth`; absent on hardware.
 * - `alias`: a text that somebody attached to the device.
 *
 * @category models
 * @since 0.1.0
 */
export interface Link {
  readonly index: number
  readonly name: string
  readonly flags: number
  readonly hardwareType: number
  readonly mac: MacAddress | undefined
  readonly macBroadcast: MacAddress | undefined
  readonly mtu: number
  readonly operState: OperState
  readonly carrier: boolean
  readonly group: number
  readonly parentIndex: number | undefined
  readonly parentNamespace: number | undefined
  readonly masterIndex: number | undefined
  readonly kind: string | undefined
  readonly macvlanMode: MacvlanMode | undefined
  readonly alias: string | undefined
}

/**
 * The operational state of RFC 2863, as the kernel numbers it.
 *
 * @category models
 * @since 0.1.0
 */
export type OperState = (typeof operStates)[number]

/**
 * How macvlan devices of one base see each other: `private` not at all.
 *
 * @category models
 * @since 0.1.0
 */
export type MacvlanMode = keyof typeof macvlanModes

/** Flags of a device (linux/if.h). @category constants @since 0.1.0 */
export const IFF_UP = 0x1
export const IFF_RUNNING = 0x40

/**
 * Whether an administrator set the device up.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isUp = (link: Link): boolean => (link.flags & IFF_UP) !== 0

/**
 * Whether the device is up and can carry packets.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isRunning = (link: Link): boolean => isUp(link) && (link.flags & IFF_RUNNING) !== 0

/** Messages of devices (linux/rtnetlink.h). @category constants @since 0.1.0 */
export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
const RTM_GETLINK = 18
const RTM_SETLINK = 19

/** Group of socket memberships that gets devices (RTNLGRP_LINK). @category constants @since 0.1.0 */
export const RTNLGRP_LINK = 1

/**
 * Decodes a device of RTM_NEWLINK or RTM_DELLINK.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message.Message): Link | undefined => {
  if (message.type !== RTM_NEWLINK && message.type !== RTM_DELLINK) return undefined
  const decoded = body.decode(message.payload)
  if (decoded === undefined || decoded.header.family !== AF_UNSPEC) return undefined
  const { header, attributes } = decoded
  // A wireless event carries the name and nothing else of the device.
  if (attributes.IFLA_IFNAME === undefined || attributes.IFLA_WIRELESS !== undefined) return undefined
  const information = attributes.IFLA_LINKINFO
  const mode =
    information?.IFLA_INFO_KIND === "macvlan" ? information.IFLA_INFO_DATA?.IFLA_MACVLAN_MODE : undefined
  return {
    index: header.index,
    name: attributes.IFLA_IFNAME,
    flags: header.flags,
    hardwareType: header.type,
    mac: attributes.IFLA_ADDRESS,
    macBroadcast: attributes.IFLA_BROADCAST,
    mtu: attributes.IFLA_MTU ?? 0,
    operState: operStates[attributes.IFLA_OPERSTATE ?? 0] ?? "unknown",
    carrier: attributes.IFLA_CARRIER === 1,
    group: attributes.IFLA_GROUP ?? 0,
    parentIndex: attributes.IFLA_LINK,
    parentNamespace: attributes.IFLA_LINK_NETNSID,
    masterIndex: attributes.IFLA_MASTER,
    kind: information?.IFLA_INFO_KIND,
    macvlanMode: macvlanModeNames.find((name) => macvlanModes[name] === mode),
    alias: attributes.IFLA_IFALIAS
  }
}

/**
 * Asks for all devices.
 *
 * @category requests
 * @since 0.1.0
 */
export const list = (): Query<Link> => ({
  operation: "link-list",
  subject: "all links",
  type: RTM_GETLINK,
  flags: Message.NLM_F_DUMP,
  payload: body.encode({}, {}),
  decode
})

/**
 * Asks for one device by name.
 *
 * @category requests
 * @since 0.1.0
 */
export const get = (name: string): Query<Link> => ({
  operation: "link-get",
  subject: name,
  type: RTM_GETLINK,
  flags: 0,
  payload: body.encode({}, { IFLA_IFNAME: name }),
  decode
})

/**
 * How a device deals with IPv4: the settings of `/proc/sys/net/ipv4/conf` that this project reads or writes.
 *
 * @category models
 * @since 0.1.0
 */
export type Ipv4Settings = { readonly [K in keyof typeof ipv4Settings]: number }

/**
 * Asks for the IPv4 settings of a device, which the kernel does not tell of when they change.
 *
 * @category requests
 * @since 0.1.0
 */
export const getIpv4Settings = (index: number): Query<Ipv4Settings> => ({
  operation: "link-settings-get",
  subject: `link ${index}`,
  type: RTM_GETLINK,
  flags: 0,
  payload: body.encode({ index }, {}),
  decode: (message) => {
    if (message.type !== RTM_NEWLINK) return undefined
    const values = settingsBody.decode(message.payload)?.attributes.IFLA_AF_SPEC?.AF_INET?.IFLA_INET_CONF
    if (values === undefined) return undefined
    const names = Object.keys(ipv4Settings) as ReadonlyArray<keyof Ipv4Settings>
    const read = names.map((name) => [name, values[ipv4Settings[name][0] - 1] ?? 0])
    return Object.fromEntries(read) as Ipv4Settings
  }
})

/**
 * What a new device may be given. What is absent the kernel chooses.
 *
 * - `namespaceFd`: the device is made in the network namespace of this descriptor.
 *
 * @category models
 * @since 0.1.0
 */
export interface NewLink {
  readonly name: string
  readonly mac?: MacAddress | undefined
  readonly mtu?: number | undefined
  readonly up?: boolean | undefined
  readonly group?: number | undefined
  readonly masterIndex?: number | undefined
  readonly namespaceFd?: number | undefined
}

/**
 * How a device makes its IPv6 link-local address.
 *
 * @category models
 * @since 0.1.0
 */
export type Ipv6Generation = keyof typeof ipv6Generations

/**
 * Makes a pair of devices that are the ends of one cable. Fails when one of the names is taken.
 *
 * **Gotchas** the kernel makes the peer first, when it has no other end yet and cannot be up: set it up afterwards.
 *
 * @category requests
 * @since 0.1.0
 */
export const createVeth = (link: NewLink, peer: Omit<NewLink, "up">): Request => {
  const VETH_INFO_PEER = { header: {}, attributes: attributesOf(peer) }
  return create(
    `${link.name} with peer ${peer.name}`,
    vethBody.encode(headerOf(link), {
      ...attributesOf(link),
      IFLA_LINKINFO: { IFLA_INFO_KIND: "veth", IFLA_INFO_DATA: { VETH_INFO_PEER } }
    })
  )
}

/**
 * Makes a bridge. Fails when the name is taken.
 *
 * @category requests
 * @since 0.1.0
 */
export const createBridge = (link: NewLink): Request =>
  create(
    link.name,
    body.encode(headerOf(link), { ...attributesOf(link), IFLA_LINKINFO: { IFLA_INFO_KIND: "bridge" } })
  )

/**
 * Makes a device with a link-layer address of its own on top of another. Fails when the name is taken.
 *
 * @category requests
 * @since 0.1.0
 */
export const createMacvlan = (
  link: NewLink & { readonly parentIndex: number; readonly mode: MacvlanMode }
): Request =>
  create(
    `${link.name} on link ${link.parentIndex}`,
    body.encode(headerOf(link), {
      ...attributesOf(link),
      IFLA_LINK: link.parentIndex,
      IFLA_LINKINFO: {
        IFLA_INFO_KIND: "macvlan",
        IFLA_INFO_DATA: { IFLA_MACVLAN_MODE: macvlanModes[link.mode] }
      }
    })
  )

/**
 * What of a device shall change; what is absent stays.
 *
 * - `masterIndex`: zero takes the device out of its bridge.
 * - `ipv6Generation`: `none` keeps the device from making an IPv6 link-local address.
 *
 * **Gotchas** the kernel sets a device up before it looks at `ipv6Generation`: ask for that in a request of its own,
 * before. A new device cannot be given it.
 *
 * @category models
 * @since 0.1.0
 */
export interface LinkChange extends Partial<NewLink> {
  readonly ipv6Generation?: Ipv6Generation | undefined
  readonly alias?: string | undefined
  readonly ipv4Settings?: Partial<Ipv4Settings> | undefined
}

/**
 * Changes a device: sets it up or down, renames it, moves it to another namespace, and so on.
 *
 * @category requests
 * @since 0.1.0
 */
export const change = (index: number, changes: LinkChange): Request => ({
  operation: "link-change",
  subject: `link ${index}`,
  type: RTM_SETLINK,
  flags: 0,
  payload: body.encode({ ...headerOf(changes), index }, attributesOf(changes))
})

/**
 * Changes a device that is known by its name alone: so one that is made in the same datagram can be given more.
 *
 * @category requests
 * @since 0.1.0
 */
export const changeByName = (name: string, changes: Omit<LinkChange, "name">): Request => ({
  ...change(0, { ...changes, name }),
  subject: name
})

/**
 * Deletes a device; of a veth both ends.
 *
 * @category requests
 * @since 0.1.0
 */
export const remove = (index: number): Request => ({
  operation: "link-delete",
  subject: `link ${index}`,
  type: RTM_DELLINK,
  flags: 0,
  payload: body.encode({ index }, {}),
  isSlow: true
})

/**
 * Deletes all devices of a group. The kernel waits for everybody to let go of what is deleted, some ten milliseconds; so
 * many devices go much faster together, when they have been put into a group of their own.
 *
 * @category requests
 * @since 0.1.0
 */
export const removeGroup = (group: number): Request => ({
  ...remove(0),
  subject: `group ${group}`,
  payload: body.encode({}, { IFLA_GROUP: group })
})

const create = (subject: string, payload: Uint8Array): Request => ({
  operation: "link-create",
  subject,
  type: RTM_NEWLINK,
  flags: Message.NLM_F_CREATE | Message.NLM_F_EXCL,
  payload
})

const headerOf = ({ up }: LinkChange): Parameters<typeof body.encode>[0] =>
  up === undefined ? {} : { flags: up ? IFF_UP : 0, change: IFF_UP }

const attributesOf = (link: LinkChange): Attribute.Values<typeof table> => ({
  IFLA_IFNAME: link.name,
  IFLA_ADDRESS: link.mac,
  IFLA_MTU: link.mtu,
  IFLA_GROUP: link.group,
  IFLA_MASTER: link.masterIndex,
  IFLA_NET_NS_FD: link.namespaceFd,
  IFLA_IFALIAS: link.alias,
  IFLA_AF_SPEC:
    link.ipv6Generation === undefined && link.ipv4Settings === undefined
      ? undefined
      : {
          AF_INET: link.ipv4Settings && { IFLA_INET_CONF: link.ipv4Settings },
          AF_INET6: link.ipv6Generation && {
            IFLA_INET6_ADDR_GEN_MODE: ipv6Generations[link.ipv6Generation]
          }
        }
})

/** IPV4_DEVCONF_… of linux/ip.h; `rpFilter` is the file `rp_filter`, and so on. */
const ipv4Settings = {
  rpFilter: [8, Codec.u32],
  arpFilter: [13, Codec.u32],
  arpAnnounce: [18, Codec.u32],
  arpIgnore: [19, Codec.u32],
  promoteSecondaries: [20, Codec.u32],
  acceptLocal: [23, Codec.u32]
} as const

/** `struct ifinfomsg` of linux/rtnetlink.h. */
const ifinfomsg = Codec.struct({
  family: Codec.u8,
  padding: Codec.u8,
  type: Codec.u16,
  index: Codec.s32,
  flags: Codec.u32,
  /** Which bits of `flags` a request means. */
  change: Codec.u32
})

/** `enum` of IFLA_… in linux/if_link.h: what this project reads or writes. */
const common = {
  IFLA_ADDRESS: [1, Codec.mac],
  IFLA_BROADCAST: [2, Codec.mac],
  IFLA_IFNAME: [3, Codec.string],
  IFLA_MTU: [4, Codec.u32],
  IFLA_LINK: [5, Codec.u32],
  IFLA_MASTER: [10, Codec.u32],
  IFLA_WIRELESS: [11, Codec.bytes],
  IFLA_OPERSTATE: [16, Codec.u8],
  IFLA_IFALIAS: [20, Codec.string],
  // As in requests. What the kernel tells of IPv4 has another form: see `settingsBody`.
  IFLA_AF_SPEC: [
    26,
    Attribute.nested({
      AF_INET: [2, Attribute.nested({ IFLA_INET_CONF: [1, Attribute.nested(ipv4Settings)] })],
      AF_INET6: [10, Attribute.nested({ IFLA_INET6_ADDR_GEN_MODE: [8, Codec.u8] })]
    })
  ],
  IFLA_GROUP: [27, Codec.u32],
  IFLA_NET_NS_FD: [28, Codec.u32],
  IFLA_CARRIER: [33, Codec.u8],
  IFLA_LINK_NETNSID: [37, Codec.s32]
} as const

/** What IFLA_INFO_DATA holds depends on the kind. Of the kinds that are read only macvlan's matters. */
const table = {
  ...common,
  IFLA_LINKINFO: [
    18,
    Attribute.nested({
      IFLA_INFO_KIND: [1, Codec.string],
      IFLA_INFO_DATA: [2, Attribute.nested({ IFLA_MACVLAN_MODE: [1, Codec.u32] })]
    })
  ]
} as const

const vethTable = {
  ...common,
  IFLA_LINKINFO: [
    18,
    Attribute.nested({
      IFLA_INFO_KIND: [1, Codec.string],
      IFLA_INFO_DATA: [2, Attribute.nested({ VETH_INFO_PEER: [1, Attribute.prefixed(ifinfomsg, common)] })]
    })
  ]
} as const

/** As many integers of 32 bits as there are. */
const numbers: Codec.Codec<ReadonlyArray<number>> = {
  nested: false,
  write: (writer, values) => {
    for (const value of values) Codec.u32.write(writer, value)
  },
  read: (view, offset, length) =>
    Array.from({ length: length >> 2 }, (_, index) => view.getUint32(offset + index * 4, true))
}

const body = Attribute.body(ifinfomsg, table)
const vethBody = Attribute.body(ifinfomsg, vethTable)

/** The kernel tells all IPv4 settings as an array of numbers, the first of them number one. */
const settingsBody = Attribute.body(ifinfomsg, {
  IFLA_AF_SPEC: [26, Attribute.nested({ AF_INET: [2, Attribute.nested({ IFLA_INET_CONF: [1, numbers] })] })]
})

/** `enum macvlan_mode` of linux/if_link.h. */
const macvlanModes = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const
const macvlanModeNames = Object.keys(macvlanModes) as ReadonlyArray<MacvlanMode>

/** IF_OPER_… of linux/if.h, in order. */
const operStates = ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"] as const

/** `enum in6_addr_gen_mode` of linux/if_link.h. */
const ipv6Generations = { eui64: 0, none: 1 } as const

const AF_UNSPEC = 0
