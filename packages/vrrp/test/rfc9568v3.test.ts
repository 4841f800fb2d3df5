/** RFC 9568 section by section for a router of version 3; what both versions share is in rfc9568.test.ts. */
import { assert, describe, it } from "@effect/vitest"
import * as Timing from "@holdfast/vrrp/Timing"
import type { Micros } from "@holdfast/wire/Instant"
import {
  advertsOf,
  causesOf,
  countsOf,
  type Datagram,
  deadlinesOf,
  down,
  type Driver,
  dropsOf,
  eth0,
  expired,
  heard,
  higherAddress,
  linkChanged,
  lowerAddress,
  malformed,
  master,
  only,
  type Overrides,
  ownershipOf,
  parameters,
  reconfigured,
  roleOf,
  running,
  second,
  stopped,
  up
} from "./Fixture.ts"

const tenth = second / 10
/** 256 - 100 in 256ths of a tenth of a second, rounded up. */
const skewOfTenth = 60_938
const fast: Overrides = { version: 3, advertInterval: tenth }

const hear = (router: Driver, at: number, priority: number, datagram: Datagram = {}) =>
  router.step(heard(at, priority, { version: 3, advertIntervalMicros: tenth, ...datagram }))

const masterIntervalOf = ({ state: { role } }: Driver): number | undefined =>
  role._tag === "Backup" ? role.masterInterval : undefined

describe("RFC 9568 6.1: parameters", () => {
  it.each([
    [255, second, 3_907],
    [100, second, 609_375],
    [1, second, 996_094],
    [100, tenth, skewOfTenth],
    [254, 10_000, 79],
    [1, 40_950_000, 40_790_040]
  ])(
    "6.1: Skew_Time of priority %i at %i µs is (256 - priority) / 256 of it: %i µs",
    (priority, interval, skew) => {
      assert.strictEqual(Timing.skewTime(3, priority, interval as Micros), skew)
    }
  )

  it("6.1: each priority has a skew of its own, at the shortest interval too", () => {
    const skews = Array.from({ length: 255 }, (_, index) => Timing.skewTime(3, index + 1, 10_000 as Micros))

    assert.strictEqual(new Set(skews).size, 255)
    assert.deepStrictEqual(
      skews,
      skews.toSorted((left, right) => right - left)
    )
  })

  it("6.1: Active_Down_Interval is three intervals and the skew", () => {
    assert.strictEqual(Timing.masterDownInterval(parameters(fast)), 3 * tenth + skewOfTenth)
    assert.strictEqual(
      Timing.masterDownInterval(parameters({ ...fast, advertInterval: 10_000 })),
      30_000 + 6_094
    )
  })

  it.each([2, 3] as const)(
    "keepalived's down_timer_adverts is in place of three, in version %i",
    (version) => {
      const usual = Timing.masterDownInterval(parameters({ version }))

      assert.strictEqual(
        Timing.masterDownInterval(parameters({ version, downAdverts: 1 })),
        usual - 2 * second
      )
      assert.strictEqual(
        Timing.masterDownInterval(parameters({ version, downAdverts: 100 })),
        usual + 97 * second
      )
    }
  )
})

describe("RFC 9568 6.4.1: Initialize", () => {
  it("6.4.1: an owner is Active at once and sends an advert", () => {
    const router = running({ ...fast, priority: 255 })

    assert.strictEqual(roleOf(router), "Master")
    assert.deepStrictEqual(deadlinesOf(router), { Advert: tenth })
  })

  it("6.4.1: another router takes Active_Adver_Interval from its own, and waits Active_Down_Interval", () => {
    const router = running(fast)

    assert.strictEqual(masterIntervalOf(router), tenth)
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 3 * tenth + skewOfTenth })
  })
})

describe("RFC 9568 6.4.2: Backup", () => {
  it("6.4.2: takes the interval of the Master it obeys, and waits and skews by it", () => {
    const router = running(fast)

    hear(router, tenth, 200, { advertIntervalMicros: second })

    assert.strictEqual(masterIntervalOf(router), second)
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: tenth + 3_609_375 })
  })

  it("6.4.2: and that of each one it obeys after it", () => {
    const router = running(fast)

    hear(router, tenth, 200, { advertIntervalMicros: second })
    hear(router, 2 * tenth, 100, { advertIntervalMicros: 20_000, source: lowerAddress })

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 2 * tenth + 60_000 + 12_188 })
  })

  it("6.4.2: priority 0 sets the timer to the skew of the Master's interval, and brings none", () => {
    const router = running(fast)
    hear(router, tenth, 200, { advertIntervalMicros: second })

    hear(router, 2 * tenth, 0, { advertIntervalMicros: 20_000 })

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 2 * tenth + 609_375 })
    assert.strictEqual(masterIntervalOf(router), second)
  })

  it("6.4.2: a lower priority is discarded, its interval too", () => {
    const router = running(fast)

    hear(router, tenth, 50, { advertIntervalMicros: second })

    assert.strictEqual(masterIntervalOf(router), tenth)
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 3 * tenth + skewOfTenth })
  })

  it("6.4.2: but with Preempt_Mode False it is obeyed", () => {
    const router = running({ ...fast, preempt: false })

    hear(router, tenth, 50, { advertIntervalMicros: second })

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: tenth + 3_609_375 })
  })

  it("an interval of 0 is none: it would make every Backup a Master at once", () => {
    const router = running(fast)

    hear(router, tenth, 200, { advertIntervalMicros: 0 })

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 4 * tenth + skewOfTenth })
  })

  it("6.4.2: becomes Active when the timer fires, and sends by its own interval again", () => {
    const router = running(fast)
    hear(router, tenth, 200, { advertIntervalMicros: second })

    const actions = router.step(expired("MasterDown", tenth + 3_609_375))

    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.deepStrictEqual(deadlinesOf(router), { Advert: 2 * tenth + 3_609_375 })
  })

  it("a Backup of version 2 has no interval but its own", () => {
    const router = running()

    router.step(heard(second, 200, { advertIntervalMicros: 2 * second }))

    assert.strictEqual(masterIntervalOf(router), second)
  })

  it("a fault and its end bring the own interval back", () => {
    const router = running(fast)
    hear(router, tenth, 200, { advertIntervalMicros: second })

    router.step(linkChanged(second, eth0, down))
    router.step(linkChanged(2 * second, eth0, up))

    assert.strictEqual(masterIntervalOf(router), tenth)
  })

  it("a reload keeps the interval of the Master that is heard, and takes the new one where none is", () => {
    const obeying = running(fast)
    const alone = running(fast)
    hear(obeying, tenth, 200, { advertIntervalMicros: second })

    for (const router of [obeying, alone])
      router.step(reconfigured(2 * tenth, { ...fast, advertInterval: 2 * tenth }))

    assert.deepStrictEqual([obeying, alone].map(masterIntervalOf), [second, 2 * tenth])
  })

  it("a reload to another version waits by the own interval, and by the skew of that version", () => {
    const router = running(fast)
    hear(router, tenth, 200, { advertIntervalMicros: 2 * second })

    router.step(reconfigured(2 * tenth, { version: 2, advertInterval: second }))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: tenth + 3_609_375 })
  })
})

describe("RFC 9568 6.4.3: Active", () => {
  it("6.4.3: priority 0 is answered at once, and the timer starts again", () => {
    const router = master(fast)

    assert.deepStrictEqual(advertsOf(hear(router, 4 * second + 50_000, 0)), [100])
    assert.strictEqual(deadlinesOf(router).Advert, 4 * second + 150_000)
  })

  it.each([
    ["a higher priority", 101, lowerAddress],
    ["an equal one from a higher address", 100, higherAddress]
  ])("6.4.3: %s makes a Backup that waits by the other's interval", (_, priority, source) => {
    const router = master(fast)

    const actions = hear(router, 4 * second, priority, { source, advertIntervalMicros: second })

    assert.deepStrictEqual(ownershipOf(actions), [false])
    assert.strictEqual(masterIntervalOf(router), second)
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 4 * second + 3_609_375 })
  })

  it("6.4.3: a lower one is discarded and answered, and changes no interval", () => {
    const router = master(fast)

    const actions = hear(router, 4 * second, 99, { advertIntervalMicros: second })

    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.strictEqual(deadlinesOf(router).Advert, 4 * second + tenth)
  })

  it("6.4.3: sends each Advertisement_Interval, and priority 0 when it is shut down", () => {
    const router = master(fast)

    assert.deepStrictEqual(advertsOf(router.step(expired("Advert", 4 * second + tenth))), [100])
    assert.strictEqual(deadlinesOf(router).Advert, 4 * second + 2 * tenth)
    assert.deepStrictEqual(advertsOf(router.step(stopped(4 * second + 2 * tenth))), [0])
  })

  it("a Master that could not speak for its master-down interval is Backup before it says anything", () => {
    const late = 4 * second + 3 * tenth + skewOfTenth
    const [early, stalled] = [master(fast), master(fast)]

    assert.deepStrictEqual(advertsOf(early.step(expired("Advert", late - 1))), [100])
    const actions = stalled.step(expired("Advert", late))

    assert.deepStrictEqual(advertsOf(actions), [])
    assert.deepStrictEqual(causesOf(actions), [{ _tag: "Stalled", silentMicros: 3 * tenth + skewOfTenth }])
  })
})

describe("RFC 9568 7.1: receiving", () => {
  it("7.1: the hop limit is 255, the version 3, the checksum right", () => {
    const router = running(fast)

    assert.deepStrictEqual(dropsOf(hear(router, tenth, 200, { hopLimit: 254 })), ["HopLimitInvalid"])
    assert.deepStrictEqual(dropsOf(hear(router, tenth, 200, { version: 2 })), ["VersionMismatch"])
    assert.deepStrictEqual(dropsOf(router.step(malformed(tenth, "Checksum"))), ["ChecksumInvalid"])
    assert.deepStrictEqual(dropsOf(router.step(malformed(tenth, "Length"))), ["LengthInvalid"])
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 3 * tenth + skewOfTenth })
  })

  it("7.1: an interval or a list of addresses that differs is reported, and the advert counts", () => {
    const actions = hear(running(fast), tenth, 200, { advertIntervalMicros: second, addresses: [] })

    assert.include(countsOf(actions), "advertsReceived")
    assert.deepStrictEqual(
      only(actions, "PublishMismatch").map(({ mismatch }) => mismatch._tag),
      ["Interval", "AddressList"]
    )
  })
})
