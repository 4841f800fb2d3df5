/**
 * Exchanges of datagrams by the thousand: one socket each, connected to the one it asks, for as long as an answer may
 * come.
 *
 * **Details**
 * - The kernel hands a connected socket only what its peer sends, and the ICMP errors that its datagram met; those that
 *   may pass (a host that cannot be reached) count too.
 * - Callbacks come in a later turn of the event loop, never before the call returns.
 * - It has no timeouts: who asks cancels.
 *
 * **Gotchas**
 * The bytes of a datagram are valid until the callback returns.
 *
 * @see udp(7), raw(7), ip(7) on IP_RECVERR
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as ConnectionTarget from "./ConnectionTarget.ts"
import * as Errno from "./Errno.ts"
import * as Linux from "./Linux.ts"
import * as ReadinessSet from "./ReadinessSet.ts"
import type * as SocketError from "./SocketError.ts"
import * as SocketOption from "./SocketOption.ts"

/**
 * What kind of datagrams: `type` and `protocol` of socket(2).
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramKind {
  readonly type: number
  readonly protocol: number
}

/**
 * UDP.
 *
 * @category constants
 * @since 0.1.0
 */
export const udp: DatagramKind = { type: Linux.SOCK_DGRAM, protocol: 0 }

/**
 * ICMP, with CAP_NET_RAW. Datagrams that are received have the IPv4 header.
 *
 * @category constants
 * @since 0.1.0
 */
export const icmp: DatagramKind = { type: Linux.SOCK_RAW, protocol: Linux.IPPROTO_ICMP }

/**
 * ICMPv6, with CAP_NET_RAW. Without the IPv6 header; the kernel writes and checks checksums.
 *
 * @category constants
 * @since 0.1.0
 */
export const icmpv6: DatagramKind = { type: Linux.SOCK_RAW, protocol: Linux.IPPROTO_ICMPV6 }

/**
 * Who is told: `onDatagram` of all that the peer sends, with its whole length when that is more than the connector keeps;
 * `onFailure` once, and nothing after it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExchangeListener {
  readonly onDatagram: (bytes: Uint8Array, length: number) => void
  readonly onFailure: (failure: ConnectionTarget.ConnectionFailure) => void
}

/**
 * A connector that is open. `exchange` sends one datagram and listens until the cancel that it returns is called.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramConnector {
  readonly exchange: (
    target: ConnectionTarget.ConnectionTarget,
    kind: DatagramKind,
    payload: Uint8Array,
    listener: ExchangeListener
  ) => () => void
}

/**
 * Opens a connector. Closing the scope ends all exchanges without a word.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<DatagramConnector, SocketError.SocketError, Scope.Scope> = Effect.gen(
  function* () {
    const native = Native.load()
    const receiver = makeReceiver()
    const exchanges = new Set<() => void>()
    const readiness = yield* ReadinessSet.open
    yield* Effect.addFinalizer(() => Effect.sync(() => exchanges.forEach((cancel) => cancel())))

    const failSoon = (failure: ConnectionTarget.ConnectionFailure, listener: ExchangeListener) => {
      const immediate = setImmediate(() => {
        exchanges.delete(cancel)
        listener.onFailure(failure)
      })
      const cancel = () => {
        exchanges.delete(cancel)
        clearImmediate(immediate)
      }
      exchanges.add(cancel)
      return cancel
    }

    return {
      exchange: (target, kind, payload, listener) => {
        const options = [SocketOption.receiveErrors(Address.isIpv6(target.address))]
        const opened = ConnectionTarget.openSocket(target, kind.type, kind.protocol, options)
        if (Result.isFailure(opened)) return failSoon(opened.failure, listener)

        const fd = opened.success
        const cancel = () => {
          if (!exchanges.delete(cancel)) return
          readiness.forget(name)
          native.close(fd)
        }
        const isOpen = () => exchanges.has(cancel)
        const name = readiness.watch(fd, Linux.EPOLLIN, (events) => {
          const failed = receiver.drain(fd, isOpen, listener.onDatagram)
          if (!isOpen()) return
          // Reading takes the error that is pending; what is left is one that came after it.
          const errno =
            failed === 0 && (events & Linux.EPOLLERR) !== 0 ? ConnectionTarget.takeError(fd) : failed
          if (errno === 0) return
          cancel()
          listener.onFailure(ConnectionTarget.connectionFailure(errno))
        })
        const result = name < 0 ? name : send(fd, payload)
        if (result < 0) {
          readiness.forget(name)
          native.close(fd)
          return failSoon(ConnectionTarget.connectionFailure(-result), listener)
        }
        exchanges.add(cancel)
        return cancel
      }
    }
  }
)

const send = (fd: number, payload: Uint8Array): number =>
  Native.load().sendmmsg(fd, payload, Int32Array.of(0, payload.length, 0, 0, 0, 0), 1, 0)

/** One memory for all exchanges: a datagram is handed on before the next is read. */
const makeReceiver = () => {
  const native = Native.load()
  const slotSize = Native.receiveNameSize + datagramLengthMax
  const arena = new Uint8Array(slotSize)
  const fields = new Int32Array(Native.receiveFieldCount)
  return {
    /** Returns why there is no more: zero when all is read, or the error that the socket came to. */
    drain: (fd: number, isOpen: () => boolean, onDatagram: ExchangeListener["onDatagram"]): number => {
      for (let round = 0; round < datagramsMax && isOpen(); round++) {
        const count = native.recvmmsg(fd, arena, slotSize, 0, fields, Linux.MSG_TRUNC)
        if (count < 0) return count === -Errno.EAGAIN ? 0 : -count
        const length = fields[0]!
        const end = Native.receiveNameSize + Math.min(length, datagramLengthMax)
        onDatagram(arena.subarray(Native.receiveNameSize, end), length)
      }
      return 0
    }
  }
}

/** More than any answer that is looked into: what is longer is told by its length. */
const datagramLengthMax = 4_096
/** Datagrams of one exchange before others have their turn; the kernel keeps the rest. */
const datagramsMax = 16
