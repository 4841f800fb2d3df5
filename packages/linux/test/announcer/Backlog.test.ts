import { assert, describe, it } from "@effect/vitest"
import * as Backlog from "@holdfast/linux/announcer/Backlog"
import type { Entry } from "@holdfast/linux/announcer/Pacing"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Pacing } from "@holdfast/vrrp/SharedParameters"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Instant, Micros } from "@holdfast/wire/Instant"
import * as Schema from "effect/Schema"

const entryOf = (address: string, device = "eth0"): Entry => ({
  interface: device as InterfaceName,
  address: address as IpAddress
})
const numbered = (count: number, device = "eth0"): ReadonlyArray<Entry> =>
  Array.from({ length: count }, (_, index) => entryOf(`10.0.${index >> 8}.${index & 0xff}`, device))

const pacing = (arp: number, neighbour: number, interfaces?: ReadonlyArray<string>): Pacing => ({
  ...(interfaces === undefined ? {} : { interfaces: interfaces as ReadonlyArray<InterfaceName> }),
  arpInterval: arp as Micros,
  neighbourInterval: neighbour as Micros
})

interface Departure {
  readonly at: number
  readonly entry: Entry
}

/** Takes everything, going to the time of the next when nothing is due. */
const drain = (backlog: Backlog.Backlog, from = 0): ReadonlyArray<Departure> => {
  const departures: Array<Departure> = []
  let now = from
  for (;;) {
    const batch = backlog.take(now as Instant)
    if (batch !== undefined) departures.push(...batch.map((entry) => ({ at: now, entry })))
    else {
      const nextAt = backlog.nextAt()
      if (nextAt === undefined) return departures
      assert.isAbove(nextAt, now)
      now = nextAt
    }
  }
}
const wordsOf = (departures: ReadonlyArray<Departure>): ReadonlyArray<string> =>
  departures.map(({ at, entry }) => `${at} ${entry.interface} ${entry.address}`)
const addressesOf = (batch: Backlog.Batch | undefined) => batch?.map(({ address }) => address)

describe("Backlog without pacings", () => {
  it("gives batches of a hundred, every address once before any again", () => {
    const backlog = Backlog.make()
    backlog.add(numbered(250), 2)

    assert.strictEqual(backlog.size(), 500)
    const departures = drain(backlog)

    assert.deepStrictEqual(
      departures.map(({ entry }) => entry),
      [...numbered(250), ...numbered(250)]
    )
    assert.strictEqual(backlog.size(), 0)
  })

  it("gives the same object in every round, so that it is laid out once", () => {
    const backlog = Backlog.make()
    backlog.add(numbered(3), 2)

    assert.strictEqual(backlog.take(0 as Instant), backlog.take(0 as Instant))
  })

  it("announces a later burst before the second round of an earlier one", () => {
    const backlog = Backlog.make()
    backlog.add([entryOf("192.0.2.1")], 2)
    backlog.add([entryOf("192.0.2.2")], 2)

    assert.deepStrictEqual(
      drain(backlog).map(({ entry }) => entry.address),
      ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"]
    )
  })

  it("gives what was put back first", () => {
    const backlog = Backlog.make()
    backlog.add([entryOf("192.0.2.1"), entryOf("192.0.2.2")], 1)
    const batch = backlog.take(0 as Instant)!
    backlog.add([entryOf("192.0.2.3")], 1)

    backlog.putBack(batch.slice(1))

    assert.deepStrictEqual(addressesOf(backlog.take(0 as Instant)), ["192.0.2.2" as IpAddress])
    assert.strictEqual(backlog.size(), 1)
  })

  it("drops later rounds once a hundred thousand wait", () => {
    const backlog = Backlog.make()
    for (let burst = 0; burst < 30; burst++) backlog.add(numbered(1_000), 5)

    assert.strictEqual(backlog.size(), 100_000)
  })
})

describe("Backlog with pacings", () => {
  it("keeps the interval between two frames of a device, for each device and kind apart", () => {
    const backlog = Backlog.make()
    backlog.setPacings([pacing(100, 30)])
    backlog.add([entryOf("192.0.2.1"), entryOf("192.0.2.2"), entryOf("fd00::1"), entryOf("fd00::2")], 1)
    backlog.add([entryOf("192.0.2.3", "eth1")], 1)

    assert.sameMembers(
      [...wordsOf(drain(backlog, 1_000))],
      [
        "1000 eth0 192.0.2.1",
        "1000 eth0 fd00::1",
        "1000 eth1 192.0.2.3",
        "1030 eth0 fd00::2",
        "1100 eth0 192.0.2.2"
      ]
    )
  })

  it("lets a group of devices share one interval, which counts before the common one", () => {
    const backlog = Backlog.make()
    backlog.setPacings([pacing(10, 10), pacing(100, 0, ["eth0", "eth1"])])
    backlog.add([entryOf("192.0.2.1"), entryOf("192.0.2.2", "eth1"), entryOf("fd00::1")], 1)
    backlog.add([entryOf("fd00::2"), entryOf("192.0.2.3", "eth2"), entryOf("192.0.2.4", "eth2")], 1)

    assert.sameMembers(
      [...wordsOf(drain(backlog, 1_000))],
      [
        "1000 eth0 192.0.2.1",
        "1100 eth1 192.0.2.2",
        "1000 eth0 fd00::1",
        "1000 eth0 fd00::2",
        "1000 eth2 192.0.2.3",
        "1010 eth2 192.0.2.4"
      ]
    )
  })

  it("announces each address once before any again", () => {
    const backlog = Backlog.make()
    backlog.setPacings([pacing(10, 10)])
    backlog.add([entryOf("192.0.2.1"), entryOf("192.0.2.2")], 2)

    assert.deepStrictEqual(
      drain(backlog).map(({ entry }) => entry.address),
      ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"]
    )
  })

  it("keeps places and distances when the pacings change", () => {
    const backlog = Backlog.make()
    backlog.setPacings([pacing(100, 0)])
    backlog.add([entryOf("192.0.2.1"), entryOf("192.0.2.2"), entryOf("192.0.2.3")], 1)
    assert.deepStrictEqual(addressesOf(backlog.take(1_000 as Instant)), ["192.0.2.1" as IpAddress])

    backlog.setPacings([pacing(50, 0)])

    assert.deepStrictEqual(wordsOf(drain(backlog, 1_000)), ["1050 eth0 192.0.2.2", "1100 eth0 192.0.2.3"])
  })

  it("lets what waited leave at once when there is no pace any more", () => {
    const backlog = Backlog.make()
    backlog.setPacings([pacing(100, 0)])
    backlog.add(numbered(3), 2)

    backlog.setPacings([])

    assert.deepStrictEqual(
      drain(backlog, 1_000),
      [...numbered(3), ...numbered(3)].map((entry) => ({ at: 1_000, entry }))
    )
  })

  it("serves every lane when more are due than leave at once", () => {
    const backlog = Backlog.make()
    backlog.setPacings([pacing(10, 10)])
    for (let device = 0; device < 250; device++) backlog.add(numbered(2, `eth${device}`), 1)

    const [first, second, third] = [0, 10, 20].map((now) => backlog.take(now as Instant)!)

    assert.deepStrictEqual([first!.length, second!.length, third!.length], [100, 100, 100])
    assert.strictEqual(new Set([...first!, ...second!].map((entry) => entry.interface)).size, 200)
    assert.strictEqual(third![0]!.interface, "eth200")
  })
})

describe("Backlog.cancel", () => {
  it("drops what waits for an address, in all rounds, paced or not, and nothing else", () => {
    const gone = "10.0.0.1" as IpAddress
    for (const pacings of [[], [pacing(10, 10)]]) {
      const backlog = Backlog.make()
      backlog.setPacings(pacings)
      backlog.add(numbered(150), 2)

      backlog.cancel([gone])

      assert.strictEqual(backlog.size(), 298)
      const left = numbered(150).filter(({ address }) => address !== gone)
      assert.deepStrictEqual(
        drain(backlog).map(({ entry }) => entry),
        [...left, ...left]
      )
    }
  })
})

const Step = Schema.TaggedUnion({
  Add: {
    device: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 })),
    count: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 })),
    repeatCount: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))
  },
  Take: { later: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })), back: Schema.Boolean },
  Cancel: { last: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })) },
  SetPacings: { interval: Schema.Literals([0, 20, 50]), grouped: Schema.Boolean }
})

describe("Backlog", () => {
  it.prop(
    "counts what waits, and never lets two frames of a lane leave sooner than its interval",
    { steps: Schema.Array(Step).check(Schema.isMaxLength(30)) },
    ({ steps }) => {
      const backlog = Backlog.make()
      let now = 1_000
      let waiting = 0
      let pacings: ReadonlyArray<Pacing> = []
      const leftAt = new Map<string, number>()

      for (const step of steps) {
        if (step._tag === "Add") {
          backlog.add(numbered(step.count, `eth${step.device}`), step.repeatCount)
          waiting += step.count * step.repeatCount
        } else if (step._tag === "Cancel") {
          backlog.cancel([`10.0.0.${step.last}` as IpAddress])
          assert.isAtMost(backlog.size(), waiting)
          waiting = backlog.size()
        } else if (step._tag === "SetPacings") {
          pacings = [pacing(step.interval, 0, step.grouped ? ["eth0", "eth1"] : undefined)]
          backlog.setPacings(pacings)
          leftAt.clear()
        } else {
          now += step.later
          const batch = backlog.take(now as Instant)
          if (step.back && batch !== undefined) backlog.putBack(batch)
          else waiting -= batch?.length ?? 0
          const [only] = pacings
          for (const entry of batch ?? []) {
            if (only === undefined || only.arpInterval === 0) continue
            if (only.interfaces?.includes(entry.interface) === false) continue
            const lane = only.interfaces === undefined ? entry.interface : "group"
            assert.isAtLeast(now - (leftAt.get(lane) ?? -Infinity), only.arpInterval)
            leftAt.set(lane, now)
          }
        }
        assert.strictEqual(backlog.size(), waiting)
      }
      assert.lengthOf(drain(backlog, now), waiting)
    },
    { arbitrary: { runs: 500 } }
  )
})
