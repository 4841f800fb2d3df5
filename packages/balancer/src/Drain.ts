/**
 * Real servers that a reload removed, while the connections that they have come to their end.
 *
 * @since 0.1.0
 */
import { type Instant, type Micros, plus, seconds } from "@holdfast/wire/Instant"
import type { Member } from "./Member.ts"
import type { VirtualServer } from "./Parameters.ts"
import * as ServerPool from "./ServerPool.ts"

/**
 * A server that keeps weight 0, until `until` at the latest.
 *
 * @category models
 * @since 0.1.0
 */
export interface Draining {
  readonly member: Member
  readonly since: Instant
  readonly until: Instant
}

/**
 * Returns a server that begins to drain.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (member: Member, at: Instant, drain: Micros): Draining => ({
  member,
  since: at,
  until: plus(at, drain)
})

/**
 * Whether a server has no connections by these counts, which are by the keys of destinations. One that is not in the table
 * has none; one that the plane does not count may have some.
 *
 * @category guards
 * @since 0.1.0
 */
export const isOver = (
  { member }: Draining,
  parameters: VirtualServer,
  counts: ReadonlyMap<string, number | undefined>
): boolean =>
  ServerPool.destinationKeys(parameters, member.server).every(
    (key) => !counts.has(key) || counts.get(key) === 0
  )

/**
 * How often connections are counted: often enough to let a server go soon, and seldom enough to read the table of a large
 * service.
 *
 * @category constants
 * @since 0.1.0
 */
export const countInterval = seconds(1)
