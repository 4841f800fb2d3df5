/**
 * From the virtual servers of a file to those of the balancer, and what no two of them may share.
 *
 * @since 0.1.0
 */
import type * as Balancer from "@holdfast/balancer/Parameters"
import * as Equal from "effect/Equal"
import type { Report } from "./Diagnostic.ts"
import * as Environment from "./Environment.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import type * as Lexer from "./Lexer.ts"
import type { Word } from "./Lexer.ts"
import * as Part from "./Part.ts"
import * as Span from "./Span.ts"
import * as VirtualServer from "./VirtualServer.ts"
import type * as VirtualServerGroup from "./VirtualServerGroup.ts"

/**
 * What the virtual servers of a reading depended on.
 *
 * @category models
 * @since 0.1.0
 */
export type Memory = Environment.Environment

/**
 * @category models
 * @since 0.1.0
 */
export interface Compiled {
  readonly virtualServers: ReadonlyArray<Balancer.VirtualServer>
  readonly parts: ReadonlyArray<Part.Part>
  readonly memory: Memory
}

/**
 * Compiles the parts of a file; nothing if one that was postponed should have been read before the others. The result is
 * whole only if no diagnostic is an error.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  source: Lexer.Source,
  drafts: ReadonlyArray<Part.Draft>,
  globals: GlobalDefinitions,
  last: Memory | undefined,
  report: Report
): Compiled | undefined => {
  const environment = environmentOf(drafts, globals, report)
  const same = last !== undefined && sameForAll(last, environment)
  const servers: Array<VirtualServer.Compiled> = []
  const parts: Array<Part.Part> = []
  const freshKeys = new Set<string>()
  for (const draft of drafts) {
    const { kept, model } = draft
    const isSame = kept?.server === undefined || (same && sameGroup(kept.server, last, environment))
    if (kept !== undefined && isSame) {
      if (kept.server !== undefined) servers.push(kept.server)
      parts.push(kept)
    } else {
      const fresh = model === undefined ? Part.read(source, kept ?? draft.piece) : draft
      if (model === undefined && Part.concernsOthers(fresh)) return undefined
      const keptCount = servers.length
      parts.push(compilePart(fresh, environment, servers))
      for (const { keys } of servers.slice(keptCount)) for (const key of keys) freshKeys.add(key)
    }
  }
  reportShared(servers, freshKeys, report)
  return { virtualServers: servers.map(({ server }) => server), parts, memory: environment }
}

const compilePart = (
  { model, piece, report }: Part.Fresh,
  environment: Environment.Environment,
  servers: Array<VirtualServer.Compiled>
): Part.Part => {
  const compiled = model.virtualServers.flatMap(
    (statement) => VirtualServer.compile(statement, environment, report) ?? []
  )
  for (const server of compiled) servers.push(server)
  const { length, line, lineCount, offset } = piece
  const part = { offset, length, line, lineCount, diagnostics: report.diagnostics() }
  if (model.statementCount !== 1) return part
  const [server] = compiled
  const [group] = model.groups
  return {
    ...part,
    ...(server === undefined ? {} : { server }),
    ...(group === undefined ? {} : { group })
  }
}

const environmentOf = (
  drafts: ReadonlyArray<Part.Draft>,
  { values }: GlobalDefinitions,
  report: Report
): Environment.Environment => {
  const telling = drafts.filter(({ kept, model }) => model !== undefined || kept?.group !== undefined)
  const groups = telling.flatMap(({ kept, model }) => model?.groups ?? kept?.group ?? [])
  const trackFiles = telling.flatMap(({ model }) => model?.trackFiles ?? [])
  return {
    alpha: values.checker_alpha?.value ?? false,
    logAllFailures: values.checker_log_all_failures?.value ?? false,
    tls: Environment.readTls(
      telling.flatMap(({ model }) => model?.tls ?? []),
      report
    ),
    trackFiles: byName(trackFiles, "track_file", report),
    groups: byName<VirtualServerGroup.Group>(groups, "virtual_server_group", report)
  }
}

const byName = <A extends { readonly name: Word }>(
  sections: ReadonlyArray<A>,
  keyword: string,
  report: Report
): ReadonlyMap<string, A> => {
  const known = new Map<string, A>()
  for (const section of sections) {
    const { span, text } = section.name
    const first = known.get(text)
    if (first === undefined) known.set(text, section)
    else
      report.error(
        span,
        `${keyword} ${text} is already defined at ${Span.format(first.name.span)}`,
        `give each ${keyword === "track_file" ? "file" : "group"} its own name`
      )
  }
  return known
}

const sameForAll = (left: Environment.Environment, right: Environment.Environment): boolean =>
  left.alpha === right.alpha &&
  left.logAllFailures === right.logAllFailures &&
  Equal.equals(left.tls, right.tls) &&
  Equal.equals(meaningOf(left.trackFiles), meaningOf(right.trackFiles))

const meaningOf = (files: Environment.Environment["trackFiles"]): ReadonlyArray<unknown> =>
  [...files.values()].map(({ name, path, weight }) => [name.text, path, weight])

const sameGroup = (
  { server }: VirtualServer.Compiled,
  last: Environment.Environment,
  now: Environment.Environment
): boolean =>
  server.group === undefined ||
  last.groups.get(server.group)?.members === now.groups.get(server.group)?.members

/**
 * Two virtual servers with one service would each write their own servers into it. Those that are kept come from a reading
 * without errors: they share none among themselves.
 */
const reportShared = (
  servers: ReadonlyArray<VirtualServer.Compiled>,
  freshKeys: ReadonlySet<string>,
  report: Report
): void => {
  const seen = new Map<string, VirtualServer.Compiled>()
  for (const compiled of servers) {
    for (const key of compiled.keys) {
      if (!freshKeys.has(key)) continue
      const first = seen.get(key)
      if (first === undefined) seen.set(key, compiled)
      else {
        const { name } = first.server
        const message = `${key} is already balanced by the virtual_server ${name} at ${Span.format(first.span)}`
        report.error(compiled.span, message, "an address, a port and a protocol belong to one virtual_server")
        break
      }
    }
  }
}
