/**
 * The words of a configuration file.
 *
 * Splits the text of a whole file into words, braces and line ends, each with its place. Total: whatever is wrong becomes
 * a diagnostic, and the rest of the file is still read.
 *
 * **Details**
 * - Blanks separate words; `"…"` is one word, and may follow another without a blank. Inside quotes a backslash keeps a
 *   quote from ending the word; the text keeps both as written, because only some keywords interpret backslashes.
 * - `#` and `!` start a comment anywhere outside quotes; `\#` and `\!` are the characters themselves.
 * - `{` and `}` stand for themselves even without blanks around them, except in a reference `${NAME}`.
 * - A line may be of any length (keepalived stops at 1024 bytes) and end in LF or CRLF.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import type { Span } from "./Span.ts"

/**
 * A file to read: its name for diagnostics, and its text.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  readonly file: string
  readonly text: string
}

/**
 * Where a part of a file begins: at the start of a line.
 *
 * @category models
 * @since 0.1.0
 */
export interface Origin {
  readonly line: number
  readonly offset: number
}

/**
 * Where a file begins.
 *
 * @category constants
 * @since 0.1.0
 */
export const start: Origin = { line: 1, offset: 0 }

/**
 * One word. A quoted word holds what stands between the quotes, as written.
 *
 * @category models
 * @since 0.1.0
 */
export interface Word {
  readonly _tag: "Word"
  readonly text: string
  readonly quoted: boolean
  readonly span: Span
}

/**
 * @category models
 * @since 0.1.0
 */
export type Token =
  | Word
  | { readonly _tag: "Open" | "Close"; readonly span: Span }
  | { readonly _tag: "LineEnd" }

/**
 * Splits a file into tokens, or a part of one that begins at `origin`.
 *
 * @category parsing
 * @since 0.1.0
 */
export const tokenize = (source: Source, report: Report, origin: Origin = start): ReadonlyArray<Token> => {
  const { file, text } = source
  const tokens: Array<Token> = []
  let line = origin.line
  let lineStart = 0
  let at = 0

  const span = (start: number, end: number): Span => ({
    file,
    line,
    column: start - lineStart + 1,
    offset: origin.offset + start,
    length: end - start
  })

  while (at < text.length) {
    const start = at
    const character = text[at]!
    const plainEnd = endOfPlain(text, at)
    if (plainEnd > at) {
      at = plainEnd
      tokens.push({ _tag: "Word", text: text.slice(start, at), quoted: false, span: span(start, at) })
    } else if (character === "\n") {
      tokens.push(lineEnd)
      at++
      line++
      lineStart = at
    } else if (character === "\0") {
      at++
      report.error(span(start, at), "the file holds a NUL byte", "it is not a text file, or it is damaged")
    } else if (character === " " || blanks.includes(character)) {
      at++
    } else if (commentMarks.includes(character)) {
      at = endOfLine(text, at)
    } else if (character === "{" || character === "}") {
      at++
      tokens.push({ _tag: character === "{" ? "Open" : "Close", span: span(start, at) })
    } else if (character === '"') {
      const end = endOfQuoted(text, at + 1)
      const closed = text[end] === '"'
      at = closed ? end + 1 : end
      if (!closed)
        report.error(
          span(start, at),
          "the quoted string is not closed",
          'put a " where it ends, on the same line'
        )
      tokens.push({ _tag: "Word", text: text.slice(start + 1, end), quoted: true, span: span(start, at) })
    } else {
      at = endOfBare(text, at)
      const word = text.slice(start, at)
      const plain = word.includes("\\") ? word.replace(escapedCommentMark, "$1") : word
      tokens.push({ _tag: "Word", text: plain, quoted: false, span: span(start, at) })
    }
  }
  return tokens
}

/** It has nothing to say of its place, and there is one for each line of a file. */
const lineEnd: Token = { _tag: "LineEnd" }

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf("\n", from)
  return end === -1 ? text.length : end
}

/** The place of the blank or the line end behind a word of ordinary characters, as most are; where it starts if it is none. */
const endOfPlain = (text: string, from: number): number => {
  plainWord.lastIndex = from
  return plainWord.test(text) ? plainWord.lastIndex : from
}

/** The place of the closing quote, or of the end of the line. */
const endOfQuoted = (text: string, from: number): number => {
  const limit = endOfLine(text, from)
  for (let at = from; at < limit; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === '"') return at
  }
  return text[limit - 1] === "\r" && limit > from ? limit - 1 : limit
}

const endOfBare = (text: string, from: number): number => {
  for (let at = from; at < text.length; at++) {
    wordCharacters.lastIndex = at
    wordCharacters.test(text)
    at = wordCharacters.lastIndex
    if (at === text.length) break
    const character = text[at]!
    if (character === "\\" && at + 1 < text.length && !wordEnds.includes(text[at + 1]!)) at++
    else if (character === "$" && text[at + 1] === "{") at = endOfReference(text, at)
    else if (character !== "\\" && (wordEnds.includes(character) || commentMarks.includes(character)))
      return at
  }
  return text.length
}

/** Letters, digits, and `&'()*+,-./:;<=>?@_`: most characters of a file, and none that ends a word. */
const wordCharacters = /[&-Z_a-z]*/y

const plainWord = /[&-Z_a-z]+(?=[ \n])/y

/** The place of the brace that closes `${NAME`, or of the dollar sign when no brace closes it. */
const endOfReference = (text: string, dollar: number): number => {
  const length = /^\$\{[^\s{}"#!\0]*\}/.exec(text.slice(dollar, dollar + referenceLengthMax))?.[0].length
  return length === undefined ? dollar : dollar + length - 1
}

/** The last one is the byte order mark that some editors write first. */
const blanks = " \t\r\v\f\uFEFF"
const commentMarks = "#!"
const wordEnds = `${blanks}\n\0{}"`
const escapedCommentMark = /\\([#!])/g
/** Longer than any name of a definition; it keeps the search for the closing brace short. */
const referenceLengthMax = 256
