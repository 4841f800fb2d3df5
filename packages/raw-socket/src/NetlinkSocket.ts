/**
 * Netlink sockets: requests to the kernel, and what it tells by itself. Raw bytes; the codec is `@holdfast/netlink`.
 *
 * **Details**
 * The kernel handles a request while it is sent; its answers are then ready to be received. Acknowledgements carry the
 * kernel's text and not the request (NETLINK_EXT_ACK, NETLINK_CAP_ACK), and dumps check their filters strictly
 * (NETLINK_GET_STRICT_CHK).
 *
 * **Gotchas**
 * After `Overrun` notifications are lost and nobody can say which: compare everything with a new dump. A datagram longer
 * than `datagramSizeMax` is cut by the kernel and counts as an overrun.
 *
 * @see netlink(7)
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Linux from "./Linux.ts"
import * as PacketFilter from "./PacketFilter.ts"
import * as SendArena from "./SendArena.ts"
import type * as Sending from "./Sending.ts"
import * as Socket from "./Socket.ts"
import * as SocketAddress from "./SocketAddress.ts"
import * as SocketError from "./SocketError.ts"
import * as SocketOption from "./SocketOption.ts"

/**
 * How to open the socket.
 *
 * - `family`: the netlink protocol: 0 routing, 12 netfilter, 16 generic.
 * - `groups`: multicast groups by number (not by bit).
 * - `receiveBufferSize`: bytes the kernel may queue, by default 1 MiB (keepalived: `vrrp_netlink_cmd_rcv_bufs`).
 * - `sendBufferSize`: bytes of the longest datagram, where the kernel's default is too little; beyond
 *   `net.core.wmem_max` only with CAP_NET_ADMIN, else that limit holds.
 * - `onBatch`: datagrams of the kernel, of one or more messages each; views, valid until it returns.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetlinkSocketOptions {
  readonly family: number
  readonly groups?: ReadonlyArray<number> | undefined
  readonly receiveBufferSize?: number | undefined
  readonly sendBufferSize?: number | undefined
  /** Which notifications the kernel passes on; all when absent. */
  readonly filter?: PacketFilter.Program | undefined
  /** Batches of 16 datagrams before the event loop gets its turn again; default 16. */
  readonly roundsMax?: number | undefined
  readonly onBatch: (datagrams: ReadonlyArray<Uint8Array>) => void
  readonly onEvent: (event: Socket.SocketEvent) => void
}

/**
 * An open netlink socket.
 *
 * - `portId`: the address that the kernel answers to.
 * - `send`: sends one datagram, of one or more requests.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetlinkSocket {
  readonly portId: number
  readonly send: (datagram: Uint8Array) => Sending.SendOutcome
  /** The same in another thread: the kernel does what a request asks for while it is being sent. */
  readonly sendElsewhere: (datagram: Uint8Array) => Effect.Effect<Sending.SendOutcome>
  /** Receives at once: the kernel has answered most requests when `send` returns. */
  readonly receive: () => void
  readonly joinGroup: (group: number) => Effect.Effect<void, SocketError.SocketError>
  readonly leaveGroup: (group: number) => Effect.Effect<void, SocketError.SocketError>
}

/**
 * Opens a netlink socket that lives until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  options: NetlinkSocketOptions
): Effect.fn.Return<NetlinkSocket, SocketError.SocketError, Scope.Scope> {
  const socket = yield* Socket.open({
    domain: Linux.AF_NETLINK,
    type: Linux.SOCK_RAW,
    protocol: options.family,
    options: [
      netlinkOption("NETLINK_EXT_ACK", Linux.NETLINK_EXT_ACK, 1),
      netlinkOption("NETLINK_CAP_ACK", Linux.NETLINK_CAP_ACK, 1),
      netlinkOption("NETLINK_GET_STRICT_CHK", Linux.NETLINK_GET_STRICT_CHK, 1)
    ],
    receiveBufferSize: options.receiveBufferSize ?? receiveBufferDefault,
    sendBufferSize: options.sendBufferSize,
    filter: options.filter === undefined ? undefined : PacketFilter.encode(options.filter),
    bind: SocketAddress.encode({ _tag: "Netlink", portId: 0, groups: 0 }),
    receive: {
      dataSize: datagramSizeMax,
      slotCount: batchCountMax,
      controlSize: 0,
      roundsMax: options.roundsMax,
      onBatch: (batch) => {
        if (deliver(batch, options.onBatch)) return
        options.onEvent({ _tag: "Overrun", droppedCount: Socket.droppedCountOf(socket.descriptor) })
      },
      onEvent: options.onEvent
    }
  })
  const joinGroup = (group: number) =>
    socket.setOption(netlinkOption("NETLINK_ADD_MEMBERSHIP", Linux.NETLINK_ADD_MEMBERSHIP, group))
  yield* Effect.forEach(options.groups ?? [], joinGroup, { discard: true })
  return {
    portId: yield* readPortId(socket.descriptor.fd),
    send: (datagram) => socket.send([{ data: datagram }]),
    sendElsewhere: (datagram) => {
      const arena = SendArena.make(1, datagram.length + alignment)
      SendArena.append(arena, { data: datagram })
      return socket.sendArenaElsewhere(arena)
    },
    receive: socket.receive,
    joinGroup,
    leaveGroup: (group) =>
      socket.setOption(netlinkOption("NETLINK_DROP_MEMBERSHIP", Linux.NETLINK_DROP_MEMBERSHIP, group))
  }
})

/** Returns whether all datagrams were whole. Only the kernel (port zero) is believed: other processes can send too. */
const deliver = (batch: Socket.Batch, onBatch: NetlinkSocketOptions["onBatch"]): boolean => {
  const datagrams: Array<Uint8Array> = []
  let allWhole = true
  for (let index = 0; index < batch.count; index++) {
    const sender = SocketAddress.decode(batch.addressAt(index))
    if (sender._tag !== "Netlink" || sender.portId !== 0) continue
    if (batch.isTruncatedAt(index)) allWhole = false
    else datagrams.push(batch.dataAt(index))
  }
  if (datagrams.length > 0) onBatch(datagrams)
  return allWhole
}

const readPortId = (fd: number) => {
  const bytes = new Uint8Array(Native.receiveNameSize)
  return Effect.map(
    SocketError.attempt("getsockname", () => Native.load().getsockname(fd, bytes)),
    (length) => {
      const address = SocketAddress.decode(bytes.subarray(0, length))
      return address._tag === "Netlink" ? address.portId : 0
    }
  )
}

const netlinkOption = (name: string, number: number, value: number) =>
  SocketOption.int(name, Linux.SOL_NETLINK, number, value)

/** An arena aligns what it holds. */
const alignment = 8
/** The kernel fills at most 32 KiB of a dump into one datagram. */
const datagramSizeMax = 0x8000
const batchCountMax = 16
/** Some thousand notifications: a burst of addresses or routes while this thread is busy. */
const receiveBufferDefault = 0x10_0000
