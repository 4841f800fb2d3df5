/**
 * The parts of a file as they were understood, so that the next reading can take over those that did not change.
 *
 * **Details** a part is kept if it holds one `virtual_server` or one `virtual_server_group` and nothing else: these are
 * what a large file has many of. Every other part is read anew each time.
 *
 * @since 0.1.0
 */
import * as Construct from "./Construct.ts"
import * as Diagnostic from "./Diagnostic.ts"
import * as Lexer from "./Lexer.ts"
import * as Model from "./Model.ts"
import * as Parser from "./Parser.ts"
import * as Piece from "./Piece.ts"
import type { Span } from "./Span.ts"
import type * as VirtualServer from "./VirtualServer.ts"
import type * as VirtualServerGroup from "./VirtualServerGroup.ts"

/**
 * A part that was read and compiled.
 *
 * - `server`, `group`: what it holds, if it is one of the two and nothing else.
 *
 * @category models
 * @since 0.1.0
 */
export interface Part extends Piece.Piece {
  readonly diagnostics: ReadonlyArray<Diagnostic.Diagnostic>
  readonly server?: VirtualServer.Compiled
  readonly group?: VirtualServerGroup.Group
}

/**
 * A part that is about to be compiled.
 *
 * @category models
 * @since 0.1.0
 */
export type Draft = Fresh | Kept | Postponed

/**
 * A part that was taken over.
 *
 * @category models
 * @since 0.1.0
 */
export interface Kept {
  readonly kept: Part
  readonly model?: never
}

/**
 * A part that begins with a virtual server, and is read when all that virtual servers depend on is known: so only one is in
 * memory as statements at a time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Postponed {
  readonly piece: Piece.Piece
  readonly kept?: never
  readonly model?: never
}

/**
 * A part that was read just now.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fresh {
  readonly piece: Piece.Piece
  readonly model: Model.Model
  readonly report: Diagnostic.Report
  readonly kept?: never
}

/**
 * Divides a file into parts, and takes over those that the last reading had, wherever they stand now. `begin` is what is
 * done with the others: `read` or `postpone`.
 *
 * @category reading
 * @since 0.1.0
 */
export const divide = (
  source: Lexer.Source,
  last: { readonly source: Lexer.Source; readonly parts: ReadonlyArray<Part> } | undefined,
  begin: Begin
): ReadonlyArray<Draft> => {
  if (last === undefined || last.source.file !== source.file)
    return Piece.split(source.text).map((piece) => begin(source, piece))
  const take = (part: Part | Piece.Piece): Draft =>
    "server" in part || "group" in part ? { kept: part } : begin(source, part)
  const { fresh, head, tail } = Piece.divide(source.text, { text: last.source.text, pieces: last.parts })
  const tailFrom = last.parts.length - tail
  const before = fresh.at(-1) ?? last.parts[head - 1]
  const line = before === undefined ? Lexer.start.line : before.line + before.lineCount
  const move = {
    lines: line - (last.parts[tailFrom]?.line ?? line),
    offset: source.text.length - last.source.text.length
  }
  const known = byText(last.source.text, last.parts.slice(head, tailFrom))
  const recognize = (piece: Piece.Piece): Draft => {
    const text = textOf(source.text, piece)
    const part = known.get(text)
    if (part === undefined) return begin(source, piece)
    // Once: a copy of it is a new part, and what both define is a mistake to be found.
    known.delete(text)
    return take(moved(part, { lines: piece.line - part.line, offset: piece.offset - part.offset }))
  }
  return [
    ...last.parts.slice(0, head).map(take),
    ...fresh.map(recognize),
    ...last.parts.slice(tailFrom).map((part) => take(moved(part, move)))
  ]
}

type Begin = (source: Lexer.Source, piece: Piece.Piece) => Draft

/** No two kept parts have the same text: they would be one virtual server, or one group, twice. */
const byText = (text: string, parts: ReadonlyArray<Part>): Map<string, Part> =>
  new Map(parts.map((part) => [textOf(text, part), part]))

const textOf = (text: string, { length, offset }: Piece.Piece): string => text.slice(offset, offset + length)

/**
 * Reads a part of a file.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (source: Lexer.Source, piece: Piece.Piece): Fresh => {
  const report = Diagnostic.makeReport()
  const text = detached(textOf(source.text, piece))
  const tokens = Lexer.tokenize({ file: source.file, text }, report, piece)
  const model = Model.read(Construct.refuse(Parser.parse(tokens, report), report), report)
  return { piece, model, report }
}

/**
 * Reads a part of a file, or postpones that if it begins with a virtual server.
 *
 * @category reading
 * @since 0.1.0
 */
export const postpone: Begin = (source, piece) =>
  /^[ \t]*virtual_server[ \t]/.test(textOf(source.text, piece)) ? { piece } : read(source, piece)

/**
 * Tells whether a part holds what the parts before it must know.
 *
 * @category predicates
 * @since 0.1.0
 */
export const concernsOthers = ({ model: { statementCount, virtualServers } }: Fresh): boolean =>
  statementCount > virtualServers.length

interface Move {
  readonly lines: number
  readonly offset: number
}

/** The part at its new place. One whose messages name other places is read again. */
const moved = (part: Part, move: Move): Part | Piece.Piece => {
  const { length, lineCount } = part
  const piece = { offset: part.offset + move.offset, length, line: part.line + move.lines, lineCount }
  if (move.lines === 0 && move.offset === 0) return part
  if (part.diagnostics.some(namesPlace)) return piece
  const { diagnostics, group, server } = part
  return {
    ...piece,
    diagnostics: diagnostics.map(movedDiagnostic(move)),
    ...(server === undefined ? {} : { server: { ...server, span: movedSpan(server.span, move) } }),
    ...(group === undefined
      ? {}
      : { group: { ...group, name: { ...group.name, span: movedSpan(group.name.span, move) } } })
  }
}

const movedDiagnostic =
  (move: Move) =>
  (diagnostic: Diagnostic.Diagnostic): Diagnostic.Diagnostic => ({
    ...diagnostic,
    span: movedSpan(diagnostic.span, move)
  })

const namesPlace = ({ message, remedy, span }: Diagnostic.Diagnostic): boolean =>
  message.includes(`${span.file}:`) || remedy?.includes(`${span.file}:`) === true

const movedSpan = (span: Span, move: Move): Span => ({
  ...span,
  line: span.line + move.lines,
  offset: span.offset + move.offset
})

/** A copy: else what is kept of this part would keep the text of the whole file, one for each reading. */
const detached = (text: string): string => `\n${text}`.slice(1)
