/**
 * A configuration file, from text to what the engine runs.
 *
 * **When to use** the daemon, `holdfast check` and an embedding program all read a file by `read`, so that they accept
 * and refuse the same files with the same words.
 *
 * @since 0.1.0
 */
import { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Construct from "./Construct.ts"
import * as Diagnostic from "./Diagnostic.ts"
import * as Lexer from "./Lexer.ts"
import * as Model from "./Model.ts"
import * as Parser from "./Parser.ts"
import * as Span from "./Span.ts"
import * as VirtualRouters from "./VirtualRouters.ts"
import * as VirtualServer from "./VirtualServer.ts"

/**
 * @category models
 * @since 0.1.0
 */
export const Configuration = Schema.Struct({
  /** How this machine is called in messages; the host name when absent (`router_id`). */
  routerId: Schema.optionalKey(Schema.String),
  defaultInterface: Schema.optionalKey(InterfaceName),
  routers: Schema.Array(Parameters),
  /** Read and kept; this version does not run them. */
  virtualServers: Schema.Array(VirtualServer.VirtualServer),
  virtualServerGroups: Schema.Array(VirtualServer.Group)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Configuration = typeof Configuration.Type

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
export const read = (source: Lexer.Source): Reading => {
  const report = Diagnostic.makeReport()
  const configuration =
    source.text.length > textLengthMax ? refuseLength(source, report) : compile(source, report)
  const diagnostics = report.diagnostics()
  return {
    diagnostics,
    configuration: Diagnostic.hasError(diagnostics) ? Option.none() : Option.fromUndefinedOr(configuration)
  }
}

const compile = (source: Lexer.Source, report: Diagnostic.Report): Configuration => {
  const statements = Construct.refuse(Parser.parse(Lexer.tokenize(source, report), report), report)
  const model = Model.read(statements, report)
  const { default_interface, router_id } = model.globalDefinitions.values
  reportGroups(model, report)
  return {
    ...(router_id === undefined ? {} : { routerId: router_id.value }),
    ...(default_interface === undefined ? {} : { defaultInterface: default_interface.value }),
    routers: VirtualRouters.compile(model.vrrpInstances, model.globalDefinitions, report),
    virtualServers: model.virtualServers.map(({ value }) => value),
    virtualServerGroups: model.virtualServerGroups.map(({ value }) => value)
  }
}

const reportGroups = (model: Model.Model, report: Diagnostic.Report): void => {
  const groups = new Map<string, Span.Span>()
  for (const { name } of model.virtualServerGroups) {
    const first = groups.get(name.text)
    if (first === undefined) groups.set(name.text, name.span)
    else
      report.error(
        name.span,
        `virtual_server_group ${name.text} is already defined at ${Span.format(first)}`,
        "give each group its own name"
      )
  }
  for (const { name, value } of model.virtualServers) {
    if (value.service._tag !== "Group" || groups.has(value.service.name)) continue
    report.error(
      name.span,
      `there is no virtual_server_group ${value.service.name}`,
      "define it, or correct the name"
    )
  }
}

const refuseLength = (source: Lexer.Source, report: Diagnostic.Report): undefined => {
  const start = { file: source.file, line: 1, column: 1, offset: 0, length: 0 }
  report.error(start, `the file is longer than ${textLengthMax} characters`, "is it a configuration file?")
}

/** Ten times a file of 5000 virtual servers with four real servers each. */
const textLengthMax = 2 ** 26
