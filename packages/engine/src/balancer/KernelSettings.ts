/**
 * What the kernel's balancer is told beside services: connection timeouts, and the synchronisation daemon that follows a virtual router.
 *
 * @since 0.2.0
 */
import type { ConnectionTimeouts, Parameters, SyncDaemon } from "@holdfast/balancer/Parameters"
import * as Equal from "effect/Equal"
import * as Effect from "effect/Effect"
import type { ForwardingPlaneError } from "../ForwardingPlane.ts"
import type { TableKeeper } from "./TableKeeper.ts"

/**
 * @category models
 * @since 0.2.0
 */
export interface KernelSettings {
  /** Makes the settings those wanted, and returns what was refused, in words. */
  readonly apply: (keeper: TableKeeper, wanted: Parameters) => Effect.Effect<ReadonlyArray<string>>
  readonly tellRole: (
    keeper: TableKeeper | undefined,
    router: string,
    isMaster: boolean
  ) => Effect.Effect<void>
  /** Sets the timeouts back and stops the daemon. */
  readonly restore: (keeper: TableKeeper) => Effect.Effect<void>
}

/**
 * Makes settings that were not touched yet.
 *
 * @category constructors
 * @since 0.2.0
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

  const setDaemon = (keeper: TableKeeper): Effect.Effect<void, ForwardingPlaneError> =>
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

  const stopDaemon = (keeper: TableKeeper): Effect.Effect<void, ForwardingPlaneError> =>
    Effect.suspend(() => {
      if (daemon === undefined) return Effect.void
      const stopped = daemon
      daemon = undefined
      return keeper.use((plane) => plane.setSyncDaemon(stopped, { master: false, backup: false }))
    })

  return {
    apply: Effect.fnUntraced(function* (keeper, wanted) {
      const jobs = {
        lvs_timeouts: setTimeouts(keeper, wanted.timeouts),
        lvs_sync_daemon: Effect.gen(function* () {
          if (wanted.syncDaemon === undefined) return yield* stopDaemon(keeper)
          daemon = wanted.syncDaemon
          yield* setDaemon(keeper)
        })
      }
      const refusals: Array<string> = []
      for (const [keyword, job] of Object.entries(jobs))
        yield* Effect.catch(job, ({ message }) =>
          Effect.sync(() => void refusals.push(`${keyword}: ${message}`))
        )
      return refusals
    }),
    tellRole: (keeper, router, isMaster) =>
      Effect.suspend(() => {
        if (isMaster) masters.add(router)
        else masters.delete(router)
        return keeper === undefined || daemon?.router !== router
          ? Effect.void
          : Effect.ignore(setDaemon(keeper))
      }),
    restore: (keeper) =>
      Effect.gen(function* () {
        yield* stopDaemon(keeper)
        const before = timeoutsBefore
        if (before !== undefined) yield* keeper.use((plane) => plane.setTimeouts(before))
      }).pipe(Effect.ignore)
  }
}
