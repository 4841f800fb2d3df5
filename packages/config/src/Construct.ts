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
export const refuse = (statements: ReadonlyArray<Statement>, report: Report): ReadonlyArray<Statement> => {
  const others: Array<Statement> = []
  for (const statement of statements) {
    const { block, keyword } = statement
    const construct = constructOf(keyword)
    if (construct !== undefined) {
      report.error(keyword.span, `${construct} are not supported by this version`, remedy)
      continue
    }
    reportBuiltIns(statement, report)
    others.push(
      block === undefined
        ? statement
        : { ...statement, block: { ...block, statements: refuse(block.statements, report) } }
    )
  }
  return others
}

const constructOf = ({ quoted, text }: Word): string | undefined =>
  quoted || !anyConstruct.test(text) ? undefined : constructs.find(({ pattern }) => pattern.test(text))?.name

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
