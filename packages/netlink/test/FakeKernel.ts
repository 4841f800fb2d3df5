import * as Message from "@holdfast/netlink/Message"
import type * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import * as Effect from "effect/Effect"

/** The port that the stand-in gives its socket. */
export const portId = 4_711

/** A stand-in for the kernel: keeps what it was sent, and answers when and how the test says. */
export interface FakeKernel {
  readonly open: NetlinkTransport.OpenTransport
  /** What was sent, by datagram. */
  readonly datagrams: ReadonlyArray<ReadonlyArray<Message.Message>>
  /** Receives messages as one datagram. */
  readonly answer: (...messages: ReadonlyArray<Message.Message>) => void
  readonly lose: () => void
}

/**
 * `onRequests` is called on a later turn for every datagram, as the kernel's answers are received; `send` returns
 * `errno`.
 */
export const make = (
  onRequests: (requests: ReadonlyArray<Message.Message>, kernel: FakeKernel) => void,
  errno = 0
): FakeKernel => {
  const datagrams: Array<ReadonlyArray<Message.Message>> = []
  let listener: NetlinkTransport.TransportListener | undefined
  const kernel: FakeKernel = {
    datagrams,
    open: (given) =>
      Effect.sync(() => {
        listener = given
        const send = (datagram: Uint8Array) => {
          const requests = Message.split(datagram.slice())
          datagrams.push(requests)
          if (errno === 0) queueMicrotask(() => onRequests(requests, kernel))
          return errno
        }
        return {
          portId,
          receive: () => undefined,
          send,
          sendElsewhere: (datagram) => Effect.sync(() => send(datagram))
        }
      }),
    answer: (...messages) => listener!.onDatagrams([Message.encode(messages)]),
    lose: () => listener!.onLoss()
  }
  return kernel
}

/** The acknowledgement of a request; an error when `errno` is given. */
export const acknowledge = (request: Message.Message, errno = 0, text?: string): Message.Message => {
  const words = text === undefined ? [] : [...new TextEncoder().encode(text), 0]
  const extended = text === undefined ? [] : [words.length + 4, 0, 1, 0, ...words]
  const payload = new Uint8Array([...int(-errno), ...new Uint8Array(16), ...extended])
  const flags = Message.NLM_F_CAPPED | (text === undefined ? 0 : Message.NLM_F_ACK_TLVS)
  return { type: Message.NLMSG_ERROR, flags, sequence: request.sequence, port: portId, payload }
}

/** One object of the answer to a dump. */
export const part = (
  request: Message.Message,
  type: number,
  payload: Uint8Array,
  flags = 0
): Message.Message => ({
  type,
  flags: flags | Message.NLM_F_MULTI,
  sequence: request.sequence,
  port: portId,
  payload
})

/** The end of a dump. */
export const done = (request: Message.Message, flags = 0): Message.Message =>
  part(request, Message.NLMSG_DONE, int(0), flags)

/** What the kernel tells by itself. */
export const notification = (type: number, payload: Uint8Array): Message.Message => ({
  type,
  flags: 0,
  sequence: 0,
  port: 0,
  payload
})

const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer)
