/**
 * What a configuration file says, section by section and with places, before defaults and before sections are set in relation.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import * as GlobalDefinitions from "./GlobalDefinitions.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as VirtualServer from "./VirtualServer.ts"
import * as VrrpInstance from "./VrrpInstance.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Model {
  readonly globalDefinitions: GlobalDefinitions.GlobalDefinitions
  readonly vrrpInstances: ReadonlyArray<VrrpInstance.VrrpInstance>
  readonly virtualServers: ReadonlyArray<VirtualServer.Named<VirtualServer.VirtualServer>>
  readonly virtualServerGroups: ReadonlyArray<VirtualServer.Named<VirtualServer.Group>>
}

/**
 * Reads the statements of a file.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statements: ReadonlyArray<Statement>, report: Report): Model => {
  const { values } = Section.read("file", readers, statements, report)
  return {
    globalDefinitions: GlobalDefinitions.read((values.global_defs?.value ?? []).flat(), report),
    vrrpInstances: values.vrrp_instance?.value ?? [],
    virtualServers: values.virtual_server?.value ?? [],
    virtualServerGroups: values.virtual_server_group?.value ?? []
  }
}

const readers = {
  global_defs: Section.each((statement, report) => {
    Section.warnSuperfluous(statement, statement.arguments, report)
    return Section.blockOf(statement, report)?.statements
  }),
  vrrp_instance: Section.each(VrrpInstance.read),
  virtual_server: Section.each(VirtualServer.read),
  virtual_server_group: Section.each(VirtualServer.readGroup)
} satisfies Section.Readers<"file">
