/**
 * What the rest of a file means for a virtual server.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"
import type { Group } from "./VirtualServerGroup.ts"

/**
 * The files of the section `SSL`.
 *
 * @category models
 * @since 0.1.0
 */
export interface TlsFiles {
  readonly authority?: string
  readonly certificate?: string
  readonly key?: string
  readonly password?: string
}

/**
 * A file with a number (`track_file`).
 *
 * @category models
 * @since 0.1.0
 */
export interface TrackFile {
  readonly name: Word
  readonly path: string
  readonly weight: number
}

/**
 * - `alpha`, `logAllFailures`: what `global_defs` says for all checks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Environment {
  readonly alpha: boolean
  readonly logAllFailures: boolean
  readonly tls: TlsFiles
  readonly trackFiles: ReadonlyMap<string, TrackFile>
  readonly groups: ReadonlyMap<string, Group>
}

/**
 * Reads the statements of all sections `SSL` of a file.
 *
 * @category reading
 * @since 0.1.0
 */
export const readTls = (statements: ReadonlyArray<Statement>, report: Report): TlsFiles => {
  const { values } = Section.read("SSL", tlsReaders, statements, report)
  return {
    ...(values.ca === undefined ? {} : { authority: values.ca.value }),
    ...(values.certificate === undefined ? {} : { certificate: values.certificate.value }),
    ...(values.key === undefined ? {} : { key: values.key.value }),
    ...(values.password === undefined ? {} : { password: values.password.value })
  }
}

/**
 * Reads a section `track_file`; nothing when it is not whole.
 *
 * @category reading
 * @since 0.1.0
 */
export const readTrackFile = (statement: Statement, report: Report): TrackFile | undefined => {
  const [name, ...rest] = statement.arguments
  Section.warnSuperfluous(statement, rest, report)
  if (name === undefined) report.error(statement.keyword.span, `${statement.keyword.text} needs a name`)
  const block = Section.blockOf(statement, report)
  if (block === undefined) return undefined
  const { mentioned, values } = Section.read("track_file", trackFileReaders, block.statements, report)
  if (!mentioned.has("file"))
    report.error((name ?? statement.keyword).span, `${statement.keyword.text} names no file`, "add file PATH")
  if (name === undefined || values.file === undefined) return undefined
  return { name, path: values.file.value, weight: values.weight?.value ?? weightDefault }
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

const weightValue = Value.integer({ minimum: -2_147_483_647, maximum: 2_147_483_647 })

const trackFileReaders = {
  file: Section.argument(Value.text),
  weight
} satisfies Section.Readers<"track_file">

const tlsReaders = {
  password: Section.argument(Value.text),
  ca: Section.argument(Value.text),
  certificate: Section.argument(Value.text),
  key: Section.argument(Value.text)
} satisfies Section.Readers<"SSL">

const weightDefault = 1
