import * as World from "@holdfast/simulation/World"
import type { Instant } from "@holdfast/wire/Instant"
import * as Random from "@holdfast/simulation/Random"
import { assert, describe, it } from "@effect/vitest"

const at = (micros: number): Instant => micros as Instant

describe("World", () => {
  it("runs tasks by time, and those of one instant in the order in which they were scheduled", () => {
    const random = Random.make(7)
    const world = World.make()
    const scheduled = Array.from({ length: 1_000 }, (_, sequence) => ({
      at: random.integer(0, 50),
      sequence
    }))
    const ran: Array<{ at: number; sequence: number }> = []

    for (const task of scheduled) world.schedule(at(task.at), () => ran.push(task))
    world.runUntil(at(50))

    assert.deepStrictEqual(
      ran,
      scheduled.toSorted((left, right) => left.at - right.at || left.sequence - right.sequence)
    )
  })

  it("runs what a task schedules within the same run, and nothing after its end", () => {
    const world = World.make()
    const ran: Array<string> = []

    world.schedule(at(5), () => {
      world.schedule(at(5), () => ran.push(`now at ${world.now()}`))
      world.schedule(at(9), () => ran.push("at the end"))
      world.schedule(at(10), () => ran.push("too late"))
    })
    world.runUntil(at(9))

    assert.deepStrictEqual(ran, ["now at 5", "at the end"])
    assert.strictEqual(world.now(), 9)
    assert.strictEqual(world.nextAt(), 10)
  })

  it("never runs a task that was cancelled", () => {
    const world = World.make()
    let ran = false
    const task = world.schedule(at(1), () => {
      ran = true
    })

    world.cancel(task)
    world.runUntil(at(2))

    assert.isFalse(ran)
    assert.isUndefined(world.nextAt())
  })
})
