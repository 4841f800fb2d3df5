/**
 * The section `track_file`: a file with a number in it, which trackers and checks look at.
 *
 * @since 0.1.0
 */
import type { TrackFile } from "@holdfast/vrrp/TrackingParameters"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as NamedSection from "./NamedSection.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * - `weight`: what the number in the file is multiplied with, where nobody says another.
 *
 * @category models
 * @since 0.1.0
 */
export interface FileSection {
  readonly name: Word
  readonly path: string
  readonly weight: number
  readonly initial?: NonNullable<TrackFile["initial"]>
}

/**
 * Reads a section; nothing when it is not whole.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): FileSection | undefined => {
  const section = NamedSection.read("track_file", readers, statement, report)
  if (section === undefined) return undefined
  const { mentioned, values } = section.settings
  if (!mentioned.has("file"))
    report.error(section.name.span, `${statement.keyword.text} names no file`, "add file PATH")
  if (values.file === undefined) return undefined
  return {
    name: section.name,
    path: values.file.value,
    weight: values.weight?.value ?? weightDefault,
    ...(values.init_file === undefined ? {} : { initial: values.init_file.value })
  }
}

/**
 * Reads the weight of a file: `NUMBER [reverse]`.
 *
 * @category readers
 * @since 0.1.0
 */
export const weight: Section.Reader<number> = {
  repeat: "last",
  read: (statement, report) => {
    const [number, ...options] = statement.arguments
    const reverse = options[0]?.text === "reverse"
    const value = Section.argument(weightValue).read(
      { ...statement, arguments: number === undefined ? [] : [number, ...options.slice(reverse ? 1 : 0)] },
      report
    )
    return value === undefined ? undefined : reverse ? -value : value
  }
}

/** `init_file [VALUE] [overwrite]`. */
const initial: Section.Reader<NonNullable<TrackFile["initial"]>> = {
  repeat: "last",
  read: (statement, report) => {
    const words = [...statement.arguments]
    const number = words[0] === undefined || words[0].text === "overwrite" ? undefined : words.shift()
    const overwrite = words[0]?.text === "overwrite"
    Section.warnSuperfluous(statement, words.slice(overwrite ? 1 : 0), report)
    const value = number === undefined ? 0 : weightValue(number, report)
    return value === undefined ? undefined : { value, overwrite }
  }
}

const weightValue = Value.integer({ minimum: -2_147_483_647, maximum: 2_147_483_647 })

const readers = {
  file: Section.argument(Value.text),
  weight,
  init_file: initial
} satisfies Section.Readers<"track_file">

const weightDefault = 1
