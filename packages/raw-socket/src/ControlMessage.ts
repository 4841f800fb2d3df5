/**
 * Control messages: what the kernel tells about a packet beside its bytes, and what a sender asks for.
 *
 * Pure. Decoding is total: a message of another kind is `Unknown`, and a list that breaks off ends there.
 *
 * @see cmsg(3), ip(7), ipv6(7), socket(7)
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Linux from "./Linux.ts"

/**
 * One control message.
 *
 * - `Ipv4PacketInfo`: received: device, local address and the header's destination. Sent: device (zero: by route) and
 *   `localAddress` as the source; `destination` is not used.
 * - `Ipv4TimeToLive`, `Ipv6HopLimit`: the header's field.
 * - `Ipv6PacketInfo`: received: the header's destination and the device. Sent: source and device.
 * - `ReceiveOverflow`: packets this socket has lost for want of buffer since it was opened.
 * - `Timestamp`: when the kernel received the packet, wall clock.
 *
 * @category models
 * @since 0.1.0
 */
export type ControlMessage =
  | {
      readonly _tag: "Ipv4PacketInfo"
      readonly interfaceIndex: number
      readonly localAddress: Address.Ipv4Address
      readonly destination: Address.Ipv4Address
    }
  | { readonly _tag: "Ipv4TimeToLive"; readonly timeToLive: number }
  | { readonly _tag: "Ipv6PacketInfo"; readonly address: Uint8Array; readonly interfaceIndex: number }
  | { readonly _tag: "Ipv6HopLimit"; readonly hopLimit: number }
  | { readonly _tag: "ReceiveOverflow"; readonly droppedCount: number }
  | { readonly _tag: "Timestamp"; readonly seconds: bigint; readonly nanos: bigint }
  | { readonly _tag: "Unknown"; readonly level: number; readonly type: number; readonly bytes: Uint8Array }

/**
 * Encodes a list of messages, each padded to eight bytes.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (messages: ReadonlyArray<ControlMessage>): Uint8Array => {
  const parts = messages.map(encodeOne)
  const bytes = new Uint8Array(parts.reduce((length, part) => length + align(part.length), 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += align(part.length)
  }
  return bytes
}

/**
 * Decodes a list of messages. Byte fields of the values are copies.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): ReadonlyArray<ControlMessage> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const messages: Array<ControlMessage> = []
  let offset = 0
  while (offset + headerLength <= bytes.length) {
    // The length is 64 bits wide; its upper half is zero in any list that fits in memory.
    const length = view.getUint32(offset, true)
    if (length < headerLength || offset + length > bytes.length) break
    const data = new DataView(bytes.buffer, bytes.byteOffset + offset + headerLength, length - headerLength)
    messages.push(decodeOne(view.getInt32(offset + 8, true), view.getInt32(offset + 12, true), data))
    offset += align(length)
  }
  return messages
}

const encodeOne = (message: ControlMessage): Uint8Array => {
  switch (message._tag) {
    case "Ipv4PacketInfo": {
      const { bytes, view } = allocate(Linux.SOL_IP, Linux.IP_PKTINFO, ipv4PacketInfoLength)
      view.setInt32(0, message.interfaceIndex, true)
      Address.ipv4ToBytes(message.localAddress, bytes, headerLength + 4)
      Address.ipv4ToBytes(message.destination, bytes, headerLength + 8)
      return bytes
    }
    case "Ipv4TimeToLive": {
      const { bytes, view } = allocate(Linux.SOL_IP, Linux.IP_TTL, intLength)
      view.setInt32(0, message.timeToLive, true)
      return bytes
    }
    case "Ipv6PacketInfo": {
      const { bytes, view } = allocate(Linux.SOL_IPV6, Linux.IPV6_PKTINFO, ipv6PacketInfoLength)
      bytes.set(message.address.subarray(0, 16), headerLength)
      view.setInt32(16, message.interfaceIndex, true)
      return bytes
    }
    case "Ipv6HopLimit": {
      const { bytes, view } = allocate(Linux.SOL_IPV6, Linux.IPV6_HOPLIMIT, intLength)
      view.setInt32(0, message.hopLimit, true)
      return bytes
    }
    case "ReceiveOverflow": {
      const { bytes, view } = allocate(Linux.SOL_SOCKET, Linux.SO_RXQ_OVFL, intLength)
      view.setUint32(0, message.droppedCount, true)
      return bytes
    }
    case "Timestamp": {
      const { bytes, view } = allocate(Linux.SOL_SOCKET, Linux.SO_TIMESTAMPNS, timestampLength)
      view.setBigInt64(0, message.seconds, true)
      view.setBigInt64(8, message.nanos, true)
      return bytes
    }
    case "Unknown": {
      const { bytes } = allocate(message.level, message.type, message.bytes.length)
      bytes.set(message.bytes, headerLength)
      return bytes
    }
  }
}

const decodeOne = (level: number, type: number, data: DataView): ControlMessage => {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (level === Linux.SOL_IP && type === Linux.IP_PKTINFO && data.byteLength >= ipv4PacketInfoLength) {
    return {
      _tag: "Ipv4PacketInfo",
      interfaceIndex: data.getInt32(0, true),
      localAddress: Address.ipv4FromBytes(bytes, 4),
      destination: Address.ipv4FromBytes(bytes, 8)
    }
  }
  if (level === Linux.SOL_IP && type === Linux.IP_TTL && data.byteLength >= intLength) {
    return { _tag: "Ipv4TimeToLive", timeToLive: data.getInt32(0, true) }
  }
  if (level === Linux.SOL_IPV6 && type === Linux.IPV6_PKTINFO && data.byteLength >= ipv6PacketInfoLength) {
    return { _tag: "Ipv6PacketInfo", address: bytes.slice(0, 16), interfaceIndex: data.getInt32(16, true) }
  }
  if (level === Linux.SOL_IPV6 && type === Linux.IPV6_HOPLIMIT && data.byteLength >= intLength) {
    return { _tag: "Ipv6HopLimit", hopLimit: data.getInt32(0, true) }
  }
  if (level === Linux.SOL_SOCKET && type === Linux.SO_RXQ_OVFL && data.byteLength >= intLength) {
    return { _tag: "ReceiveOverflow", droppedCount: data.getUint32(0, true) }
  }
  if (level === Linux.SOL_SOCKET && type === Linux.SO_TIMESTAMPNS && data.byteLength >= timestampLength) {
    return { _tag: "Timestamp", seconds: data.getBigInt64(0, true), nanos: data.getBigInt64(8, true) }
  }
  return { _tag: "Unknown", level, type, bytes: bytes.slice() }
}

const allocate = (level: number, type: number, dataLength: number) => {
  const bytes = new Uint8Array(headerLength + dataLength)
  const header = new DataView(bytes.buffer)
  header.setUint32(0, bytes.length, true)
  header.setInt32(8, level, true)
  header.setInt32(12, type, true)
  return { bytes, view: new DataView(bytes.buffer, headerLength) }
}

/** Messages begin at multiples of eight bytes on 64-bit processors. */
const align = (length: number): number => (length + 7) & ~7

/** Length (8 bytes), level (4), type (4). */
const headerLength = 16
const intLength = 4
const ipv4PacketInfoLength = 12
const ipv6PacketInfoLength = 20
const timestampLength = 16
