/**
 * What a netlink client needs of a socket, so that a test or a simulation can stand in for the kernel.
 *
 * @since 0.1.0
 */
import * as NetlinkSocket from "@holdfast/raw-socket/NetlinkSocket"
import type * as PacketFilter from "@holdfast/raw-socket/PacketFilter"
import type * as SocketError from "@holdfast/raw-socket/SocketError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * An open channel to the kernel.
 *
 * - `portId`: the port that answers to this channel carry.
 * - `send`: sends one datagram at once and returns zero, or the number of the error.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetlinkTransport {
  readonly portId: number
  readonly send: (datagram: Uint8Array) => number
  /** The same in another thread; zero, or the errno. */
  readonly sendElsewhere: (datagram: Uint8Array) => Effect.Effect<number>
  readonly receive: () => void
}

/**
 * Who is told what a channel receives. Both are called synchronously, never from inside `send`.
 *
 * - `onDatagrams`: views, valid until it returns.
 * - `onLoss`: datagrams were lost and nobody can say which; the channel goes on.
 *
 * @category models
 * @since 0.1.0
 */
export interface TransportListener {
  readonly onDatagrams: (datagrams: ReadonlyArray<Uint8Array>) => void
  readonly onLoss: () => void
}

/**
 * Opens a channel that lives until the scope closes.
 *
 * @category models
 * @since 0.1.0
 */
export type OpenTransport = (
  listener: TransportListener
) => Effect.Effect<NetlinkTransport, SocketError.SocketError, Scope.Scope>

/**
 * What to open a socket of the kernel for.
 *
 * - `family`: the netlink protocol; NETLINK_ROUTE when absent.
 * - `groups`: multicast groups by number, such as `Link.RTNLGRP_LINK`; none when absent.
 * - `receiveBufferSize`: bytes that the kernel may queue.
 * - `sendBufferSize`: bytes of the longest datagram, such as a large transaction.
 *
 * @category models
 * @since 0.1.0
 */
export interface KernelOptions {
  readonly family?: number | undefined
  readonly groups?: ReadonlyArray<number> | undefined
  readonly receiveBufferSize?: number | undefined
  readonly sendBufferSize?: number | undefined
  /** Which notifications the kernel passes on; all when absent. */
  readonly filter?: PacketFilter.Program | undefined
  /** Batches of datagrams before the event loop gets its turn again. */
  readonly roundsMax?: number | undefined
}

/** The netlink protocol of devices, addresses, routes and neighbours. @category constants @since 0.1.0 */
export const NETLINK_ROUTE = 0

/**
 * Opens a channel to the real kernel, in the network namespace of the calling thread.
 *
 * @category constructors
 * @since 0.1.0
 */
export const kernel =
  (options: KernelOptions = {}): OpenTransport =>
  (listener) =>
    Effect.map(
      NetlinkSocket.open({
        family: options.family ?? NETLINK_ROUTE,
        groups: options.groups,
        receiveBufferSize: options.receiveBufferSize,
        roundsMax: options.roundsMax,
        sendBufferSize: options.sendBufferSize,
        filter: options.filter,
        onBatch: listener.onDatagrams,
        onEvent: listener.onLoss
      }),
      (socket) => ({
        portId: socket.portId,
        send: (datagram) => socket.send(datagram).errno,
        sendElsewhere: (datagram) => Effect.map(socket.sendElsewhere(datagram), ({ errno }) => errno),
        receive: socket.receive
      })
    )
