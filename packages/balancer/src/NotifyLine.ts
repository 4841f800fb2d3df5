/**
 * The lines that named pipes get about virtual and real servers (`lvs_notify_fifo`, `notify_fifo`).
 *
 * **Details**
 * Spelled as keepalived 2.2.7 spells them, without their end of line:
 * - `VS [192.0.2.1]:tcp:80 UP`, `VS FWM 5 UP` for a firewall mark, `VS [NAME]:0 UP` for a group;
 * - `RS`, the server in the first form, the virtual server, and the state.
 *
 * **Gotchas**
 * - The protocol of a server is `none` where only firewall marks lead to it.
 * - Under DR and TUN the port of a server is that of the virtual server: 0 for a firewall mark. In a group it is the
 *   server's own, since the group may have many.
 *
 * @see keepalived.conf(5), `lvs_notify_fifo`; docs/reference/scripts.md
 * @since 0.1.0
 */
import type { RealServer, VirtualServer } from "./Parameters.ts"

/**
 * Returns the line that tells whether a virtual server has its quorum.
 *
 * @category conversions
 * @since 0.1.0
 */
export const virtualServer = (server: VirtualServer, up: boolean): string =>
  `VS ${placeOf(server)} ${stateOf(up)}`

/**
 * Returns the line that tells whether a server of a virtual server works.
 *
 * @category conversions
 * @since 0.1.0
 */
export const realServer = (server: VirtualServer, real: RealServer, up: boolean): string =>
  `RS [${real.address}]:${protocolOf(server)}:${portOf(server, real)} ${placeOf(server)} ${stateOf(up)}`

const stateOf = (up: boolean): string => (up ? "UP" : "DOWN")

const placeOf = (server: VirtualServer): string => {
  if (server.group !== undefined) return `[${server.group}]:0`
  const address = server.addresses[0]
  if (address === undefined) return `[${server.name}]:0`
  if (address._tag === "FirewallMark") return `FWM ${address.mark}`
  return `[${address.address}]:${address.protocol.toLowerCase()}:${address.port}`
}

const protocolOf = ({ addresses, protocol }: VirtualServer): string =>
  addresses.every(({ _tag }) => _tag === "FirewallMark") ? "none" : protocol.toLowerCase()

const portOf = (server: VirtualServer, real: RealServer): number => {
  const address = server.addresses[0]
  if (server.group !== undefined || real.method._tag === "Nat" || address === undefined) return real.port
  return address._tag === "FirewallMark" ? 0 : address.port
}
