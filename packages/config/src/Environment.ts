/**
 * What the rest of a file means for a virtual server.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"
import type { FileSection } from "./TrackFile.ts"
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
 * - `alpha`, `logAllFailures`: what `global_defs` says for all checks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Environment {
  readonly alpha: boolean
  readonly logAllFailures: boolean
  readonly tls: TlsFiles
  readonly trackFiles: ReadonlyMap<string, FileSection>
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

const tlsReaders = {
  password: Section.argument(Value.text),
  ca: Section.argument(Value.text),
  certificate: Section.argument(Value.text),
  key: Section.argument(Value.text)
} satisfies Section.Readers<"SSL">
