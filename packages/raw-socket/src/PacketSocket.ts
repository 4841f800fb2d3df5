/**
 * Packet sockets: whole Ethernet frames, for gratuitous ARP and for witnesses of it.
 *
 * Opened without `receive` it never gets a frame, so it costs nothing but what it sends.
 *
 * @see packet(7)
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Linux from "./Linux.ts"
import * as SendArena from "./SendArena.ts"
import type * as Sending from "./Sending.ts"
import * as Socket from "./Socket.ts"
import * as SocketAddress from "./SocketAddress.ts"
import type * as SocketError from "./SocketError.ts"

/**
 * A received frame; `bytes` is a view, valid until `onBatch` returns.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedFrame {
  readonly bytes: Uint8Array
  readonly interfaceIndex: number
  readonly isTruncated: boolean
}

/**
 * A frame to send, from its Ethernet header on, and the device it leaves by.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutgoingFrame {
  readonly bytes: Uint8Array
  readonly interfaceIndex: number
}

/**
 * What to receive: frames of one Ethernet type (0x0806: ARP) that come in by one device. The kernel shows frames that
 * leave only to those who ask for every type.
 *
 * @category models
 * @since 0.1.0
 */
export interface PacketReceiveOptions {
  readonly etherType: number
  readonly interfaceIndex: number
  readonly onBatch: (frames: ReadonlyArray<ReceivedFrame>) => void
  readonly onEvent: (event: Socket.SocketEvent) => void
}

/**
 * An open packet socket. Frames for several devices may go in one batch.
 *
 * @category models
 * @since 0.1.0
 */
export interface PacketSocket {
  readonly send: (frames: ReadonlyArray<OutgoingFrame>) => Sending.SendOutcome
  /** Sends frames that `lay` has laid out, as often as it is called. */
  readonly sendLaid: (frames: SendArena.SendArena) => Sending.SendOutcome
}

/**
 * Lays frames out in memory as the kernel wants them, for a batch that is sent more than once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const lay = (frames: ReadonlyArray<OutgoingFrame>): SendArena.SendArena => {
  const addresses = new Map<number, Uint8Array>()
  const byteCount = frames.reduce((sum, { bytes }) => sum + bytes.length + messageOverhead, 0)
  const arena = SendArena.make(frames.length, byteCount)
  for (const { bytes, interfaceIndex } of frames) {
    const address = addresses.get(interfaceIndex) ?? linkAddress(0, interfaceIndex)
    addresses.set(interfaceIndex, address)
    SendArena.append(arena, { data: bytes, address })
  }
  return arena
}

/**
 * Opens a packet socket that lives until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  receive?: PacketReceiveOptions
): Effect.fn.Return<PacketSocket, SocketError.SocketError, Scope.Scope> {
  const socket = yield* Socket.open({
    domain: Linux.AF_PACKET,
    type: Linux.SOCK_RAW,
    // Protocol zero receives nothing; binding to a type turns reception on, on the right device from the first frame.
    protocol: 0,
    bind: receive === undefined ? undefined : linkAddress(receive.etherType, receive.interfaceIndex),
    receive:
      receive === undefined
        ? undefined
        : {
            dataSize: frameSizeMax,
            slotCount: batchCountMax,
            controlSize: 0,
            onBatch: (batch) => receive.onBatch(framesOf(batch, receive.interfaceIndex)),
            onEvent: receive.onEvent
          }
  })
  return {
    send: (frames) =>
      socket.send(
        frames.map((frame) => ({ data: frame.bytes, address: linkAddress(0, frame.interfaceIndex) }))
      ),
    sendLaid: socket.sendArena
  }
})

const framesOf = (batch: Socket.Batch, interfaceIndex: number): ReadonlyArray<ReceivedFrame> =>
  Array.from({ length: batch.count }, (_, index) => ({
    bytes: batch.dataAt(index),
    interfaceIndex,
    isTruncated: batch.isTruncatedAt(index)
  }))

const linkAddress = (protocol: number, interfaceIndex: number): Uint8Array =>
  SocketAddress.encode({
    _tag: "Link",
    protocol,
    interfaceIndex,
    hardwareType: Linux.ARPHRD_ETHER,
    packetType: 0,
    address: new Uint8Array(etherAddressLength)
  })

const etherAddressLength = 6
/** A link address (20 bytes) and the padding of both parts to multiples of eight. */
const messageOverhead = 40
/** A whole frame of usual size (1,514 bytes); longer ones are cut, which ARP never is. */
const frameSizeMax = 2048
/** Measured: batches of 100 are enough for thousands of ARP frames. */
const batchCountMax = 64
