/**
 * What the kernel's balancer is told beside services: connection timeouts, and the synchronisation daemon that follows a virtual router.
 *
 * @since 0.1.0
 */
import type { ConnectionTimeouts, Parameters, SyncDaemon } from "@holdfast/balancer/Parameters"
import * as Equal from "effect/Equal"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { ForwardingPlaneError } from "../ForwardingPlane.ts"
import type { TableKeeper } from "./TableKeeper.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface KernelSettings {
  /** Makes the settings those wanted, and returns what was refused, in words. */
  readonly apply: (keeper: TableKeeper, wanted: Parameters) => Effect.Effect<ReadonlyArray<string>>
  /** A virtual router took a role; returns what was refused, in words. */
  readonly tellRole: (
    keeper: TableKeeper | undefined,
    router: string,
    isMaster: boolean
  ) => Effect.Effect<ReadonlyArray<string>>
  /** Sets the timeouts back and stops the daemon. */
  readonly restore: (keeper: TableKeeper) => Effect.Effect<void>
}

/**
 * Makes settings that were not touched yet.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): KernelSettings => {
  const masters = new Set<string>()
  let daemon: SyncDaemon | undefined
  let timeouts: ConnectionTimeouts = {}
  /** What the kernel had before we came. */
  let timeoutsBefore: ConnectionTimeouts | undefined

  const setTimeouts = (keeper: TableKeeper, wanted: ConnectionTimeouts) =>
    Equal.equals(wanted, timeouts)
      ? Effect.void
      : Effect.map(
          keeper.use((plane) => plane.setTimeouts({ ...timeoutsBefore, ...wanted })),
          (before) => {
            timeouts = wanted
            timeoutsBefore ??= before
          }
        )

  /** One change at a time, each to what holds when its turn comes: roles may change faster than the kernel follows. */
  const oneAtATime = Semaphore.makeUnsafe(1)

  const setDaemon = (keeper: TableKeeper): Effect.Effect<void, ForwardingPlaneError> =>
    oneAtATime.withPermit(
      Effect.suspend(() => {
        if (daemon === undefined) return Effect.void
        const { router } = daemon
        const halves =
          router === undefined
            ? { master: true, backup: true }
            : { master: masters.has(router), backup: !masters.has(router) }
        const wanted = daemon
        return keeper.use((plane) => plane.setSyncDaemon(wanted, halves))
      })
    )

  const stopDaemon = (keeper: TableKeeper): Effect.Effect<void, ForwardingPlaneError> =>
    oneAtATime.withPermit(
      Effect.suspend(() => {
        if (daemon === undefined) return Effect.void
        const stopped = daemon
        daemon = undefined
        return keeper.use((plane) => plane.setSyncDaemon(stopped, { master: false, backup: false }))
      })
    )

  const refusalOf = (keyword: string, job: Effect.Effect<void, ForwardingPlaneError>) =>
    job.pipe(
      Effect.as<ReadonlyArray<string>>([]),
      Effect.catch(({ message }) => Effect.succeed([`${keyword}: ${message}`]))
    )

  return {
    apply: (keeper, wanted) =>
      Effect.gen(function* () {
        const ofTimeouts = yield* refusalOf("lvs_timeouts", setTimeouts(keeper, wanted.timeouts))
        if (wanted.syncDaemon === undefined)
          return [...ofTimeouts, ...(yield* refusalOf(syncKeyword, stopDaemon(keeper)))]
        daemon = wanted.syncDaemon
        return [...ofTimeouts, ...(yield* refusalOf(syncKeyword, setDaemon(keeper)))]
      }),
    tellRole: (keeper, router, isMaster) =>
      Effect.suspend(() => {
        if (isMaster) masters.add(router)
        else masters.delete(router)
        return keeper === undefined || daemon?.router !== router
          ? Effect.succeed([])
          : refusalOf(syncKeyword, setDaemon(keeper))
      }),
    restore: (keeper) =>
      Effect.gen(function* () {
        yield* Effect.ignore(stopDaemon(keeper))
        const before = timeoutsBefore
        if (before !== undefined) yield* keeper.use((plane) => plane.setTimeouts(before))
      }).pipe(Effect.ignore)
  }
}

const syncKeyword = "lvs_sync_daemon"
