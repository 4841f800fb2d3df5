/**
 * Many descriptors watched as one: an epoll set whose readiness the event loop is told once.
 *
 * **When to use**
 * For sockets that live for moments, thousands of them a second. A socket that lives long is watched by
 * `Descriptor.watch`.
 *
 * **Details**
 * - A descriptor leaves the set when it is closed; `forget` is for the caller's side of it.
 * - Everything that is ready comes in one turn of the event loop, so what listeners collect is a batch.
 *
 * **Gotchas**
 * A closed number is soon somebody else's, so a descriptor is known here by a number of its own, which is never told
 * again once it is forgotten.
 *
 * @see epoll(7)
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Descriptor from "./Descriptor.ts"
import type * as SocketError from "./SocketError.ts"

/**
 * Told the `EPOLL*` flags that hold.
 *
 * @category models
 * @since 0.1.0
 */
export type Listener = (events: number) => void

/**
 * A set that is open.
 *
 * - `watch`: returns the name to forget it by, or `-errno`.
 * - `forget`: the listener is told no more. The descriptor must be closed by the caller.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReadinessSet {
  readonly watch: (fd: number, events: number, listener: Listener) => number
  readonly forget: (name: number) => void
}

/**
 * Opens a set that lives until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<ReadinessSet, SocketError.SocketError, Scope.Scope> = Effect.gen(
  function* () {
    const native = Native.load()
    const set = yield* Descriptor.open("epoll", () => native.epollCreate())
    const listeners = new Map<number, Listener>()
    const ready = new Int32Array(Native.epollFieldCount * Native.epollBatchMax)
    let lastName = 0

    const drain = () => {
      for (let round = 0; round < roundsMax; round++) {
        const count = native.epollWait(set.fd, ready)
        for (let index = 0; index < count; index++) {
          // A listener before it may have forgotten this one.
          listeners.get(ready[index * Native.epollFieldCount]!)?.(ready[index * Native.epollFieldCount + 1]!)
        }
        if (count < Native.epollBatchMax) return
      }
    }
    yield* Descriptor.watch(set, drain)

    return {
      watch: (fd, events, listener) => {
        lastName = (lastName + 1) & nameMax
        const result = native.epollAdd(set.fd, fd, events, lastName)
        if (result < 0) return result
        listeners.set(lastName, listener)
        return lastName
      },
      forget: (name) => void listeners.delete(name)
    }
  }
)

/** Names are positive; one comes again after months, when nothing that lives for moments has it any more. */
const nameMax = 0x7fff_ffff
/** Rounds before the event loop gets its turn again; the kernel keeps the rest. */
const roundsMax = 8
