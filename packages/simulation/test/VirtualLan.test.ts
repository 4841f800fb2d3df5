import * as Random from "@holdfast/simulation/Random"
import * as VirtualLan from "@holdfast/simulation/VirtualLan"
import * as World from "@holdfast/simulation/World"
import type { Instant } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"

/** A segment with ports a, b and c, and what each has heard, as `time:frame`. */
const segment = (conditions: Partial<VirtualLan.Conditions> = {}) => {
  const world = World.make()
  const lan = VirtualLan.make<string>(world, Random.make(1), { ...VirtualLan.calm, ...conditions })
  const heard: Record<string, Array<string>> = { a: [], b: [], c: [] }
  const pull = Object.keys(heard).map((port) =>
    lan.attach(port, (at, frame) => heard[port]?.push(`${at}:${frame}`))
  )
  const run = (): void => world.runUntil((world.now() + 10_000_000) as Instant)
  return { world, lan, heard, pull, run }
}

describe("VirtualLan", () => {
  it("carries a frame to every other port after the latency", () => {
    const { lan, heard, run } = segment({ latencyMicros: 250 })

    lan.send("a", "hello")
    run()

    assert.deepStrictEqual(heard, { a: [], b: ["250:hello"], c: ["250:hello"] })
  })

  it("blocks one way only", () => {
    const { lan, heard, run } = segment()

    lan.block("a", "b")
    lan.send("a", "from a")
    lan.send("b", "from b")
    run()

    assert.deepStrictEqual(heard, { a: ["100:from b"], b: [], c: ["100:from a", "100:from b"] })
  })

  it("separates islands until it is healed, also ports that are plugged in later", () => {
    const { lan, heard, run } = segment()

    lan.partition([["a", "b"], ["c"]])
    lan.attach("late", () => assert.fail("heard over a partition"))
    lan.send("a", "first")
    run()
    lan.heal()
    lan.attach("late", () => {})
    lan.send("a", "second")
    run()

    assert.deepStrictEqual(heard["c"], ["10000100:second"])
    assert.deepStrictEqual(heard["b"], ["100:first", "10000100:second"])
  })

  it("holds frames back at a clogged port and then delivers them in order", () => {
    const { lan, heard, run } = segment()

    lan.clog("b", 1_000 as Instant)
    lan.send("a", "first")
    lan.send("a", "second")
    run()

    assert.deepStrictEqual(heard["b"], ["1000:first", "1000:second"])
    assert.deepStrictEqual(heard["c"], ["100:first", "100:second"])
  })

  it("loses about as many frames as it is told to, some of them in bursts", () => {
    const { lan, heard, run } = segment({ lossRate: 0.1, burstRate: 0.5, burstLengthMax: 4 })

    for (let frame = 0; frame < 1_000; frame++) lan.send("a", String(frame))
    run()

    // One loss in two begins a burst of 2.5 more on average: 0.1 x 2.25 of what is left to lose.
    assert.approximately(heard["b"]?.length ?? 0, 815, 60)
  })

  it("duplicates and reorders", () => {
    const { lan, heard, run } = segment({ duplicationRate: 0.2, reorderRate: 0.2, reorderMicros: 5_000 })
    const frames = Array.from({ length: 100 }, (_, index) => String(index))

    for (const frame of frames) lan.send("a", frame)
    run()

    const order = (heard["b"] ?? []).map((entry) => entry.split(":")[1])
    assert.isAbove(order.length, frames.length)
    assert.sameMembers([...new Set(order)], frames)
    assert.notDeepEqual([...new Set(order)], frames)
  })

  it("loses what is on its way to a port that is pulled out", () => {
    const { lan, heard, pull, run } = segment()

    lan.send("a", "hello")
    pull[1]?.()
    run()

    assert.deepStrictEqual(heard, { a: [], b: [], c: ["100:hello"] })
  })
})
