/**
 * What lets a socket doze: the event loop does not come to it, and a second socket, to which the kernel passes the adverts of
 * Masters that leave alone, has it read at once.
 *
 * **Details** what rings is in the first socket, too, in its place among the others. The second one is open while the first
 * dozes, since the kernel copies each advert for each socket that it asks.
 *
 * @see docs/decisions/0031-a-backup-dozes.md
 * @since 0.1.0
 */
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/**
 * The socket that dozes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sleeper {
  readonly receive: () => void
  readonly watch: (watched: boolean) => void
}

/**
 * Returns what lets the socket doze and wakes it again. `open` opens the second socket; while that cannot be had, the first
 * does not doze.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  sleeper: Sleeper,
  open: (onRing: () => void) => Effect.Effect<unknown, SocketError, Scope.Scope>
) {
  const parent = yield* Scope.Scope
  let hung: Scope.Closeable | undefined
  return (dozing: boolean): void => {
    if (dozing === (hung !== undefined)) return
    if (hung !== undefined) {
      sleeper.watch(true)
      Effect.runSync(Scope.close(hung, Exit.void))
      hung = undefined
      return
    }
    const scope = Scope.forkUnsafe(parent)
    if (Exit.isFailure(Effect.runSyncExit(Scope.provide(open(sleeper.receive), scope))))
      return Effect.runSync(Scope.close(scope, Exit.void))
    hung = scope
    sleeper.watch(false)
    // Who left a moment ago has rung nothing.
    sleeper.receive()
  }
})
