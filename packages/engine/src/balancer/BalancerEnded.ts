/**
 * The end of a balancer that was not asked for.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The balancer cannot go on: a fault in it, never in a server or the kernel. The table stays as it is.
 *
 * @category errors
 * @since 0.1.0
 */
export class BalancerEnded extends Schema.TaggedError<BalancerEnded>()("BalancerEnded", {
  message: Schema.String
}) {}
