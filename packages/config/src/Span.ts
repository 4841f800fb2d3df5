/**
 * A place in a configuration file.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Where a piece of text stands. Lines and columns count from 1, columns and lengths in UTF-16 code units.
 *
 * @category models
 * @since 0.1.0
 */
export const Span = Schema.Struct({
  /** The file as the operator named it. */
  file: Schema.String,
  line: Schema.Int,
  column: Schema.Int,
  /** From the start of the file, counted from 0. */
  offset: Schema.Int,
  length: Schema.Int
})

/**
 * @category models
 * @since 0.1.0
 */
export type Span = typeof Span.Type

/**
 * Returns the place as `file:line:column`, the form that editors and terminals make clickable.
 *
 * @category conversions
 * @since 0.1.0
 */
export const format = (span: Span): string => `${span.file}:${span.line}:${span.column}`
