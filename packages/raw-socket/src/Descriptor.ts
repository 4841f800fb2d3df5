/**
 * A file descriptor that its scope closes.
 *
 * **Gotchas**
 * The kernel gives a closed number to the next descriptor that is opened. So the number is forgotten on close, and late
 * calls fail with EBADF instead of reaching somebody else's socket.
 *
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as SocketError from "./SocketError.ts"

/**
 * A descriptor; `fd` is -1 once it is closed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Descriptor {
  readonly fd: number
}

/**
 * Opens a descriptor by a system call and closes it with the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (
  operation: string,
  call: (native: Native.Native) => number
): Effect.Effect<Descriptor, SocketError.SocketError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.map(
      SocketError.attempt(operation, () => call(Native.load())),
      (fd) => ({ fd })
    ),
    (descriptor) =>
      Effect.sync(() => {
        Native.load().close(descriptor.fd)
        descriptor.fd = -1
      })
  )

/**
 * Calls `onReady` on the event loop whenever the descriptor is readable, until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const watch = (
  descriptor: Descriptor,
  onReady: (events: number, errno: number) => void
): Effect.Effect<void, SocketError.SocketError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.asVoid(
      SocketError.attempt("watch descriptor", () =>
        Native.load().pollOpen(descriptor.fd, Native.pollReadable, onReady)
      )
    ),
    () => Effect.sync(() => Native.load().pollClose(descriptor.fd))
  )
