/**
 * How raw sockets of either family send: each packet with the source, the destination and the hop limit that it names.
 *
 * **Details**
 * Who sends to whom changes rarely: address and control messages are encoded once for each pair and remembered. What is sent
 * again and again is one object each time: then all of it is remembered.
 *
 * @since 0.1.0
 */
import type * as Address from "@holdfast/wire/Address"
import type * as SendArena from "./SendArena.ts"
import type * as Sending from "./Sending.ts"
import type * as Socket from "./Socket.ts"

/**
 * What to send and where.
 *
 * - `payload`: what follows the IP header; with a sender of whole packets the header, too. Not to be written to any more.
 * - `hopLimit`: 255 by default. A sender of whole packets has it in their header and takes no notice.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutgoingPacket<A extends Address.IpAddress> {
  readonly payload: Uint8Array
  readonly source: A
  readonly destination: A
  readonly hopLimit?: number
}

/**
 * Sends by one device.
 *
 * - `send`: goes past a packet that the kernel refuses: one whose source is gone must not silence the others.
 *
 * @category models
 * @since 0.1.0
 */
export interface PacketSender<A extends Address.IpAddress> {
  readonly send: (packets: ReadonlyArray<OutgoingPacket<A>>) => Sending.SendOutcome
  /** Does all that `send` does but on no socket. */
  readonly rehearse: (packets: ReadonlyArray<OutgoingPacket<A>>) => void
}

/**
 * Where a packet goes, as the kernel wants it: `SocketAddress` and `ControlMessage`s.
 *
 * @category models
 * @since 0.1.0
 */
export interface Route {
  readonly address: Uint8Array
  readonly control: Uint8Array
}

/**
 * Returns what sends by a socket.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A extends Address.IpAddress>(
  socket: Pick<Socket.Socket, "sendEach" | "rehearse">,
  encodeRoute: (packet: OutgoingPacket<A>) => Route
): PacketSender<A> => {
  const routeOf = makeRoutes(encodeRoute)
  const messages = new WeakMap<OutgoingPacket<A>, SendArena.OutgoingMessage>()
  const messageOf = (packet: OutgoingPacket<A>): SendArena.OutgoingMessage => {
    const known = messages.get(packet)
    if (known !== undefined) return known
    const { address, control } = routeOf(packet)
    const message = { data: packet.payload, address, control }
    messages.set(packet, message)
    return message
  }
  return {
    send: (packets) => socket.sendEach(packets.map(messageOf)),
    rehearse: (packets) => socket.rehearse(packets.map(messageOf))
  }
}

const makeRoutes = <A extends Address.IpAddress>(encodeRoute: (packet: OutgoingPacket<A>) => Route) => {
  const routes = new Map<string, Route>()
  return (packet: OutgoingPacket<A>): Route => {
    const key = `${packet.source} ${packet.destination} ${packet.hopLimit}`
    const known = routes.get(key)
    if (known !== undefined) return known
    if (routes.size >= routesMax) routes.clear()
    const route = encodeRoute(packet)
    routes.set(key, route)
    return route
  }
}

/** Pairs of source and destination that are remembered; more than any list of peers. */
const routesMax = 4096
