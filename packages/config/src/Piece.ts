/**
 * The pieces of a configuration file: each begins at a line that opens a section, and the first at the start of the file.
 *
 * Pieces are read one by one. Because words end with their line and a section stands in no other, what a piece means does
 * not depend on the text around it; so a piece that did not change need not be read again.
 *
 * **Details** where pieces begin is decided by the lines of their headings alone. A change of the text can therefore
 * move no border but those in the changed lines, and the one before them.
 *
 * @since 0.1.0
 */
import * as Keywords from "./Keywords.ts"

/**
 * A part of a text, in UTF-16 code units; `line` counts from 1.
 *
 * @category models
 * @since 0.1.0
 */
export interface Piece {
  readonly offset: number
  readonly length: number
  readonly line: number
  readonly lineCount: number
}

/**
 * A text as pieces: those at its start and at its end that another text had, too, and the ones between, which are new.
 *
 * - `head`: how many pieces of the other text are the first ones of this text.
 * - `tail`: how many are the last ones.
 *
 * @category models
 * @since 0.1.0
 */
export interface Division {
  readonly head: number
  readonly fresh: ReadonlyArray<Piece>
  readonly tail: number
}

/**
 * Splits a whole text.
 *
 * @category splitting
 * @since 0.1.0
 */
export const split = (text: string): ReadonlyArray<Piece> => splitFrom(text, 0, text.length, 1)

/**
 * Splits a text of which another one is known.
 *
 * @category splitting
 * @since 0.1.0
 */
export const divide = (
  text: string,
  other: { readonly text: string; readonly pieces: ReadonlyArray<Piece> }
): Division => {
  const { pieces } = other
  if (text === other.text) return { head: pieces.length, fresh: [], tail: 0 }
  const same = commonStart(text, other.text)
  // The heading after a piece is a border of it: the last whole piece may end elsewhere now.
  const head = Math.max(0, countWhere(pieces, ({ length, offset }) => offset + length <= same) - 1)
  const from = head === 0 ? 0 : endOf(pieces[head - 1]!)
  const room = Math.min(text.length, other.text.length) - from
  const kept = commonEnd(text, other.text, room)
  const first = countWhere(pieces, ({ offset }) => offset <= other.text.length - kept)
  const start =
    pieces[first] === undefined ? text.length : text.length - other.text.length + pieces[first].offset
  const line = head === 0 ? 1 : pieces[head - 1]!.line + pieces[head - 1]!.lineCount
  return { head, fresh: splitFrom(text, from, start, line), tail: pieces.length - first }
}

const endOf = ({ length, offset }: Piece): number => offset + length

const splitFrom = (text: string, from: number, to: number, firstLine: number): ReadonlyArray<Piece> => {
  const part = text.slice(from, to)
  const starts = [0]
  for (const { 0: line, index } of part.matchAll(heading)) {
    if (index > 0 && opensBlock(part, index + line.length)) starts.push(index)
  }
  let line = firstLine
  return starts.flatMap((start, index) => {
    const end = starts[index + 1] ?? part.length
    if (end === start) return []
    const piece = { offset: from + start, length: end - start, line, lineCount: lineEndsIn(part, start, end) }
    line += piece.lineCount
    return [piece]
  })
}

/** Whether a brace comes next, behind comments and empty lines. */
const opensBlock = (text: string, from: number): boolean => {
  let at = from
  while (at < text.length) {
    const character = text[at]!
    if (character === "#" || character === "!") {
      const end = text.indexOf("\n", at)
      at = end === -1 ? text.length : end
    } else if (blanks.includes(character)) at++
    else return character === "{"
  }
  return false
}

const lineEndsIn = (text: string, from: number, to: number): number => {
  let count = 0
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) count++
  return count
}

/** How many elements at the start of a list fulfil a condition that the later ones do not. */
const countWhere = <A>(list: ReadonlyArray<A>, holds: (element: A) => boolean): number => {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(list[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

/** How many characters two texts have in common at their start. Strings are compared whole, not letter by letter. */
const commonStart = (left: string, right: string): number =>
  longest(Math.min(left.length, right.length), (from, to) => left.slice(from, to) === right.slice(from, to))

const commonEnd = (left: string, right: string, limit: number): number =>
  longest(
    limit,
    (from, to) =>
      left.slice(left.length - to, left.length - from) === right.slice(right.length - to, right.length - from)
  )

/** The greatest length up to which all is the same, found in strides and then by halves. */
const longest = (limit: number, same: (from: number, to: number) => boolean): number => {
  let low = 0
  while (low < limit && same(low, Math.min(low + stride, limit))) low = Math.min(low + stride, limit)
  let high = Math.min(low + stride, limit)
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (same(low, middle)) low = middle
    else high = middle - 1
  }
  return low
}

/** Large enough that the strides of a large file are few, small enough that the halves are quick. */
const stride = 2 ** 16

const blanks = " \t\r\n"

const names = [...Keywords.sections].join("|")
/** A keyword of a section and the words behind it. `track_file` opens a section only with a name. */
const heading = new RegExp(
  String.raw`^[ \t]*(?:(?:${names})(?![^ \t\r\n{])|(?:vrrp_)?track_file[ \t]+[^ \t\r\n{}"#!])[^\n{}"#!]*`,
  "gm"
)
