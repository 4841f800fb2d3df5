/**
 * How messages leave by a descriptor: in batches, at once, and never waiting. What the kernel does not take is reported, not
 * kept.
 *
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import * as Errno from "./Errno.ts"
import * as SendArena from "./SendArena.ts"

/**
 * What became of a batch: the first `sentCount` messages left; `errno` says why the next did not, zero when all left.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendOutcome {
  readonly sentCount: number
  readonly errno: number
}

/**
 * Does all that `each` does but on no socket, so that the first real one finds its code compiled.
 *
 * @category sending
 * @since 0.1.0
 */
export const rehearse = (messages: ReadonlyArray<SendArena.OutgoingMessage>): void =>
  void each(noSocket, messages)

/**
 * Copies messages into the thread's arena and sends them, until the kernel refuses one.
 *
 * @category sending
 * @since 0.1.0
 */
export const copied = (fd: number, messages: ReadonlyArray<SendArena.OutgoingMessage>): SendOutcome => {
  const arena = (sharedArena ??= SendArena.make(sendCountMax, sendBytesMax))
  let sentCount = 0
  while (sentCount < messages.length) {
    SendArena.clear(arena)
    for (let next = sentCount; next < messages.length && SendArena.append(arena, messages[next]!); next++);
    if (arena.count === 0) return { sentCount, errno: Errno.EMSGSIZE }
    const outcome = prepared(fd, arena)
    sentCount += outcome.sentCount
    if (outcome.errno !== 0) return { sentCount, errno: outcome.errno }
  }
  return { sentCount, errno: 0 }
}

/**
 * The same, past those that the kernel refuses: `errno` is why the first of these did not leave.
 *
 * @category sending
 * @since 0.1.0
 */
export const each = (fd: number, messages: ReadonlyArray<SendArena.OutgoingMessage>): SendOutcome => {
  const arena = (sharedArena ??= SendArena.make(sendCountMax, sendBytesMax))
  const total = { sentCount: 0, errno: 0 }
  const add = (sentCount: number, errno: number) => {
    total.sentCount += sentCount
    if (total.errno === 0) total.errno = errno
  }
  let next = 0
  while (next < messages.length) {
    SendArena.clear(arena)
    for (; next < messages.length && SendArena.append(arena, messages[next]!); next++);
    if (arena.count === 0) {
      add(0, Errno.EMSGSIZE)
      next += 1
    }
    for (let from = 0; from < arena.count;) {
      const { errno, sentCount } = prepared(fd, arena, from)
      add(sentCount, errno)
      from += sentCount + 1
    }
  }
  return total
}

/**
 * Sends what lies in an arena from this message on.
 *
 * **Details** a short send tells no reason; sending the rest does, or succeeds.
 *
 * @category sending
 * @since 0.1.0
 */
export const prepared = (fd: number, arena: SendArena.SendArena, from = 0): SendOutcome => {
  const native = Native.load()
  let next = from
  while (next < arena.count) {
    const rest = next === 0 ? arena.fields : arena.fields.subarray(next * Native.sendFieldCount)
    const result = native.sendmmsg(fd, arena.bytes, rest, arena.count - next, 0)
    if (result < 0) return { sentCount: next - from, errno: -result }
    next += result
  }
  return { sentCount: next - from, errno: 0 }
}

/**
 * The same in another thread, which the arena belongs to until that is done. Not interruptible.
 *
 * **Details** one call is enough: what a short send leaves out is for the caller to send again.
 *
 * @category sending
 * @since 0.1.0
 */
export const elsewhere = (fd: number, arena: SendArena.SendArena): Effect.Effect<SendOutcome> =>
  Effect.uninterruptible(
    Effect.callback<SendOutcome>((resume) => {
      const end = (result: number) =>
        resume(Effect.succeed(result < 0 ? { sentCount: 0, errno: -result } : outcomeOf(result, arena.count)))
      const refused = Native.load().sendmmsgElsewhere(fd, arena.bytes, arena.fields, arena.count, 0, end)
      if (refused < 0) end(refused)
    })
  )

/** A short send tells no reason: the kernel's queue was full. */
const outcomeOf = (sentCount: number, count: number): SendOutcome => ({
  sentCount,
  errno: sentCount < count ? Errno.EAGAIN : 0
})

/** Of all sockets of this thread: sending is over when the call returns, so one is enough for a thousand sockets. */
let sharedArena: SendArena.SendArena | undefined

/** The kernel refuses it with EBADF before it looks at anything. */
const noSocket = -1
/** Messages copied per system call; measured: batches of 100 are enough. */
const sendCountMax = 256
/** 256 of the largest adverts and ARP frames, and one netlink request of its largest usual size. */
const sendBytesMax = 0x4_0000
