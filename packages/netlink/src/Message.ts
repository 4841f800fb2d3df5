/**
 * Netlink messages: the header, datagrams of several messages, and the kernel's answers.
 *
 * @see netlink(7); include/uapi/linux/netlink.h of Linux
 * @since 0.1.0
 */
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as Writer from "./Writer.ts"

/**
 * A message. `payload` of a received one is a view of the datagram and valid as long as that is.
 *
 * - `port`: of a received message, the socket that asked; zero on what the kernel tells by itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly port: number
  readonly payload: Uint8Array
}

/** Types of control messages. @category constants @since 0.1.0 */
export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3

/** Flags of every message. @category constants @since 0.1.0 */
export const NLM_F_REQUEST = 0x01
export const NLM_F_MULTI = 0x02
export const NLM_F_ACK = 0x04
export const NLM_F_DUMP_INTR = 0x10

/** Flag of a request for all objects: NLM_F_ROOT and NLM_F_MATCH. @category constants @since 0.1.0 */
export const NLM_F_DUMP = 0x300

/** Flags of a request for a new object. @category constants @since 0.1.0 */
export const NLM_F_REPLACE = 0x100
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400

/** Flags of an acknowledgement: the request is left out; extended attributes follow. @category constants @since 0.1.0 */
export const NLM_F_CAPPED = 0x100
export const NLM_F_ACK_TLVS = 0x200

/**
 * Appends a message.
 *
 * @category encoding
 * @since 0.1.0
 */
export const write = (writer: Writer.Writer, message: Message): void => {
  const start = Writer.reserve(writer, headerSize)
  const { view } = writer
  view.setUint32(start, headerSize + message.payload.length, true)
  view.setUint16(start + typeOffset, message.type, true)
  view.setUint16(start + flagsOffset, message.flags, true)
  view.setUint32(start + sequenceOffset, message.sequence, true)
  view.setUint32(start + portOffset, message.port, true)
  Writer.append(writer, message.payload)
  Writer.align(writer)
}

/**
 * Encodes messages as one datagram.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (messages: ReadonlyArray<Message>): Uint8Array => {
  const writer = Writer.make()
  for (const message of messages) write(writer, message)
  return Writer.written(writer)
}

/**
 * Splits a datagram. What does not hold a whole message ends the list.
 *
 * @category decoding
 * @since 0.1.0
 */
export const split = (datagram: Uint8Array): ReadonlyArray<Message> => {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength)
  const messages: Array<Message> = []
  let offset = 0
  while (datagram.length - offset >= headerSize) {
    const length = view.getUint32(offset, true)
    if (length < headerSize || length > datagram.length - offset) break
    messages.push({
      type: view.getUint16(offset + typeOffset, true),
      flags: view.getUint16(offset + flagsOffset, true),
      sequence: view.getUint32(offset + sequenceOffset, true),
      port: view.getUint32(offset + portOffset, true),
      payload: datagram.subarray(offset + headerSize, offset + length)
    })
    offset += Writer.aligned(length)
  }
  return messages
}

/**
 * The kernel's answer to a request, or the end of a dump.
 *
 * - `errno`: zero when the request was carried out.
 * - `text`: what the kernel says of it, when it says anything.
 * - `attributeOffset`: of the attribute at fault, from the beginning of the request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Acknowledgement {
  readonly errno: number
  readonly text: string | undefined
  readonly attributeOffset: number | undefined
}

/**
 * Decodes NLMSG_ERROR and NLMSG_DONE with their extended attributes; `undefined` for other messages. One that is cut
 * short counts as the error EBADMSG, so that nothing is ever taken for success by mistake.
 *
 * @category decoding
 * @since 0.1.0
 */
export const acknowledgement = (message: Message): Acknowledgement | undefined => {
  if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) return undefined
  const { payload } = message
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const error = Codec.s32.read(view, 0, payload.length)
  if (error === undefined) return { errno: EBADMSG, text: undefined, attributeOffset: undefined }
  const extended =
    (message.flags & NLM_F_ACK_TLVS) === 0
      ? {}
      : Attribute.decode(extendedTable, payload, extendedOffset(message, error))
  return {
    errno: Math.abs(error),
    text: extended.NLMSGERR_ATTR_MSG,
    attributeOffset: extended.NLMSGERR_ATTR_OFFS
  }
}

/** The attributes follow the error number in NLMSG_DONE, and in NLMSG_ERROR the request or, when that is capped, its header. */
const extendedOffset = ({ type, flags, payload }: Message, error: number): number => {
  if (type === NLMSG_DONE) return Codec.s32.size
  const capped = error === 0 || (flags & NLM_F_CAPPED) !== 0
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const requestLength = capped
    ? undefined
    : Codec.u32.read(view, Codec.s32.size, payload.length - Codec.s32.size)
  return Codec.s32.size + Writer.aligned(requestLength ?? headerSize)
}

/** `struct nlmsghdr`: length, type, flags, sequence and port. Written out here, since every message passes. */
const headerSize = 16
const typeOffset = 4
const flagsOffset = 6
const sequenceOffset = 8
const portOffset = 12

/** `enum nlmsgerr_attrs`. */
const extendedTable = {
  NLMSGERR_ATTR_MSG: [1, Codec.string],
  NLMSGERR_ATTR_OFFS: [2, Codec.u32]
} as const

const EBADMSG = 74
