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
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as SocketError from "./SocketError.ts"

const currentPath = "/proc/thread-self/ns/net"

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
export const make: Effect.Effect<NetworkNamespace, SocketError.SocketError, Scope.Scope> =
  Effect.acquireRelease(
    attempt(() => visit("unshare network namespace", () => Native.load().unshareNetwork(), openCurrent)),
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
    attempt(() => ({ fd: openPath(path) })),
    (namespace) => Effect.sync(() => Native.load().close(namespace.fd))
  )

/**
 * Opens the namespace of the calling thread.
 *
 * @category constructors
 * @since 0.1.0
 */
export const current: Effect.Effect<NetworkNamespace, SocketError.SocketError, Scope.Scope> =
  open(currentPath)

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
  visit("enter network namespace", () => Native.load().setns(namespace.fd), run)

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
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SocketError.SocketError, R> =>
    Effect.contextWith((context: Context.Context<R>) =>
      Effect.flatten(attempt(() => within(namespace, () => Effect.runSyncExitWith(context)(effect))))
    )

/**
 * Returns a path to the namespace that other processes can open while this one holds it, for `ip link set ... netns`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const pathOf = (namespace: NetworkNamespace): string => `/proc/${process.pid}/fd/${namespace.fd}`

/** Enters a namespace, runs a function there and returns the thread to where it was. */
function visit<A>(operation: string, enter: () => number, run: () => A): A {
  const native = Native.load()
  const home = openPath(currentPath)
  const entered = enter()
  if (entered < 0) {
    native.close(home)
    throw SocketError.fromErrno(operation, -entered)
  }
  try {
    return run()
  } finally {
    goBack(home)
  }
}

/** A thread in the wrong namespace would act on the wrong network: a defect, not an error to handle. */
function goBack(home: number): void {
  const native = Native.load()
  const returned = native.setns(home)
  native.close(home)
  if (returned < 0) throw new Error(`the thread is stuck in a foreign network namespace (errno ${-returned})`)
}

function openCurrent(): NetworkNamespace {
  return { fd: openPath(currentPath) }
}

function openPath(path: string): number {
  const fd = Native.load().openNamespace(path)
  if (fd < 0) throw SocketError.fromErrno(`open network namespace ${path}`, -fd)
  return fd
}

/** The synchronous functions here throw a `SocketError`; as an effect it is a typed failure. */
function attempt<A>(run: () => A): Effect.Effect<A, SocketError.SocketError> {
  return Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      return error instanceof SocketError.SocketError ? Effect.fail(error) : Effect.die(error)
    }
  })
}
