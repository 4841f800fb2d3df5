import { assert, describe, it } from "@effect/vitest"
import type { Ipv4Address } from "@holdfast/wire/Address"
import {
  advertsOf,
  announcementsOf,
  causesOf,
  countsOf,
  deadlinesOf,
  drive,
  dropsOf,
  eth0,
  expired,
  heard,
  held,
  higherAddress,
  linkChanged,
  lowerAddress,
  malformed,
  master,
  masterDown,
  parameters,
  roleOf,
  running,
  second,
  skew,
  started,
  stopped,
  virtualAddress
} from "./Fixture.ts"

describe("RFC 9568 5.2.4: priority", () => {
  it("5.2.4: priority 0 is sent on leaving and at no other time", () => {
    const router = master()

    const whileMaster = [5, 6, 7].flatMap((n) => advertsOf(router.step(expired("Advert", n * second))))
    const leaving = advertsOf(router.step(stopped(7.5 * second)))

    assert.deepStrictEqual(whileMaster, [100, 100, 100])
    assert.deepStrictEqual(leaving, [0])
  })

  it("5.2.4: 255 is the owner: Master at once, 254 is not", () => {
    const roles = [254, 255].map((priority) => roleOf(running({ priority })))

    assert.deepStrictEqual(roles, ["Backup", "Master"])
  })
})

describe("RFC 9568 6.4.2: Backup", () => {
  it("6.4.2: priority 0 sets the timer to Skew_Time, so that the highest Backup is first", () => {
    const high = running({ priority: 200 })
    const low = running({ priority: 100 })

    high.step(heard(second, 0))
    low.step(heard(second, 0))

    assert.isBelow(deadlinesOf(high).MasterDown!, deadlinesOf(low).MasterDown!)
    assert.deepStrictEqual(deadlinesOf(low), { MasterDown: second + skew })
  })

  it("6.4.2: an equal priority resets the timer, a lower one is discarded", () => {
    const router = running()

    router.step(heard(second, 100))
    router.step(heard(2 * second, 99))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + masterDown })
  })
})

describe("RFC 9568 6.4.3: Active", () => {
  it("6.4.3: a lower priority is answered with an advert at once", () => {
    const router = master()

    const actions = router.step(heard(4.5 * second, 99))

    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.include(countsOf(actions), "lowerPriorityReceivedAsMaster")
    assert.strictEqual(deadlinesOf(router).Advert, 5 * second)
  })

  it("6.4.3: so is an equal priority from a lower address", () => {
    const router = master()

    const actions = router.step(heard(4.5 * second, 100, { source: lowerAddress }))

    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.include(countsOf(actions), "lowerPriorityReceivedAsMaster")
  })

  it.each([
    ["10.0.0.99", "Master"],
    ["10.0.0.101", "Backup"],
    ["9.255.255.255", "Master"],
    ["100.0.0.1", "Backup"],
    ["200.0.0.1", "Backup"]
  ])(
    "6.4.3: addresses compare as unsigned integers: from %s a router at 10.0.0.100 is %s",
    (source, role) => {
      const router = master()

      router.step(heard(4.5 * second, 100, { source: source as Ipv4Address }))

      assert.strictEqual(roleOf(router), role)
    }
  )
})

describe("RFC 9568 7.1: receiving", () => {
  const other = "10.0.0.2" as Ipv4Address

  it.each([{ addresses: [other] }, { addresses: [virtualAddress, other] }, { addresses: [] }])(
    "7.1: a list of addresses that differs, %j, is reported and the advert is accepted",
    ({ addresses }) => {
      const router = running()

      const actions = router.step(heard(second, 200, { addresses }))

      assert.deepStrictEqual(dropsOf(actions), ["AddressListMismatch"])
      assert.include(countsOf(actions), "advertsReceived")
      assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + masterDown })
    }
  )

  it("7.1: a TTL that is not 255 is dropped before version, type and checksum are looked at", () => {
    const router = running()

    const reasons = (["Version", "Type", "Checksum", "Length"] as const).flatMap((reason) =>
      dropsOf(router.step(malformed(second, reason, 64)))
    )

    assert.deepStrictEqual(reasons, [
      "HopLimitInvalid",
      "HopLimitInvalid",
      "HopLimitInvalid",
      "LengthInvalid"
    ])
  })

  it("7.1, erratum 8298: an owner hears adverts, and answers a lower Master", () => {
    const router = running({ priority: 255 })
    router.step(held(10, virtualAddress))

    const actions = router.step(heard(second / 2, 254))

    assert.deepStrictEqual(advertsOf(actions), [255])
    assert.deepStrictEqual(announcementsOf(actions), [5])
    assert.strictEqual(roleOf(router), "Master")
  })

  it("8.3.2: of two owners the one with the higher address stays Master", () => {
    const lower = running({ priority: 255 })
    const higher = drive(parameters({ priority: 255 }))
    higher.step(linkChanged(0, eth0, { _tag: "Up", address: higherAddress }))
    higher.step(started(0))

    const yielding = lower.step(heard(10, 255, { source: higherAddress }))
    higher.step(heard(10, 255, { source: "10.0.0.100" as Ipv4Address }))

    assert.deepStrictEqual([roleOf(lower), roleOf(higher)], ["Backup", "Master"])
    assert.deepStrictEqual(causesOf(yielding), [
      { _tag: "HigherAddressHeard", source: higherAddress, priority: 255 }
    ])
  })
})
