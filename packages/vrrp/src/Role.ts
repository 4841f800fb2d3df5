/**
 * The roles of a virtual router, each with exactly the deadlines it needs.
 *
 * The words are keepalived's; RFC 3768 has Initialize, Backup and Master, RFC 9568 says Active for Master. Fault is
 * Initialize with a reason: the router shall run and cannot.
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import { Fault as FaultReason } from "./Action.ts"
import { Announcing } from "./Announcing.ts"
import type { TimerName } from "./Event.ts"
import { Instant, Micros } from "@holdfast/wire/Instant"

/**
 * What a Backup takes over from if its timer runs out.
 *
 * - `Silence`: nobody has spoken since the timer was set.
 * - `Departure`: `source` sent priority 0.
 * - `Preemption`: `source` speaks with a lower priority and is not obeyed.
 *
 * @category models
 * @since 0.1.0
 */
export const Takeover = Schema.TaggedUnion({
  Silence: {},
  Departure: { source: Address.IpAddress },
  Preemption: { source: Address.IpAddress, priority: Schema.Int }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Takeover = typeof Takeover.Type

/**
 * Another Master.
 *
 * @category models
 * @since 0.1.0
 */
export const Rival = Schema.Struct({ source: Address.IpAddress, since: Instant, goneAt: Instant })

/**
 * @category models
 * @since 0.1.0
 */
export type Rival = typeof Rival.Type

/**
 * The role of a virtual router.
 *
 * - `Init`: it shall not run.
 * - `Backup`: it takes over at `masterDownAt`, which is counted from `countedFrom`. `preemptDelayFrom` is the start of
 *   the preempt delay, absent when an equal or higher Master was heard since. `masterInterval` is between adverts of its
 *   Master (RFC 9568 section 6.1, Active_Adver_Interval; always our own in version 2). `willing`: its time came, but it
 *   waits for the other members of its group.
 * - `Master`: it takes and holds the addresses and sends its next advert at `advertAt`. `rival` is another Master that was
 *   heard since `since`, and counts as gone at `goneAt`.
 * - `Fault`: it shall run, and `faults`, never empty, keep it from running.
 *
 * @category models
 * @since 0.1.0
 */
export const Role = Schema.TaggedUnion({
  Init: {},
  Backup: {
    masterDownAt: Instant,
    countedFrom: Instant,
    takeover: Takeover,
    masterInterval: Micros,
    willing: Schema.Boolean,
    preemptDelayFrom: Schema.optionalKey(Instant)
  },
  Master: {
    advertAt: Instant,
    announcing: Announcing,
    rival: Schema.optionalKey(Rival)
  },
  Fault: { faults: Schema.NonEmptyArray(FaultReason) }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Role = typeof Role.Type

/**
 * @category models
 * @since 0.1.0
 */
export type Backup = typeof Role.cases.Backup.Type

/**
 * @category models
 * @since 0.1.0
 */
export type Master = typeof Role.cases.Master.Type

/**
 * @category models
 * @since 0.1.0
 */
export type Fault = typeof Role.cases.Fault.Type

/**
 * Deadlines by timer; a timer that is absent is not armed.
 *
 * @category models
 * @since 0.1.0
 */
export type Deadlines = { readonly [Timer in TimerName]?: Instant }

/**
 * Returns the deadlines that a role holds.
 *
 * @category deadlines
 * @since 0.1.0
 */
export const deadlines = (role: Role): Deadlines => {
  switch (role._tag) {
    case "Init":
    case "Fault":
      return none
    case "Backup":
      return { MasterDown: role.masterDownAt }
    case "Master":
      return deadlinesOfMaster(role)
  }
}

/** Asked for at each advert that is sent. */
const deadlinesOfMaster = ({ advertAt, announcing: { burst, refreshAt }, rival }: Master): Deadlines => {
  const deadlines: { -readonly [Timer in TimerName]?: Instant } = { Advert: advertAt }
  if (burst !== undefined) deadlines.Announce = burst.at
  if (refreshAt !== undefined) deadlines.Refresh = refreshAt
  if (rival !== undefined) deadlines.Rival = rival.goneAt
  return deadlines
}

const none: Deadlines = {}
