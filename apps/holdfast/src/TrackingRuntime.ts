/**
 * Tracking in the daemon's main thread: scripts, processes and files on this machine's adapters.
 *
 * Imported when a file tracks something.
 *
 * @since 0.1.0
 */
import { Tracking } from "@holdfast/engine/tracking/Tracking"
import * as TrackingEvent from "@holdfast/engine/tracking/TrackingEvent"
import * as TrackingHost from "@holdfast/linux/TrackingHost"
import * as WakeTimer from "@holdfast/linux/WakeTimer"
import type { Observation } from "@holdfast/vrrp/Tracker"
import type { ScriptDefaults } from "@holdfast/wire/Script"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type * as Log from "./Log.ts"

/**
 * Opens a tracking that lives until the scope closes. `onObserved` gets what is known, the log all that happens.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  scripts: ScriptDefaults,
  onObserved: (observations: ReadonlyMap<string, Observation>) => void,
  log: Log.Log
) {
  const host = Layer.merge(TrackingHost.layer(scripts), WakeTimer.layer)
  const context = yield* Layer.build(Layer.provide(Tracking.layer, host))
  const tracking = Context.get(context, Tracking)
  yield* tracking.events.pipe(
    Stream.runForEach((event) =>
      Effect.sync(() => {
        const { level, message } = TrackingEvent.describe(event)
        log.write(level, message, { event })
      })
    ),
    Effect.forkScoped({ startImmediately: true })
  )
  yield* tracking.subscribe((observed) =>
    onObserved(new Map(observed.map(({ observation, subject }) => [subject, observation])))
  )
  return tracking
})
