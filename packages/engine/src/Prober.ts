/**
 * The port for probing servers.
 *
 * A probe is started with a number and reports under it, once; a probe of a file reports whenever the file changes,
 * until it is cancelled. The adapter has no timeouts: the check's reducer holds the deadline, and its expiry cancels the probe.
 *
 * @since 0.1.0
 */
import type { Probe, ProbeResult } from "@holdfast/balancer/Probe"
import type { Instant } from "@holdfast/wire/Instant"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * What one probe found, and when.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProbeReport {
  readonly id: number
  readonly at: Instant
  readonly result: ProbeResult
}

/**
 * A prober that is open.
 *
 * @category models
 * @since 0.1.0
 */
export interface Probing {
  /** Starts a probe. Never throws and never reports before it returns. `id` is not in use. */
  readonly start: (id: number, probe: Probe) => void
  /** Ends a probe: it reports no more, and its sockets and processes are gone soon. An unknown number is ignored. */
  readonly cancel: (id: number) => void
}

/**
 * Opens probers.
 *
 * @category services
 * @since 0.1.0
 */
export class Prober extends Context.Service<
  Prober,
  {
    /** `onReports` gets all that was found at once; it must not throw. Closing the scope cancels everything. */
    readonly open: (
      onReports: (reports: ReadonlyArray<ProbeReport>) => void
    ) => Effect.Effect<Probing, never, Scope.Scope>
  }
>()("@holdfast/engine/Prober") {}
