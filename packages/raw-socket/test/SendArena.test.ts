import { assert, describe, it } from "@effect/vitest"
import * as SendArena from "@holdfast/raw-socket/SendArena"

const bytes = (...values: ReadonlyArray<number>) => Uint8Array.from(values)

const partAt = (arena: SendArena.SendArena, field: number) =>
  arena.bytes.slice(arena.fields[field], arena.fields[field]! + arena.fields[field + 1]!)

describe("SendArena", () => {
  it("keeps data, address and control of each message, at multiples of eight", () => {
    const arena = SendArena.make(2, 64)

    SendArena.append(arena, { data: bytes(1, 2, 3), address: bytes(4), control: bytes(5, 6) })
    SendArena.append(arena, { data: bytes(7) })

    assert.strictEqual(arena.count, 2)
    assert.deepStrictEqual(
      [0, 2, 4].map((field) => partAt(arena, field)),
      [bytes(1, 2, 3), bytes(4), bytes(5, 6)]
    )
    assert.deepStrictEqual(
      [6, 8, 10].map((field) => partAt(arena, field)),
      [bytes(7), bytes(), bytes()]
    )
    assert.isTrue([0, 2, 4, 6].every((field) => arena.fields[field]! % 8 === 0))
  })

  it("refuses a message when the count or the bytes are used up, and keeps what it has", () => {
    const few = SendArena.make(1, 64)
    const small = SendArena.make(8, 16)

    assert.deepStrictEqual(
      [1, 2].map((value) => SendArena.append(few, { data: bytes(value) })),
      [true, false]
    )
    assert.deepStrictEqual(
      [8, 16].map((length) => SendArena.append(small, { data: new Uint8Array(length) })),
      [true, false]
    )
    assert.deepStrictEqual([few.count, small.count, small.used], [1, 1, 8])
  })

  it("is empty after clear", () => {
    const arena = SendArena.make(1, 8)
    SendArena.append(arena, { data: bytes(1) })

    SendArena.clear(arena)

    assert.strictEqual(arena.count, 0)
    assert.isTrue(SendArena.append(arena, { data: bytes(2) }))
  })
})
