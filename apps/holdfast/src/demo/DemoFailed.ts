/**
 * Why a demo ended before its end.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Something did not happen in time, more was lost than promised, or a director ended by itself.
 *
 * @category errors
 * @since 0.1.0
 */
export class DemoFailed extends Schema.TaggedError<DemoFailed>()("DemoFailed", { message: Schema.String }) {}
