/**
 * What a file says beside its virtual routers and virtual servers: groups, what is tracked, and what is there whoever is
 * Master.
 *
 * @since 0.1.0
 */
import type { InterfaceName, Parameters, VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { Pacing, SharedParameters } from "@holdfast/vrrp/SharedParameters"
import { keyOf } from "@holdfast/vrrp/Tracker"
import type { TrackFile, TrackingParameters } from "@holdfast/vrrp/TrackingParameters"
import type { AddressLine } from "./AddressLine.ts"
import type { Report } from "./Diagnostic.ts"
import * as GarpGroup from "./GarpGroup.ts"
import * as InterfaceDelays from "./InterfaceDelays.ts"
import type { Word } from "./Lexer.ts"
import type { Model } from "./Model.ts"
import * as NamedSection from "./NamedSection.ts"
import * as SyncGroups from "./SyncGroups.ts"
import type { FileSection } from "./TrackFile.ts"
import type * as TrackerLine from "./TrackerLine.ts"
import type { InstanceRouters } from "./VirtualRouters.ts"

/**
 * What `global_defs` says of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Globals {
  readonly defaultInterface: InterfaceName | undefined
  /** `vrrp_garp_interval`, `vrrp_gna_interval`. */
  readonly pacing: Omit<Pacing, "interfaces">
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Compiled {
  readonly shared: Omit<SharedParameters, "startupDelay" | "devices">
  readonly tracking: TrackingParameters
  /** All virtual routers, with their trackers. */
  readonly routers: ReadonlyArray<Parameters>
}

/**
 * Compiles what the parts of a file say. The result is whole only if the report holds no error.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  models: ReadonlyArray<Model>,
  instances: ReadonlyArray<InstanceRouters>,
  globals: Globals,
  report: Report
): Compiled => {
  const definitions = definitionsOf(models, report)
  const { groups, routers } = SyncGroups.compile(
    models.flatMap(({ syncGroups }) => syncGroups),
    instances,
    definitions,
    report
  )
  return {
    shared: {
      groups,
      staticAddresses: models
        .flatMap(({ staticAddresses }) => staticAddresses)
        .flatMap((line) => staticAddress(line, globals.defaultInterface, report)),
      staticRoutes: models.flatMap(({ staticRoutes }) => staticRoutes.map(({ route }) => route)),
      staticRules: models.flatMap(({ staticRules }) => staticRules.map(({ rule }) => rule)),
      pacings: GarpGroup.compile(
        models.flatMap(({ garpGroups }) => garpGroups),
        globals.pacing,
        report
      ),
      interfaceDelays: InterfaceDelays.compile(
        models.flatMap(({ interfaceDelays }) => interfaceDelays),
        routers,
        report
      )
    },
    tracking: trackingOf(models, routers, report),
    routers
  }
}

/** The weights that sections give to their names. Files are checked for a second of a name where checks read them. */
const definitionsOf = (models: ReadonlyArray<Model>, report: Report): TrackerLine.Definitions => {
  const weights = (
    keyword: string,
    sections: ReadonlyArray<{ readonly name: Word; readonly weight: TrackerLine.Weight }>
  ): ReadonlyMap<string, TrackerLine.Weight> =>
    new Map([...NamedSection.byName(keyword, sections, report)].map(([name, { weight }]) => [name, weight]))
  return {
    Script: weights(
      "vrrp_script",
      models.flatMap(({ trackScripts }) => trackScripts)
    ),
    Process: weights(
      "vrrp_track_process",
      models.flatMap(({ trackProcesses }) => trackProcesses)
    ),
    File: new Map(
      models.flatMap(({ trackFiles }) =>
        trackFiles.map(({ name, weight }) => [name.text, { weight, reverse: false }] as const)
      )
    )
  }
}

/** What routers track. A file that shall be made is made for checks, too. */
const trackingOf = (
  models: ReadonlyArray<Model>,
  routers: ReadonlyArray<Parameters>,
  report: Report
): TrackingParameters => {
  const keys = new Set(routers.flatMap(({ trackers }) => trackers.map(({ subject }) => keyOf(subject))))
  const used =
    (kind: "Script" | "Process", keyword: string) =>
    <A>({ name, parameters }: { readonly name: Word; readonly parameters: A }): ReadonlyArray<A> => {
      if (keys.has(keyOf({ _tag: kind, name: name.text }))) return [parameters]
      report.warning(name.span, `nobody tracks ${keyword} ${name.text}`, "remove it, or track it")
      return []
    }
  return {
    scripts: models.flatMap(({ trackScripts }) => trackScripts).flatMap(used("Script", "vrrp_script")),
    processes: models
      .flatMap(({ trackProcesses }) => trackProcesses)
      .flatMap(used("Process", "vrrp_track_process")),
    files: models
      .flatMap(({ trackFiles }) => trackFiles)
      .filter(
        ({ initial, name }) => initial !== undefined || keys.has(keyOf({ _tag: "File", name: name.text }))
      )
      .map(fileOf)
  }
}

const fileOf = ({ initial, name, path }: FileSection): TrackFile => ({
  name: name.text,
  path,
  ...(initial === undefined ? {} : { initial })
})

const staticAddress = (
  line: AddressLine,
  defaultInterface: InterfaceName | undefined,
  report: Report
): ReadonlyArray<VirtualAddress> => {
  if (line.virtualMac !== undefined)
    report.error(line.virtualMac, "an address that stays has no virtual MAC device", "remove use_vmac")
  const device = line.interface ?? defaultInterface
  if (device === undefined) {
    const message = `the static address ${line.carried.address} names no device`
    report.error(line.span, message, "add dev NAME, or default_interface in global_defs")
    return []
  }
  return [{ ...line.carried, interface: device, advertised: false }]
}
