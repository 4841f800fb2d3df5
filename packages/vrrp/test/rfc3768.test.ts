import { assert, describe, it } from "@effect/vitest"
import { type Instant, seconds } from "@holdfast/wire/Instant"
import * as Timing from "@holdfast/vrrp/Timing"
import type { Ipv4Address } from "@holdfast/wire/Address"
import {
  advertsOf,
  announcementsOf,
  causesOf,
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
  orderOf,
  ownAddress,
  owned,
  ownershipOf,
  parameters,
  roleOf,
  running,
  second,
  skew,
  started,
  stopped,
  up,
  virtualAddress
} from "./Fixture.ts"

describe("RFC 3768 6.1: parameters", () => {
  it.each([
    [255, 3_907],
    [254, 7_813],
    [100, 609_375],
    [1, 996_094]
  ])(
    "6.1: the Skew_Time of priority %i is (256 - priority) / 256 s: %i µs, rounded up",
    (priority, expected) => {
      assert.strictEqual(Timing.skewTime(2, priority, seconds(30)), expected)
    }
  )

  it("6.1: the Master_Down_Interval is three intervals and the skew", () => {
    assert.strictEqual(Timing.masterDownInterval(parameters()), masterDown)
    assert.strictEqual(Timing.masterDownInterval(parameters({ advertInterval: 10 * second })), 30_609_375)
  })

  it("6.1: with Preempt_Mode false a higher priority does not take over from a lower one", () => {
    const router = running({ preempt: false })

    for (let at = second; at < 20 * second; at += second) {
      router.step(heard(at, 50))
      router.step(expired("MasterDown", at + masterDown - 1))
    }

    assert.strictEqual(roleOf(router), "Backup")
  })

  it("6.1: the owner preempts whatever Preempt_Mode is", () => {
    const router = running({ priority: 255, preempt: false })
    router.step(heard(second, 255))
    assert.strictEqual(roleOf(router), "Backup")
    const before = deadlinesOf(router)

    router.step(heard(2 * second, 254))

    assert.deepStrictEqual(deadlinesOf(router), before)
  })
})

describe("RFC 3768 6.4.1: Initialize", () => {
  it("6.4.1: an owner that starts sends an advert, takes the addresses and is Master", () => {
    const router = drive(parameters({ priority: 255 }))
    router.step(linkChanged(0, eth0, up))

    const actions = router.step(started(5))

    assert.strictEqual(roleOf(router), "Master")
    assert.deepStrictEqual(orderOf(actions), ["SendAdvert", "SetAddressOwnership", "PublishTransition"])
    assert.deepStrictEqual(advertsOf(actions), [255])
    assert.deepStrictEqual(ownershipOf(actions), [true])
    assert.deepStrictEqual(causesOf(actions), [{ _tag: "AddressOwner" }])
    assert.deepStrictEqual(deadlinesOf(router), { Advert: 5 + second })
  })

  it("6.4.1: any other router sets the Master_Down_Timer and is Backup", () => {
    const router = drive(parameters({ priority: 254 }))
    router.step(linkChanged(0, eth0, up))

    const actions = router.step(started(5))

    assert.strictEqual(roleOf(router), "Backup")
    assert.deepStrictEqual(advertsOf(actions), [])
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 5 + 3 * second + 7_813 })
  })

  it("6.4.1: a router that was not started hears nothing", () => {
    const router = drive(parameters())
    router.step(linkChanged(0, eth0, up))

    assert.deepStrictEqual(dropsOf(router.step(heard(1, 200))), ["NotRunning"])
    assert.deepStrictEqual(dropsOf(router.step(malformed(1, "Length", 1))), ["NotRunning"])
    assert.strictEqual(roleOf(router), "Init")
  })
})

describe("RFC 3768 6.4.2: Backup", () => {
  it("6.4.2: Shutdown cancels the Master_Down_Timer without an advert", () => {
    const router = running()

    const actions = router.step(stopped(second))

    assert.strictEqual(roleOf(router), "Init")
    assert.deepStrictEqual(advertsOf(actions), [])
    assert.deepStrictEqual(actions.at(-1), { _tag: "DisarmTimer", timer: "MasterDown" })
  })

  it("6.4.2: when the Master_Down_Timer fires, an advert is sent, the addresses are taken, the Adver_Timer is set", () => {
    const router = running()

    const actions = router.step(expired("MasterDown", masterDown))

    assert.strictEqual(roleOf(router), "Master")
    assert.deepStrictEqual(orderOf(actions), ["SendAdvert", "SetAddressOwnership", "PublishTransition"])
    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.deepStrictEqual(ownershipOf(actions), [true])
    assert.deepStrictEqual(causesOf(actions), [{ _tag: "MasterSilent", sinceMicros: masterDown }])
    assert.deepStrictEqual(deadlinesOf(router), { Advert: masterDown + second })
  })

  it("6.4.2: the Master_Down_Timer does not fire early", () => {
    const router = running()

    assert.deepStrictEqual(router.step(expired("MasterDown", masterDown - 1)), [])
    assert.strictEqual(roleOf(router), "Backup")
  })

  it.each([true, false])(
    "6.4.2: priority 0 sets the Master_Down_Timer to Skew_Time (preempt %s)",
    (preempt) => {
      const router = running({ preempt })

      router.step(heard(second, 0))

      assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + skew })
      const actions = router.step(expired("MasterDown", second + skew))
      assert.deepStrictEqual(causesOf(actions), [{ _tag: "MasterLeft", source: higherAddress }])
    }
  )

  it.each([100, 101, 255])(
    "6.4.2: priority %i, equal or higher, resets the Master_Down_Timer",
    (priority) => {
      const router = running()

      router.step(heard(second, priority, { source: lowerAddress }))

      assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + masterDown })
    }
  )

  it("6.4.2: with Preempt_Mode false a lower priority resets the Master_Down_Timer", () => {
    const router = running({ preempt: false })

    router.step(heard(second, 1))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + masterDown })
  })

  it.each([1, 99])(
    "6.4.2: a lower priority, %i, is discarded: the timer runs on and the router takes over",
    (priority) => {
      const router = running()

      router.step(heard(second, priority))

      assert.deepStrictEqual(deadlinesOf(router), { MasterDown: masterDown })
      const actions = router.step(expired("MasterDown", masterDown))
      assert.strictEqual(roleOf(router), "Master")
      assert.deepStrictEqual(causesOf(actions), [
        { _tag: "LowerPriorityHeard", source: higherAddress, priority }
      ])
    }
  )
})

describe("RFC 3768 6.4.3: Master", () => {
  it("6.4.3: Shutdown sends priority 0 before the addresses go, and cancels the Adver_Timer", () => {
    const router = master()

    const actions = router.step(stopped(4 * second + 1))

    assert.strictEqual(roleOf(router), "Init")
    assert.deepStrictEqual(orderOf(actions), ["SendAdvert", "SetAddressOwnership", "PublishTransition"])
    assert.deepStrictEqual(advertsOf(actions), [0])
    assert.deepStrictEqual(ownershipOf(actions), [false])
    assert.deepStrictEqual(deadlinesOf(router), {})
  })

  it("6.4.3: when the Adver_Timer fires, an advert is sent and the timer is reset", () => {
    const router = master()

    const actions = router.step(expired("Advert", 5 * second))

    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.strictEqual(deadlinesOf(router).Advert, 6 * second)
  })

  it("6.4.3: priority 0 is answered with an advert and resets the Adver_Timer", () => {
    const router = master()

    const actions = router.step(heard(4.5 * second, 0))

    assert.strictEqual(roleOf(router), "Master")
    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.strictEqual(deadlinesOf(router).Advert, 5.5 * second)
  })

  it("6.4.3: a higher priority makes it a Backup that waits a Master_Down_Interval", () => {
    const router = master()

    const actions = router.step(heard(4.5 * second, 101, { source: lowerAddress }))

    assert.strictEqual(roleOf(router), "Backup")
    assert.deepStrictEqual(orderOf(actions), ["SetAddressOwnership", "PublishTransition"])
    assert.deepStrictEqual(ownershipOf(actions), [false])
    assert.deepStrictEqual(causesOf(actions), [
      { _tag: "HigherPriorityHeard", source: lowerAddress, priority: 101 }
    ])
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 4.5 * second + masterDown })
  })

  it("6.4.3: of equal priorities the higher address makes it a Backup", () => {
    const router = master()

    const actions = router.step(heard(4.5 * second, 100, { source: higherAddress }))

    assert.strictEqual(roleOf(router), "Backup")
    assert.deepStrictEqual(causesOf(actions), [
      { _tag: "HigherAddressHeard", source: higherAddress, priority: 100 }
    ])
  })

  it("6.4.3: of equal priorities the lower address does not, and addresses are numbers and not text", () => {
    const router = master()

    router.step(heard(4.5 * second, 100, { source: lowerAddress }))

    assert.strictEqual(roleOf(router), "Master")
  })

  it("6.4.3: the local address of the comparison is the configured source address where there is one", () => {
    const router = master({ sourceAddress: "10.0.0.200" as Ipv4Address })

    router.step(heard(4.5 * second, 100, { source: higherAddress }))

    assert.strictEqual(roleOf(router), "Master")
  })

  it.each([1, 99])("6.4.3: a lower priority, %i, does not make it a Backup", (priority) => {
    const router = master()

    router.step(heard(4.5 * second, priority))

    assert.strictEqual(roleOf(router), "Master")
    assert.strictEqual(deadlinesOf(router).Advert, 5 * second)
  })
})

describe("RFC 3768 7.1: receiving", () => {
  it.each([0, 1, 64, 254])("7.1: a TTL of %i is dropped", (hopLimit) => {
    const router = running()

    const actions = router.step(heard(second, 200, { hopLimit }))

    assert.deepStrictEqual(actions, [
      { _tag: "CountDrop", reason: "HopLimitInvalid", source: higherAddress },
      {
        _tag: "PublishMismatch",
        at: second as Instant,
        source: higherAddress,
        mismatch: { _tag: "HopLimit", theirs: hopLimit }
      }
    ])
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: masterDown })
  })

  it.each([
    ["Version", "VersionMismatch"],
    ["Length", "LengthInvalid"],
    ["Checksum", "ChecksumInvalid"],
    ["Type", "TypeInvalid"]
  ] as const)("7.1: an invalid %s is dropped as %s", (reason, expected) => {
    const router = running()

    const actions = router.step(malformed(second, reason))

    assert.deepStrictEqual(actions, [{ _tag: "CountDrop", reason: expected, source: higherAddress }])
  })

  it.each([
    [1, "AuthenticationMismatch"],
    [2, "AuthenticationMismatch"],
    [3, "AuthenticationTypeInvalid"],
    [255, "AuthenticationTypeInvalid"]
  ])("7.1: authentication type %i is dropped as %s", (authenticationType, expected) => {
    const router = running()

    assert.deepStrictEqual(dropsOf(router.step(heard(second, 200, { authenticationType }))), [expected])
  })

  it.each([0, 999_999, 2 * second])(
    "7.1: an interval of %i µs that is not ours is dropped",
    (advertIntervalMicros) => {
      const router = running()

      assert.deepStrictEqual(dropsOf(router.step(heard(second, 200, { advertIntervalMicros }))), [
        "IntervalMismatch"
      ])
      assert.deepStrictEqual(deadlinesOf(router), { MasterDown: masterDown })
    }
  )

  it("7.1: a Master makes the same checks", () => {
    const router = master()

    assert.deepStrictEqual(dropsOf(router.step(heard(4.5 * second, 200, { hopLimit: 254 }))), [
      "HopLimitInvalid"
    ])
    assert.deepStrictEqual(dropsOf(router.step(malformed(4.5 * second, "Checksum"))), ["ChecksumInvalid"])
    assert.strictEqual(roleOf(router), "Master")
  })
})

describe("RFC 3768 7.2: sending", () => {
  it("7.2: the fields are those of the configuration: adverts carry the configured priority", () => {
    const router = master({ priority: 7 })

    assert.deepStrictEqual(advertsOf(router.step(expired("Advert", 5 * second))), [7])
  })
})

describe("RFC 3768 8.2: host ARP requests", () => {
  it("8.2: no gratuitous ARP is sent before the addresses are configured", () => {
    const router = running()

    const taking = router.step(expired("MasterDown", masterDown))
    const answering = router.step(heard(masterDown, 50, { source: ownAddress }))
    const reporting = router.step(owned(masterDown + 10))
    const holding = router.step(held(masterDown + 10, virtualAddress))

    assert.deepStrictEqual(announcementsOf(taking), [])
    assert.deepStrictEqual(announcementsOf(answering), [])
    assert.deepStrictEqual(announcementsOf(reporting), [])
    assert.deepStrictEqual(announcementsOf(holding), [5])
  })

  it("8.2: nor after they were given up", () => {
    const router = master()
    router.step(heard(4.5 * second, 200))
    router.step(expired("MasterDown", 9 * second))

    const answering = router.step(heard(9.1 * second, 50))

    assert.strictEqual(roleOf(router), "Master")
    assert.deepStrictEqual(advertsOf(answering), [100])
    assert.deepStrictEqual(announcementsOf(answering), [])
  })
})
