/**
 * From the words of a configuration file to its statements.
 *
 * Total, and it recovers: after a missing or a stray brace the rest of the file is still read, so that one run shows all
 * mistakes.
 *
 * **Details** a block that is still open where a new section such as `vrrp_instance` begins is taken to end there: no
 * section stands inside another.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import * as Keywords from "./Keywords.ts"
import type { Token, Word } from "./Lexer.ts"
import type { Span } from "./Span.ts"
import type { Statement } from "./SyntaxTree.ts"

/**
 * Reads the statements of a file.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (tokens: ReadonlyArray<Token>, report: Report): ReadonlyArray<Statement> => {
  const file: Array<Statement> = []
  const open: Array<OpenBlock> = []
  let statements = file
  let at = 0

  const closeUnfinished = (): void => {
    for (const block of open) reportUnclosed(block, report)
    open.length = 0
    statements = file
  }

  while (at < tokens.length) {
    const token = tokens[at]!
    if (token._tag === "Word") {
      const keyword = token
      const end = endOfWords(tokens, at)
      const rest = tokens.slice(at + 1, end) as Array<Word>
      at = end
      const brace = skipLineEnds(tokens, at)
      const opening = tokens[brace]
      if (open.length > 0 && opening?._tag === "Open" && Keywords.sections.has(token.text)) closeUnfinished()
      if (opening?._tag !== "Open") {
        statements.push({ keyword, arguments: rest })
      } else if (open.length === depthMax) {
        report.error(
          opening.span,
          `blocks are nested deeper than ${depthMax}`,
          "no block of keepalived nests as deep; look for a missing }"
        )
        statements.push({ keyword, arguments: rest })
        at = skipBlock(tokens, brace)
      } else {
        const children: Array<Statement> = []
        statements.push({ keyword, arguments: rest, block: { open: opening.span, statements: children } })
        open.push({ keyword, open: opening.span, outer: statements })
        statements = children
        at = brace + 1
      }
    } else if (token._tag === "Open") {
      report.error(
        token.span,
        "this { belongs to no keyword",
        "remove the block, or write its keyword before it"
      )
      at = skipBlock(tokens, at)
    } else if (token._tag === "Close") {
      const block = open.pop()
      if (block === undefined) report.error(token.span, "this } closes nothing", "remove it")
      else statements = block.outer
      at++
    } else at++
  }
  closeUnfinished()
  return file
}

interface OpenBlock {
  readonly keyword: Word
  readonly open: Span
  /** The list that the block's statement stands in. */
  readonly outer: Array<Statement>
}

const reportUnclosed = (block: OpenBlock, report: Report): void =>
  report.error(block.open, `the block of ${block.keyword.text} is never closed`, "put a } where it ends")

const endOfWords = (tokens: ReadonlyArray<Token>, from: number): number => {
  let at = from
  while (tokens[at]?._tag === "Word") at++
  return at
}

const skipLineEnds = (tokens: ReadonlyArray<Token>, from: number): number => {
  let at = from
  while (tokens[at]?._tag === "LineEnd") at++
  return at
}

/** The place after the brace that closes the block that opens here, or the end of the file. */
const skipBlock = (tokens: ReadonlyArray<Token>, from: number): number => {
  let depth = 0
  for (let at = from; at < tokens.length; at++) {
    if (tokens[at]!._tag === "Open") depth++
    if (tokens[at]!._tag === "Close" && --depth === 0) return at + 1
  }
  return tokens.length
}

/** keepalived nests four deep (virtual_server, real_server, HTTP_GET, url); the rest is room for what it may add. */
const depthMax = 16
