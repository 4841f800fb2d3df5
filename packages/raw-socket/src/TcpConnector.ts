/**
 * TCP connections by the thousand: made, told of, and closed or handed over.
 *
 * **Details**
 * - One attempt costs four system calls: socket, connect, one to watch it, close. What became of it is in the event.
 * - Callbacks come in batches, one turn of the event loop each, and never before the call returns.
 * - It has no timeouts: who asks cancels.
 *
 * **Gotchas**
 * - `probe` ends a connection with FIN, as a client does that has nothing to say, and as keepalived does: many servers log
 *   a reset as an error. A reset would take a third of the kernel's time (18 µs instead of 52, measured on loopback), and
 *   leave nothing behind, where now TIME_WAIT holds the near port for 60 s. So 28,000 probes a minute to one address and
 *   port are the most, 470 a second, and the kernel's search for a free port slows down long before; probes of different
 *   servers do not count together.
 * - With a `bindPort` the connection is reset, because the next probe needs that very port.
 * - Descriptors are a limit: the attempt that finds none fails with EMFILE. Node raises the soft limit to the hard one when
 *   it starts.
 *
 * @see tcp(7), connect(2)
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as ConnectionTarget from "./ConnectionTarget.ts"
import * as Linux from "./Linux.ts"
import * as ReadinessSet from "./ReadinessSet.ts"
import type * as SocketError from "./SocketError.ts"
import * as SocketOption from "./SocketOption.ts"

/**
 * What an attempt came to: nothing, or the connected descriptor, or why there is none.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome<A> = Result.Result<A, ConnectionTarget.ConnectionFailure>

/**
 * Ends an attempt: its callback is not called any more. Does nothing when it was called.
 *
 * @category models
 * @since 0.1.0
 */
export type Cancel = () => void

/**
 * A connector that is open.
 *
 * - `probe`: connects and closes at once.
 * - `connect`: hands the connected descriptor over; from then on it is the callback's, which closes it, also when the
 *   scope of the connector is gone. `new net.Socket({ fd })` takes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface TcpConnector {
  readonly probe: (
    target: ConnectionTarget.ConnectionTarget,
    onOutcome: (outcome: Outcome<void>) => void
  ) => Cancel
  readonly connect: (
    target: ConnectionTarget.ConnectionTarget,
    onOutcome: (outcome: Outcome<number>) => void
  ) => Cancel
}

/**
 * Opens a connector. Closing the scope ends all attempts without a word.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<TcpConnector, SocketError.SocketError, Scope.Scope> = Effect.gen(
  function* () {
    const native = Native.load()
    const attempts = new Set<Cancel>()
    // Before the set, so that it goes after the attempts do.
    const readiness = yield* ReadinessSet.open
    yield* Effect.addFinalizer(() => Effect.sync(() => attempts.forEach((cancel) => cancel())))

    /** Nobody is called back before the call returns. */
    const failSoon = (
      failure: ConnectionTarget.ConnectionFailure,
      onOutcome: (outcome: Outcome<never>) => void
    ): Cancel => {
      const immediate = setImmediate(() => {
        attempts.delete(cancel)
        onOutcome(Result.fail(failure))
      })
      const cancel = () => {
        attempts.delete(cancel)
        clearImmediate(immediate)
      }
      attempts.add(cancel)
      return cancel
    }
    const attempt = (
      target: ConnectionTarget.ConnectionTarget,
      options: ReadonlyArray<SocketOption.SocketOption>,
      onOutcome: (outcome: Outcome<number>) => void
    ): Cancel => {
      const opened = ConnectionTarget.openSocket(target, Linux.SOCK_STREAM, 0, options)
      if (Result.isFailure(opened)) return failSoon(opened.failure, onOutcome)

      const fd = opened.success
      const end = (): boolean => {
        readiness.forget(name)
        return attempts.delete(cancel)
      }
      const cancel = () => {
        if (end()) native.close(fd)
      }
      const name = readiness.watch(fd, connectedOnce, (events) => {
        end()
        const errno = (events & Linux.EPOLLERR) === 0 ? 0 : ConnectionTarget.takeError(fd)
        if (errno === 0) return onOutcome(Result.succeed(fd))
        native.close(fd)
        onOutcome(Result.fail(ConnectionTarget.connectionFailure(errno)))
      })
      if (name < 0) {
        native.close(fd)
        return failSoon(ConnectionTarget.connectionFailure(-name), onOutcome)
      }
      attempts.add(cancel)
      return cancel
    }

    return {
      probe: (target, onOutcome) =>
        attempt(target, target.bindPort === undefined ? [] : [SocketOption.resetOnClose], (outcome) => {
          if (Result.isSuccess(outcome)) native.close(outcome.success)
          onOutcome(Result.isSuccess(outcome) ? connected : Result.fail(outcome.failure))
        }),
      connect: (target, onOutcome) => attempt(target, [], onOutcome)
    }
  }
)

/** Told once: a descriptor that was handed over is not this set's concern any more. */
const connectedOnce = Linux.EPOLLOUT | Linux.EPOLLONESHOT
const connected: Outcome<void> = Result.succeed(undefined)
