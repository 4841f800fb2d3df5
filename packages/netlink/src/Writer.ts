/**
 * A growing buffer for netlink messages: integers in the host's byte order, parts aligned to four bytes.
 *
 * **Details** little-endian only, as every processor that is supported.
 *
 * @see netlink(7)
 * @since 0.1.0
 */

/**
 * Bytes being written. `length` of `bytes` are used.
 *
 * @category models
 * @since 0.1.0
 */
export interface Writer {
  bytes: Uint8Array<ArrayBuffer>
  view: DataView<ArrayBuffer>
  length: number
}

/**
 * Makes an empty writer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Writer => {
  const bytes = new Uint8Array(initialCapacity)
  return { bytes, view: new DataView(bytes.buffer), length: 0 }
}

/**
 * Appends `count` zero bytes and returns where they begin, to be filled in now or later.
 *
 * @category writing
 * @since 0.1.0
 */
export const reserve = (writer: Writer, count: number): number => {
  const offset = writer.length
  const length = offset + count
  if (length > writer.bytes.length) grow(writer, length)
  writer.length = length
  return offset
}

/**
 * Appends bytes.
 *
 * @category writing
 * @since 0.1.0
 */
export const append = (writer: Writer, bytes: Uint8Array): void => {
  const offset = reserve(writer, bytes.length)
  writer.bytes.set(bytes, offset)
}

/**
 * Appends zero bytes up to the next multiple of four (NLMSG_ALIGNTO and NLA_ALIGNTO of linux/netlink.h).
 *
 * @category writing
 * @since 0.1.0
 */
export const align = (writer: Writer): void => {
  reserve(writer, aligned(writer.length) - writer.length)
}

/**
 * Returns what was written. The view stays valid while nothing more is written.
 *
 * @category conversions
 * @since 0.1.0
 */
export const written = (writer: Writer): Uint8Array<ArrayBuffer> => writer.bytes.subarray(0, writer.length)

/**
 * Rounds up to a multiple of four.
 *
 * @category conversions
 * @since 0.1.0
 */
export const aligned = (length: number): number => (length + 3) & ~3

const grow = (writer: Writer, length: number): void => {
  const bytes = new Uint8Array(Math.max(length, writer.bytes.length * 2))
  bytes.set(writer.bytes.subarray(0, writer.length))
  writer.bytes = bytes
  writer.view = new DataView(bytes.buffer)
}

/** Room for one request of the usual size; a batch grows it. */
const initialCapacity = 256
