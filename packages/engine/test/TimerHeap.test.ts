import * as TimerHeap from "@holdfast/engine/TimerHeap"
import type { Instant } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

const instant = (at: number) => at as Instant
const deadline = instant(1_000)
const leadMicros = 100

/** A heap with a slot that has a lead and is armed; `meanwhile` happens while it is waited for, which ends at `late` at least. */
const make = (meanwhile: (heap: TimerHeap.TimerHeap, slot: TimerHeap.Slot) => void = () => {}, late = 0) => {
  const heap = TimerHeap.make()
  const done: Array<string> = []
  const slot = heap.slot((now) => void done.push(`led at ${now}`), {
    micros: leadMicros,
    wait: (until) => {
      done.push(`wait until ${until}`)
      meanwhile(heap, slot)
      return instant(Math.max(until + 1, late))
    }
  })
  heap.arm(slot, deadline)
  return { done, heap, slot }
}

describe("TimerHeap", () => {
  const Moves = Schema.Array(
    Schema.Struct({ slot: Schema.Literals([0, 1, 2, 3, 4]), at: Schema.Literals([0, 3, 5, 8, 13, 21]) })
  )
  it.prop(
    "the next is the earliest, and of equals the first made, however slots were moved",
    { moves: Moves },
    ({ moves }) => {
      const heap = TimerHeap.make()
      const expired: Array<readonly [slot: number, at: number]> = []
      const slots = [0, 1, 2, 3, 4].map((slot) => heap.slot((now) => void expired.push([slot, now])))
      const armed = new Map<number, number>()
      for (const { at, slot } of moves) {
        if (at === 0) {
          heap.disarm(slots[slot]!)
          armed.delete(slot)
        } else {
          heap.arm(slots[slot]!, instant(at))
          armed.set(slot, at)
        }
        const earliest = armed.size === 0 ? undefined : Math.min(...armed.values())
        assert.strictEqual(heap.next(), earliest as Instant | undefined)
      }
      for (let at = heap.next(); at !== undefined; at = heap.next()) heap.expire(at)
      assert.deepStrictEqual(
        expired,
        [...armed].toSorted((left, right) => left[1] - right[1] || left[0] - right[0])
      )
    }
  )
})

describe("TimerHeap: a slot with a lead", () => {
  it("comes up early, is waited for, and expires when the wait ends", () => {
    const { done, heap } = make()
    assert.strictEqual(heap.next(), deadline - leadMicros)
    heap.expire(instant(deadline - leadMicros - 1))
    assert.deepStrictEqual(done, [])
    heap.expire(instant(deadline - leadMicros))
    assert.deepStrictEqual(done, ["wait until 1000", "led at 1001"])
    assert.isUndefined(heap.next())
  })

  it("that comes up late may still be armed anew", () => {
    const late = 1_700
    const moved = make((inside, slot) => inside.arm(slot, instant(2_000)), late)
    moved.heap.expire(instant(late))
    assert.deepStrictEqual(moved.done, ["wait until 1000"])

    const left = make(() => {}, late)
    left.heap.expire(instant(late))
    assert.deepStrictEqual(left.done, ["wait until 1000", "led at 1700"])
  })

  it("that is armed anew while it is waited for expires then, and not before", () => {
    const { done, heap } = make((inside, slot) => {
      if (slot.wakeAt === deadline) inside.arm(slot, instant(2_000))
    })
    heap.expire(instant(950))
    assert.deepStrictEqual(done, ["wait until 1000"])
    assert.strictEqual(heap.next(), 2_000 - leadMicros)
    heap.expire(instant(1_950))
    assert.deepStrictEqual(done, ["wait until 1000", "wait until 2000", "led at 2001"])
  })

  it("late ones expire together, however long each was looked at", () => {
    const heap = TimerHeap.make()
    const done: Array<number> = []
    let clock = 1_700
    const wait = () => instant((clock += 10))
    for (const at of [1_000, 1_200, 1_400])
      heap.arm(
        heap.slot((now) => void done.push(now), { micros: leadMicros, wait }),
        instant(at)
      )
    heap.expire(instant(1_700))
    assert.deepStrictEqual(done, [1_700, 1_700, 1_700])
  })

  it("that is disarmed while it is waited for does not expire", () => {
    const { done, heap } = make((inside, slot) => inside.disarm(slot))
    heap.expire(instant(950))
    assert.deepStrictEqual(done, ["wait until 1000"])
    assert.isUndefined(heap.next())
  })

  it("holds up what becomes due while it is waited for, and no longer", () => {
    const { done, heap } = make()
    heap.arm(
      heap.slot((now) => void done.push(`other at ${now}`)),
      instant(990)
    )
    heap.expire(instant(950))
    assert.deepStrictEqual(done, ["wait until 1000", "led at 1001", "other at 1001"])
  })
})
