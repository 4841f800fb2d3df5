/**
 * What keepalived's language allows anywhere in a file, and this version does not read: included files, conditional
 * lines, definitions, repetitions.
 *
 * **Details** they are taken out before the sections are read, each with one error, so that no section has to know them.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import type { Statement } from "./SyntaxTree.ts"

/**
 * Reports each construct, and returns the statements without them.
 *
 * @category reading
 * @since 0.1.0
 */
export const refuse = (statements: ReadonlyArray<Statement>, report: Report): ReadonlyArray<Statement> =>
  statements.flatMap((statement) => {
    const { quoted, span, text } = statement.keyword
    const construct =
      quoted || !anyConstruct.test(text) ? undefined : constructs.find(({ pattern }) => pattern.test(text))
    if (construct !== undefined) {
      report.error(span, `${construct.name} are not supported by this version`, remedy)
      return []
    }
    reportBuiltIns(statement, report)
    if (statement.block === undefined) return [statement]
    return [
      { ...statement, block: { ...statement.block, statements: refuse(statement.block.statements, report) } }
    ]
  })

/** keepalived puts a value in place of `${_NAME}`; any other name that no line defines stays as it is written. */
const reportBuiltIns = (statement: Statement, report: Report): void => {
  reportBuiltIn(statement.keyword, report)
  for (const word of statement.arguments) reportBuiltIn(word, report)
}

const reportBuiltIn = (word: Word, report: Report): void => {
  if (word.text.includes("${_"))
    report.error(word.span, "built-in definitions are not supported by this version", remedy)
}

/** What most words are not, seen at their first character. */
const anyConstruct = /^[i@$~]/
const constructs = [
  { pattern: /^include[rmwba]?$/, name: "included files" },
  { pattern: /^@/, name: "conditional lines" },
  { pattern: /^\$/, name: "definitions" },
  { pattern: /^~(SEQ|LST)/, name: "repetitions" }
]

const remedy = "write out what it stands for"
