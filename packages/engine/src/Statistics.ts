/**
 * What a virtual router has counted since it first ran; a reload keeps it.
 *
 * @since 0.1.0
 */
import { Counter, DropReason } from "@holdfast/vrrp/Action"
import * as Schema from "effect/Schema"

/**
 * Counts by name and dropped adverts by reason.
 *
 * @category models
 * @since 0.1.0
 */
export const Statistics = Schema.Struct({
  counters: Schema.Record(Counter, Schema.Int),
  drops: Schema.Record(DropReason, Schema.Int)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Statistics = typeof Statistics.Type

/**
 * The same while it is being counted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tally {
  readonly counters: Record<Counter, number>
  readonly drops: Record<DropReason, number>
}

/**
 * Makes a tally of zeros.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Tally => ({ counters: zeros(Counter.literals), drops: zeros(DropReason.literals) })

const zeros = <Name extends string>(names: ReadonlyArray<Name>): Record<Name, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
