/**
 * A program to run, as a line names it: `KEYWORD PROGRAM [USER [GROUP]]`.
 *
 * **Details** the program and its arguments are one word of the file, in quotes when there are arguments, and are split
 * here: blanks separate, `'…'` and `"…"` hold together, and outside `'…'` a backslash writes what cannot be typed: `\a \b \E \f \n
 * \r \t \v`, `\NNN` in octal, `\xHH`, `\cX`; before any other character it stands for that character. No shell is involved.
 *
 * @since 0.1.0
 */
import type { Script } from "@holdfast/wire/Script"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"

/**
 * A keyword with a program.
 *
 * @category readers
 * @since 0.1.0
 */
export const script: Section.Reader<Script> = {
  repeat: "last",
  read: (statement, report) => {
    const [program, user, group, ...rest] = gathered(statement)
    Section.warnSuperfluous(statement, rest, report)
    const { span, text: keyword } = statement.keyword
    if (statement.block !== undefined)
      report.error(statement.block.open, `${keyword} takes no block`, "remove the block")
    if (program === undefined) {
      report.error(span, `${keyword} names no program`, "give its path, in quotes if it has arguments")
      return undefined
    }
    const words = split(program, report)
    if (words === undefined) return undefined
    return {
      words,
      ...(user === undefined ? {} : { user: user.text }),
      ...(group === undefined ? {} : { group: group.text })
    }
  }
}

/** The words of a line, where `'…'` is one word, too. */
const gathered = (statement: Statement): ReadonlyArray<Word> => {
  const words = statement.arguments
  const [first] = words
  if (first === undefined || first.quoted || !first.text.startsWith("'")) return words
  const last = words.findIndex(
    ({ quoted, text }, at) => !quoted && text.endsWith("'") && (at > 0 || text.length > 1)
  )
  if (last < 0) return words
  return [{ ...first, text: asWritten(words.slice(0, last + 1)).slice(1, -1) }, ...words.slice(last + 1)]
}

const asWritten = (words: ReadonlyArray<Word>): string =>
  words.reduce((before, { quoted, span, text }, at) => {
    const previous = words[at - 1]?.span
    const apart = previous !== undefined && previous.offset + previous.length < span.offset
    return `${before}${apart ? " " : ""}${quoted ? `"${text}"` : text}`
  }, "")

const split = (program: Word, report: Report): ReadonlyArray<string> | undefined => {
  // A quote that a backslash keeps from ending the word of the file is a quote of the program's words.
  const text = program.quoted ? program.text.replaceAll('\\"', '"') : program.text
  const words = splitWords(text)
  if (words === undefined)
    report.error(program.span, `a quotation in ${text} is not closed`, "end it with the same sign, ' or \"")
  else if (words.length === 0 || words[0] === "")
    report.error(program.span, "the program has no name", "give its path")
  else return words
  return undefined
}

const splitWords = (text: string): ReadonlyArray<string> | undefined => {
  const words: Array<string> = []
  let word: string | undefined
  let quote: string | undefined
  let at = 0
  while (at < text.length) {
    const character = text[at]!
    if (character === "\\" && quote !== "'") {
      const [written, length] = escaped(text, at)
      word = (word ?? "") + written
      at += length
      continue
    }
    at++
    if (quote !== undefined) {
      if (character === quote) quote = undefined
      else word += character
    } else if (character === "'" || character === '"') {
      quote = character
      word ??= ""
    } else if (character === " " || character === "\t") {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? "") + character
  }
  if (quote !== undefined) return undefined
  return word === undefined ? words : [...words, word]
}

/** What an escape at a place stands for, and how long it is. */
const escaped = (text: string, at: number): readonly [written: string, length: number] => {
  const rest = text.slice(at + 1, at + 1 + escapeLengthMax)
  const octal = /^[0-3]?[0-7]{1,2}/.exec(rest)?.[0]
  if (octal !== undefined) return [String.fromCharCode(Number.parseInt(octal, 8)), 1 + octal.length]
  const hexadecimal = /^x([0-9a-fA-F]{1,2})/.exec(rest)
  if (hexadecimal !== null)
    return [String.fromCharCode(Number.parseInt(hexadecimal[1]!, 16)), 1 + hexadecimal[0].length]
  const control = /^c([@-_a-z])/.exec(rest)?.[1]
  if (control !== undefined) return [String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f), 3]
  const next = rest[0]
  return next === undefined ? ["\\", 1] : [named.get(next) ?? next, 2]
}

const escapeLengthMax = 3
const named: ReadonlyMap<string, string> = new Map([
  ["a", "\u0007"],
  ["b", "\b"],
  ["E", "\u001b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"]
])
