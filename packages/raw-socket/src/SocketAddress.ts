/**
 * Socket addresses: the kernel's `sockaddr` structures as values.
 *
 * Pure. Decoding is total: an address of another family, or one too short, is `Unknown` and keeps its bytes.
 *
 * @see ip(7), ipv6(7), packet(7), netlink(7), unix(7)
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Linux from "./Linux.ts"

/**
 * The address of a socket.
 *
 * - `Ipv4`, `Ipv6`: `port` is zero on raw sockets. `address` of `Ipv6` is 16 bytes.
 * - `Link`: a device, for packet sockets; `protocol` is an Ethernet type; `packetType` says how the frame came.
 * - `Netlink`: `portId` zero is the kernel; `groups` is a bit set.
 * - `Unix`: a path; a leading `@` stands for the abstract namespace.
 *
 * @category models
 * @since 0.1.0
 */
export type SocketAddress =
  | { readonly _tag: "Ipv4"; readonly address: Address.Ipv4Address; readonly port: number }
  | {
      readonly _tag: "Ipv6"
      readonly address: Uint8Array
      readonly port: number
      readonly flowInfo: number
      readonly scopeId: number
    }
  | {
      readonly _tag: "Link"
      readonly protocol: number
      readonly interfaceIndex: number
      readonly hardwareType: number
      readonly packetType: number
      readonly address: Uint8Array
    }
  | { readonly _tag: "Netlink"; readonly portId: number; readonly groups: number }
  | { readonly _tag: "Unix"; readonly path: string }
  | { readonly _tag: "Unknown"; readonly bytes: Uint8Array }

/**
 * Encodes an address as the bytes of its `sockaddr`.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (address: SocketAddress): Uint8Array => {
  switch (address._tag) {
    case "Ipv4": {
      const { bytes, view } = allocate(ipv4Length, Linux.AF_INET)
      view.setUint16(2, address.port)
      Address.ipv4ToBytes(address.address, bytes, 4)
      return bytes
    }
    case "Ipv6": {
      const { bytes, view } = allocate(ipv6Length, Linux.AF_INET6)
      view.setUint16(2, address.port)
      view.setUint32(4, address.flowInfo)
      bytes.set(address.address.subarray(0, 16), 8)
      view.setUint32(24, address.scopeId, true)
      return bytes
    }
    case "Link": {
      const { bytes, view } = allocate(linkLength, Linux.AF_PACKET)
      const hardwareAddress = address.address.subarray(0, hardwareAddressMax)
      view.setUint16(2, address.protocol)
      view.setInt32(4, address.interfaceIndex, true)
      view.setUint16(8, address.hardwareType, true)
      view.setUint8(10, address.packetType)
      view.setUint8(11, hardwareAddress.length)
      bytes.set(hardwareAddress, 12)
      return bytes
    }
    case "Netlink": {
      const { bytes, view } = allocate(netlinkLength, Linux.AF_NETLINK)
      view.setUint32(4, address.portId, true)
      view.setUint32(8, address.groups, true)
      return bytes
    }
    case "Unix":
      return encodeUnix(address.path)
    case "Unknown":
      return address.bytes
  }
}

/**
 * Decodes the bytes of a `sockaddr`. Byte fields of the value are copies.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): SocketAddress => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const family = bytes.length >= 2 ? view.getUint16(0, true) : undefined
  if (family === Linux.AF_INET && bytes.length >= ipv4Length) {
    return { _tag: "Ipv4", address: Address.ipv4FromBytes(bytes, 4), port: view.getUint16(2) }
  }
  if (family === Linux.AF_INET6 && bytes.length >= ipv6Length) {
    return {
      _tag: "Ipv6",
      address: bytes.slice(8, 24),
      port: view.getUint16(2),
      flowInfo: view.getUint32(4),
      scopeId: view.getUint32(24, true)
    }
  }
  if (family === Linux.AF_PACKET && bytes.length >= linkHeaderLength + view.getUint8(11)) {
    return {
      _tag: "Link",
      protocol: view.getUint16(2),
      interfaceIndex: view.getInt32(4, true),
      hardwareType: view.getUint16(8, true),
      packetType: view.getUint8(10),
      address: bytes.slice(linkHeaderLength, linkHeaderLength + view.getUint8(11))
    }
  }
  if (family === Linux.AF_NETLINK && bytes.length >= netlinkLength) {
    return { _tag: "Netlink", portId: view.getUint32(4, true), groups: view.getUint32(8, true) }
  }
  if (family === Linux.AF_UNIX) return { _tag: "Unix", path: decodeUnixPath(bytes.subarray(2)) }
  return { _tag: "Unknown", bytes: bytes.slice() }
}

const allocate = (length: number, family: number) => {
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, family, true)
  return { bytes, view }
}

/** A path ends with a zero byte; an abstract name begins with one and has no end. */
const encodeUnix = (path: string): Uint8Array => {
  const isAbstract = path.startsWith("@")
  const name = new TextEncoder().encode(isAbstract ? `\0${path.slice(1)}` : `${path}\0`)
  const { bytes } = allocate(2 + name.length, Linux.AF_UNIX)
  bytes.set(name, 2)
  return bytes
}

const decodeUnixPath = (name: Uint8Array): string => {
  const text = new TextDecoder().decode(name)
  return text.startsWith("\0") ? `@${text.slice(1)}` : text.split("\0", 1)[0]!
}

const ipv4Length = 16
const ipv6Length = 28
const linkLength = 20
/** Where the hardware address of `sockaddr_ll` begins. */
const linkHeaderLength = 12
/** `sll_addr` has room for eight bytes. */
const hardwareAddressMax = 8
const netlinkLength = 12
