/**
 * Memory from which a batch of messages is sent in one system call.
 *
 * Holds the bytes of the messages and, per message, where its data, address and control messages lie. Reused from batch
 * to batch, so sending allocates nothing.
 *
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"

/**
 * One message to send: data, and when the socket is not connected an encoded `SocketAddress`, and encoded
 * `ControlMessage`s when there are any.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutgoingMessage {
  readonly data: Uint8Array
  readonly address?: Uint8Array | undefined
  readonly control?: Uint8Array | undefined
}

/**
 * An arena; `count` messages are in it.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendArena {
  readonly bytes: Uint8Array
  readonly fields: Int32Array
  count: number
  used: number
}

/**
 * Returns an empty arena for up to this many messages of this many bytes in all.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (messageCountMax: number, byteCountMax: number): SendArena => ({
  bytes: new Uint8Array(byteCountMax),
  fields: new Int32Array(messageCountMax * Native.sendFieldCount),
  count: 0,
  used: 0
})

/**
 * Empties the arena.
 *
 * @category writing
 * @since 0.1.0
 */
export const clear = (arena: SendArena): void => {
  arena.count = 0
  arena.used = 0
}

/**
 * Copies a message to the end of the arena; false when there is no room left for it.
 *
 * @category writing
 * @since 0.1.0
 */
export const append = (arena: SendArena, message: OutgoingMessage): boolean => {
  const address = message.address ?? nothing
  const control = message.control ?? nothing
  const needed = align(message.data.length) + align(address.length) + align(control.length)
  const field = arena.count * Native.sendFieldCount
  if (field === arena.fields.length || arena.used + needed > arena.bytes.length) return false
  place(arena, field, message.data)
  place(arena, field + 2, address)
  place(arena, field + 4, control)
  arena.count += 1
  return true
}

const place = (arena: SendArena, field: number, part: Uint8Array): void => {
  arena.bytes.set(part, arena.used)
  arena.fields[field] = arena.used
  arena.fields[field + 1] = part.length
  arena.used += align(part.length)
}

/** The kernel reads addresses and control messages as structures: keep them aligned. */
const align = (length: number): number => (length + 7) & ~7

const nothing = new Uint8Array(0)
