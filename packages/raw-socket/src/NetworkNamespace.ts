/**
 * Network namespaces held by a descriptor: no name in the file system, gone when the last holder is.
 *
 * **Details**
 * A namespace belongs to a thread. `within` enters it, runs a synchronous function and returns, so nothing else on the
 * thread ever runs inside. A socket keeps the namespace it was opened in; so does a child process.
 *
 * @see setns(2), network_namespaces(7)
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as SocketError from "./SocketError.ts"

/**
 * A network namespace, by the descriptor that holds it.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetworkNamespace {
  readonly fd: number
}

/**
 * Makes a new, empty namespace (its loopback device is down) that lives until the scope closes and nobody else uses it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<NetworkNamespace, SocketError.SocketError, Scope.Scope> = Effect.acquireRelease(
  Effect.map(
    SocketError.attempt("unshare network namespace", () =>
      restoring(() => {
        const native = Native.load()
        const result = native.unshareNetwork()
        return result < 0 ? result : native.openNamespace(currentPath)
      })
    ),
    (fd) => ({ fd })
  ),
  (namespace) => Effect.sync(() => Native.load().close(namespace.fd))
)

/**
 * Opens an existing namespace by path, such as `/run/netns/blue` or `/proc/42/ns/net`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (path: string): Effect.Effect<NetworkNamespace, SocketError.SocketError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.map(
      SocketError.attempt(`open network namespace ${path}`, () => Native.load().openNamespace(path)),
      (fd) => ({ fd })
    ),
    (namespace) => Effect.sync(() => Native.load().close(namespace.fd))
  )

/**
 * Opens the namespace of the calling thread.
 *
 * @category constructors
 * @since 0.1.0
 */
export const current: Effect.Effect<NetworkNamespace, SocketError.SocketError, Scope.Scope> = Effect.suspend(() =>
  open(currentPath)
)

/**
 * Runs a synchronous function inside the namespace. Child processes started and sockets opened there stay in it.
 *
 * **Gotchas** throws a `SocketError` when the namespace cannot be entered: it holds no valid descriptor, or the process
 * lost CAP_SYS_ADMIN.
 *
 * @category running
 * @since 0.1.0
 */
export const within = <A>(namespace: NetworkNamespace, run: () => A): A =>
  restoring(() => {
    const result = Native.load().setns(namespace.fd)
    if (result < 0) throw SocketError.fromErrno("enter network namespace", -result)
    return run()
  })

/**
 * Runs an effect that completes synchronously, such as opening a socket, inside the namespace.
 *
 * **Gotchas** an effect that suspends would go on outside, so it fails as a defect.
 *
 * @category running
 * @since 0.1.0
 */
export const provide =
  (namespace: NetworkNamespace) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Effect.context<R>(), (context) =>
      Effect.suspend(() => within(namespace, () => Effect.runSyncExitWith(context)(effect)))
    )

/**
 * Returns a path to the namespace that other processes can open while this one holds it, for `ip link set ... netns`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const pathOf = (namespace: NetworkNamespace): string => `/proc/${process.pid}/fd/${namespace.fd}`

/** Runs a function and then returns the thread to the namespace it was in. */
const restoring = <A>(run: () => A): A => {
  const native = Native.load()
  const home = native.openNamespace(currentPath)
  if (home < 0) throw SocketError.fromErrno("open the current network namespace", -home)
  try {
    return run()
  } finally {
    const result = native.setns(home)
    native.close(home)
    // A thread in the wrong namespace would act on the wrong network: nothing may go on after that.
    if (result < 0) throw SocketError.fromErrno("return to the network namespace", -result)
  }
}

const currentPath = "/proc/thread-self/ns/net"
