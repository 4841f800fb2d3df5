/**
 * The scoped core of every socket here: a descriptor, its readiness, batched receive and batched send.
 *
 * Owns the receive loop and what happens at its limits; knows no protocol.
 *
 * **Details**
 * - When the descriptor is readable the loop drains it with `recvmmsg` into one arena and hands each batch to `onBatch`,
 *   synchronously: no fiber and no allocation of packet memory per packet.
 * - Sending is synchronous and never waits: what the kernel does not take at once is reported, not kept.
 * - Loss is an event and the socket goes on.
 *
 * **Gotchas**
 * The views of a batch are valid until `onBatch` returns; copy what shall live longer.
 *
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Descriptor from "./Descriptor.ts"
import * as Errno from "./Errno.ts"
import * as Linux from "./Linux.ts"
import type * as SendArena from "./SendArena.ts"
import * as Sending from "./Sending.ts"
import * as SocketError from "./SocketError.ts"
import * as SocketOption from "./SocketOption.ts"
import * as Tally from "./Tally.ts"

/**
 * What was received at once. Index `i` runs from zero to `count - 1`.
 *
 * - `dataAt`, `addressAt`, `controlAt`: views of the arena.
 * - `words`: the arena as numbers of 32 bits, where the control messages of `i` begin at `controlWordAt(i)` and end before
 *   `controlWordsEndAt(i)`: what is asked of thousands a second is read there, without a view.
 * - `isTruncatedAt`: the data were longer than the slot, and cut.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch {
  readonly count: number
  readonly dataAt: (index: number) => Uint8Array
  readonly addressAt: (index: number) => Uint8Array
  readonly controlAt: (index: number) => Uint8Array
  readonly words: Int32Array
  readonly controlWordAt: (index: number) => number
  readonly controlWordsEndAt: (index: number) => number
  /** Knows a message again, where messages are tallied. */
  readonly learn: (index: number) => void
  readonly isTruncatedAt: (index: number) => boolean
}

/**
 * What happens to a socket beside packets.
 *
 * - `Overrun`: the kernel's receive queue was full and packets are lost, `droppedCount` since the socket was opened; the
 *   socket goes on.
 * - `SocketFailed`: the kernel reported an error; the socket goes on unless `stopped`, when the error would not go away.
 *
 * @category models
 * @since 0.1.0
 */
export type SocketEvent =
  | { readonly _tag: "Overrun"; readonly droppedCount: number }
  | { readonly _tag: "SocketFailed"; readonly code: string; readonly stopped: boolean }

/**
 * How to receive.
 *
 * - `dataSize`: bytes kept of a message, a multiple of 4. Longer ones are cut and marked.
 * - `slotCount`: messages per batch, 256 at most.
 * - `controlSize`: bytes kept of control messages, a multiple of 4; zero for none.
 * - `gathered`: when messages come one right after the other, the thread waits for a millisecond, so that those that
 *   follow cost one wake-up and not one each. For who is told when each arrived. Not in a thread that must not block.
 * - `tally`: what is counted instead of handed on while the event loop does not come to the socket.
 * - `roundsMax`: batches before the event loop gets its turn again; default 16. The kernel keeps the rest.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceiveOptions {
  readonly dataSize: number
  readonly slotCount: number
  readonly controlSize: number
  readonly roundsMax?: number | undefined
  readonly gathered?: boolean | undefined
  readonly tally?: Tally.Options | undefined
  readonly onBatch: (batch: Batch) => void
  readonly onEvent: (event: SocketEvent) => void
}

/**
 * What a socket is to be. `options` are applied in order, then `bind`; what arrived before that is discarded, since it
 * may not match them. Without `receive` the socket only sends.
 *
 * - `filter`: an encoded `PacketFilter` program.
 * - `receiveBufferSize`: bytes the kernel may queue; beyond `net.core.rmem_max` only with CAP_NET_ADMIN, else that limit
 *   holds. Absent: the system's default.
 * - `sendBufferSize`: bytes that may wait to be sent, and of one datagram; beyond `net.core.wmem_max` as above.
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketOptions {
  readonly domain: number
  readonly type: number
  readonly protocol: number
  readonly options?: ReadonlyArray<SocketOption.SocketOption> | undefined
  readonly filter?: Uint8Array | undefined
  readonly receiveBufferSize?: number | undefined
  readonly sendBufferSize?: number | undefined
  readonly bind?: Uint8Array | undefined
  readonly receive?: ReceiveOptions | undefined
}

/**
 * An open socket.
 *
 * - `send`: copies the messages into the thread's arena and sends them.
 * - `sendEach`: as `send`, but goes past what the kernel refuses: `sentCount` left, and `errno` is why the first of the
 *   others did not. For messages that have nothing to do with each other.
 * - `sendArena`: sends what lies in an arena of the caller's, without copying.
 * - `sendArenaElsewhere`: the same in another thread, for batches that take the kernel milliseconds. The arena must be left
 *   alone until it is done. Not interruptible: whoever runs it must end before the socket's scope does.
 * - `rehearse`: does all that `send` does but on no socket, so that the first real one finds its code compiled.
 * - `receive`: receives what is there now instead of when the event loop comes to it.
 * - `watch`: whether the event loop comes to it at all; else everything waits for `receive`.
 * - `setFilter`: replaces the classic BPF program at once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Socket {
  readonly descriptor: Descriptor.Descriptor
  readonly send: (messages: ReadonlyArray<SendArena.OutgoingMessage>) => Sending.SendOutcome
  readonly sendEach: (messages: ReadonlyArray<SendArena.OutgoingMessage>) => Sending.SendOutcome
  readonly sendArena: (arena: SendArena.SendArena) => Sending.SendOutcome
  readonly sendArenaElsewhere: (arena: SendArena.SendArena) => Effect.Effect<Sending.SendOutcome>
  readonly rehearse: (messages: ReadonlyArray<SendArena.OutgoingMessage>) => void
  readonly receive: () => void
  readonly watch: (watched: boolean) => void
  readonly setOption: (option: SocketOption.SocketOption) => Effect.Effect<void, SocketError.SocketError>
  readonly setFilter: (program: Uint8Array) => Effect.Effect<void, SocketError.SocketError>
}

/**
 * Opens a socket that lives until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  options: SocketOptions
): Effect.fn.Return<Socket, SocketError.SocketError, Scope.Scope> {
  const native = Native.load()
  const { bind, receive, receiveBufferSize, sendBufferSize } = options
  const descriptor = yield* Descriptor.open("socket", () =>
    native.socket(options.domain, options.type, options.protocol)
  )
  const setOption = (option: SocketOption.SocketOption) =>
    SocketError.attempt(`setsockopt ${option.name}`, () =>
      native.setsockopt(descriptor.fd, option.level, option.number, option.value)
    )
  /** CAP_NET_ADMIN in another user namespace than the first is not enough to go beyond the limit. */
  const setBuffer = (forced: SocketOption.SocketOption, limited: SocketOption.SocketOption) =>
    Effect.catchTag(setOption(forced), "SocketError", () => setOption(limited))
  const setFilter = (program: Uint8Array) =>
    SocketError.attempt("attach filter", () => native.attachFilter(descriptor.fd, program))

  if (options.filter !== undefined) yield* setFilter(options.filter)
  yield* Effect.forEach(options.options ?? [], setOption, { discard: true })
  if (receiveBufferSize !== undefined)
    yield* setBuffer(
      SocketOption.receiveBufferForced(receiveBufferSize),
      SocketOption.receiveBuffer(receiveBufferSize)
    )
  if (sendBufferSize !== undefined)
    yield* setBuffer(SocketOption.sendBufferForced(sendBufferSize), SocketOption.sendBuffer(sendBufferSize))
  if (bind !== undefined) yield* SocketError.attempt("bind", () => native.bind(descriptor.fd, bind))
  const receiver = receive === undefined ? undefined : yield* startReceiving(descriptor, receive)

  return {
    descriptor,
    send: (messages) => Sending.copied(descriptor.fd, messages),
    sendEach: (messages) => Sending.each(descriptor.fd, messages),
    sendArena: (arena) => Sending.prepared(descriptor.fd, arena),
    sendArenaElsewhere: (arena) => Sending.elsewhere(descriptor.fd, arena),
    rehearse: Sending.rehearse,
    receive: () => receiver?.drain(),
    watch: (watched) => {
      native.pollUpdate(descriptor.fd, watched ? Native.pollReadable : 0)
      receiver?.tallyWhile(!watched)
    },
    setOption: (option) => Effect.asVoid(setOption(option)),
    setFilter: (program) => Effect.asVoid(setFilter(program))
  }
})

/**
 * Returns how many packets the kernel has dropped for want of room in the socket's queue since it was opened.
 *
 * @category counters
 * @since 0.1.0
 */
export const droppedCountOf = ({ fd }: Descriptor.Descriptor): number => {
  const memory = new Uint32Array(Linux.SK_MEMINFO_VARS)
  Native.load().getsockopt(fd, Linux.SOL_SOCKET, Linux.SO_MEMINFO, new Uint8Array(memory.buffer))
  return memory[Linux.SK_MEMINFO_DROPS]!
}

const startReceiving = (descriptor: Descriptor.Descriptor, options: ReceiveOptions) => {
  const receiver = makeReceiver(descriptor, options)
  receiver.discard()
  return Effect.as(Descriptor.watch(descriptor, receiver.onReady), receiver)
}

const makeReceiver = (descriptor: Descriptor.Descriptor, options: ReceiveOptions) => {
  const native = Native.load()
  const slotSize = Native.receiveNameSize + options.controlSize + options.dataSize
  const arena = new Uint8Array(slotSize * options.slotCount)
  const words = new Int32Array(arena.buffer)
  const fields = new Int32Array(Native.receiveFieldCount * options.slotCount)
  let failuresInRow = 0
  let drainedAt = 0
  const [control, data] = [Native.receiveNameSize, Native.receiveNameSize + options.controlSize]
  const layout = { words, fields, slot: slotSize >> 2, control: control >> 2, data: data >> 2 }
  let tally: Tally.Tally | undefined

  const gather = (): void => {
    if (native.clockMonotonic() - drainedAt < burstMicros) Atomics.wait(nobody, 0, 0, gatheringMillis)
  }
  const receive = () => native.recvmmsg(descriptor.fd, arena, slotSize, options.controlSize, fields, 0)
  const field = (index: number, name: number) => fields[index * Native.receiveFieldCount + name]!
  const viewOfPart = (offset: number) => makeViews(arena, slotSize, offset)
  const dataOf = viewOfPart(data)
  const addressOf = viewOfPart(0)
  const controlOf = viewOfPart(control)
  const controlWordAt = (index: number): number => index * layout.slot + layout.control
  const batchOf = (count: number): Batch => ({
    count,
    dataAt: (index) => dataOf(index, Math.min(field(index, 0), options.dataSize)),
    addressAt: (index) => addressOf(index, Math.min(field(index, 2), Native.receiveNameSize)),
    controlAt: (index) => controlOf(index, field(index, 3)),
    words,
    controlWordAt,
    controlWordsEndAt: (index) => controlWordAt(index) + (field(index, 3) >> 2),
    learn: (index) => tally?.learn(index),
    isTruncatedAt: (index) => (field(index, 1) & Linux.MSG_TRUNC) !== 0
  })

  const fail = (errno: number) => {
    if (errno === Errno.ENOBUFS)
      return options.onEvent({ _tag: "Overrun", droppedCount: droppedCountOf(descriptor) })
    failuresInRow += 1
    const stopped = failuresInRow === failuresInRowMax
    if (stopped) native.pollClose(descriptor.fd)
    options.onEvent({ _tag: "SocketFailed", code: Errno.nameOf(errno), stopped })
  }
  const drain = () => {
    for (let round = 0; round < (options.roundsMax ?? drainRoundsMax); round++) {
      const count = receive()
      if (count < 0) {
        if (count !== -Errno.EAGAIN) fail(-count)
        break
      }
      failuresInRow = 0
      const others = tally === undefined ? count : tally.take(count)
      if (others > 0) {
        tally?.tell()
        options.onBatch(batchOf(others))
      }
      // The callback may have closed the scope, and with it the socket.
      if (count < options.slotCount || descriptor.fd < 0) break
    }
    tally?.tell()
  }

  return {
    drain,
    tallyWhile: (unwatched: boolean) => {
      tally?.tell()
      tally = unwatched && options.tally !== undefined ? Tally.make(layout, options.tally) : undefined
    },
    discard: () => {
      for (let round = 0; round < drainRoundsMax && receive() === options.slotCount; round++);
    },
    onReady: (_events: number, errno: number) => {
      if (errno !== 0) return fail(errno)
      if (options.gathered === true) gather()
      drain()
      drainedAt = native.clockMonotonic()
    }
  }
}

/** The same part of every slot. What a slot gets is mostly as long as what it got before: then it is the same view. */
const makeViews = (arena: Uint8Array, slotSize: number, offset: number) => {
  const views: Array<Uint8Array | undefined> = []
  return (index: number, length: number): Uint8Array => {
    const known = views[index]
    if (known?.length === length) return known
    const from = index * slotSize + offset
    return (views[index] = arena.subarray(from, from + length))
  }
}

/** A wake-up so soon after the last one belongs to the same burst. */
const burstMicros = 1_000
/** Well within the time that timers of adverts are armed ahead of an exact deadline. */
const gatheringMillis = 1
/** What nobody ever wakes. */
const nobody = new Int32Array(new SharedArrayBuffer(4))
/** Batches before the loop gets its turn again: a flood must not hold back the timers. The kernel keeps the rest. */
const drainRoundsMax = 16
/** An error that every wake-up repeats is not passing: watching on would only spin. */
const failuresInRowMax = 64
