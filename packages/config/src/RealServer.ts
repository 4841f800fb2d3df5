/**
 * The section `real_server`.
 *
 * @since 0.1.0
 */
import type * as Balancer from "@holdfast/balancer/Parameters"
import type { Method } from "@holdfast/balancer/Service"
import type { Micros } from "@holdfast/wire/Instant"
import * as Address from "@holdfast/wire/Address"
import * as Check from "./Check.ts"
import * as CheckTiming from "./CheckTiming.ts"
import type { Report } from "./Diagnostic.ts"
import type { Environment } from "./Environment.ts"
import * as Forwarding from "./Forwarding.ts"
import * as HttpCheck from "./HttpCheck.ts"
import * as ScriptLine from "./ScriptLine.ts"
import * as Section from "./Section.ts"
import type { Span } from "./Span.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * What a real server takes from its virtual server.
 *
 * - `port`: the one clients talk to; 0 when there are several, or every port.
 *
 * @category models
 * @since 0.1.0
 */
export interface Defaults {
  readonly port: number
  readonly weight: number
  readonly method: Method
  readonly inhibitOnFailure: boolean
  readonly inherited: CheckTiming.Inherited
  readonly serviceDelay: Micros
}

/**
 * A server and the place that names it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Compiled {
  readonly server: Balancer.RealServer
  readonly span: Span
}

/**
 * Compiles a `real_server`; nothing when its address or its block is missing.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  statement: Statement,
  defaults: Defaults,
  environment: Environment,
  report: Report
): Compiled | undefined => {
  const endpoint = readEndpoint(statement, defaults.port, report)
  const block = Section.blockOf(statement, report)
  if (block === undefined) return undefined
  const { values } = Section.read("real_server", readers, block.statements, report)
  if (endpoint === undefined) return undefined
  const { address, port } = endpoint
  const context: Check.Context = {
    server: endpoint,
    inherited: CheckTiming.inherit(values, defaults.inherited),
    serviceDelay: defaults.serviceDelay,
    environment
  }
  const checks = Check.kinds().flatMap((kind) =>
    (values[kind]?.value ?? []).flatMap((check) => Check.compile(kind, check, context, report))
  )
  reportThresholds(values, report)
  const server: Balancer.RealServer = {
    key: Address.formatEndpoint(address, port),
    address,
    port,
    weight: values.weight?.value ?? defaults.weight,
    method: values.lvs_method?.value ?? defaults.method,
    upperThreshold: values.uthreshold?.value ?? 0,
    lowerThreshold: values.lthreshold?.value ?? 0,
    inhibitOnFailure: values.inhibit_on_failure?.value ?? defaults.inhibitOnFailure,
    checks,
    ...(values.notify_up === undefined ? {} : { notifyUp: values.notify_up.value }),
    ...(values.notify_down === undefined ? {} : { notifyDown: values.notify_down.value })
  }
  return { server, span: statement.arguments[0]!.span }
}

const reportThresholds = (
  { lthreshold, uthreshold }: Section.Settings<typeof readers>["values"],
  report: Report
): void => {
  if (lthreshold === undefined || lthreshold.value <= (uthreshold?.value ?? 0)) return
  if (uthreshold === undefined || uthreshold.value === 0)
    report.warning(
      lthreshold.span,
      "lthreshold has no effect without uthreshold",
      "add uthreshold, or remove it"
    )
  else
    report.error(
      lthreshold.span,
      `lthreshold ${lthreshold.value} is above uthreshold ${uthreshold.value}`,
      "a server that was full once would stay out"
    )
}

/**
 * Reads `ADDRESS [PORT]`; the port is the one of the virtual server when absent.
 *
 * @category reading
 * @since 0.1.0
 */
export const readEndpoint = (
  statement: Statement,
  portDefault: number,
  report: Report
): { readonly address: Address.IpAddress; readonly port: number } | undefined => {
  const [addressWord, portWord, ...rest] = statement.arguments
  Section.warnSuperfluous(statement, rest, report)
  if (addressWord === undefined) {
    report.error(statement.keyword.span, `${statement.keyword.text} needs an address`)
    return undefined
  }
  const address = Value.ipAddress(addressWord, report)
  const port = portWord === undefined ? portDefault : Value.portOrAll(portWord, report)
  return address === undefined || port === undefined ? undefined : { address, port }
}

/**
 * Reads the weight of a server (`struct ip_vs_dest`; keepalived's own bound is the same).
 *
 * @category readers
 * @since 0.1.0
 */
export const weight = Section.argument(Value.integer({ minimum: 0, maximum: 65_535 }))

const threshold = Section.argument(Value.integer({ minimum: 0, maximum: 0xffff_ffff }))

const readers = {
  ...CheckTiming.readers,
  connect_timeout: CheckTiming.timeout,
  virtualhost: HttpCheck.virtualHost,
  weight,
  notify_up: ScriptLine.script,
  notify_down: ScriptLine.script,
  inhibit_on_failure: Section.toggle,
  lvs_method: Forwarding.method,
  uthreshold: threshold,
  lthreshold: threshold,
  TCP_CHECK: Section.statements,
  HTTP_GET: Section.statements,
  SSL_GET: Section.statements,
  SMTP_CHECK: Section.statements,
  DNS_CHECK: Section.statements,
  MISC_CHECK: Section.statements,
  UDP_CHECK: Section.statements,
  PING_CHECK: Section.statements,
  FILE_CHECK: Section.statements
} satisfies Section.Readers<"real_server">
