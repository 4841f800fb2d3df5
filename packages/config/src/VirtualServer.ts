/**
 * The sections `virtual_server_group` and `virtual_server`: read and kept for the version that runs them.
 *
 * @since 0.1.0
 */
import { Micros, seconds } from "@holdfast/wire/Instant"
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))

/**
 * An address and a port; port 0 stands for every port.
 *
 * @category models
 * @since 0.1.0
 */
export const Endpoint = Schema.Struct({ address: Address.Ipv4Address, port: Port })

/**
 * What clients talk to: an address, packets with a firewall mark, or a group.
 *
 * @category models
 * @since 0.1.0
 */
export const Service = Schema.TaggedUnion({
  Endpoint: { endpoint: Endpoint },
  FirewallMark: { mark: Schema.Int },
  Group: { name: Schema.String }
})

/**
 * A check that connects and closes (`TCP_CHECK`).
 *
 * @category models
 * @since 0.1.0
 */
export const TcpCheck = Schema.Struct({
  connectTimeout: Micros,
  /** The port of the real server when absent. */
  connectPort: Schema.optionalKey(Port)
})

/**
 * @category models
 * @since 0.1.0
 */
export const RealServer = Schema.Struct({
  endpoint: Endpoint,
  weight: Schema.Int,
  tcpChecks: Schema.Array(TcpCheck)
})

/**
 * @category models
 * @since 0.1.0
 */
export const VirtualServer = Schema.Struct({
  service: Service,
  delayInterval: Micros,
  scheduler: Schema.String,
  method: Schema.Literals(["NAT", "DR", "TUN"]),
  protocol: Schema.Literals(["TCP", "UDP", "SCTP"]),
  realServers: Schema.Array(RealServer)
})

/**
 * @category models
 * @since 0.1.0
 */
export type VirtualServer = typeof VirtualServer.Type

/**
 * Addresses that one virtual server serves alike.
 *
 * @category models
 * @since 0.1.0
 */
export const Group = Schema.Struct({ name: Schema.String, endpoints: Schema.Array(Endpoint) })

/**
 * @category models
 * @since 0.1.0
 */
export type Group = typeof Group.Type

/**
 * A part of the model and the words that name it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Named<out A> {
  readonly keyword: Word
  readonly name: Word
  readonly value: A
}

/**
 * Reads a `virtual_server_group`.
 *
 * @category reading
 * @since 0.1.0
 */
export const readGroup = (statement: Statement, report: Report): Named<Group> | undefined => {
  const [name, ...rest] = statement.arguments
  Section.warnSuperfluous(statement, rest, report)
  if (name === undefined) report.error(statement.keyword.span, "virtual_server_group needs a name")
  const block = Section.blockOf(statement, report)
  const endpoints = block?.statements.flatMap((line) => readGroupLine(line, report))
  return name === undefined || endpoints === undefined
    ? undefined
    : { keyword: statement.keyword, name, value: { name: name.text, endpoints } }
}

const readGroupLine = (line: Statement, report: Report): ReadonlyArray<typeof Endpoint.Type> => {
  if (line.keyword.text === "fwmark" || /[-/]/.test(line.keyword.text)) {
    const what = line.keyword.text === "fwmark" ? "firewall marks" : "address ranges"
    report.warning(line.keyword.span, `${what} of a virtual_server_group are not kept by this version`)
    return []
  }
  const endpoint = readEndpoint(line.keyword, line.arguments[0], report)
  Section.warnSuperfluous(line, line.arguments.slice(1), report)
  return endpoint === undefined ? [] : [endpoint]
}

/**
 * Reads a `virtual_server`.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): Named<VirtualServer> | undefined => {
  report.warning(
    statement.keyword.span,
    "virtual_server is read but does not run in this version",
    "it balances no traffic"
  )
  const [name] = statement.arguments
  const service = readService(statement, report)
  const block = Section.blockOf(statement, report)
  if (block === undefined) return undefined
  const { values } = Section.read("virtual_server", readers, block.statements, report)
  if (name === undefined || service === undefined) return undefined
  const value: VirtualServer = {
    service,
    delayInterval: values.delay_loop?.value ?? delayIntervalDefault,
    scheduler: (values.lb_algo ?? values.lvs_sched)?.value ?? "wlc",
    method: (values.lb_kind ?? values.lvs_method)?.value ?? "NAT",
    protocol: values.protocol?.value ?? "UDP",
    realServers: values.real_server?.value ?? []
  }
  return { keyword: statement.keyword, name: statement.arguments[1] ?? name, value }
}

const readService = (statement: Statement, report: Report): typeof Service.Type | undefined => {
  const [first, second, ...rest] = statement.arguments
  Section.warnSuperfluous(statement, rest, report)
  if (first === undefined) {
    report.error(statement.keyword.span, "virtual_server needs an address, fwmark or group")
    return undefined
  }
  if (first.text === "group" || first.text === "fwmark") {
    if (second === undefined) report.error(first.span, `${first.text} needs a value`)
    if (second === undefined) return undefined
    if (first.text === "group") return { _tag: "Group", name: second.text }
    const mark = readMark(second, report)
    return mark === undefined ? undefined : { _tag: "FirewallMark", mark }
  }
  const endpoint = readEndpoint(first, second, report)
  return endpoint === undefined ? undefined : { _tag: "Endpoint", endpoint }
}

const readRealServer = (statement: Statement, report: Report): typeof RealServer.Type | undefined => {
  const [address, port, ...rest] = statement.arguments
  Section.warnSuperfluous(statement, rest, report)
  if (address === undefined) report.error(statement.keyword.span, "real_server needs an address")
  const endpoint = address === undefined ? undefined : readEndpoint(address, port, report)
  const block = Section.blockOf(statement, report)
  if (block === undefined) return undefined
  const { values } = Section.read("real_server", realServerReaders, block.statements, report)
  if (endpoint === undefined) return undefined
  return { endpoint, weight: values.weight?.value ?? weightDefault, tcpChecks: values.TCP_CHECK?.value ?? [] }
}

const readTcpCheck = (statement: Statement, report: Report): typeof TcpCheck.Type => {
  const { values } = Section.read("TCP_CHECK", tcpCheckReaders, statement.block?.statements ?? [], report)
  const port = values.connect_port?.value
  return {
    connectTimeout: values.connect_timeout?.value ?? connectTimeoutDefault,
    ...(port === undefined ? {} : { connectPort: port })
  }
}

const readEndpoint = (
  word: Word,
  port: Word | undefined,
  report: Report
): typeof Endpoint.Type | undefined => {
  const address = Value.ipv4Address(word, report)
  const number = port === undefined ? 0 : readPort(port, report)
  return address === undefined || number === undefined ? undefined : { address, port: number }
}

const readMark = Value.integer({ minimum: 1, maximum: 0xffff_ffff })
const readPort = Value.integer({ minimum: 0, maximum: 65_535 })
const scheduler = Value.oneOf(
  "rr",
  "wrr",
  "lc",
  "wlc",
  "lblc",
  "lblcr",
  "sh",
  "mh",
  "dh",
  "fo",
  "ovf",
  "sed",
  "nq",
  "twos"
)

/** Only the first word counts: tunnels have options, which are not kept. */
const method: Section.Reader<"NAT" | "DR" | "TUN"> = {
  repeat: "last",
  read: (statement, report) =>
    Section.argument(Value.oneOf("NAT", "DR", "TUN")).read(
      { ...statement, arguments: statement.arguments.slice(0, 1) },
      report
    )
}

const tcpCheckReaders = {
  connect_timeout: Section.argument(Value.seconds({ minimum: 0.000_001, maximum: 3600 })),
  connect_port: Section.argument(Value.integer({ minimum: 1, maximum: 65_535 }))
} satisfies Section.Readers<"TCP_CHECK">

const realServerReaders = {
  weight: Section.argument(Value.integer({ minimum: 0, maximum: 65_535 })),
  TCP_CHECK: Section.each(readTcpCheck)
} satisfies Section.Readers<"real_server">

const readers = {
  delay_loop: Section.argument(Value.seconds({ minimum: 0.000_001, maximum: 86_400 })),
  lb_algo: Section.argument(scheduler),
  lvs_sched: Section.argument(scheduler),
  lb_kind: method,
  lvs_method: method,
  protocol: Section.argument(Value.oneOf("TCP", "UDP", "SCTP")),
  real_server: Section.each(readRealServer)
} satisfies Section.Readers<"virtual_server">

const delayIntervalDefault = seconds(60)
const connectTimeoutDefault = seconds(5)
const weightDefault = 1
