/**
 * From statements back to the text of a configuration file.
 *
 * **Invariants** reading what was printed gives the same statements, places aside.
 *
 * @since 0.1.0
 */
import type { Word } from "./Lexer.ts"
import type { Statement } from "./SyntaxTree.ts"

/**
 * Returns the statements as text, one a line, blocks indented by four.
 *
 * @category conversions
 * @since 0.1.0
 */
export const print = (statements: ReadonlyArray<Statement>): string => printAt(statements, "")

const printAt = (statements: ReadonlyArray<Statement>, indent: string): string =>
  statements.map((statement) => printStatement(statement, indent)).join("")

const printStatement = (statement: Statement, indent: string): string => {
  const line = indent + [statement.keyword, ...statement.arguments].map(printWord).join(" ")
  return statement.block === undefined
    ? `${line}\n`
    : `${line} {\n${printAt(statement.block.statements, `${indent}    `)}${indent}}\n`
}

const printWord = (word: Word): string =>
  word.quoted ? `"${word.text}"` : word.text.replace(/[#!]/g, "\\$&")
