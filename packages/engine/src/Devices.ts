/**
 * Virtual MAC devices around a reload: those that come are there before the routers that need them, those that go stay
 * until the routers on them have left.
 *
 * @since 0.1.0
 */
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { Links } from "./LinkWatch.ts"
import { type DeviceFailure, VirtualDevices } from "./VirtualDevices.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Devices {
  /** Runs a reload among the devices that it wants. */
  readonly around: <A>(wanted: ReadonlyArray<VirtualDevice>, reload: Effect.Effect<A>) => Effect.Effect<A>
  /** Takes what the kernel says. */
  readonly tellLinks: (links: Links) => void
}

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  onFailure: (failure: DeviceFailure) => void
): Effect.fn.Return<Devices, never, VirtualDevices | Scope.Scope> {
  const levels = yield* (yield* VirtualDevices).open(onFailure)
  const oneAtATime = yield* Semaphore.make(1)
  const changed = yield* Latch.make()
  let links: Links = new Map()
  let current: ReadonlyArray<VirtualDevice> = []

  const set = Effect.fnUntraced(function* (wanted: ReadonlyArray<VirtualDevice>) {
    const failures = yield* levels.set(wanted)
    for (const failure of failures) onFailure(failure)
    return failures
  })

  /** A router that starts before the kernel has told of its device would take it for missing. */
  const known = Effect.fnUntraced(function* (names: ReadonlyArray<VirtualDevice["name"]>) {
    while (!names.every((name) => links.get(name)?.up === true)) {
      changed.closeUnsafe()
      yield* changed.await
    }
  })

  return {
    around: (wanted, reload) =>
      oneAtATime.withPermits(1)(
        Effect.gen(function* () {
          const names = new Set(wanted.map(({ name }) => name))
          const leaving = current.filter(({ name }) => !names.has(name))
          if (wanted.length > 0) {
            const failures = new Set((yield* set([...leaving, ...wanted])).map(({ name }) => name))
            const made = wanted.filter(({ name, parent }) => !failures.has(name) && links.has(parent))
            yield* Effect.timeoutOption(known(made.map(({ name }) => name)), knownWaitMax)
          }
          const result = yield* reload
          if (wanted.length === 0 || leaving.length > 0) yield* set(wanted)
          current = wanted
          return result
        })
      ),
    tellLinks: (now) => {
      links = now
      changed.openUnsafe()
    }
  }
})

/** The kernel tells of a device within a millisecond; one whose parent is down never comes up. */
const knownWaitMax = "200 millis"
