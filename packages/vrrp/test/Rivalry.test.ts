import { assert, describe, it } from "@effect/vitest"
import type { Action } from "@holdfast/vrrp/Action"
import type { Instant } from "@holdfast/wire/Instant"
import {
  advertsOf,
  announcementsOf,
  deadlinesOf,
  down,
  type Driver,
  eth0,
  expired,
  heard,
  higherAddress,
  linkChanged,
  lowerAddress,
  master,
  only,
  ownAddress,
  roleOf,
  second,
  stopped
} from "./Fixture.ts"

const third = "10.0.0.7" as typeof lowerAddress
const begun = (actions: ReadonlyArray<Action>) => only(actions, "PublishRival")
const gone = (actions: ReadonlyArray<Action>) => only(actions, "PublishRivalGone")
const lower = (actions: ReadonlyArray<Action>) => only(actions, "PublishLowerHeard")

/** Sends what a Master has to send until then, so that it does not stall. */
const goOn = (router: Driver, from: number, to: number): void => {
  for (let at = from; at <= to; at += second) router.step(expired("Advert", at))
}

/** 3 s and the skew of priority 50: how long a Master of version 2 may be silent. */
const patience = 3 * second + 804_688

describe("another Master", () => {
  it("is told once, and each advert of it as keepalived does", () => {
    const router = master()

    const first = router.step(heard(4.5 * second, 50))
    const again = router.step(heard(5.5 * second, 50))

    assert.deepStrictEqual(begun(first), [
      { _tag: "PublishRival", at: (4.5 * second) as Instant, source: higherAddress, priority: 50 }
    ])
    assert.lengthOf(begun(again), 0)
    assert.deepStrictEqual(
      [first, again].map((actions) => lower(actions).length),
      [1, 1]
    )
  })

  it("of our priority and a lower address is one too", () => {
    assert.lengthOf(begun(master().step(heard(4.5 * second, 100, { source: lowerAddress }))), 1)
  })

  it("is not our own packet", () => {
    assert.lengthOf(begun(master().step(heard(4.5 * second, 100, { source: ownAddress }))), 0)
  })

  it("is gone when it has been silent for its master-down interval, and our addresses are announced", () => {
    const router = master()
    router.step(heard(4.5 * second, 50))
    router.step(heard(5.5 * second, 50))
    assert.strictEqual(deadlinesOf(router).Rival, 5.5 * second + patience)
    goOn(router, 5 * second, 9 * second)
    router.step(expired("Announce", 9 * second))

    const actions = router.step(expired("Rival", 5.5 * second + patience))

    assert.deepStrictEqual(gone(actions), [
      {
        _tag: "PublishRivalGone",
        at: (5.5 * second + patience) as Instant,
        source: higherAddress,
        togetherMicros: second + patience,
        yielded: false
      }
    ])
    assert.deepStrictEqual(announcementsOf(actions), [5])
    assert.deepStrictEqual(advertsOf(actions), [])
    assert.isUndefined(deadlinesOf(router).Rival)
  })

  it("is patient by the rival's own interval in version 3", () => {
    const router = master({ version: 3 })

    router.step(heard(4.5 * second, 50, { version: 3, advertIntervalMicros: 100_000 }))

    assert.strictEqual(deadlinesOf(router).Rival, 4.5 * second + 300_000 + 80_469)
  })

  it("is gone at once when it says so", () => {
    const router = master()
    router.step(heard(4.5 * second, 50))

    const actions = router.step(heard(4.6 * second, 0))

    assert.deepStrictEqual(
      gone(actions).map(({ togetherMicros, yielded }) => [togetherMicros, yielded]),
      [[100_000, false]]
    )
    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.deepStrictEqual(announcementsOf(actions), [5])
    assert.isUndefined(deadlinesOf(router).Rival)
  })

  it("is not gone when a third one says so", () => {
    const router = master()
    router.step(heard(4.5 * second, 50))

    assert.lengthOf(gone(router.step(heard(4.6 * second, 0, { source: third }))), 0)
    assert.isDefined(deadlinesOf(router).Rival)
  })

  it("beside a third one is the one that is named, and both have to be silent", () => {
    const router = master()
    router.step(heard(4.5 * second, 50))
    const joining = router.step(heard(5 * second, 50, { source: third }))

    assert.lengthOf(begun(joining), 0)
    assert.strictEqual(deadlinesOf(router).Rival, 5 * second + patience)
  })

  it("that a shorter interval makes gone earlier does not shorten the time of the first", () => {
    const router = master({ version: 3 })
    router.step(heard(4.5 * second, 50, { version: 3 }))
    const { Rival } = deadlinesOf(router)

    router.step(heard(4.6 * second, 50, { version: 3, source: third, advertIntervalMicros: 10_000 }))

    assert.strictEqual(deadlinesOf(router).Rival, Rival)
  })

  it.each<[string, (router: Driver) => ReadonlyArray<Action>]>([
    ["we yield", (router) => router.step(heard(4.6 * second, 200))],
    ["we are stopped", (router) => router.step(stopped(4.6 * second))],
    ["we fail", (router) => router.step(linkChanged(4.6 * second, eth0, down))]
  ])("is told as left behind when %s", (_, leave) => {
    const router = master()
    router.step(heard(4.5 * second, 50))

    const actions = leave(router)

    assert.deepStrictEqual(
      gone(actions).map(({ togetherMicros, yielded }) => [togetherMicros, yielded]),
      [[100_000, true]]
    )
    assert.notStrictEqual(roleOf(router), "Master")
    assert.isUndefined(deadlinesOf(router).Rival)
  })

  it("that we yield to at once was never a rival", () => {
    const actions = master().step(heard(4.5 * second, 200))

    assert.deepStrictEqual([begun(actions), gone(actions), lower(actions)], [[], [], []])
  })

  it("is told with lower_prio_no_advert too, and announced against when it is gone", () => {
    const router = master({ answerLowerPriority: false })

    const actions = router.step(heard(4.5 * second, 50))
    goOn(router, 5 * second, 8 * second)

    assert.lengthOf(begun(actions), 1)
    assert.deepStrictEqual(announcementsOf(actions), [])
    assert.deepStrictEqual(announcementsOf(router.step(expired("Rival", 4.5 * second + patience))), [5])
  })
})
