/**
 * Two Masters at once: another one that a Master hears and does not yield to, from its first advert until it is silent.
 *
 * The rules of the RFC decide who stays. This is the memory of it: who it is, since when, and when it counts as gone.
 *
 * **Details** a rival is gone when it says so (priority 0), when nothing was heard for its master-down interval, or when we
 * are Master no more. When it goes and we stay, our addresses are announced once more: hosts and switches may have believed
 * the other one last.
 *
 * **Gotchas** a third Master prolongs the rivalry and does not begin another: the first one stays the one that is named.
 *
 * @since 0.1.0
 */
import { type Instant, plus } from "@holdfast/wire/Instant"
import type { Action } from "./Action.ts"
import type { Event } from "./Event.ts"
import type { Parameters } from "./Parameters.ts"
import type { Master, Rival } from "./Role.ts"
import * as Timing from "./Timing.ts"

/**
 * Returns the rival of a Master that heard this advert and stays Master.
 *
 * @category combinators
 * @since 0.1.0
 */
export const hear = (
  { rival }: Master,
  parameters: Parameters,
  { advertisement, at, source }: typeof Event.cases.AdvertReceived.Type
): Rival => {
  const interval = Timing.intervalHeard(parameters, advertisement)
  const heardGoneAt = plus(at, Timing.masterDownIntervalOf(parameters, advertisement.priority, interval))
  if (rival === undefined) return { source, since: at, goneAt: heardGoneAt }
  return { ...rival, goneAt: Math.max(rival.goneAt, heardGoneAt) as Instant }
}

/**
 * Returns the action that tells of a rival.
 *
 * @category actions
 * @since 0.1.0
 */
export const begun = ({ since: at, source }: Rival, priority: number): Action => ({
  _tag: "PublishRival",
  at,
  source,
  priority
})

/**
 * Returns the action that tells of its end.
 *
 * @category actions
 * @since 0.1.0
 */
export const gone = ({ since, source }: Rival, at: Instant, yielded: boolean): Action => ({
  _tag: "PublishRivalGone",
  at,
  source,
  togetherMicros: at - since,
  yielded
})

/**
 * Returns a Master without a rival.
 *
 * @category combinators
 * @since 0.1.0
 */
export const without = (role: Master): Master => {
  const { rival: _, ...alone } = role
  return alone
}
