/**
 * The options of a line of addresses, routes, rules or trackers: words with their values, in any order.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Suggestion from "./Suggestion.ts"
import type { Value } from "./Value.ts"

/**
 * The words of a line that are not read yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface Cursor {
  /** Takes the next word; nothing at the end of the line. */
  readonly take: () => Word | undefined
  /** Returns the next word without taking it. */
  readonly peek: () => Word | undefined
}

/**
 * Makes a cursor at the first of some words.
 *
 * @category constructors
 * @since 0.1.0
 */
export const cursor = (words: ReadonlyArray<Word>): Cursor => {
  let at = 0
  return { take: () => words[at++], peek: () => words[at] }
}

/**
 * Reads what stands behind an option into what a line says; tells whether it was well written.
 *
 * @category models
 * @since 0.1.0
 */
export type Option<T> = (said: T, cursor: Cursor, report: Report, option: Word) => boolean

/**
 * @category models
 * @since 0.1.0
 */
export type Options<T> = ReadonlyMap<string, Option<T>>

/**
 * Makes a table of options.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <T>(options: Readonly<Record<string, Option<T>>>): Options<T> =>
  new Map(Object.entries(options))

/**
 * An option with a value.
 *
 * @category options
 * @since 0.1.0
 */
export const valued =
  <K extends string, A>(key: K, value: Value<A>): Option<{ [Key in K]?: A }> =>
  (said, { take }, report, option) => {
    const word = take()
    if (word === undefined) {
      report.error(option.span, `${option.text} needs a value`, `write it after ${option.text}`)
      return false
    }
    const read = value(word, report)
    if (read !== undefined) said[key] = read
    return read !== undefined
  }

/**
 * An option that says something by standing there.
 *
 * @category options
 * @since 0.1.0
 */
export const fixed =
  <K extends string, A>(key: K, value: A): Option<{ [Key in K]?: A }> =>
  (said) => {
    said[key] = value
    return true
  }

/**
 * An option that this version refuses, and how many words its value has.
 *
 * @category options
 * @since 0.1.0
 */
export const refused =
  (valueCount: number, remedy: string): Option<unknown> =>
  (_said, { take }, report, option) => {
    report.error(option.span, `${option.text} is not supported by this version`, remedy)
    for (let count = 0; count < valueCount; count++) take()
    return false
  }

/**
 * An option that this version refuses together with the rest of the line, because nobody knows which words are its own.
 *
 * @category options
 * @since 0.1.0
 */
export const refusedWithRest =
  (remedy: string): Option<unknown> =>
  (said, cursor, report, option) => {
    refused(0, remedy)(said, cursor, report, option)
    while (cursor.take() !== undefined);
    return false
  }

/**
 * An option that has no effect.
 *
 * @category options
 * @since 0.1.0
 */
export const ignored =
  (valueCount: number, remedy: string): Option<unknown> =>
  (_said, { take }, report, option) => {
    report.warning(option.span, `${option.text} has no effect in this version`, remedy)
    for (let count = 0; count < valueCount; count++) take()
    return true
  }

/**
 * Reads all words that are left as options; tells whether all were well written. `subject` is what they are options of:
 * `an address`. `other` takes a word that is no option, if it can.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = <T>(
  said: T,
  from: Cursor,
  options: Options<T>,
  subject: string,
  report: Report,
  other: (word: Word) => boolean | undefined = () => undefined
): boolean => {
  let sound = true
  for (let word = from.take(); word !== undefined; word = from.take()) {
    const option = options.get(word.text)
    const read = option === undefined ? other(word) : option(said, from, report, word)
    if (read === undefined) {
      // Whether the next word is its value or an option, nobody knows: the rest of the line is not read.
      reportUnknown(word, [...options.keys()], subject, report)
      return false
    }
    sound &&= read
  }
  return sound
}

const reportUnknown = (word: Word, known: ReadonlyArray<string>, subject: string, report: Report): void => {
  const meant = Suggestion.nearest(word.text, known)
  const remedy =
    meant === undefined ? `write ${subject.replace(/^an? /, "one ")} a line` : `did you mean ${meant}?`
  report.error(word.span, `${word.text} is no option of ${subject}`, remedy)
}

/**
 * Returns a part of a word, at its own place.
 *
 * @category words
 * @since 0.1.0
 */
export const part = (
  { quoted, span: { column, file, line, offset }, text }: Word,
  start: number,
  end: number = text.length
): Word => ({
  _tag: "Word",
  text: text.slice(start, end),
  quoted,
  span: { file, line, column: column + start, offset: offset + start, length: end - start }
})
