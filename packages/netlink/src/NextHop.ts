/**
 * The ways of a route that has several (RTA_MULTIPATH).
 *
 * @see `struct rtnexthop` of include/uapi/linux/rtnetlink.h of Linux
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as Writer from "./Writer.ts"

/**
 * One way to go. What is absent is as `ip route` has it.
 *
 * - `weight`: 1 to 256, its share of the traffic; 1 when absent.
 * - `onlink`: the gateway is on the device, whatever the routes say.
 * - `realms`: source in the upper half, destination in the lower; IPv4.
 *
 * @category models
 * @since 0.1.0
 */
export interface NextHop {
  readonly gateway?: Address.IpAddress | undefined
  readonly linkIndex?: number | undefined
  readonly weight?: number | undefined
  readonly onlink?: boolean | undefined
  readonly realms?: number | undefined
}

/**
 * Several ways inside an attribute, of a route of one family: a gateway of another family is told in another way.
 *
 * @category codecs
 * @since 0.1.0
 */
export const list = (family: Address.Family): Codec.Codec<ReadonlyArray<NextHop>> => ({
  nested: false,
  write: (writer, hops) => {
    for (const hop of hops) {
      const start = writer.length
      header.write(writer, {
        flags: hop.onlink === true ? RTNH_F_ONLINK : 0,
        hops: (hop.weight ?? 1) - 1,
        linkIndex: hop.linkIndex ?? 0
      })
      Attribute.write(writer, table, { ...gatewayValues(family, hop.gateway), RTA_FLOW: hop.realms })
      writer.view.setUint16(start, writer.length - start, true)
    }
  },
  read: (view, offset, length) => {
    const hops: Array<NextHop> = []
    for (let at = offset; offset + length - at >= header.size;) {
      const found = header.read(view, at, header.size)!
      if (found.length < header.size || found.length > offset + length - at) break
      const bytes = new Uint8Array(view.buffer, view.byteOffset + at, found.length)
      const attributes = Attribute.decode(table, bytes, header.size)
      hops.push({
        gateway: gatewayOf(attributes),
        linkIndex: found.linkIndex,
        weight: found.hops + 1,
        onlink: (found.flags & RTNH_F_ONLINK) !== 0,
        realms: attributes.RTA_FLOW
      })
      at += Writer.aligned(found.length)
    }
    return hops
  }
})

/** `struct rtvia`: the family, in the host's byte order, and the address. */
const via: Codec.Codec<Address.IpAddress> = {
  nested: false,
  write: (writer, value) => {
    Codec.u16.write(writer, Address.isIpv6(value) ? AF_INET6 : AF_INET)
    Codec.ip.write(writer, value)
  },
  read: (view, offset, length) => Codec.ip.read(view, offset + Codec.u16.size, length - Codec.u16.size)
}

/** The attributes that tell a gateway, in a route and in each of several ways. @category constants @since 0.1.0 */
export const gatewayTable = { RTA_GATEWAY: [5, Codec.ip], RTA_VIA: [18, via] } as const

/**
 * Returns the attributes that tell a gateway of a route of one family.
 *
 * @category conversions
 * @since 0.1.0
 */
export const gatewayValues = (
  family: Address.Family,
  gateway: Address.IpAddress | undefined
): Attribute.Values<typeof gatewayTable> =>
  gateway === undefined || Address.familyOf(gateway) === family
    ? { RTA_GATEWAY: gateway }
    : { RTA_VIA: gateway }

/**
 * Returns the gateway that attributes tell.
 *
 * @category conversions
 * @since 0.1.0
 */
export const gatewayOf = (values: Attribute.Values<typeof gatewayTable>): Address.IpAddress | undefined =>
  values.RTA_GATEWAY ?? values.RTA_VIA

const table = { ...gatewayTable, RTA_FLOW: [11, Codec.u32] } as const

/** Flag of a way and of a route: the gateway need not be on an attached network. @category constants @since 0.1.0 */
export const RTNH_F_ONLINK = 4

/** `struct rtnexthop`. */
const header = Codec.struct({
  length: Codec.u16,
  flags: Codec.u8,
  hops: Codec.u8,
  linkIndex: Codec.s32
})

const AF_INET = 2
const AF_INET6 = 10
