/**
 * What the kernel tells about a received packet beside its bytes, read without leaving anything behind.
 *
 * `ControlMessage.decode` gives every message as a value; adverts come by the thousand a second, so their sockets read
 * what they want into one record instead.
 *
 * @see cmsg(3), ip(7), ipv6(7), socket(7)
 * @since 0.1.0
 */
import * as Linux from "./Linux.ts"

/**
 * The last packet's facts.
 *
 * - `interfaceIndex`: the device it came in by; zero when the kernel did not say.
 * - `hopLimit`: of an IPv6 header.
 * - `destinationAt`: where in the control messages the destination of an IPv6 header stands; zero: nowhere.
 * - `arrivedAtMicros`: when the kernel got it, on the monotonic clock; never in the future.
 * - `droppedCount`: packets the socket had lost by then, since it was opened.
 *
 * @category models
 * @since 0.1.0
 */
export interface Arrival {
  interfaceIndex: number
  hopLimit: number
  destinationAt: number
  arrivedAtMicros: number
  droppedCount: number
}

/**
 * Returns an empty record.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Arrival => ({
  interfaceIndex: 0,
  hopLimit: 0,
  destinationAt: 0,
  arrivedAtMicros: 0,
  droppedCount: 0
})

/**
 * Reads the control messages of one packet into the record, in place of the former one's. `now` and `offset` are
 * `MonotonicClock.now` and `offsetOfRealtime`. Total: a list that breaks off ends there.
 *
 * @category decoding
 * @since 0.1.0
 */
export const read = (arrival: Arrival, control: Uint8Array, now: number, offset: number): void => {
  arrival.interfaceIndex = 0
  arrival.hopLimit = 0
  arrival.destinationAt = 0
  arrival.arrivedAtMicros = now
  // The kernel stamps a packet with the count of those it had dropped when it queued this one; with nothing if none.
  arrival.droppedCount = 0
  let at = 0
  while (at + headerLength <= control.length) {
    const length = uint32(control, at)
    if (length < headerLength || at + length > control.length) return
    readOne(arrival, control, at, length - headerLength, now, offset)
    at += (length + 7) & ~7
  }
}

const readOne = (
  arrival: Arrival,
  control: Uint8Array,
  at: number,
  length: number,
  now: number,
  offset: number
): void => {
  const level = uint32(control, at + 8)
  const type = uint32(control, at + 12)
  const data = at + headerLength
  if (level === Linux.SOL_IP && type === Linux.IP_PKTINFO && length >= 12)
    arrival.interfaceIndex = uint32(control, data)
  else if (level === Linux.SOL_IPV6 && type === Linux.IPV6_PKTINFO && length >= 20) {
    arrival.destinationAt = data
    arrival.interfaceIndex = uint32(control, data + 16)
  } else if (level === Linux.SOL_IPV6 && type === Linux.IPV6_HOPLIMIT && length >= 4)
    arrival.hopLimit = uint32(control, data)
  else if (level === Linux.SOL_SOCKET && type === Linux.SO_RXQ_OVFL && length >= 4)
    arrival.droppedCount = uint32(control, data)
  else if (level === Linux.SOL_SOCKET && type === Linux.SO_TIMESTAMPNS && length >= 16)
    arrival.arrivedAtMicros = arrivalOf(control, data, now, offset)
}

/** A stamp that would be in the future, or older than any stall, was made before the wall clock was set. */
const arrivalOf = (control: Uint8Array, at: number, now: number, offset: number): number => {
  const seconds = uint32(control, at) + uint32(control, at + 4) * 0x1_0000_0000
  const arrival = seconds * 1_000_000 + Math.floor(uint32(control, at + 8) / 1_000) + offset
  return arrival > now || now - arrival > stallMax ? now : arrival
}

const uint32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0

/** Length (8 bytes, of which the upper half is zero in any list that fits in memory), level (4), type (4). */
const headerLength = 16
/** A minute in microseconds: no process that stood still for longer has anything to gain from when a packet arrived. */
const stallMax = 60_000_000
