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
import { Instant } from "@holdfast/wire/Instant"

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
  Departure: { source: Address.Ipv4Address },
  Preemption: { source: Address.Ipv4Address, priority: Schema.Int }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Takeover = typeof Takeover.Type

/**
 * The role of a virtual router.
 *
 * - `Init`: it shall not run.
 * - `Backup`: it takes over at `masterDownAt`, which is counted from `countedFrom`. `preemptDelayFrom` is the start of
 *   the preempt delay, absent when an equal or higher Master was heard since.
 * - `Master`: it takes and holds the addresses and sends its next advert at `advertAt`.
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
    preemptDelayFrom: Schema.optionalKey(Instant)
  },
  Master: { advertAt: Instant, announcing: Announcing },
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
      return { Advert: role.advertAt, ...announcingDeadlines(role.announcing) }
  }
}

const announcingDeadlines = ({ burst, refreshAt }: Announcing): Deadlines => ({
  ...(burst === undefined ? none : { Announce: burst.at }),
  ...(refreshAt === undefined ? none : { Refresh: refreshAt })
})

const none: Deadlines = {}
