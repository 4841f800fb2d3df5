/** One line of a block, and what its reader says of it. */
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Lexer from "@holdfast/config/Lexer"
import * as Parser from "@holdfast/config/Parser"
import type { Statement } from "@holdfast/config/SyntaxTree"

interface Outcome<A> {
  readonly value: A | undefined
  readonly diagnostics: ReadonlyArray<string>
}

export type Read<A> = (statement: Statement, report: Diagnostic.Report) => A | undefined

/** Reads the first line of a text. */
export const readLine = <A>(read: Read<A>, text: string): Outcome<A> => {
  const report = Diagnostic.makeReport()
  const [statement] = Parser.parse(Lexer.tokenize({ file: "t", text }, report, Lexer.start), report)
  const value = read(statement!, report)
  return { value, diagnostics: report.diagnostics().map(Diagnostic.format) }
}
