/**
 * The statements of a configuration file, with their places and before any meaning.
 *
 * A statement is a line: a keyword, its arguments, and perhaps a block of statements in braces. An item of a value block,
 * such as an address of `virtual_ipaddress`, is a statement too: its first word stands as the keyword.
 *
 * @since 0.1.0
 */
import type { Word } from "./Lexer.ts"
import type { Span } from "./Span.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Statement {
  readonly keyword: Word
  readonly arguments: ReadonlyArray<Word>
  readonly block?: Block
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Block {
  /** The opening brace. */
  readonly open: Span
  readonly statements: ReadonlyArray<Statement>
}
