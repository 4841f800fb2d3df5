/**
 * Classic BPF programs for netlink sockets: which notifications wake the process.
 *
 * @since 0.1.0
 */
import * as PacketFilter from "./PacketFilter.ts"

/**
 * Returns the program that drops notifications of one type that a request of one port caused: who asked for something
 * has its acknowledgement, and need not hear of it a second time.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ignoring = (messageType: number, portId: number): PacketFilter.Program => [
  PacketFilter.instruction(loadHalf, typeOffset),
  PacketFilter.instruction(PacketFilter.jumpIfEqual, swapHalf(messageType), 0, 3),
  PacketFilter.instruction(loadWord, portOffset),
  PacketFilter.instruction(PacketFilter.jumpIfEqual, swapWord(portId), 0, 1),
  PacketFilter.instruction(PacketFilter.returnOperand, PacketFilter.keepNothing),
  PacketFilter.instruction(PacketFilter.returnOperand, PacketFilter.keepAll)
]

/**
 * Returns the program that drops all that requests of one port caused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ignoringPort = (portId: number): PacketFilter.Program => [
  PacketFilter.instruction(loadWord, portOffset),
  PacketFilter.instruction(PacketFilter.jumpIfEqual, swapWord(portId), 0, 1),
  PacketFilter.instruction(PacketFilter.returnOperand, PacketFilter.keepNothing),
  PacketFilter.instruction(PacketFilter.returnOperand, PacketFilter.keepAll)
]

/** The filter machine reads big-endian, netlink's header is in the processor's order (little-endian here). */
const swapHalf = (value: number): number => ((value & 0xff) << 8) | (value >>> 8)

const swapWord = (value: number): number => {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, value, true)
  return view.getUint32(0, false)
}

/** A becomes the two bytes at the operand. */
const loadHalf = 0x28
/** A becomes the four bytes at the operand. */
const loadWord = 0x20
const typeOffset = 4 // struct nlmsghdr of linux/netlink.h
const portOffset = 12
