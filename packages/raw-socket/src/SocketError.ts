/**
 * Why a socket, a timer or a namespace could not be used.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Errno from "./Errno.ts"

/**
 * A system call that failed.
 *
 * - `operation`: what was attempted, such as `bind` or `setsockopt SO_BINDTODEVICE`.
 * - `code`: the name of the error, such as `EPERM`.
 *
 * @category errors
 * @since 0.1.0
 */
export class SocketError extends Schema.TaggedError<SocketError>()("SocketError", {
  operation: Schema.String,
  code: Schema.String
}) {
  /** Says what failed and what to do about it. */
  override get message(): string {
    const remedy = remedies[this.code]
    return remedy === undefined
      ? `${this.operation}: ${this.code}`
      : `${this.operation}: ${this.code}: ${remedy}`
  }
}

/**
 * Returns the error of a failed system call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromErrno = (operation: string, errno: number): SocketError =>
  new SocketError({ operation, code: Errno.nameOf(errno) })

/**
 * Runs a system call of the addon, which returns `-errno` when it fails.
 *
 * @category constructors
 * @since 0.1.0
 */
export const attempt = (operation: string, call: () => number): Effect.Effect<number, SocketError> =>
  Effect.suspend(() => {
    const result = call()
    return result < 0 ? Effect.fail(fromErrno(operation, -result)) : Effect.succeed(result)
  })

const remedies: Readonly<Record<string, string>> = {
  EPERM:
    "it needs CAP_NET_RAW (raw and packet sockets), CAP_NET_ADMIN (devices, buffers) or CAP_SYS_ADMIN (namespaces); run as root or grant the capability",
  EACCES: "it needs CAP_NET_RAW or CAP_NET_ADMIN; run as root or grant the capability",
  ENODEV: "there is no such network device; check the interface name, or wait until the device exists",
  ENOENT: "there is no such path; check it, or start the service that makes it",
  ECONNREFUSED: "nobody reads that socket; start the service that does",
  EADDRNOTAVAIL: "the address is not on this machine; check the configured source address",
  EADDRINUSE: "the address is in use; stop the other process or join a group only once",
  ENETDOWN: "the network device is down; set it up",
  ENOBUFS:
    "the kernel's queue is full or its limit is reached; see net.ipv4.igmp_max_memberships and net.core.rmem_max",
  EMFILE: "the process has too many open files; raise its limit (ulimit -n, LimitNOFILE)",
  EPROTONOSUPPORT: "the kernel lacks this protocol; load its module or build the kernel with it",
  EAFNOSUPPORT: "the kernel lacks this address family; load its module or build the kernel with it"
}
