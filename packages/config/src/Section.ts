/**
 * From the statements of a section to typed settings.
 *
 * A section's module holds a record of readers, one for each keyword, and gets its model's type from them. What is the
 * same for all sections is here: unknown, unsupported and ignored keywords, repeated ones, and missing and superfluous
 * arguments.
 *
 * @since 0.1.0
 */
import * as Diagnostic from "./Diagnostic.ts"
import type { Report } from "./Diagnostic.ts"
import * as Keywords from "./Keywords.ts"
import type { Word } from "./Lexer.ts"
import type { Span } from "./Span.ts"
import * as Suggestion from "./Suggestion.ts"
import type { Block, Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * Reads one statement. `append` adds up what repeated statements give; else the last one counts.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader<out A> {
  readonly repeat: "last" | "append"
  readonly read: (statement: Statement, report: Report) => A | undefined
}

/**
 * The readers of a section: one for each supported keyword, and perhaps some for unsupported ones.
 *
 * @category models
 * @since 0.1.0
 */
export type Readers<S extends Keywords.Section> = Readonly<
  Record<Keywords.InState<S, "supported">, Reader<unknown>> &
    Partial<Record<Keywords.InState<S, "unsupported">, Reader<unknown>>>
>

/**
 * A value and the place that gave it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Setting<out A> {
  readonly value: A
  readonly span: Span
}

/**
 * What a section says: a setting for each keyword that was read without a mistake.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings<out R> {
  readonly values: { readonly [K in keyof R]?: R[K] extends Reader<infer A> ? Setting<A> : never }
  /** The keywords that stand in the section, well written or not. */
  readonly mentioned: ReadonlySet<string>
}

/**
 * Reads the statements of a section.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = <S extends Keywords.Section, R extends Readers<S>>(
  section: S,
  readers: R,
  statements: ReadonlyArray<Statement>,
  report: Report
): Settings<R> => {
  const table = tableOf(readers)
  const values = new Map<string, Setting<unknown>>()
  const mentioned = new Set<string>()
  for (const statement of statements) {
    const keyword = statement.keyword.text
    if (!accept(section, statement, report)) continue
    const reader = table.get(keyword)
    if (reader === undefined) continue
    if (mentioned.has(keyword) && reader.repeat === "last") {
      const remedy = "the last one counts; remove the others"
      report.warning(statement.keyword.span, `${keyword} is given more than once`, remedy)
    }
    mentioned.add(keyword)
    const value = reader.read(statement, report)
    const span = (statement.arguments[0] ?? statement.keyword).span
    if (value !== undefined) values.set(keyword, merge(reader, values.get(keyword), { value, span }))
  }
  // The readers give each keyword its type, which a loop over names cannot show to the compiler.
  return { values: Object.fromEntries(values) as Settings<R>["values"], mentioned }
}

/** A file has thousands of blocks of the same kind: their table is made once. */
const tableOf = (readers: object): ReadonlyMap<string, Reader<unknown>> => {
  const known = tables.get(readers)
  if (known !== undefined) return known
  const table = new Map<string, Reader<unknown>>(Object.entries(readers))
  tables.set(readers, table)
  return table
}

const tables = new WeakMap<object, ReadonlyMap<string, Reader<unknown>>>()

const merge = (
  reader: Reader<unknown>,
  before: Setting<unknown> | undefined,
  setting: Setting<unknown>
): Setting<unknown> => {
  if (reader.repeat === "last") return setting
  const list = before === undefined ? [] : (before.value as Array<unknown>)
  for (const item of setting.value as ReadonlyArray<unknown>) list.push(item)
  return { value: list, span: (before ?? setting).span }
}

/** Reports what this version does not do with a keyword; tells whether its reader, if there is one, shall read it. */
const accept = (section: Keywords.Section, statement: Statement, report: Report): boolean => {
  const { span, text: keyword } = statement.keyword
  switch (Keywords.stateOf(section, keyword)) {
    case "supported":
    case "kept":
      return true
    case "ignored":
      report.warning(span, `${keyword} has no effect in this version`)
      return true
    case "unsupported":
      report.error(span, `${keyword} is not supported by this version`, refused)
      return true
    case undefined:
      reportUnknown(section, statement, report)
      return false
  }
}

const reportUnknown = (section: Keywords.Section, statement: Statement, report: Report): void => {
  const { span, text: keyword } = statement.keyword
  const elsewhere = Keywords.sectionsWith(keyword)
  const meant = Suggestion.nearest(keyword, Keywords.namesOf(section))
  const guess = meant === undefined ? undefined : `did you mean ${meant}?`
  const remedy = elsewhere.length === 0 ? guess : `it belongs ${elsewhere.map(placeOf).join(", ")}`
  report.error(span, `${keyword} is not a keyword ${placeOf(section)}`, remedy)
}

const placeOf = (section: Keywords.Section): string =>
  section === "file" ? "at the top of the file" : `in ${section}`

const refused = "the configuration is refused, because running without it would be wrong"

/**
 * A keyword with one argument.
 *
 * @category readers
 * @since 0.1.0
 */
export const argument = <A>(value: Value.Value<A>): Reader<A> => ({
  repeat: "last",
  read: (statement, report) => {
    const [word, ...rest] = statement.arguments
    withoutBlock(statement, report)
    warnSuperfluous(statement, rest, report)
    if (word !== undefined) return value(word, Diagnostic.about(report, statement.keyword.text))
    report.error(statement.keyword.span, `${statement.keyword.text} needs a value`)
    return undefined
  }
})

/**
 * A keyword of which this version supports a single value.
 *
 * @category readers
 * @since 0.1.0
 */
export const only = <A>(reader: Reader<A>, supported: A, shown: string): Reader<A> => ({
  repeat: "last",
  read: (statement, report) => {
    const given = reader.read(statement, report)
    if (given === undefined || given === supported) return given
    const words = [statement.keyword, ...statement.arguments]
    const written = words.map((word) => word.text).join(" ")
    report.error(words.at(-1)!.span, `${written} is not supported by this version`, `only ${shown} is`)
    return undefined
  }
})

/**
 * A keyword that switches something on by standing there.
 *
 * @category readers
 * @since 0.1.0
 */
export const flag: Reader<boolean> = {
  repeat: "last",
  read: (statement, report) => {
    withoutBlock(statement, report)
    const [word] = statement.arguments
    if (word === undefined) return true
    report.error(word.span, `${statement.keyword.text} takes no value`, "to switch it off, remove the line")
    return undefined
  }
}

/**
 * A keyword that switches something on, or off when its argument says so.
 *
 * @category readers
 * @since 0.1.0
 */
export const toggle: Reader<boolean> = {
  repeat: "last",
  read: (statement, report) =>
    (statement.arguments.length === 0 ? flag : argument(Value.boolean)).read(statement, report)
}

/**
 * A block of items, one a line; nothing when it has lines and none of them is well written.
 *
 * @category readers
 * @since 0.1.0
 */
export const items = <A>(
  item: (statement: Statement, report: Report) => A | undefined
): Reader<ReadonlyArray<A>> => ({
  repeat: "append",
  read: (statement, report) => {
    warnSuperfluous(statement, statement.arguments, report)
    const lines = blockOf(statement, report)?.statements
    const values = lines?.map((line) => item(line, report)).filter((value) => value !== undefined)
    return values?.length === 0 && lines?.length !== 0 ? undefined : values
  }
})

/**
 * A keyword that may be repeated and gives one value each time.
 *
 * @category readers
 * @since 0.1.0
 */
export const each = <A>(
  read: (statement: Statement, report: Report) => A | undefined
): Reader<ReadonlyArray<A>> => ({
  repeat: "append",
  read: (statement, report) => {
    const value = read(statement, report)
    return value === undefined ? undefined : [value]
  }
})

/**
 * A keyword that may be repeated and whose statements are read later, when what they inherit is known.
 *
 * @category readers
 * @since 0.1.0
 */
export const statements: Reader<ReadonlyArray<Statement>> = each((statement) => statement)

/**
 * Returns the setting of the section itself, else that of the whole file, else the default.
 *
 * @category queries
 * @since 0.1.0
 */
export const either = <A>(own: Setting<A> | undefined, all: Setting<A> | undefined, otherwise: A): A =>
  (own ?? all)?.value ?? otherwise

/**
 * Returns the block of a statement, or reports that it lacks one.
 *
 * @category reading
 * @since 0.1.0
 */
export const blockOf = (statement: Statement, report: Report): Block | undefined => {
  if (statement.block === undefined) {
    report.error(
      statement.keyword.span,
      `${statement.keyword.text} needs a block`,
      "write { after it, and } where it ends"
    )
  }
  return statement.block
}

/**
 * Warns about words that keepalived ignores, too.
 *
 * @category reading
 * @since 0.1.0
 */
export const warnSuperfluous = (statement: Statement, words: ReadonlyArray<Word>, report: Report): void => {
  if (words[0] === undefined) return
  report.warning(
    words[0].span,
    `${statement.keyword.text} does not use ${words.map((word) => word.text).join(" ")}`,
    "remove it"
  )
}

const withoutBlock = (statement: Statement, report: Report): void => {
  if (statement.block === undefined) return
  report.error(statement.block.open, `${statement.keyword.text} takes no block`, "remove the block")
}
