/**
 * Tracking as the daemon sees it: made when a file first tracks something.
 *
 * @since 0.1.0
 */
import type { Tracking, TrackingStatus } from "@holdfast/engine/tracking/Tracking"
import type { Observation } from "@holdfast/vrrp/Tracker"
import type { TrackingParameters } from "@holdfast/vrrp/TrackingParameters"
import type { ScriptDefaults } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type * as Log from "./Log.ts"
import * as Part from "./Part.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface TrackingHandle {
  /** Makes these what is tracked, before the routers that track it are applied. */
  readonly apply: (
    wanted: TrackingParameters,
    scripts: ScriptDefaults
  ) => Effect.Effect<void, Part.PartMissing>
  /** Absent while nothing was ever tracked. */
  readonly status: Effect.Effect<TrackingStatus | undefined>
  readonly stop: Effect.Effect<void>
}

/**
 * Makes a handle whose tracking lives, once there is something to track, until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  log: Log.Log,
  onObserved: (observations: ReadonlyMap<string, Observation>) => void
): Effect.fn.Return<TrackingHandle, never, Scope.Scope> {
  const scope = yield* Effect.scope
  /** Read whenever a script runs: a reload may change it. */
  const defaults: { -readonly [K in keyof ScriptDefaults]: ScriptDefaults[K] } = { security: false }
  let tracking: Tracking["Service"] | undefined

  const open = Effect.gen(function* () {
    const runtime = yield* Part.load("the part that tracks", () => import("./TrackingRuntime.ts"))
    return yield* runtime.open(defaults, onObserved, log)
  })

  return {
    apply: Effect.fnUntraced(function* (wanted, scripts) {
      const count = wanted.scripts.length + wanted.processes.length + wanted.files.length
      if (tracking === undefined && count === 0) return
      for (const key of ["user", "group"] as const) delete defaults[key]
      Object.assign(defaults, scripts)
      tracking ??= yield* Scope.provide(open, scope)
      yield* tracking.apply(wanted)
    }),
    status: Effect.suspend(
      (): Effect.Effect<TrackingStatus | undefined> => tracking?.status ?? Effect.succeed(undefined)
    ),
    stop: Effect.suspend(() => tracking?.stop ?? Effect.void)
  }
})
