/**
 * Parts of the command that are read when they are first needed.
 *
 * **Details** a release that is replaced while its daemon runs takes along what was not read yet.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * A part cannot be read.
 *
 * @category errors
 * @since 0.1.0
 */
export class PartMissing extends Schema.TaggedError<PartMissing>()("PartMissing", {
  message: Schema.String
}) {}

/**
 * Reads a part. `name` is what it does, for the operator.
 *
 * @category constructors
 * @since 0.1.0
 */
export const load = <A>(name: string, part: () => Promise<A>): Effect.Effect<A, PartMissing> =>
  Effect.tryPromise({
    try: part,
    catch: (error) =>
      new PartMissing({ message: `${name} cannot be loaded: ${String(error)}; restart the daemon` })
  })
