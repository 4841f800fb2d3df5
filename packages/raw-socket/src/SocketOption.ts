/**
 * Socket options as values: what a socket is to be, listed before it exists.
 *
 * Pure: the bytes of each option. `Socket` applies them.
 *
 * @see socket(7), ip(7)
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Linux from "./Linux.ts"

/**
 * One option; `name` is its name in the kernel's headers, for error messages.
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketOption {
  readonly name: string
  readonly level: number
  readonly number: number
  readonly value: Uint8Array
}

/**
 * An option whose value is a whole number.
 *
 * @category constructors
 * @since 0.1.0
 */
export const int = (name: string, level: number, number: number, value: number): SocketOption => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value, true)
  return { name, level, number, value: bytes }
}

/**
 * SO_RCVBUF: bytes the kernel may queue, up to `net.core.rmem_max`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const receiveBuffer = (byteCount: number): SocketOption =>
  int("SO_RCVBUF", Linux.SOL_SOCKET, Linux.SO_RCVBUF, byteCount)

/**
 * SO_RCVBUFFORCE: as `receiveBuffer`, past that limit; needs CAP_NET_ADMIN.
 *
 * @category constructors
 * @since 0.1.0
 */
export const receiveBufferForced = (byteCount: number): SocketOption =>
  int("SO_RCVBUFFORCE", Linux.SOL_SOCKET, Linux.SO_RCVBUFFORCE, byteCount)

/**
 * SO_SNDBUF: bytes of one datagram of netlink, up to `net.core.wmem_max`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sendBuffer = (byteCount: number): SocketOption =>
  int("SO_SNDBUF", Linux.SOL_SOCKET, Linux.SO_SNDBUF, byteCount)

/**
 * SO_SNDBUFFORCE: as `sendBuffer`, past that limit; needs CAP_NET_ADMIN.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sendBufferForced = (byteCount: number): SocketOption =>
  int("SO_SNDBUFFORCE", Linux.SOL_SOCKET, Linux.SO_SNDBUFFORCE, byteCount)

/**
 * SO_BINDTODEVICE: only this device, for sending and receiving.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bindToDevice = (interfaceName: string): SocketOption => ({
  name: `SO_BINDTODEVICE ${interfaceName}`,
  level: Linux.SOL_SOCKET,
  number: Linux.SO_BINDTODEVICE,
  value: new TextEncoder().encode(`${interfaceName}\0`)
})

/**
 * IP_MULTICAST_IF: multicast leaves by this device.
 *
 * @category constructors
 * @since 0.1.0
 */
export const multicastInterface = (interfaceIndex: number): SocketOption => ({
  name: "IP_MULTICAST_IF",
  level: Linux.SOL_IP,
  number: Linux.IP_MULTICAST_IF,
  value: membershipRequest(interfaceIndex)
})

/**
 * IP_ADD_MEMBERSHIP: receive this group on this device.
 *
 * @category constructors
 * @since 0.1.0
 */
export const addMembership = (group: Address.Ipv4Address, interfaceIndex: number): SocketOption => ({
  name: `IP_ADD_MEMBERSHIP ${group}`,
  level: Linux.SOL_IP,
  number: Linux.IP_ADD_MEMBERSHIP,
  value: membershipRequest(interfaceIndex, group)
})

/**
 * IP_DROP_MEMBERSHIP: undoes `addMembership`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const dropMembership = (group: Address.Ipv4Address, interfaceIndex: number): SocketOption => ({
  name: `IP_DROP_MEMBERSHIP ${group}`,
  level: Linux.SOL_IP,
  number: Linux.IP_DROP_MEMBERSHIP,
  value: membershipRequest(interfaceIndex, group)
})

/**
 * IPV6_JOIN_GROUP: receive this group on this device.
 *
 * @category constructors
 * @since 0.1.0
 */
export const joinGroup = (group: Address.Ipv6Address, interfaceIndex: number): SocketOption => ({
  name: `IPV6_JOIN_GROUP ${group}`,
  level: Linux.SOL_IPV6,
  number: Linux.IPV6_JOIN_GROUP,
  value: ipv6MembershipRequest(group, interfaceIndex)
})

/**
 * IPV6_LEAVE_GROUP: undoes `joinGroup`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const leaveGroup = (group: Address.Ipv6Address, interfaceIndex: number): SocketOption => ({
  name: `IPV6_LEAVE_GROUP ${group}`,
  level: Linux.SOL_IPV6,
  number: Linux.IPV6_LEAVE_GROUP,
  value: ipv6MembershipRequest(group, interfaceIndex)
})

/**
 * SO_MARK: marks what the socket sends, for policy routing; needs CAP_NET_ADMIN.
 *
 * @category constructors
 * @since 0.1.0
 */
export const mark = (value: number): SocketOption =>
  int(`SO_MARK ${value}`, Linux.SOL_SOCKET, Linux.SO_MARK, value | 0)

/**
 * SO_PRIORITY of routing protocols: TC_PRIO_INTERACTIVE, the highest that an unprivileged sender may set.
 *
 * @category constants
 * @since 0.1.0
 */
export const priorityInternetworkControl: SocketOption = int(
  "SO_PRIORITY",
  Linux.SOL_SOCKET,
  Linux.SO_PRIORITY,
  6
)

/**
 * SO_REUSEADDR: binds to a port that a connection which is over still holds.
 *
 * @category constants
 * @since 0.1.0
 */
export const reuseAddress: SocketOption = int("SO_REUSEADDR", Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1)

/**
 * IP_BIND_ADDRESS_NO_PORT: binding to an address without a port leaves the port to `connect`.
 *
 * @category constants
 * @since 0.1.0
 */
export const bindAddressNoPort: SocketOption = int(
  "IP_BIND_ADDRESS_NO_PORT",
  Linux.SOL_IP,
  Linux.IP_BIND_ADDRESS_NO_PORT,
  1
)

/**
 * SO_LINGER of no time: closing resets the connection, and nothing of it stays in the kernel.
 *
 * @category constants
 * @since 0.1.0
 */
export const resetOnClose: SocketOption = {
  name: "SO_LINGER",
  level: Linux.SOL_SOCKET,
  number: Linux.SO_LINGER,
  // struct linger: on, seconds.
  value: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)
}

/**
 * IP_RECVERR or IPV6_RECVERR: every ICMP error ends the exchange, also one that may pass, such as a host that cannot be
 * reached.
 *
 * @category constructors
 * @since 0.1.0
 */
export const receiveErrors = (ipv6: boolean): SocketOption =>
  ipv6
    ? int("IPV6_RECVERR", Linux.SOL_IPV6, Linux.IPV6_RECVERR, 1)
    : int("IP_RECVERR", Linux.SOL_IP, Linux.IP_RECVERR, 1)

/** `struct ip_mreqn`: group, local address (any), device. */
const membershipRequest = (interfaceIndex: number, group?: Address.Ipv4Address): Uint8Array => {
  const bytes = new Uint8Array(12)
  if (group !== undefined) Address.ipv4ToBytes(group, bytes)
  new DataView(bytes.buffer).setInt32(8, interfaceIndex, true)
  return bytes
}

/** `struct ipv6_mreq`: group, device. */
const ipv6MembershipRequest = (group: Address.Ipv6Address, interfaceIndex: number): Uint8Array => {
  const bytes = new Uint8Array(20)
  Address.ipv6ToBytes(group, bytes)
  new DataView(bytes.buffer).setInt32(16, interfaceIndex, true)
  return bytes
}
