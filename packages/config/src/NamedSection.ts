/**
 * A section with a name: `KEYWORD NAME { … }`.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import type * as Keywords from "./Keywords.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import * as Span from "./Span.ts"
import * as Suggestion from "./Suggestion.ts"
import type { Statement } from "./SyntaxTree.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface NamedSection<out R> {
  readonly name: Word
  readonly settings: Section.Settings<R>
}

/**
 * Reads a section; nothing when it lacks its name or its block.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = <S extends Keywords.Section, R extends Section.Readers<S>>(
  section: S,
  readers: R,
  statement: Statement,
  report: Report
): NamedSection<R> | undefined => {
  const [name, ...rest] = statement.arguments
  const { span, text: keyword } = statement.keyword
  Section.warnSuperfluous(statement, rest, report)
  if (name === undefined)
    report.error(span, `${keyword} needs a name`, `write ${keyword} NAME, before the brace`)
  const block = Section.blockOf(statement, report)
  if (block === undefined) return undefined
  const settings = Section.read(section, readers, block.statements, report)
  return name === undefined ? undefined : { name, settings }
}

/**
 * Returns the sections of a kind by their names. The second of a name is an error.
 *
 * @category compiling
 * @since 0.1.0
 */
export const byName = <A extends { readonly name: Word }>(
  keyword: string,
  sections: ReadonlyArray<A>,
  report: Report
): ReadonlyMap<string, A> => {
  const known = new Map<string, A>()
  for (const section of sections) {
    const { span, text } = section.name
    const first = known.get(text)
    if (first === undefined) known.set(text, section)
    else {
      const message = `${keyword} ${text} is already defined at ${Span.format(first.name.span)}`
      report.error(span, message, "give each its own name")
    }
  }
  return known
}

/**
 * Returns the section that a word names; an error when there is none.
 *
 * @category compiling
 * @since 0.1.0
 */
export const find = <A>(
  keyword: string,
  word: Word,
  sections: ReadonlyMap<string, A>,
  report: Report
): A | undefined => {
  const found = sections.get(word.text)
  if (found !== undefined) return found
  const meant = Suggestion.nearest(word.text, [...sections.keys()])
  const remedy =
    meant === undefined ? `add ${keyword} ${word.text}, or correct the name` : `did you mean ${meant}?`
  report.error(word.span, `there is no ${keyword} ${word.text}`, remedy)
  return undefined
}
