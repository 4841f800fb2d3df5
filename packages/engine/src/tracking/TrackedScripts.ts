/**
 * The tracked scripts that run now: carries out what their reducers ask for.
 *
 * @since 0.1.0
 */
import { keyOf } from "@holdfast/vrrp/Tracker"
import type { TrackScript } from "@holdfast/vrrp/TrackingParameters"
import * as ScriptTracker from "@holdfast/vrrp/tracking/ScriptTracker"
import type { Micros } from "@holdfast/wire/Instant"
import type { Script } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as FiberMap from "effect/FiberMap"
import type * as Scope from "effect/Scope"
import type { Slot } from "../TimerHeap.ts"
import { ScriptRuns } from "./ScriptRuns.ts"
import type { TrackingShell } from "./TrackingShell.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface ScriptStatus {
  readonly name: string
  readonly observation: ScriptTracker.Knowledge
  readonly isRunning: boolean
  /** How the last run ended, for people. */
  readonly outcome: string | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface TrackedScripts {
  /** Makes these the scripts that run, by difference. */
  readonly apply: (wanted: ReadonlyArray<TrackScript>) => Effect.Effect<void>
  readonly status: () => ReadonlyArray<ScriptStatus>
}

interface Tracked {
  state: ScriptTracker.ScriptTracker
  readonly subject: string
  readonly slot: Slot
}

/**
 * Makes none. Closing the scope ends what runs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (shell: TrackingShell): Effect.Effect<TrackedScripts, never, ScriptRuns | Scope.Scope> =>
  Effect.gen(function* () {
    const runs = yield* ScriptRuns
    const running = yield* FiberMap.make<Tracked>()
    const fork = yield* FiberMap.runtime(running)()
    const tracked = new Map<string, Tracked>()

    const start = (one: Tracked, script: Script, timeout: Micros): void => {
      const onTimedOut = (): void => step(one, { _tag: "TimedOut", at: shell.now() })
      const ended = Effect.map(runs.run(script, timeout, onTimedOut), (outcome) =>
        step(one, { _tag: "Ended", at: shell.now(), outcome })
      )
      // A turn of its own: steps do not nest, and starts do not add up to one long pause.
      fork(one, Effect.andThen(Effect.yieldNow, ended))
    }

    const step = (one: Tracked, event: ScriptTracker.Event): void => {
      const { actions, state } = ScriptTracker.step(one.state, event)
      one.state = state
      for (const action of actions) {
        switch (action._tag) {
          case "Run":
            start(one, action.script, action.timeout)
            break
          case "ArmTimer":
            shell.arm(one.slot, action.deadline)
            break
          case "Observe":
            shell.observe(one.subject, action.observation)
            break
          case "Report":
            shell.publish({
              _tag: "ScriptReported",
              at: shell.now(),
              name: state.parameters.name,
              report: action.report
            })
        }
      }
    }

    const begin = (state: ScriptTracker.ScriptTracker): void => {
      const one: Tracked = {
        state,
        subject: keyOf({ _tag: "Script", name: state.parameters.name }),
        slot: shell.slot((at) => step(one, { _tag: "Due", at }))
      }
      tracked.set(state.parameters.name, one)
      shell.observe(one.subject, state.observation)
      step(one, { _tag: "Started", at: shell.now() })
    }

    const end = (one: Tracked): Effect.Effect<void> => {
      tracked.delete(one.state.parameters.name)
      shell.disarm(one.slot)
      return FiberMap.remove(running, one)
    }

    return {
      apply: Effect.fnUntraced(function* (wanted) {
        const names = new Set(wanted.map(({ name }) => name))
        for (const one of tracked.values()) {
          if (names.has(one.state.parameters.name)) continue
          yield* end(one)
          shell.forget(one.subject)
        }
        for (const parameters of wanted) {
          const present = tracked.get(parameters.name)
          if (present !== undefined && Equal.equals(present.state.parameters, parameters)) continue
          if (present !== undefined) yield* end(present)
          begin(ScriptTracker.make(parameters, present?.state))
        }
      }),
      status: () =>
        Array.from(tracked.values(), ({ state }) => ({
          name: state.parameters.name,
          observation: state.observation,
          isRunning: state.isRunning,
          outcome: state.outcome === undefined ? undefined : ScriptTracker.describe(state.outcome)
        }))
    }
  })
