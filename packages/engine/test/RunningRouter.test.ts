/** Hearing or sending the same again the short way is as the long way. */
import { assert, describe, it } from "@effect/vitest"
import type { Delivery } from "@holdfast/engine/Delivery"
import * as Outbox from "@holdfast/engine/Outbox"
import * as RunningRouter from "@holdfast/engine/RunningRouter"
import * as Statistics from "@holdfast/engine/Statistics"
import * as TimerHeap from "@holdfast/engine/TimerHeap"
import {
  defaults,
  type InterfaceName,
  type Parameters,
  type Priority,
  type Vrid
} from "@holdfast/vrrp/Parameters"
import type { Ipv4Address, MacAddress } from "@holdfast/wire/Address"
import type { Backup, Master } from "@holdfast/vrrp/Role"
import type { Instant } from "@holdfast/wire/Instant"
import { groupVrrp } from "@holdfast/wire/Ipv4"

const eth0 = "eth0" as InterfaceName
const virtual = "192.0.2.3" as Ipv4Address

const parameters: Parameters = {
  ...defaults,
  name: "VI_1",
  interface: eth0,
  vrid: 1 as Vrid,
  addresses: [
    { address: virtual, prefixLength: 32, interface: eth0, scope: 0, advertised: true, tracked: true }
  ]
}

const own = {
  name: eth0,
  index: 1,
  mac: "02:00:00:00:00:01" as MacAddress,
  mtu: 1500,
  up: true,
  addresses: [
    { address: "192.0.2.1" as Ipv4Address, prefixLength: 24, secondary: false, scope: 0, tentative: false }
  ]
}

const makeRouter = () => {
  const heap = TimerHeap.make()
  const nothing = () => undefined
  const adverts: Array<number> = []
  const outbox = Outbox.make({
    send: (_, batch) => void adverts.push(...batch.map(({ payload }) => payload[priorityAt]!)),
    setOwnership: nothing,
    announce: nothing
  })
  const router = RunningRouter.make(
    parameters,
    {
      heap,
      leadOf: () => undefined,
      outbox,
      clockMicros: () => 0,
      publish: nothing,
      links: () => new Map([[eth0, own]]),
      serves: () => true
    },
    Statistics.make()
  )
  router.tellLinks(0 as Instant)
  router.step({ _tag: "Started", at: 0 as Instant })
  /** When the router becomes Master if it hears nothing more. */
  const takesOverAt = (): number => {
    for (let at = router.state().role._tag === "Backup" ? 0 : Infinity; ; at = heap.next() ?? Infinity) {
      heap.expire(at as Instant)
      if (at === Infinity || RunningRouter.roleOf(router) === "Master") return at
    }
  }
  /** What a person could see of the router, and when it acts next. */
  const seen = () => {
    return { state: router.state(), tally: structuredClone(router.tally), takesOverAt: takesOverAt() }
  }
  /** The priorities of the adverts that have left. */
  const sent = (): ReadonlyArray<number> => {
    outbox.flush()
    return adverts
  }
  return { heap, router, seen, sent }
}

/** A Master that has just taken over. */
const makeMaster = () => {
  const made = makeRouter()
  made.heap.expire(made.seen().takesOverAt as Instant)
  const { sent, seen } = made
  const next = (): Instant => made.heap.next()!
  const sendNext = (late = 0): void => made.heap.expire((next() + late) as Instant)
  return { ...made, next, sendNext, shown: () => ({ ...seen(), sent: sent(), next: next() }) }
}
const priorityAt = 2

const advert = (priority: number): Delivery => ({
  interface: eth0,
  family: "Ipv4",
  vrid: 1,
  heard: {
    _tag: "AdvertReceived",
    source: "192.0.2.2" as Ipv4Address,
    destination: groupVrrp,
    hopLimit: 255,
    advertisement: {
      version: 2,
      vrid: 1,
      priority,
      advertIntervalMicros: 1_000_000,
      authenticationType: 0,
      addresses: [virtual]
    }
  }
})

describe("RunningRouter.hear", () => {
  it("is the same whether it is known that adverts are the same or not", () => {
    const [long, short] = [makeRouter(), makeRouter()]
    const again = advert(200)

    for (const at of [1, 2, 3, 4, 5].map((second) => (second * 1_000_000) as Instant)) {
      long.router.hear(advert(200), at, 1)
      short.router.hear(again, at, 1)
    }

    assert.strictEqual(long.router.tally.counters.advertsReceived, 5)
    const [seenShort, seenLong] = [short.seen(), long.seen()]

    assert.isBelow(seenShort.takesOverAt, Infinity)
    assert.deepStrictEqual(seenShort, seenLong)
  })

  it.each([1, 2, 5])("of %i at once is the same as each, at the time of the last", (count) => {
    const [each, once] = [makeRouter(), makeRouter()]
    for (const { router } of [each, once]) router.hear(advert(200), 500_000 as Instant, 1)
    for (const delivery of [advert(200), advert(100), advert(0)]) {
      for (let heard = 0; heard < count; heard++) each.router.hear({ ...delivery }, 900_000 as Instant, 1)
      once.router.hear(delivery, 900_000 as Instant, count)
    }

    assert.strictEqual(each.router.tally.counters.advertsReceived, 1 + 3 * count)
    assert.deepStrictEqual(once.seen(), each.seen())
  })

  it("what was heard again is in the state whenever somebody looks", () => {
    const { router } = makeRouter()
    const again = advert(200)
    const heardAt = (at: number) => {
      router.hear(again, at as Instant, 1)
      return router.state().role
    }
    const first = heardAt(1_000_000)

    assert.strictEqual(first._tag, "Backup")
    for (const later of [500_000, 900_000])
      assert.deepStrictEqual(heardAt(1_000_000 + later), {
        ...(first as Backup),
        countedFrom: (1_000_000 + later) as Instant,
        masterDownAt: ((first as Backup).masterDownAt + later) as Instant
      })
  })

  it("what comes between is heard", () => {
    const [long, short] = [makeRouter(), makeRouter()]
    const [first, second] = [advert(200), advert(0)]

    for (const [at, delivery] of [
      [1, first],
      [2, first],
      [3, first],
      [4, second],
      [5, first],
      [6, first]
    ] as const) {
      long.router.hear({ ...delivery }, (at * 100_000) as Instant, 1)
      short.router.hear(delivery, (at * 100_000) as Instant, 1)
    }

    assert.strictEqual(short.router.tally.counters.priorityZeroReceived, 1)
    const [seenShort, seenLong] = [short.seen(), long.seen()]

    assert.isBelow(seenShort.takesOverAt, Infinity)
    assert.deepStrictEqual(seenShort, seenLong)
  })

  it("parameters that came between count", () => {
    const { router, seen } = makeRouter()
    const again = advert(200)
    router.hear(again, 1_000_000 as Instant, 1)
    router.hear(again, 2_000_000 as Instant, 1)
    const higher = { ...parameters, priority: 250 as Priority }
    router.step({ _tag: "Reconfigured", at: 2_500_000 as Instant, parameters: higher })
    router.hear(again, 5_000_000 as Instant, 1)

    // The last one is not obeyed any more: counted from the one before.
    assert.strictEqual(seen().takesOverAt, 5_023_438)
  })
})

describe("RunningRouter, a Master whose next advert is due", () => {
  it("sends the short way what it would send the long way, however late", () => {
    const [long, short] = [makeMaster(), makeMaster()]

    for (const late of [0, 400, 0, 999_999, 0, 7]) {
      long.router.step({ _tag: "TimerExpired", at: (long.next() + late) as Instant, timer: "Advert" })
      short.sendNext(late)
    }

    assert.deepStrictEqual(
      short.sent(),
      Array.from({ length: 7 }, () => 100)
    )
    assert.deepStrictEqual(short.shown(), long.shown())
  })

  it("has in its state what it sent again whenever somebody looks", () => {
    const { router, sendNext } = makeMaster()
    sendNext()
    const first = router.state().role
    assert.strictEqual(first._tag, "Master")

    for (const intervals of [1, 2, 3]) {
      sendNext()
      const advertAt = ((first as Master).advertAt + intervals * 1_000_000) as Instant
      assert.deepStrictEqual(router.state().role, { ...(first as Master), advertAt })
    }
  })

  it("sends what parameters that came between say", () => {
    const { next, router, sendNext, sent } = makeMaster()
    for (const _ of [1, 2]) sendNext()
    const higher = { ...parameters, priority: 250 as Priority }
    router.step({ _tag: "Reconfigured", at: next(), parameters: higher })
    for (const _ of [1, 2]) sendNext()

    assert.deepStrictEqual(sent(), [100, 100, 100, 250, 250])
  })

  it("yields when it stood still, and sends nothing", () => {
    const { router, sendNext, sent } = makeMaster()
    for (const _ of [1, 2]) sendNext()
    sendNext(3_000_000)

    assert.strictEqual(RunningRouter.roleOf(router), "Backup")
    assert.deepStrictEqual(sent(), [100, 100, 100])
  })
})
