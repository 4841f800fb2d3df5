/**
 * Datagrams to a Unix socket by path: syslog's `/dev/log` and systemd's `NOTIFY_SOCKET`.
 *
 * **Details**
 * Each datagram names its destination, so a receiver that is restarted gets the next one; a connected socket would not
 * reach it again. Sending never waits: a receiver that does not keep up loses datagrams, and the outcome says so.
 *
 * @see unix(7), sd_notify(3)
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Linux from "./Linux.ts"
import type * as Sending from "./Sending.ts"
import * as Socket from "./Socket.ts"
import * as SocketAddress from "./SocketAddress.ts"
import type * as SocketError from "./SocketError.ts"

/**
 * An open socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface UnixDatagramSocket {
  readonly send: (datagram: Uint8Array) => Sending.SendOutcome
}

/**
 * Opens a socket whose datagrams go to this path (a leading `@`: abstract). Whether anybody reads there shows when the
 * first is sent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  path: string
): Effect.fn.Return<UnixDatagramSocket, SocketError.SocketError, Scope.Scope> {
  const address = SocketAddress.encode({ _tag: "Unix", path })
  const socket = yield* Socket.open({ domain: Linux.AF_UNIX, type: Linux.SOCK_DGRAM, protocol: 0 })
  return { send: (datagram) => socket.send([{ data: datagram, address }]) }
})
