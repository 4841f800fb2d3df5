/**
 * What a virtual server is known by: an address, a firewall mark or a group; and the services it stands for.
 *
 * @since 0.1.0
 */
import type { Family, Method, Protocol, ServiceAddress } from "@holdfast/balancer/Service"
import * as Address from "@holdfast/wire/Address"
import type { Report } from "./Diagnostic.ts"
import * as Section from "./Section.ts"
import type { Span } from "./Span.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"
import type { Group, Member } from "./VirtualServerGroup.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type VirtualServerName = { readonly span: Span } & (
  | Member
  | { readonly _tag: "Group"; readonly name: string }
)

/**
 * Reads `ADDRESS [PORT]`, `fwmark MARK` or `group NAME`.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): VirtualServerName | undefined => {
  const [first, second, ...rest] = statement.arguments
  Section.warnSuperfluous(statement, rest, report)
  if (first === undefined) {
    report.error(statement.keyword.span, "virtual_server needs an address, fwmark or group")
    return undefined
  }
  const { span } = second ?? first
  if (first.text === "group" || first.text === "fwmark") {
    if (second === undefined) report.error(first.span, `${first.text} needs a value`)
    if (second === undefined) return undefined
    if (first.text === "group") return { _tag: "Group", name: second.text, span }
    const mark = Value.mark(second, report)
    return mark === undefined ? undefined : { _tag: "FirewallMark", mark, family: undefined, span }
  }
  const address = Value.ipAddress(first, report)
  const port = second === undefined ? 0 : Value.portOrAll(second, report)
  if (address === undefined || port === undefined) return undefined
  return { _tag: "Endpoint", address, port, span: first.span }
}

/**
 * Returns the port that clients talk to, or 0 when there is not exactly one.
 *
 * @category queries
 * @since 0.1.0
 */
export const portOf = (name: VirtualServerName, groups: ReadonlyMap<string, Group>): number => {
  if (name._tag === "Endpoint") return name.port
  const members = name._tag === "Group" ? (groups.get(name.name)?.members ?? []) : []
  const ports = new Set(members.map((member) => (member._tag === "Endpoint" ? member.port : 0)))
  const [port = 0] = ports
  return ports.size === 1 ? port : 0
}

interface Reached {
  readonly address: Address.IpAddress
  readonly method: Method
}

/**
 * Returns the family of what does not say it: that of the addresses, else that of the servers, else IPv4.
 *
 * @category queries
 * @since 0.1.0
 */
export const familyOf = (
  name: VirtualServerName,
  groups: ReadonlyMap<string, Group>,
  servers: ReadonlyArray<Reached>,
  asked: Family | undefined
): Family => {
  if (name._tag === "Endpoint") return familyOfIp(name.address)
  if (asked !== undefined) return asked
  const members = name._tag === "Group" ? (groups.get(name.name)?.members ?? []) : []
  const member = members.find((candidate) => candidate._tag === "Endpoint")
  if (member !== undefined) return familyOfIp(member.address)
  // Packets of a tunnel may be of another family than the tunnel; those of the rest may not.
  const deciding = servers.find(({ method }) => method._tag !== "Tunnel")
  if (deciding !== undefined) return familyOfIp(deciding.address)
  return servers.length > 0 && servers.every(({ address }) => Address.isIpv6(address)) ? "inet6" : "inet"
}

/**
 * Returns the services of a virtual server.
 *
 * @category compiling
 * @since 0.1.0
 */
export const addressesOf = (
  name: VirtualServerName,
  groups: ReadonlyMap<string, Group>,
  protocol: Protocol,
  family: Family,
  report: Report
): ReadonlyArray<ServiceAddress> => {
  if (name._tag !== "Group") return [serviceOf(name, protocol, family)]
  const group = groups.get(name.name)
  if (group !== undefined) return group.members.map((member) => serviceOf(member, protocol, family))
  report.error(name.span, `there is no virtual_server_group ${name.name}`, "define it, or correct the name")
  return []
}

/**
 * Returns the family of a service.
 *
 * @category queries
 * @since 0.1.0
 */
export const familyOfAddress = (address: ServiceAddress): Family =>
  address._tag === "FirewallMark" ? address.family : familyOfIp(address.address)

const serviceOf = (member: Member, protocol: Protocol, family: Family): ServiceAddress =>
  member._tag === "Endpoint"
    ? { _tag: "Endpoint", protocol, address: member.address, port: member.port }
    : { _tag: "FirewallMark", family: member.family ?? family, mark: member.mark }

const familyOfIp = (address: Address.IpAddress): Family => (Address.isIpv6(address) ? "inet6" : "inet")
