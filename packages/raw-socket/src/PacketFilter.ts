/**
 * Classic BPF programs that let a raw socket receive the adverts of some virtual routers only.
 *
 * Pure: builds programs; `RawIpv4Socket` and `RawIpv6Socket` attach them. The kernel then drops what nobody here wants
 * before it is copied, queued or wakes the process.
 *
 * **Details**
 * A raw IPv4 socket shows the program the whole packet from its IPv4 header, a raw IPv6 socket what follows the headers.
 * The virtual router identifier is the second byte of an advert, in every version of VRRP.
 *
 * **Gotchas**
 * A packet too short to hold the identifier is accepted, so that it is counted as malformed.
 *
 * @see https://www.kernel.org/doc/html/latest/networking/filter.html; RFC 9568 section 5.1; RFC 2402 section 2
 * @since 0.1.0
 */
import type * as Address from "@holdfast/wire/Address"

/**
 * One instruction; a jump skips that many instructions.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instruction {
  readonly code: number
  readonly jumpTrue: number
  readonly jumpFalse: number
  readonly operand: number
}

/**
 * A program: runs from the first instruction to a return, whose operand is how many bytes to keep (zero: drop).
 *
 * @category models
 * @since 0.1.0
 */
export type Program = ReadonlyArray<Instruction>

/**
 * Where an advert begins in what the program sees.
 *
 * - `Ipv4`: behind an IPv4 header.
 * - `Authenticated`: behind an IPv4 header and an authentication header.
 * - `Ipv6`: at the first byte.
 *
 * @category models
 * @since 0.1.0
 */
export type Place = "Ipv4" | "Authenticated" | "Ipv6"

/**
 * Returns the program that accepts these virtual routers and drops all others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const acceptOnly = (vrids: ReadonlySet<number>, place: Place = "Ipv4"): Program =>
  select(vrids, place, keepNothing, keepAll)

/**
 * Returns the program that drops these virtual routers and accepts all others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const acceptAllBut = (vrids: ReadonlySet<number>, place: Place = "Ipv4"): Program =>
  select(vrids, place, keepAll, keepNothing)

/**
 * Returns the program that accepts the adverts of Masters that leave (priority 0) and drops all others.
 *
 * @see RFC 9568 section 5.2.4
 * @category constructors
 * @since 0.1.0
 */
export const acceptLeaving = (place: Place): Program => [
  ...findAdvert(place),
  ...loadByte(2),
  instruction(jumpIfEqual, 0, 1, 0),
  instruction(returnOperand, keepNothing),
  instruction(returnOperand, keepAll)
]

/**
 * Returns the program that accepts what was sent from a MAC address and drops all else, over either family.
 *
 * @category constructors
 * @since 0.1.0
 */
export const acceptFrom = (mac: Address.MacAddress): Program => {
  const number = Number.parseInt(mac.replaceAll(":", ""), 16)
  return [
    instruction(loadWord, linkLayer + sourceMacOffset),
    instruction(jumpIfEqual, Math.floor(number / 0x1_0000), 0, 3),
    instruction(loadHalf, linkLayer + sourceMacOffset + 4),
    instruction(jumpIfEqual, number % 0x1_0000, 0, 1),
    instruction(returnOperand, keepAll),
    instruction(returnOperand, keepNothing)
  ]
}

/**
 * Encodes a program as the kernel's `struct sock_filter` array.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (program: Program): Uint8Array => {
  const bytes = new Uint8Array(program.length * instructionLength)
  const view = new DataView(bytes.buffer)
  program.forEach((instruction, index) => {
    const offset = index * instructionLength
    view.setUint16(offset, instruction.code, true)
    view.setUint8(offset + 2, instruction.jumpTrue)
    view.setUint8(offset + 3, instruction.jumpFalse)
    view.setUint32(offset + 4, instruction.operand, true)
  })
  return bytes
}

/** @category constants @since 0.1.0 */
export const loadLength = 0x80
/** A becomes the four bytes at the operand. @category constants @since 0.1.0 */
export const loadWord = 0x20
/** A becomes the two bytes at the operand. @category constants @since 0.1.0 */
export const loadHalf = 0x28
/** SKF_LL_OFF of linux/filter.h, as an unsigned number: from here on the operand counts from the link-layer header. */
const linkLayer = 0x1_0000_0000 - 0x20_0000
/** Of an Ethernet frame. */
const sourceMacOffset = 6
/** A becomes the byte at X + operand. @category constants @since 0.1.0 */
export const loadByteIndexed = 0x50
/** X becomes four times the low half of the byte at the operand: the length of an IPv4 header. @category constants @since 0.1.0 */
export const loadHeaderLength = 0xb1
/** X becomes the operand. @category constants @since 0.1.0 */
export const setIndex = 0x01
/** X becomes A. @category constants @since 0.1.0 */
export const moveToIndex = 0x07
/** A becomes A + the operand. @category constants @since 0.1.0 */
export const add = 0x04
/** A becomes A + X. @category constants @since 0.1.0 */
export const addIndex = 0x0c
/** A becomes A - X. @category constants @since 0.1.0 */
export const subtractIndex = 0x1c
/** A is shifted to the left by the operand. @category constants @since 0.1.0 */
export const shiftLeft = 0x64
/** @category constants @since 0.1.0 */
export const jumpIfEqual = 0x15
/** @category constants @since 0.1.0 */
export const jumpIfAtLeast = 0x35
/** Compares A with X. @category constants @since 0.1.0 */
export const jumpIfAtLeastIndex = 0x3d
/** @category constants @since 0.1.0 */
export const returnOperand = 0x06

/**
 * Both verdicts stand behind the comparisons, the one for a match last. With all 255 identifiers the first comparison
 * jumps 255 instructions ahead, the most that a jump can.
 */
const select = (vrids: ReadonlySet<number>, place: Place, otherwise: number, matched: number): Program => {
  const wanted = [...vrids].filter((vrid) => vrid >= 1 && vrid <= 255).toSorted((left, right) => left - right)
  return [
    ...findAdvert(place),
    ...loadByte(1),
    ...wanted.map((vrid, index) => instruction(jumpIfEqual, vrid, wanted.length - index, 0)),
    instruction(returnOperand, otherwise),
    instruction(returnOperand, matched)
  ]
}

/** Leaves in X where the advert begins. */
const findAdvert = (place: Place): Program => {
  switch (place) {
    case "Ipv6":
      return [instruction(setIndex, 0)]
    case "Ipv4":
      return [instruction(loadHeaderLength, 0)]
    case "Authenticated":
      return [
        instruction(loadHeaderLength, 0),
        // RFC 2402 2.2: the second byte is the length in words of four bytes, less two.
        ...loadByte(1),
        instruction(add, 2),
        instruction(shiftLeft, 2),
        instruction(addIndex, 0),
        instruction(moveToIndex, 0)
      ]
  }
}

/**
 * Returns one instruction.
 *
 * @category constructors
 * @since 0.1.0
 */
export const instruction = (code: number, operand: number, jumpTrue = 0, jumpFalse = 0): Instruction => ({
  code,
  jumpTrue,
  jumpFalse,
  operand
})

/** Keep the whole packet. @category constants @since 0.1.0 */
export const keepAll = 0xffff_ffff
/** Drop the packet. @category constants @since 0.1.0 */
export const keepNothing = 0
const instructionLength = 8

/**
 * A becomes a byte behind X; a packet that ends before is accepted. In an advert byte 1 is the identifier and byte 2 the
 * priority.
 */
const loadByte = (offset: number): Program => [
  instruction(loadLength, 0),
  instruction(jumpIfAtLeastIndex, 0, 0, 2),
  instruction(subtractIndex, 0),
  instruction(jumpIfAtLeast, offset + 1, 1, 0),
  instruction(returnOperand, keepAll),
  instruction(loadByteIndexed, offset)
]

/**
 * Drops everything, as fast as a program can: for a socket that only sends.
 *
 * @category constants
 * @since 0.1.0
 */
export const dropAll: Program = [instruction(returnOperand, keepNothing)]
