import * as NetlinkFilter from "@holdfast/raw-socket/NetlinkFilter"
import * as PacketFilter from "@holdfast/raw-socket/PacketFilter"
import { assert, describe, it } from "@effect/vitest"

/** Runs a program on a netlink message header as the kernel does: loads are big-endian, whatever the processor. */
const verdict = (program: PacketFilter.Program, type: number, portId: number): number => {
  const header = new DataView(new ArrayBuffer(16))
  header.setUint16(4, type, true)
  header.setUint32(12, portId, true)
  let accumulator = 0
  for (let at = 0; ; at++) {
    const { code, jumpFalse, jumpTrue, operand } = program[at]!
    if (code === PacketFilter.returnOperand) return operand
    if (code === PacketFilter.jumpIfEqual) at += accumulator === operand ? jumpTrue : jumpFalse
    else accumulator = code === 0x28 ? header.getUint16(operand, false) : header.getUint32(operand, false)
  }
}

describe("NetlinkFilter.ignoring", () => {
  const newAddress = 20
  const program = NetlinkFilter.ignoring(newAddress, 0x8765_4321)

  it("drops that type from that port", () => {
    assert.strictEqual(verdict(program, newAddress, 0x8765_4321), PacketFilter.keepNothing)
  })

  it("keeps that type from another port, and from the kernel itself", () => {
    assert.strictEqual(verdict(program, newAddress, 0x8765_4320), PacketFilter.keepAll)
    assert.strictEqual(verdict(program, newAddress, 0), PacketFilter.keepAll)
  })

  it("keeps other types from that port: what a removal takes along must be heard", () => {
    assert.strictEqual(verdict(program, 21, 0x8765_4321), PacketFilter.keepAll)
  })
})
