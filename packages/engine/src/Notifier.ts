/**
 * The port for telling the operator's programs: scripts and named pipes.
 *
 * Nothing here waits: a notification is taken and carried out behind. Scripts of one object run one after the other, in the order of its
 * notifications; those of different objects at the same time. What was lost is counted and told.
 *
 * @since 0.1.0
 */
import type { NotifyFifo, Script } from "@holdfast/wire/Script"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * One thing to tell.
 *
 * - `object`: what it is about; the order is kept for each.
 * - `fifoLine`: without its end of line; absent where pipes are not told.
 *
 * @category models
 * @since 0.1.0
 */
export interface Notification {
  readonly object: string
  readonly script?: Script
  readonly fifoLine?: string
}

/**
 * Something that did not reach its reader.
 *
 * - `ScriptFailed`: it could not be started, ended with another code than zero, or was ended after its time.
 * - `LinesLost`: a pipe was full, or nobody read it; `count` since the last report of this pipe.
 * - `FifoFailed`: the pipe cannot be made or opened.
 *
 * @category models
 * @since 0.1.0
 */
export type NotifierReport =
  | {
      readonly _tag: "ScriptFailed"
      readonly object: string
      readonly command: string
      readonly reason: string
    }
  | { readonly _tag: "LinesLost"; readonly path: string; readonly count: number }
  | { readonly _tag: "FifoFailed"; readonly path: string; readonly message: string }

/**
 * A notifier that is open.
 *
 * @category models
 * @since 0.1.0
 */
export interface Notifying {
  /** Takes a notification; never waits and never throws. */
  readonly notify: (notification: Notification) => void
  /** Makes these the pipes: opens new ones, closes those that are no more wanted. Their reader scripts start and end with them. */
  readonly setFifos: (fifos: ReadonlyArray<NotifyFifo>) => Effect.Effect<void>
  /** Returns when everything taken so far was carried out, or its time is over. */
  readonly drained: Effect.Effect<void>
}

/**
 * Opens notifiers.
 *
 * @category services
 * @since 0.1.0
 */
export class Notifier extends Context.Service<
  Notifier,
  {
    /** Closing the scope ends what still runs, process groups and all. */
    readonly open: (
      onReport: (report: NotifierReport) => void
    ) => Effect.Effect<Notifying, never, Scope.Scope>
  }
>()("@holdfast/engine/Notifier") {}
