/**
 * Classic BPF programs that let a raw IPv4 socket receive the adverts of some virtual routers only.
 *
 * Pure: builds programs; `RawIpv4Socket` attaches them. The kernel then drops what nobody here wants before it is
 * copied, queued or wakes the process.
 *
 * **Details**
 * A raw IPv4 socket shows the program the whole packet from its IPv4 header. The virtual router identifier is the second
 * byte of the payload, in every version of VRRP.
 *
 * **Gotchas**
 * A packet too short to hold the identifier is accepted, so that it is counted as malformed.
 *
 * @see https://www.kernel.org/doc/html/latest/networking/filter.html; RFC 9568 section 5.1
 * @since 0.1.0
 */

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
 * Returns the program that accepts these virtual routers and drops all others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const acceptOnly = (vrids: ReadonlySet<number>): Program => select(vrids, keepNothing, keepAll)

/**
 * Returns the program that drops these virtual routers and accepts all others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const acceptAllBut = (vrids: ReadonlySet<number>): Program => select(vrids, keepAll, keepNothing)

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
/** A becomes the byte at X + operand. @category constants @since 0.1.0 */
export const loadByteIndexed = 0x50
/** X becomes four times the low half of the byte at the operand: the length of an IPv4 header. @category constants @since 0.1.0 */
export const loadHeaderLength = 0xb1
/** A becomes A - X. @category constants @since 0.1.0 */
export const subtractIndex = 0x1c
/** @category constants @since 0.1.0 */
export const jumpIfEqual = 0x15
/** @category constants @since 0.1.0 */
export const jumpIfAtLeast = 0x35
/** @category constants @since 0.1.0 */
export const returnOperand = 0x06

/**
 * Both verdicts stand behind the comparisons, the one for a match last. With all 255 identifiers the first comparison
 * jumps 255 instructions ahead, the most that a jump can.
 */
const select = (vrids: ReadonlySet<number>, otherwise: number, matched: number): Program => {
  const wanted = [...vrids].filter((vrid) => vrid >= 1 && vrid <= 255).toSorted((left, right) => left - right)
  return [
    instruction(loadHeaderLength, 0),
    instruction(loadLength, 0),
    instruction(subtractIndex, 0),
    instruction(jumpIfAtLeast, vridOffset + 1, 1, 0),
    instruction(returnOperand, keepAll),
    instruction(loadByteIndexed, vridOffset),
    ...wanted.map((vrid, index) => instruction(jumpIfEqual, vrid, wanted.length - index, 0)),
    instruction(returnOperand, otherwise),
    instruction(returnOperand, matched)
  ]
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

/** The identifier follows the byte that holds version and type. */
const vridOffset = 1
/** Keep the whole packet. @category constants @since 0.1.0 */
export const keepAll = 0xffff_ffff
/** Drop the packet. @category constants @since 0.1.0 */
export const keepNothing = 0
const instructionLength = 8
