/**
 * What is wrong, or doubtful, in a configuration file: where, why, and what to do about it.
 *
 * **Details** a mistake never ends the reading: every stage adds to one `Report` and goes on, so that one run shows all
 * mistakes. An error means that no configuration results; a warning means that one does, and that the operator should know.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Span from "./Span.ts"

/**
 * @category models
 * @since 0.1.0
 */
export const Diagnostic = Schema.Struct({
  severity: Schema.Literals(["error", "warning"]),
  span: Span.Span,
  message: Schema.String,
  /** What the operator can do about it. */
  remedy: Schema.optionalKey(Schema.String)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Diagnostic = typeof Diagnostic.Type

/**
 * Returns one line, `file:line:column: error: message (remedy)`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const format = (diagnostic: Diagnostic): string => {
  const remedy = diagnostic.remedy === undefined ? "" : ` (${diagnostic.remedy})`
  return `${Span.format(diagnostic.span)}: ${diagnostic.severity}: ${diagnostic.message}${remedy}`
}

/**
 * Tells whether an error is among the diagnostics.
 *
 * @category predicates
 * @since 0.1.0
 */
export const hasError = (diagnostics: ReadonlyArray<Diagnostic>): boolean =>
  diagnostics.some((diagnostic) => diagnostic.severity === "error")

/**
 * Collects the diagnostics of one reading.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly error: (span: Span.Span, message: string, remedy?: string) => void
  readonly warning: (span: Span.Span, message: string, remedy?: string) => void
  /** All that was collected, in the order of their places. */
  readonly diagnostics: () => ReadonlyArray<Diagnostic>
}

/**
 * Makes an empty report.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeReport = (): Report => {
  const collected: Array<Diagnostic> = []
  const add =
    (severity: Diagnostic["severity"]): Report["error"] =>
    (span, message, remedy) => {
      collected.push(remedy === undefined ? { severity, span, message } : { severity, span, message, remedy })
    }
  return {
    error: add("error"),
    warning: add("warning"),
    diagnostics: () => (collected.length < 2 ? collected : sorted(collected))
  }
}

/**
 * Returns diagnostics in the order of their places; those of one place keep the order in which they were found.
 *
 * @category conversions
 * @since 0.1.0
 */
export const sorted = (diagnostics: ReadonlyArray<Diagnostic>): ReadonlyArray<Diagnostic> =>
  // Array.prototype.toSorted is stable.
  diagnostics.toSorted((left, right) => left.span.offset - right.span.offset)

/**
 * Returns a report that puts a subject before each message: `priority: 300 is out of range`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const about = (report: Report, subject: string): Report => ({
  error: (span, message, remedy) => report.error(span, `${subject}: ${message}`, remedy),
  warning: (span, message, remedy) => report.warning(span, `${subject}: ${message}`, remedy),
  diagnostics: report.diagnostics
})
