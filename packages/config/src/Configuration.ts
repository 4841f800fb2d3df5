/**
 * A configuration file, from text to what the engine runs.
 *
 * **When to use** the daemon, `holdfast check` and an embedding program all read a file by `read`, so that they accept
 * and refuse the same files with the same words. Whoever reads a file again and again uses `makeReader`.
 *
 * @since 0.1.0
 */
import type * as Balancer from "@holdfast/balancer/Parameters"
import type { NotificationParameters } from "@holdfast/vrrp/NotificationParameters"
import type { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import type { SharedParameters } from "@holdfast/vrrp/SharedParameters"
import type { TrackingParameters } from "@holdfast/vrrp/TrackingParameters"
import type { Micros } from "@holdfast/wire/Instant"
import type { Script } from "@holdfast/wire/Script"
import * as Option from "effect/Option"
import * as BalancerDefinitions from "./BalancerDefinitions.ts"
import * as Diagnostic from "./Diagnostic.ts"
import * as GlobalDefinitions from "./GlobalDefinitions.ts"
import type * as Lexer from "./Lexer.ts"
import * as Part from "./Part.ts"
import type { SecretFile } from "./SecretFiles.ts"
import * as VirtualServers from "./VirtualServers.ts"
import * as Vrrp from "./Vrrp.ts"

/**
 * - `routerId`: how this machine is called in messages; the host name when absent (`router_id`).
 * - `routers`, `shared`: what the VRRP engine runs.
 * - `tracking`: the scripts, processes and files that routers track.
 * - `notifications`: whom changes of routers are told.
 * - `delayAfterBoot`: no router is anything but Init until the machine has been up for so long (`vrrp_delay_after_boot`).
 * - `startupScript`, `shutdownScript`: run and waited for before all else, and after it; their `timeout` is set.
 * - `secretFiles`: files that hold secrets of `routers`: `SecretFiles.resolve` puts them in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Configuration {
  readonly routerId?: string
  readonly defaultInterface?: InterfaceName
  readonly routers: ReadonlyArray<Parameters>
  readonly shared: SharedParameters
  readonly tracking: TrackingParameters
  readonly notifications: NotificationParameters
  readonly delayAfterBoot?: Micros
  readonly startupScript?: Script
  readonly shutdownScript?: Script
  readonly secretFiles: ReadonlyArray<SecretFile>
  readonly balancer: Balancer.Parameters
}

/**
 * What reading a file gives: all diagnostics in the order of their places, and a configuration if none is an error.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading {
  readonly diagnostics: ReadonlyArray<Diagnostic.Diagnostic>
  readonly configuration: Option.Option<Configuration>
}

/**
 * Reads the text of a configuration file. Total: any text gives a result.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (source: Lexer.Source): Reading => readAfter(source, undefined).reading

/**
 * Reads one file again and again.
 *
 * **Invariants** each reading equals the one that `read` gives. A virtual server that did not change since the last
 * reading without errors is the same object as in that reading.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader {
  readonly read: (source: Lexer.Source) => Reading
}

/**
 * Makes a reader. It keeps the last text that was read without errors, and what its virtual servers mean.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeReader = (): Reader => {
  let last: Memory | undefined
  return {
    read: (source) => {
      const { memory, reading } = readAfter(source, last)
      if (Option.isSome(reading.configuration)) last = memory
      return reading
    }
  }
}

/** What is kept of a reading. */
interface Memory {
  readonly source: Lexer.Source
  readonly parts: ReadonlyArray<Part.Part>
  readonly environment: VirtualServers.Memory
}

interface Result {
  readonly reading: Reading
  readonly memory: Memory | undefined
}

const readAfter = (source: Lexer.Source, last: Memory | undefined): Result =>
  source.text.length > textLengthMax
    ? { reading: refusal(source), memory: undefined }
    : (compile(source, last, Part.divide(source, last, Part.postpone)) ??
      compile(source, last, Part.divide(source, last, Part.read))!)

/** Compiles the parts of a file; nothing if one should not have been postponed. */
const compile = (
  source: Lexer.Source,
  last: Memory | undefined,
  drafts: ReadonlyArray<Part.Draft>
): Result | undefined => {
  const report = Diagnostic.makeReport()
  // Few have been read just now, of a large file that was read before.
  const models = drafts.map(({ model }) => model).filter((model) => model !== undefined)
  const globals = GlobalDefinitions.read(
    models.flatMap(({ globalDefinitions }) => globalDefinitions),
    report
  )
  const vrrp = Vrrp.compile(models, globals, report)
  const compiled = VirtualServers.compile(source, drafts, globals, last?.environment, report)
  if (compiled === undefined) return undefined
  const { default_interface, router_id } = globals.values
  const balancer = BalancerDefinitions.compile(globals.values, vrrp.routers, report)
  const diagnostics = Diagnostic.sorted([
    ...compiled.parts.flatMap((part) => part.diagnostics),
    ...report.diagnostics()
  ])
  const configuration: Configuration = {
    ...(router_id === undefined ? {} : { routerId: router_id.value }),
    ...(default_interface === undefined ? {} : { defaultInterface: default_interface.value }),
    ...vrrp,
    balancer: { ...balancer, virtualServers: compiled.virtualServers }
  }
  return {
    reading: {
      diagnostics,
      configuration: Diagnostic.hasError(diagnostics) ? Option.none() : Option.some(configuration)
    },
    memory: { source, parts: compiled.parts, environment: compiled.memory }
  }
}

const refusal = (source: Lexer.Source): Reading => {
  const report = Diagnostic.makeReport()
  const start = { file: source.file, line: 1, column: 1, offset: 0, length: 0 }
  report.error(start, `the file is longer than ${textLengthMax} characters`, "is it a configuration file?")
  return { diagnostics: report.diagnostics(), configuration: Option.none() }
}

/** Ten times a file of 5000 virtual servers with four real servers each. */
const textLengthMax = 2 ** 26
