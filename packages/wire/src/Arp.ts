/**
 * The ARP packet for IPv4 on Ethernet (RFC 826): bytes to value and back, and the gratuitous ARP of a new Master.
 *
 * **Details** a gratuitous ARP tells switches and hosts where an address lives now (RFC 3768 section 6.4.2; RFC 5227
 * section 3). It is a broadcast request whose sender and target address are both the announced one.
 *
 * **Gotchas** the target hardware address, which a request leaves open, is the broadcast address here, not 0: so
 * keepalived and FRR send it, and some hosts tell the two apart.
 *
 * @see RFC 826; RFC 5227 section 3
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ipv4FromBytes, Ipv4Address, ipv4ToBytes, MacAddress, macFromBytes, macToBytes } from "./Address.ts"
import * as Ethernet from "./Ethernet.ts"

/**
 * Operation of a request (RFC 826).
 *
 * @category constants
 * @since 0.1.0
 */
export const operationRequest = 1

const packetLength = 28

/**
 * Bytes of one gratuitous ARP with its Ethernet header; the distance of two frames in an arena.
 *
 * @category constants
 * @since 0.1.0
 */
export const gratuitousFrameLength = Ethernet.headerLength + packetLength

/**
 * An ARP packet for IPv4 on Ethernet.
 *
 * @category models
 * @since 0.1.0
 */
export const Packet = Schema.Struct({
  /** 1 request, 2 reply; others are carried as they are. */
  operation: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff })),
  senderHardware: MacAddress,
  senderAddress: Ipv4Address,
  targetHardware: MacAddress,
  targetAddress: Ipv4Address
})

/**
 * @category models
 * @since 0.1.0
 */
export type Packet = typeof Packet.Type

/**
 * Why bytes are no ARP packet for IPv4 on Ethernet.
 *
 * - `Length`: shorter than 28 bytes.
 * - `HardwareType`: not Ethernet with addresses of 6 bytes.
 * - `ProtocolType`: not IPv4 with addresses of 4 bytes.
 *
 * @category models
 * @since 0.1.0
 */
export const MalformedReason = Schema.Literals(["Length", "HardwareType", "ProtocolType"])

/**
 * @category models
 * @since 0.1.0
 */
export type MalformedReason = typeof MalformedReason.Type

/**
 * Decodes the payload of a frame. Total; what follows the packet is the padding of a short frame.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): Result.Result<Packet, MalformedReason> => {
  if (bytes.length < packetLength) return Result.fail("Length")
  // RFC 826, packet reception: first the hardware, then the protocol it speaks, each with its optional length check.
  if (uint16(bytes, 0) !== hardwareTypeEthernet || bytes[4] !== hardwareLength)
    return Result.fail("HardwareType")
  if (uint16(bytes, 2) !== Ethernet.etherTypeIpv4 || bytes[5] !== addressLength)
    return Result.fail("ProtocolType")
  return Result.succeed({
    operation: uint16(bytes, operationOffset),
    senderHardware: macFromBytes(bytes, senderHardwareOffset),
    senderAddress: ipv4FromBytes(bytes, senderAddressOffset),
    targetHardware: macFromBytes(bytes, targetHardwareOffset),
    targetAddress: ipv4FromBytes(bytes, targetAddressOffset)
  })
}

/**
 * Encodes a packet, without an Ethernet header.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (packet: Packet): Uint8Array => {
  const bytes = new Uint8Array(packetLength)
  writePrologue(bytes, 0, packet.operation)
  macToBytes(packet.senderHardware, bytes, senderHardwareOffset)
  ipv4ToBytes(packet.senderAddress, bytes, senderAddressOffset)
  macToBytes(packet.targetHardware, bytes, targetHardwareOffset)
  ipv4ToBytes(packet.targetAddress, bytes, targetAddressOffset)
  return bytes
}

/**
 * Returns whether a packet announces its sender's own address, as a request or as a reply (RFC 5227 section 3).
 *
 * @category accessors
 * @since 0.1.0
 */
export const isGratuitous = (packet: Packet): boolean => packet.senderAddress === packet.targetAddress

/**
 * Returns the whole frame of a gratuitous ARP: `address` is at `hardware`.
 *
 * @category gratuitous
 * @since 0.1.0
 */
export const gratuitousFrame = (hardware: MacAddress, address: Ipv4Address): Uint8Array => {
  const frame = new Uint8Array(gratuitousFrameLength)
  writeGratuitousFrame(frame, 0, hardware, address)
  return frame
}

/**
 * Writes one gratuitous ARP frame of `gratuitousFrameLength` bytes. The caller guarantees that it fits.
 *
 * @category gratuitous
 * @since 0.1.0
 */
export const writeGratuitousFrame = (
  target: Uint8Array,
  offset: number,
  hardware: MacAddress,
  address: Ipv4Address
): void => {
  const packetOffset = offset + Ethernet.headerLength
  Ethernet.writeHeader(target, offset, Ethernet.broadcast, hardware, Ethernet.etherTypeArp)
  writePrologue(target, packetOffset, operationRequest)
  macToBytes(hardware, target, packetOffset + senderHardwareOffset)
  macToBytes(Ethernet.broadcast, target, packetOffset + targetHardwareOffset)
  writeAnnouncedAddress(target, offset, address)
}

/**
 * Fills an arena with the frames of `addresses` from index `from` on, one after the other, and returns how many it
 * wrote: all of them, or as many whole frames as fit. Allocates nothing, so a burst for thousands of addresses costs
 * one buffer.
 *
 * @category gratuitous
 * @since 0.1.0
 */
export const fillGratuitousFrames = (
  arena: Uint8Array,
  hardware: MacAddress,
  addresses: ReadonlyArray<Ipv4Address>,
  from = 0
): number => {
  const count = Math.max(
    0,
    Math.min(addresses.length - from, Math.floor(arena.length / gratuitousFrameLength))
  )
  if (count === 0) return 0
  writeGratuitousFrame(arena, 0, hardware, addresses[from]!)
  for (let index = 1; index < count; index++) {
    // Frames of one sender differ in the address only.
    const offset = index * gratuitousFrameLength
    arena.copyWithin(offset, 0, gratuitousFrameLength)
    writeAnnouncedAddress(arena, offset, addresses[from + index]!)
  }
  return count
}

const writeAnnouncedAddress = (target: Uint8Array, offset: number, address: Ipv4Address): void => {
  ipv4ToBytes(address, target, offset + Ethernet.headerLength + senderAddressOffset)
  ipv4ToBytes(address, target, offset + Ethernet.headerLength + targetAddressOffset)
}

const writePrologue = (target: Uint8Array, offset: number, operation: number): void => {
  target[offset] = hardwareTypeEthernet >>> 8
  target[offset + 1] = hardwareTypeEthernet
  target[offset + 2] = Ethernet.etherTypeIpv4 >>> 8
  target[offset + 3] = Ethernet.etherTypeIpv4 & 0xff
  target[offset + 4] = hardwareLength
  target[offset + 5] = addressLength
  target[offset + operationOffset] = operation >>> 8
  target[offset + operationOffset + 1] = operation
}

const uint16 = (bytes: Uint8Array, offset: number): number => bytes[offset]! * 0x100 + bytes[offset + 1]!

const hardwareTypeEthernet = 1 // RFC 826
const hardwareLength = 6
const addressLength = 4
const operationOffset = 6
const senderHardwareOffset = 8
const senderAddressOffset = 14
const targetHardwareOffset = 18
const targetAddressOffset = 24
