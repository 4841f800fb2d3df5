/**
 * Error numbers of Linux system calls: their names, and which of them pass by themselves.
 *
 * @see errno(3)
 * @since 0.1.0
 */
import { constants } from "node:os"
import { getSystemErrorMap } from "node:util"

/** @category constants @since 0.1.0 */
export const EPERM: number = constants.errno.EPERM
/** @category constants @since 0.1.0 */
export const EAGAIN: number = constants.errno.EAGAIN
/** @category constants @since 0.1.0 */
export const EMSGSIZE: number = constants.errno.EMSGSIZE
/** @category constants @since 0.1.0 */
export const ENOBUFS: number = constants.errno.ENOBUFS
/** @category constants @since 0.1.0 */
export const EADDRNOTAVAIL: number = constants.errno.EADDRNOTAVAIL
/** @category constants @since 0.1.0 */
export const EINPROGRESS: number = constants.errno.EINPROGRESS

/**
 * Returns the name of an error number, such as `EPERM`; `errno 512` when it has none.
 *
 * @category conversions
 * @since 0.1.0
 */
export const nameOf = (errno: number): string => names.get(errno) ?? `errno ${errno}`

/**
 * Returns an error number in words, such as `connection refused`; its name when there are none.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describe = (errno: number): string => getSystemErrorMap().get(-errno)?.[1] ?? nameOf(errno)

/**
 * Returns whether the same call may succeed a moment later with nothing changed by the caller.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isTransient = (errno: number): boolean => transient.has(errno)

// Two names of one number (EAGAIN and EWOULDBLOCK): the first one listed stays.
const names = Object.entries(constants.errno).reduce(
  (known, [name, errno]) => (known.has(errno) ? known : known.set(errno, name)),
  new Map<number, string>()
)

// ENOMEM: the kernel could not allocate now. ENOBUFS: a queue was full.
const transient: ReadonlySet<number> = new Set([
  constants.errno.EINTR,
  EAGAIN,
  ENOBUFS,
  constants.errno.ENOMEM
])
