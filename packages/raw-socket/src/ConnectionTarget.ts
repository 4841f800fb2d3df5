/**
 * Whom a socket is to be connected with, and from where: what every kind of connected socket has in common.
 *
 * @see ip(7), socket(7)
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Address from "@holdfast/wire/Address"
import * as Result from "effect/Result"
import * as Errno from "./Errno.ts"
import * as Linux from "./Linux.ts"
import * as SocketAddress from "./SocketAddress.ts"
import * as SocketOption from "./SocketOption.ts"

/**
 * The two ends of a connection.
 *
 * - `bindAddress`, `bindPort`: the near end; the kernel's choice by default.
 * - `bindInterface`: only by this device.
 * - `mark`: SO_MARK, for policy routing; needs CAP_NET_ADMIN.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectionTarget {
  readonly address: Address.IpAddress
  readonly port: number
  readonly bindAddress?: Address.IpAddress
  readonly bindPort?: number
  readonly bindInterface?: string
  readonly mark?: number
}

/**
 * Why there is no connection.
 *
 * - `stage`: `Setup` is a socket, an option or a near end that this machine does not give; `Connection` came of asking
 *   the other.
 * - `reason`: in words for the operator, such as `connection refused`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectionFailure {
  readonly stage: "Setup" | "Connection"
  readonly errno: number
  readonly reason: string
}

/**
 * Opens a socket, gives it what the target says and begins to connect it. The caller closes the descriptor.
 *
 * @category constructors
 * @since 0.1.0
 */
export const openSocket = (
  target: ConnectionTarget,
  type: number,
  protocol: number,
  options: ReadonlyArray<SocketOption.SocketOption> = []
): Result.Result<number, ConnectionFailure> => {
  const native = Native.load()
  const fd = native.socket(Address.isIpv6(target.address) ? Linux.AF_INET6 : Linux.AF_INET, type, protocol)
  if (fd < 0) return Result.fail(setupFailure("socket", -fd))

  const failure = prepare(fd, target, options) ?? connect(fd, target)
  if (failure === undefined) return Result.succeed(fd)
  native.close(fd)
  return Result.fail(failure)
}

/**
 * Returns the failure that a connection came to.
 *
 * @category constructors
 * @since 0.1.0
 */
export const connectionFailure = (errno: number): ConnectionFailure => ({
  stage: "Connection",
  errno,
  reason: Errno.describe(errno)
})

/**
 * Reads and clears the error that a socket came to; zero when there is none.
 *
 * @category errors
 * @since 0.1.0
 */
export const takeError = (fd: number): number => {
  const result = Native.load().getsockopt(fd, Linux.SOL_SOCKET, Linux.SO_ERROR, errorBytes)
  return result < 0 ? -result : errorView.getInt32(0, true)
}

const prepare = (
  fd: number,
  target: ConnectionTarget,
  options: ReadonlyArray<SocketOption.SocketOption>
): ConnectionFailure | undefined => {
  const native = Native.load()
  for (const list of [options, optionsOf(target)]) {
    for (const option of list) {
      const result = native.setsockopt(fd, option.level, option.number, option.value)
      if (result < 0) return setupFailure(option.name, -result)
    }
  }
  const { bindAddress, bindPort } = target
  if (bindAddress === undefined && bindPort === undefined) return undefined
  const near = bindAddress ?? (Address.isIpv6(target.address) ? anyIpv6 : anyIpv4)
  const result = native.bind(fd, encode(near, bindPort ?? 0))
  return result < 0
    ? setupFailure(`bind to ${Address.formatEndpoint(near, bindPort ?? 0)}`, -result)
    : undefined
}

const optionsOf = ({ bindAddress, bindInterface, bindPort, mark }: ConnectionTarget) => [
  ...(mark === undefined ? [] : [SocketOption.mark(mark)]),
  ...(bindInterface === undefined ? [] : [SocketOption.bindToDevice(bindInterface)]),
  // The next attempt takes the port of this one, which the kernel may still hold.
  ...(bindPort === undefined ? [] : [SocketOption.reuseAddress]),
  // A near address alone must not cost a port of its own: the four numbers together have to be unique, not two of them.
  ...(bindAddress === undefined || bindPort !== undefined ? [] : [SocketOption.bindAddressNoPort])
]

const connect = (fd: number, target: ConnectionTarget): ConnectionFailure | undefined => {
  const result = Native.load().connect(fd, encode(target.address, target.port))
  if (result >= 0 || result === -Errno.EINPROGRESS) return undefined
  return -result === Errno.EADDRNOTAVAIL
    ? { stage: "Setup", errno: -result, reason: "no near port is free" }
    : connectionFailure(-result)
}

/** The `sockaddr` of an address; valid until the next call, so that thousands of attempts a second leave nothing behind. */
const encode = (address: Address.IpAddress, port: number): Uint8Array => {
  if (Address.isIpv6(address)) {
    sockaddrIn6View.setUint16(2, port)
    Address.ipv6ToBytes(address, sockaddrIn6, 8)
    return sockaddrIn6
  }
  sockaddrInView.setUint16(2, port)
  Address.ipv4ToBytes(address, sockaddrIn, 4)
  return sockaddrIn
}

const setupFailure = (operation: string, errno: number): ConnectionFailure => ({
  stage: "Setup",
  errno,
  reason: `${operation}: ${Errno.describe(errno)}`
})

const anyIpv4 = "0.0.0.0" as Address.Ipv4Address
const anyIpv6 = "::" as Address.Ipv6Address
const errorBytes = new Uint8Array(4)
const errorView = new DataView(errorBytes.buffer)
const sockaddrIn = SocketAddress.encode({ _tag: "Ipv4", address: anyIpv4, port: 0 })
const sockaddrInView = new DataView(sockaddrIn.buffer)
const sockaddrIn6 = SocketAddress.encode({
  _tag: "Ipv6",
  address: new Uint8Array(16),
  port: 0,
  flowInfo: 0,
  scopeId: 0
})
const sockaddrIn6View = new DataView(sockaddrIn6.buffer)
