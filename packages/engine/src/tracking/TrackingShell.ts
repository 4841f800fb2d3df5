/**
 * What the trackers of every kind have in common: one clock, one heap of deadlines, and whom to tell.
 *
 * @since 0.1.0
 */
import type { Observation } from "@holdfast/vrrp/Tracker"
import type { Instant } from "@holdfast/wire/Instant"
import type { Slot } from "../TimerHeap.ts"
import type { TrackingEvent } from "./TrackingEvent.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface TrackingShell {
  readonly now: () => Instant
  readonly publish: (event: TrackingEvent) => void
  /** Tells what is known of a subject from now on. */
  readonly observe: (subject: string, observation: Observation) => void
  /** The subject is not tracked any more. */
  readonly forget: (subject: string) => void
  readonly slot: (onExpired: (now: Instant) => void) => Slot
  readonly arm: (slot: Slot, deadline: Instant) => void
  readonly disarm: (slot: Slot) => void
}
