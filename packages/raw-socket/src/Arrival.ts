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
 * Reads the control messages of one packet into the record, in place of the former one's: those in `words` from `start` to
 * before `end`. `now` and `offset` are `MonotonicClock.now` and `offsetOfRealtime`. Total: a list that breaks off ends there.
 *
 * @category decoding
 * @since 0.1.0
 */
export const read = (
  arrival: Arrival,
  words: Int32Array,
  start: number,
  end: number,
  now: number,
  offset: number
): void => {
  arrival.interfaceIndex = 0
  arrival.hopLimit = 0
  arrival.destinationAt = 0
  arrival.arrivedAtMicros = now
  // The kernel stamps a packet with the count of those it had dropped when it queued this one; with nothing if none.
  arrival.droppedCount = 0
  let at = start
  while (at + headerWords <= end) {
    const length = words[at]! - headerWords * 4
    const data = at + headerWords
    if (length < 0 || data + ((length + 3) >> 2) > end) return
    const level = words[at + 2]!
    const type = words[at + 3]!
    if (level === Linux.SOL_SOCKET) {
      if (type === Linux.SO_TIMESTAMPNS && length >= 16)
        arrival.arrivedAtMicros = timeOf(words, data, now, offset)
      else if (type === Linux.SO_RXQ_OVFL && length >= 4) arrival.droppedCount = words[data]! >>> 0
    } else if (level === Linux.SOL_IP) {
      if (type === Linux.IP_PKTINFO && length >= 12) arrival.interfaceIndex = words[data]!
    } else if (level === Linux.SOL_IPV6) {
      if (type === Linux.IPV6_HOPLIMIT && length >= 4) arrival.hopLimit = words[data]!
      else if (type === Linux.IPV6_PKTINFO && length >= 20) {
        arrival.destinationAt = (data - start) * 4
        arrival.interfaceIndex = words[data + 4]!
      }
    }
    at = data + (((length + 7) & ~7) >> 2)
  }
}

/**
 * Returns where the data of a message of the socket level stand in a packet's control messages, in words after `start`;
 * nothing where there is none of that type, or a shorter one.
 *
 * @category decoding
 * @since 0.1.0
 */
export const placeOf = (
  type: typeof Linux.SO_TIMESTAMPNS | typeof Linux.SO_RXQ_OVFL,
  words: Int32Array,
  start: number,
  count: number
): number | undefined => {
  const needed = type === Linux.SO_TIMESTAMPNS ? 16 : 4
  let at = 0
  while (at + headerWords + (needed >> 2) <= count) {
    const length = words[start + at]! - headerWords * 4
    if (length < 0) return undefined
    const isOfType = words[start + at + 2] === Linux.SOL_SOCKET && words[start + at + 3] === type
    if (isOfType && length >= needed) return at + headerWords
    at += headerWords + (((length + 7) & ~7) >> 2)
  }
  return undefined
}

/**
 * Returns the time of a stamp on the monotonic clock. One that would be in the future, or older than any stall, was made
 * before the wall clock was set: then it is now.
 *
 * @category decoding
 * @since 0.1.0
 */
export const timeOf = (words: Int32Array, at: number, now: number, offset: number): number => {
  const seconds = (words[at]! >>> 0) + words[at + 1]! * 0x1_0000_0000
  const arrival = seconds * 1_000_000 + Math.floor((words[at + 2]! >>> 0) / 1_000) + offset
  return arrival > now || now - arrival > stallMax ? now : arrival
}

/** Length (two words, of which the upper is zero in any list that fits in memory), level, type. */
const headerWords = 4
/** A minute in microseconds: no process that stood still for longer has anything to gain from when a packet arrived. */
const stallMax = 60_000_000
