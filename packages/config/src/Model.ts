/**
 * What a configuration file, or a part of one, says, section by section and with places, before defaults and before
 * sections are set in relation.
 *
 * **Details** what depends on another section, as a virtual server does on its group, stays a statement here.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import * as Environment from "./Environment.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as VirtualServerGroup from "./VirtualServerGroup.ts"
import * as VrrpInstance from "./VrrpInstance.ts"

/**
 * - `statementCount`: how many statements were read.
 * - `globalDefinitions`, `tls`: the statements in all sections of the kind.
 *
 * @category models
 * @since 0.1.0
 */
export interface Model {
  readonly statementCount: number
  readonly globalDefinitions: ReadonlyArray<Statement>
  readonly tls: ReadonlyArray<Statement>
  readonly trackFiles: ReadonlyArray<Environment.TrackFile>
  readonly groups: ReadonlyArray<VirtualServerGroup.Group>
  readonly vrrpInstances: ReadonlyArray<VrrpInstance.VrrpInstance>
  readonly virtualServers: ReadonlyArray<Statement>
}

/**
 * Reads the statements of a file or of a part of it.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statements: ReadonlyArray<Statement>, report: Report): Model => {
  const { values } = Section.read("file", readers, statements, report)
  return {
    statementCount: statements.length,
    globalDefinitions: (values.global_defs?.value ?? []).flat(),
    tls: (values.SSL?.value ?? []).flat(),
    trackFiles: [...(values.track_file?.value ?? []), ...(values.vrrp_track_file?.value ?? [])],
    groups: values.virtual_server_group?.value ?? [],
    vrrpInstances: values.vrrp_instance?.value ?? [],
    virtualServers: values.virtual_server?.value ?? []
  }
}

const lines = Section.each((statement, report) => {
  Section.warnSuperfluous(statement, statement.arguments, report)
  return Section.blockOf(statement, report)?.statements
})

const readers = {
  global_defs: lines,
  vrrp_instance: Section.each(VrrpInstance.read),
  virtual_server: Section.statements,
  virtual_server_group: Section.each(VirtualServerGroup.read),
  SSL: lines,
  track_file: Section.each(Environment.readTrackFile),
  vrrp_track_file: Section.each(Environment.readTrackFile)
} satisfies Section.Readers<"file">
