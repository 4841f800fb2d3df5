/** Which takeovers are false, and which the machine explains. */
import { assert, describe, it } from "vitest"
import type * as Frame from "../lab/Frame.ts"
import * as FalseTakeovers from "./FalseTakeovers.ts"
import * as Routers from "./Routers.ts"
import * as Stillness from "./Stillness.ts"

/** Adverts of the Master (LD1) and of the Backup (LD2), in milliseconds. */
const adverts = (...spoken: ReadonlyArray<readonly [director: "LD1" | "LD2", at: number]>) =>
  spoken.map(
    ([director, at]) =>
      ({
        kind: "Advert",
        source: Routers.source(director),
        priority: 100,
        atMicros: at * 1000
      }) as unknown as Frame.Advert
  )
const halt = (from: number, to: number): Stillness.Halt => ({ fromMicros: from * 1000, toMicros: to * 1000 })

describe("FalseTakeovers", () => {
  // Due after 36.1 ms.
  const silent = adverts(["LD1", 0], ["LD1", 10], ["LD2", 47], ["LD1", 48], ["LD1", 58])

  it("a takeover after a silence is one", () => {
    assert.deepStrictEqual(FalseTakeovers.judge(silent, []), {
      takeovers: [{ atMicros: 47_000, millis: 37, runningMillis: 37, haltMillis: 0 }],
      early: 0,
      halted: 0,
      silenceMillisMax: 38,
      haltMillisMax: 0
    })
  })

  it("is told apart if the machine stood still for so long that less than two intervals are left", () => {
    assert.deepInclude(FalseTakeovers.judge(silent, [halt(15, 25), halt(20, 34)]), {
      takeovers: [],
      halted: 1,
      silenceMillisMax: 19,
      haltMillisMax: 14
    })
    assert.deepInclude(FalseTakeovers.judge(silent, [halt(15, 31)]), {
      takeovers: [{ atMicros: 47_000, millis: 37, runningMillis: 21, haltMillis: 16 }],
      halted: 0
    })
    assert.deepInclude(FalseTakeovers.judge(silent, [halt(47.5, 90)]), {
      takeovers: [{ atMicros: 47_000, millis: 37, runningMillis: 37, haltMillis: 0 }],
      halted: 0
    })
  })

  it("counts after a long halt, too, if two intervals are left, and tells the longest halt within the silence", () => {
    const long = adverts(["LD1", 0], ["LD2", 121], ["LD1", 138])

    assert.deepInclude(FalseTakeovers.judge(long, [halt(-200, 3), halt(5, 101), halt(110, 111)]), {
      takeovers: [{ atMicros: 121_000, millis: 121, runningMillis: 21, haltMillis: 96 }],
      halted: 0
    })
  })

  it("one that began before its time is early, whatever the machine did", () => {
    const early = adverts(["LD1", 0], ["LD2", 30], ["LD1", 31])

    assert.deepInclude(FalseTakeovers.judge(early, [halt(5, 25)]), {
      takeovers: [{ atMicros: 30_000, millis: 30, runningMillis: 10, haltMillis: 20 }],
      early: 1,
      halted: 0
    })
  })

  it("a Backup that goes on speaking for a moment has taken over once", () => {
    const both = adverts(["LD1", 0], ["LD2", 40], ["LD1", 41], ["LD2", 50], ["LD1", 51])

    assert.lengthOf(FalseTakeovers.judge(both, []).takeovers, 1)
  })

  it("a Master that never spoke cannot be watched", () => {
    assert.throws(() => FalseTakeovers.judge(adverts(["LD2", 1]), []), "never spoke")
  })
})

describe("Stillness", () => {
  it("halts of both processors count once, and only as far as they are within", () => {
    const halts = [halt(30, 40), halt(0, 12), halt(10, 14), halt(11, 13)]

    assert.strictEqual(Stillness.within(halts, halt(5, 35)), 14_000)
    assert.strictEqual(Stillness.within(halts, halt(14, 30)), 0)
    assert.strictEqual(Stillness.within([], halt(0, 100)), 0)
  })
})
