/**
 * A thread that goes into a namespace and stays there, for adapters that open their sockets where they are.
 *
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * Moves the thread into a namespace until the scope closes.
 *
 * @category actions
 * @since 0.1.0
 */
export const enter = (
  namespace: NetworkNamespace.NetworkNamespace
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const home = yield* Effect.orDie(NetworkNamespace.current)
    yield* Effect.acquireRelease(move(namespace.fd), () => move(home.fd))
  })

const move = (fd: number): Effect.Effect<void> =>
  Effect.sync(() => {
    const outcome = Native.load().setns(fd)
    if (outcome < 0) throw new Error(`the thread cannot change its network namespace (errno ${-outcome})`)
  })
