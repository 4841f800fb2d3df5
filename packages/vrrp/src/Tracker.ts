/**
 * What a virtual router looks at besides its own devices: devices, scripts, processes and files, each a reason for Fault
 * or a change of priority.
 *
 * @see docs/decisions/0025-tracking-and-notifications-beside-the-engine.md
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { InterfaceName } from "./InterfaceName.ts"

/**
 * What is looked at.
 *
 * - `Interface`: a network device (`track_interface`).
 * - `Script`, `Process`, `File`: by the name of its `vrrp_script`, `vrrp_track_process` or `track_file`.
 *
 * @category models
 * @since 0.1.0
 */
export const Subject = Schema.TaggedUnion({
  Interface: { interface: InterfaceName },
  Script: { name: Schema.String },
  Process: { name: Schema.String },
  File: { name: Schema.String }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Subject = typeof Subject.Type

/**
 * One line of `track_interface`, `track_script`, `track_process` or `track_file`.
 *
 * **Details** without a weight a subject that is down is a Fault; a file is down while it says another number than 0. A
 * positive weight is added while it is up, a negative one while it is down. Of a file the number in it times the weight is
 * added, and a product of -254 or less is a Fault.
 *
 * @category models
 * @since 0.1.0
 */
export const Tracker = Schema.Struct({
  subject: Subject,
  /** -254 to 254; 0 for a reason of Fault. */
  weight: Schema.Int.check(Schema.isBetween({ minimum: -254, maximum: 254 })),
  /** Without a weight, up and down change places; with one, its sign is the other one at the same times (`reverse`). */
  reverse: Schema.Boolean
})

/**
 * @category models
 * @since 0.1.0
 */
export type Tracker = typeof Tracker.Type

/**
 * What is known of a script, a process or a file.
 *
 * - `Unknown`: there is no first result yet. Of a subject without weight it keeps the router from running.
 * - `Up`, `Down`.
 * - `Value`: the number in a file.
 *
 * @category models
 * @since 0.1.0
 */
export const Observation = Schema.TaggedUnion({
  Unknown: {},
  Up: {},
  Down: {},
  Value: { value: Schema.Int }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Observation = typeof Observation.Type

/**
 * Returns the key of a subject: two lines with the same key look at the same thing.
 *
 * @category accessors
 * @since 0.1.0
 */
export const keyOf = (subject: Subject): string =>
  subject._tag === "Interface" ? `Interface ${subject.interface}` : `${subject._tag} ${subject.name}`
