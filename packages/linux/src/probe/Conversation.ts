/**
 * A TCP connection to a server, with TLS or without, as a course of happenings.
 *
 * Owns one socket at most, and decides nothing. Has no clock: who opened it closes it.
 *
 * **Gotchas** closing does not wait for the server. What it has sent and nobody has read makes the kernel reset the
 * connection, as is due to a body without end.
 *
 * @since 0.1.0
 */
import type { Connection, ProbeResult } from "@holdfast/balancer/Probe"
import * as Errno from "@holdfast/raw-socket/Errno"
import type { TcpConnector } from "@holdfast/raw-socket/TcpConnector"
import * as Result from "effect/Result"
import * as net from "node:net"
import * as tls from "node:tls"
import * as Outcome from "./Outcome.ts"

/**
 * What happens: `Opened` when bytes can be sent, `BytesReceived`, and `ConnectionEnded` or `Broken` last.
 *
 * @category models
 * @since 0.1.0
 */
export type Happening =
  | { readonly _tag: "Opened"; readonly send: (bytes: Uint8Array) => void }
  | { readonly _tag: "BytesReceived"; readonly bytes: Uint8Array }
  | { readonly _tag: "ConnectionEnded" }
  | { readonly _tag: "Broken"; readonly result: ProbeResult }

/**
 * Options of TLS, or nothing for none.
 *
 * @category models
 * @since 0.1.0
 */
export type Secure = tls.ConnectionOptions | undefined

/**
 * Ends a conversation: nothing happens any more, and the socket is gone. May be called at any time and again.
 *
 * @category models
 * @since 0.1.0
 */
export type Close = () => void

/**
 * Opens a connection. Nothing happens before this returns.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (
  connector: Pick<TcpConnector, "connect">,
  connection: Connection,
  secure: Secure,
  onHappening: (happening: Happening) => void
): Close => {
  let isOpen = true
  const close = () => {
    isOpen = false
    release()
  }
  const tell = (happening: Happening) => {
    if (isOpen) onHappening(happening)
  }
  const tellLast = (happening: Happening) => {
    if (!isOpen) return
    close()
    onHappening(happening)
  }
  let release = connector.connect(connection, (outcome) => {
    if (Result.isFailure(outcome))
      return tellLast({ _tag: "Broken", result: Outcome.ofFailure(outcome.failure) })

    const raw = new net.Socket({ fd: outcome.success, readable: true, writable: true })
    const socket = secure === undefined ? raw : tls.connect({ ...secure, socket: raw })
    release = () => socket.destroy()
    let isOpened = false
    const opened = () => {
      isOpened = true
      tell({ _tag: "Opened", send: (bytes) => socket.write(bytes) })
    }
    const failed = (error: Error) => {
      const reason = secure === undefined ? describe(error) : describeTls(error)
      tellLast({ _tag: "Broken", result: Outcome.failed(reason) })
    }
    raw.on("error", failed)
    if (secure !== undefined) socket.on("error", failed)
    socket.on("data", (bytes: Uint8Array) => tell({ _tag: "BytesReceived", bytes }))
    socket.on("end", () =>
      tellLast(
        isOpened
          ? { _tag: "ConnectionEnded" }
          : { _tag: "Broken", result: Outcome.failed("TLS: the connection was closed during the handshake") }
      )
    )
    if (secure === undefined) opened()
    else socket.on("secureConnect", opened)
  })
  return close
}

/** An error of a connection in words: node's own messages name calls and addresses. */
const describe = ({ errno, message }: NodeJS.ErrnoException): string =>
  errno === undefined ? message : Errno.describe(-errno)

/** An error of TLS in words, bounded: node adds advice to messages, OpenSSL places in its source. */
const describeTls = (error: NodeJS.ErrnoException & { readonly reason?: unknown }): string => {
  if (error.errno !== undefined) return describe(error)
  const text =
    typeof error.reason === "string" ? error.reason : error.message.replace(/; if the root CA .*/, "")
  return `TLS: ${text.slice(0, reasonMax)}`
}

/** A certificate may be made out to hundreds of names. */
const reasonMax = 200
