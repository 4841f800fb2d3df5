/**
 * Whom a check talks to, and from where.
 *
 * @since 0.1.0
 */
import type { Connection } from "@holdfast/balancer/Probe"
import * as Address from "@holdfast/wire/Address"
import * as CheckTiming from "./CheckTiming.ts"
import type { Report } from "./Diagnostic.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * The readers of a check that connects.
 *
 * @category readers
 * @since 0.1.0
 */
export const readers = {
  ...CheckTiming.checkReaders,
  connect_timeout: CheckTiming.timeout,
  connect_ip: Section.argument(Value.ipAddress),
  connect_port: Section.argument(Value.port),
  bindto: Section.argument(Value.ipAddress),
  bind_port: Section.argument(Value.port),
  bind_if: Section.argument(Value.interfaceName),
  fwmark: Section.argument(Value.mark)
}

/**
 * The server that a check is of; port 0 is no port to talk to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Server {
  readonly address: Address.IpAddress
  readonly port: number
}

/**
 * Returns the connection of a check. `port` is the one that its protocol needs: `any` needs none.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  statement: Statement,
  own: Section.Settings<typeof readers>["values"],
  server: Server,
  report: Report,
  port: "needed" | "none" = "needed"
): Connection => {
  const connection = {
    address: own.connect_ip?.value ?? server.address,
    port: own.connect_port?.value ?? server.port,
    ...(own.bindto === undefined ? {} : { bindAddress: own.bindto.value }),
    ...(own.bind_port === undefined ? {} : { bindPort: own.bind_port.value }),
    ...(own.bind_if === undefined ? {} : { bindInterface: own.bind_if.value }),
    ...(own.fwmark === undefined ? {} : { mark: own.fwmark.value })
  }
  if (port === "needed" && connection.port === 0)
    report.error(
      statement.keyword.span,
      `${statement.keyword.text} has no port to talk to`,
      "add connect_port"
    )
  if (own.bindto !== undefined && Address.isIpv6(own.bindto.value) !== Address.isIpv6(connection.address))
    report.error(
      own.bindto.span,
      `bindto ${own.bindto.value} cannot reach ${connection.address}`,
      "give an address of the same family"
    )
  return connection
}
