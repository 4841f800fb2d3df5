/**
 * What a configuration file, or a part of one, says, section by section and with places, before defaults and before
 * sections are set in relation.
 *
 * **Details** what depends on another section, as a virtual server does on its group, stays a statement here.
 *
 * @since 0.1.0
 */
import * as AddressLine from "./AddressLine.ts"
import type { Report } from "./Diagnostic.ts"
import * as GarpGroup from "./GarpGroup.ts"
import * as InterfaceDelays from "./InterfaceDelays.ts"
import * as RouteLine from "./RouteLine.ts"
import * as RuleLine from "./RuleLine.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as SyncGroup from "./SyncGroup.ts"
import * as TrackFile from "./TrackFile.ts"
import * as TrackProcess from "./TrackProcess.ts"
import * as TrackScript from "./TrackScript.ts"
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
  readonly trackFiles: ReadonlyArray<TrackFile.FileSection>
  readonly trackScripts: ReadonlyArray<TrackScript.ScriptSection>
  readonly trackProcesses: ReadonlyArray<TrackProcess.ProcessSection>
  readonly syncGroups: ReadonlyArray<SyncGroup.SyncGroup>
  readonly staticAddresses: ReadonlyArray<AddressLine.AddressLine>
  readonly staticRoutes: ReadonlyArray<RouteLine.RouteLine>
  readonly staticRules: ReadonlyArray<RuleLine.RuleLine>
  readonly garpGroups: ReadonlyArray<GarpGroup.GarpGroup>
  readonly interfaceDelays: ReadonlyArray<InterfaceDelays.DelayLine>
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
    trackScripts: values.vrrp_script?.value ?? [],
    trackProcesses: values.vrrp_track_process?.value ?? [],
    syncGroups: values.vrrp_sync_group?.value ?? [],
    staticAddresses: values.static_ipaddress?.value ?? [],
    staticRoutes: values.static_routes?.value ?? [],
    staticRules: values.static_rules?.value ?? [],
    garpGroups: values.garp_group?.value ?? [],
    interfaceDelays: values.interface_up_down_delays?.value ?? [],
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
  track_file: Section.each(TrackFile.read),
  vrrp_track_file: Section.each(TrackFile.read),
  vrrp_script: Section.each(TrackScript.read),
  vrrp_track_process: Section.each(TrackProcess.read),
  vrrp_sync_group: Section.each(SyncGroup.read),
  static_ipaddress: Section.items(AddressLine.read),
  static_routes: Section.items(RouteLine.read),
  static_rules: Section.items(RuleLine.read),
  garp_group: Section.each(GarpGroup.read),
  interface_up_down_delays: InterfaceDelays.reader
} satisfies Section.Readers<"file">
