/**
 * The section `virtual_server`: from its block to what the balancer runs.
 *
 * @since 0.1.0
 */
import type * as Balancer from "@holdfast/balancer/Parameters"
import {
  type Family,
  type Method,
  type Protocol,
  type ServiceAddress,
  keyOf
} from "@holdfast/balancer/Service"
import * as Address from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import * as CheckTiming from "./CheckTiming.ts"
import type { Report } from "./Diagnostic.ts"
import type { Environment } from "./Environment.ts"
import * as Forwarding from "./Forwarding.ts"
import * as HttpCheck from "./HttpCheck.ts"
import * as Persistence from "./Persistence.ts"
import * as RealServer from "./RealServer.ts"
import * as ScriptLine from "./ScriptLine.ts"
import * as Section from "./Section.ts"
import * as Span from "./Span.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"
import * as VirtualServerName from "./VirtualServerName.ts"

/**
 * A virtual server, the place that names it, and the keys of its services.
 *
 * @category models
 * @since 0.1.0
 */
export interface Compiled {
  readonly server: Balancer.VirtualServer
  readonly span: Span.Span
  readonly keys: ReadonlyArray<string>
}

/**
 * Compiles a `virtual_server`; nothing when it lacks what it is known by, or its block.
 *
 * **Details** the order of the lines does not matter: what a server or a check inherits is read before it.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  statement: Statement,
  environment: Environment,
  report: Report
): Compiled | undefined => {
  const name = VirtualServerName.read(statement, report)
  const block = Section.blockOf(statement, report)
  if (block === undefined) return undefined
  const { mentioned, values } = Section.read("virtual_server", readers, block.statements, report)
  if (name === undefined) return undefined
  const { span } = name
  const method: Method = (values.lvs_method ?? values.lb_kind)?.value ?? { _tag: "Nat" }
  const port = VirtualServerName.portOf(name, environment.groups)
  const defaults = defaultsOf(values, port, method, environment)
  const realServers = compileRealServers(values.real_server?.value ?? [], defaults, environment, report)
  const sorryMethod = values.sorry_server_lvs_method?.value ?? method
  const sorryServers = compileSorryServers(values.sorry_server?.value ?? [], port, sorryMethod, report)
  const servers: ReadonlyArray<Reached> = [...realServers, ...sorryServers]
  const family = VirtualServerName.familyOf(
    name,
    environment.groups,
    servers.map(({ server: reached }) => reached),
    values.ip_family?.value
  )
  const protocol = protocolOf(name, values.protocol, report)
  const addresses = VirtualServerName.addressesOf(name, environment.groups, protocol, family, report)
  const persistence = Persistence.compile(values, family, report)
  if (name._tag === "Endpoint" && values.ip_family !== undefined && values.ip_family.value !== family)
    report.warning(values.ip_family.span, "ip_family has no effect with an address", "remove it")
  reportFamilies(addresses, servers, report)
  reportAllPorts(span, persistence !== undefined, addresses, report)
  reportPorts(port, realServers, report)
  const server: Balancer.VirtualServer = {
    name: name._tag === "Group" ? `group ${name.name} ${protocol}` : keyOf(addresses[0]!),
    addresses,
    ...(name._tag === "Group" ? { group: name.name } : {}),
    protocol,
    scheduler: (values.lvs_sched ?? values.lb_algo)?.value ?? "wlc",
    schedulerFlags: Forwarding.flagsOf(mentioned),
    onePacket: onePacketOf(values.ops, name, protocol, report),
    ...(persistence === undefined ? {} : { persistence }),
    ...compileQuorum(values, realServers, report),
    ...(values.quorum_up === undefined ? {} : { quorumUp: values.quorum_up.value }),
    ...(values.quorum_down === undefined ? {} : { quorumDown: values.quorum_down.value }),
    alpha: defaults.inherited.alpha ?? false,
    omega: values.omega?.value ?? false,
    haSuspend: haSuspendOf(values.ha_suspend, name, report),
    slowStart: values.slow_start?.value ?? Value.none,
    drain: values.drain?.value ?? Value.none,
    sorryServers: sorryServers.map(({ server: sorry }) => sorry),
    sorryInhibit: values.sorry_server_inhibit?.value ?? false,
    realServers: realServers.map(({ server: real }) => real)
  }
  return { server, span, keys: addresses.map(keyOf) }
}

type Values = Section.Settings<typeof readers>["values"]

const defaultsOf = (
  values: Values,
  port: number,
  method: Method,
  environment: Environment
): RealServer.Defaults => {
  const { alpha, logAllFailures } = environment
  const inherited = CheckTiming.inherit(values, { alpha, logAllFailures })
  return {
    port,
    weight: values.weight?.value ?? weightDefault,
    method,
    inhibitOnFailure: values.inhibit_on_failure?.value ?? false,
    inherited,
    serviceDelay: inherited.delayLoop ?? CheckTiming.delayDefault
  }
}

const compileRealServers = (
  statements: ReadonlyArray<Statement>,
  defaults: RealServer.Defaults,
  environment: Environment,
  report: Report
): ReadonlyArray<RealServer.Compiled> => {
  const servers = new Map<string, RealServer.Compiled>()
  for (const statement of statements) {
    const compiled = RealServer.compile(statement, defaults, environment, report)
    if (compiled === undefined) continue
    const { key } = compiled.server
    const first = servers.get(key)
    if (first === undefined) servers.set(key, compiled)
    else reportTwice(compiled.span, `real_server ${key}`, first.span, report)
  }
  return [...servers.values()]
}

interface SorryServer {
  readonly server: Balancer.SorryServer
  readonly span: Span.Span
}

const compileSorryServers = (
  statements: ReadonlyArray<Statement>,
  port: number,
  method: Method,
  report: Report
): ReadonlyArray<SorryServer> => {
  const servers = new Map<string, SorryServer>()
  for (const statement of statements) {
    const endpoint = RealServer.readEndpoint(statement, port, report)
    if (endpoint === undefined) continue
    const key = Address.formatEndpoint(endpoint.address, endpoint.port)
    const { span } = statement.arguments[0]!
    const first = servers.get(key)
    if (first === undefined) servers.set(key, { server: { key, ...endpoint, method }, span })
    else reportTwice(span, `sorry_server ${key}`, first.span, report)
  }
  return [...servers.values()]
}

/** keepalived drops the second one, too. */
const reportTwice = (span: Span.Span, what: string, first: Span.Span, report: Report): void =>
  report.warning(span, `${what} is listed twice`, `the one at ${Span.format(first)} counts; remove this one`)

const protocolOf = (
  name: VirtualServerName.VirtualServerName,
  setting: Section.Setting<Protocol> | undefined,
  report: Report
): Protocol => {
  if (name._tag === "FirewallMark") {
    if (setting !== undefined)
      report.warning(setting.span, "protocol has no effect with fwmark", "the mark decides; remove it")
  } else if (setting === undefined) {
    report.warning(
      name.span,
      "this virtual_server names no protocol and balances UDP",
      "write protocol TCP, UDP or SCTP"
    )
  }
  return setting?.value ?? "UDP"
}

const onePacketOf = (
  setting: Section.Setting<boolean> | undefined,
  name: VirtualServerName.VirtualServerName,
  protocol: Protocol,
  report: Report
): boolean => {
  if (setting?.value !== true) return false
  if (name._tag === "FirewallMark" || protocol === "UDP") return true
  report.warning(setting.span, `ops has no effect with protocol ${protocol}`, "it is for UDP; remove it")
  return false
}

const haSuspendOf = (
  setting: Section.Setting<boolean> | undefined,
  name: VirtualServerName.VirtualServerName,
  report: Report
): boolean => {
  if (setting?.value !== true) return false
  if (name._tag !== "FirewallMark") return true
  report.warning(
    setting.span,
    "ha_suspend has no effect with fwmark",
    "a mark is no address that could be absent"
  )
  return false
}

/** More than the servers weigh together would never be reached; keepalived lowers it, too. */
const compileQuorum = (
  values: Values,
  realServers: ReadonlyArray<RealServer.Compiled>,
  report: Report
): { readonly quorum: number; readonly hysteresis: number } => {
  const total = realServers.reduce((sum, { server }) => sum + server.weight, 0)
  const asked = values.quorum?.value ?? quorumDefault
  const quorum = total > 0 ? Math.min(asked, total) : asked
  if (values.quorum !== undefined && quorum < asked)
    report.warning(
      values.quorum.span,
      `quorum ${asked} is more than all servers weigh and is read as ${total}`
    )
  const askedHysteresis = values.hysteresis?.value ?? 0
  const hysteresis = Math.min(askedHysteresis, quorum - 1)
  if (values.hysteresis !== undefined && hysteresis < askedHysteresis)
    report.warning(
      values.hysteresis.span,
      `hysteresis ${askedHysteresis} is not below quorum ${quorum} and is read as ${hysteresis}`
    )
  return { quorum, hysteresis }
}

interface Reached {
  readonly server: Pick<Balancer.SorryServer, "address" | "method">
  readonly span: Span.Span
}

/** Only a tunnel carries packets of one family in packets of the other. */
const reportFamilies = (
  addresses: ReadonlyArray<ServiceAddress>,
  servers: ReadonlyArray<Reached>,
  report: Report
): void => {
  const families = new Set<Family>(addresses.map(VirtualServerName.familyOfAddress))
  for (const { server, span } of servers) {
    const { address, method } = server
    const own: Family = Address.isIpv6(address) ? "inet6" : "inet"
    if (method._tag !== "Tunnel" && [...families].some((family) => family !== own))
      report.error(
        span,
        `${address} and the virtual server are not of one family`,
        "only lvs_method TUN can join them"
      )
  }
}

const reportAllPorts = (
  span: Span.Span,
  persistent: boolean,
  addresses: ReadonlyArray<ServiceAddress>,
  report: Report
): void => {
  if (!persistent && addresses.some((address) => address._tag === "Endpoint" && address.port === 0))
    report.error(
      span,
      "every port of an address can be balanced only for clients that come back to their server",
      "add persistence_timeout, or write a port"
    )
}

const reportPorts = (port: number, realServers: ReadonlyArray<RealServer.Compiled>, report: Report): void => {
  if (port === 0) return
  for (const { server, span } of realServers) {
    if (server.method._tag !== "Nat" && server.port !== port)
      report.warning(
        span,
        `port ${server.port} is not used: packets arrive at port ${port}`,
        "only NAT changes ports"
      )
  }
}

const delay: Section.Reader<Micros> = Section.argument(Value.seconds({ minimum: 0, maximum: 86_400 }))
// The sum of 2^15 servers of the greatest weight fits.
const weightSum = { maximum: 2 ** 31 - 1 }

const readers = {
  ...CheckTiming.readers,
  ...Persistence.readers,
  connect_timeout: CheckTiming.timeout,
  virtualhost: HttpCheck.virtualHost,
  lb_algo: Forwarding.scheduler,
  lvs_sched: Forwarding.scheduler,
  lb_kind: Forwarding.method,
  lvs_method: Forwarding.method,
  protocol: Section.argument(Value.oneOf("TCP", "UDP", "SCTP")),
  real_server: Section.statements,
  sorry_server: Section.statements,
  sorry_server_inhibit: Section.flag,
  sorry_server_lvs_method: Forwarding.method,
  quorum: Section.argument(Value.integer({ minimum: 1, ...weightSum })),
  hysteresis: Section.argument(Value.integer({ minimum: 0, ...weightSum })),
  quorum_up: ScriptLine.script,
  quorum_down: ScriptLine.script,
  omega: Section.flag,
  inhibit_on_failure: Section.toggle,
  ops: Section.flag,
  weight: RealServer.weight,
  ip_family: Section.argument(Value.oneOf("inet", "inet6")),
  ha_suspend: Section.flag,
  "flag-1": Section.flag,
  "flag-2": Section.flag,
  "flag-3": Section.flag,
  "sh-port": Section.flag,
  "sh-fallback": Section.flag,
  "mh-port": Section.flag,
  "mh-fallback": Section.flag,
  slow_start: delay,
  drain: delay
} satisfies Section.Readers<"virtual_server">

const weightDefault = 1
const quorumDefault = 1
