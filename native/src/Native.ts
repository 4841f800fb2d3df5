// SPDX-License-Identifier: MIT
/**
 * The typed loader of the native addon: Linux system calls, one function each.
 *
 * Owns no protocol and no policy. Codecs of addresses, options and control messages, scopes and errors belong to
 * `@holdfast/raw-socket`.
 *
 * **Details**
 * - Every function returns zero or more on success and `-errno` on failure. Only an argument of the wrong type throws.
 * - Sockets are made close-on-exec and non-blocking.
 * - Functions act on the calling thread: a worker has its own event loop, scheduling policy and namespace.
 *
 * **Gotchas**
 * Close a watch (`pollClose`) before its descriptor.
 *
 * @since 0.1.0
 */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

/**
 * The functions of the addon; `native/README.md` has a line on each.
 *
 * @category models
 * @since 0.1.0
 */
export interface Native {
  readonly socket: (domain: number, type: number, protocol: number) => number
  readonly close: (fd: number) => number
  readonly bind: (fd: number, address: Uint8Array) => number
  readonly connect: (fd: number, address: Uint8Array) => number
  /** Writes the address into `into` and returns its length. */
  readonly getsockname: (fd: number, into: Uint8Array) => number
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array) => number
  /** Writes the value into `into` and returns its length. */
  readonly getsockopt: (fd: number, level: number, name: number, into: Uint8Array) => number
  /** Attaches a classic BPF program: eight bytes an instruction, host byte order. Replaces the former one at once. */
  readonly attachFilter: (fd: number, program: Uint8Array) => number

  /**
   * Receives up to as many messages as `arena` has slots (256 at most) and returns how many.
   *
   * Slot `i` begins at `i * slotSize`: the sender's address in `receiveNameSize` bytes, then `controlSize` bytes of
   * control messages, then the data up to the end of the slot. `meta[i * 4 ...]` gets the length of the data, the
   * flags (`MSG_TRUNC`, `MSG_CTRUNC`), the length of the address and the length of the control messages.
   */
  readonly recvmmsg: (
    fd: number,
    arena: Uint8Array,
    slotSize: number,
    controlSize: number,
    meta: Int32Array,
    flags: number
  ) => number

  /**
   * Sends `count` messages that lie in `arena` and returns how many left; an error only when the first did not.
   *
   * `meta[i * 6 ...]` holds offset and length of the data, of the address and of the control messages of message `i`.
   * A length of zero means no address, or no control messages. Parts may be shared between messages.
   */
  readonly sendmmsg: (fd: number, arena: Uint8Array, meta: Int32Array, count: number, flags: number) => number
  /**
   * The same in a thread of libuv's pool: returns zero, and calls `onSent` with what `sendmmsg` would have returned. The
   * descriptor must stay open and the memory as it is until then.
   */
  readonly sendmmsgElsewhere: (
    fd: number,
    arena: Uint8Array,
    meta: Int32Array,
    count: number,
    flags: number,
    onSent: (result: number) => void
  ) => number

  /**
   * Calls `onReady(events, error)` on the event loop when the descriptor is ready. `events` is a set of `pollReadable`
   * and its kin; `error` is zero or the pending socket error (errno), and then `events` is zero and the watch goes on.
   */
  readonly pollOpen: (fd: number, events: number, onReady: (events: number, error: number) => void) => number
  readonly pollUpdate: (fd: number, events: number) => number
  readonly pollClose: (fd: number) => number
  /** Lets the watch keep the process alive, as it does at first. */
  readonly pollRef: (fd: number) => number
  readonly pollUnref: (fd: number) => number

  /** Opens a set of descriptors; it is readable, so that one watch serves all, while one of them is ready. */
  readonly epollCreate: () => number
  /**
   * Puts a descriptor into a set. `events` is a set of the kernel's `EPOLL*` flags; `token` is what `epollWait` calls it.
   * It leaves the set when it is closed.
   */
  readonly epollAdd: (set: number, fd: number, events: number, token: number) => number
  readonly epollRemove: (set: number, fd: number) => number
  /**
   * Writes what is ready, two numbers each (`token`, `events`), and returns how many: at most `epollBatchMax` and what
   * `into` has room for. Never waits.
   */
  readonly epollWait: (set: number, into: Int32Array) => number

  /** Opens a timer descriptor on CLOCK_MONOTONIC. */
  readonly timerfdCreate: () => number
  /** Sets the absolute expiry in microseconds; zero disarms. */
  readonly timerfdSet: (fd: number, expiresAtMicros: number) => number
  /** Returns the count of expiries since the last read, or -EAGAIN. */
  readonly timerfdRead: (fd: number) => number
  /** Returns CLOCK_MONOTONIC in whole microseconds, rounded down. */
  readonly clockMonotonic: () => number
  /** Returns CLOCK_REALTIME, by which the kernel stamps packets, in whole microseconds, rounded down. */
  readonly clockRealtime: () => number

  readonly unshare: (flags: number) => number
  readonly unshareNetwork: () => number
  readonly setns: (fd: number) => number
  readonly openNamespace: (path: string) => number
  /**
   * Asks the fair scheduler for time slices of so many nanoseconds for the calling thread: shorter ones come sooner when
   * the processor is busy. Needs no privilege; without effect before Linux 6.12.
   */
  readonly schedSetTimeSlice: (nanos: number) => number
  /** Sets policy and priority of a thread; 0 is the calling one. */
  readonly schedSetscheduler: (thread: number, policy: number, priority: number) => number
  readonly flock: (fd: number, operation: number) => number
  readonly setParentDeathSignal: (signal: number) => number
  /**
   * Starts a program with a pipe as its standard input, in a session and the network namespace of the calling thread, and
   * returns the end to write to. It has no output. Nobody waits for its end.
   */
  readonly spawnPiped: (path: string) => number
  readonly gettid: () => number
  /** Gives memory that the C library keeps for later back to the kernel; one when there was some, without effect outside glibc. */
  readonly mallocTrim: () => number
  readonly mount: (source: string, target: string, type: string, flags: number, data: string) => number
  readonly umount2: (target: string, flags: number) => number
  readonly mkfifo: (path: string, mode: number) => number
}

/**
 * Returns the addon, loaded at the first call.
 *
 * **Details**
 * Looks beside the running file, where a bundle has it, and then in the checkout's `native/build`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const load = (): Native => {
  loaded ??= open()
  return loaded
}

/** @category constants @since 0.1.0 */
export const receiveNameSize = 128
/** Numbers per message in the `meta` of `recvmmsg`. @category constants @since 0.1.0 */
export const receiveFieldCount = 4
/** Numbers per message in the `meta` of `sendmmsg`. @category constants @since 0.1.0 */
export const sendFieldCount = 6
/** Messages one `recvmmsg` can return. @category constants @since 0.1.0 */
export const receiveBatchMax = 256

/** Numbers per event in what `epollWait` writes. @category constants @since 0.1.0 */
export const epollFieldCount = 2
/** Events one `epollWait` can return. @category constants @since 0.1.0 */
export const epollBatchMax = 256

/** @category constants @since 0.1.0 */
export const pollReadable = 1
/** @category constants @since 0.1.0 */
export const pollWritable = 2
/** @category constants @since 0.1.0 */
export const pollDisconnected = 4

let loaded: Native | undefined

/**
 * Returns where the program of the last will is: beside the addon.
 *
 * @category getters
 * @since 0.1.0
 */
export const willPath = (): string => locate("holdfast-will").path ?? "holdfast-will"

const locate = (name: string) => {
  const candidates = [`./${name}`, `../build/${name}`].map((path) =>
    fileURLToPath(new URL(path, import.meta.url))
  )
  return { candidates, path: candidates.find((candidate) => existsSync(candidate)) }
}

const open = (): Native => {
  const { candidates, path } = locate("holdfast.node")
  if (path === undefined) {
    throw new Error(
      `The native addon is missing (looked for ${candidates.join(" and ")}). Build it: node native/build.mjs`
    )
  }
  const module = { exports: {} as Native }
  process.dlopen(module, path)
  return module.exports
}
