import { assert, describe, it } from "@effect/vitest"
import type { Instant } from "@holdfast/wire/Instant"
import type { Ipv4Address } from "@holdfast/wire/Address"
import {
  address,
  advertsOf,
  announcedOf,
  announcementsOf,
  causesOf,
  countsOf,
  deadlinesOf,
  disowned,
  down,
  drive,
  dropsOf,
  eth0,
  eth1,
  expired,
  heard,
  held,
  higherAddress,
  linkChanged,
  lowerAddress,
  malformed,
  master,
  masterDown,
  missing,
  orderOf,
  ownAddress,
  owned,
  ownershipOf,
  parameters,
  roleOf,
  running,
  second,
  started,
  stopped,
  unicast,
  up,
  virtualAddress
} from "./Fixture.ts"

const peer = "10.0.0.50" as Ipv4Address
const next = "10.0.0.2" as Ipv4Address
const third = "10.0.0.3" as Ipv4Address
const several = [address(), address({ address: next }), address({ address: third })]
const fromPeer = unicast(peer)
const toUs = { source: peer, destination: ownAddress, hopLimit: 64 }

describe("starting", () => {
  it("takes away what a killed run may have left, but not from a router that is Master at once", () => {
    const backup = drive(parameters())
    const owner = drive(parameters({ priority: 255 }))
    const faulty = drive(parameters())
    for (const router of [backup, owner]) router.step(linkChanged(0, eth0, up))

    assert.deepStrictEqual(ownershipOf(backup.step(started(0))), [false])
    assert.deepStrictEqual(ownershipOf(owner.step(started(0))), [true])
    assert.deepStrictEqual(ownershipOf(faulty.step(started(0))), [false])
  })

  it("does nothing a second time", () => {
    const router = running()

    assert.deepStrictEqual(router.step(started(second)), [])
  })
})

describe("preempt_delay", () => {
  const preemptDelay = 10 * second

  it("holds a Backup from starting: a lower Master restarts its timer until the delay is over", () => {
    const router = running({ preemptDelay })

    router.step(heard(9_999_999, 50))
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 9_999_999 + masterDown })

    router.step(heard(preemptDelay, 50))
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 9_999_999 + masterDown })
  })

  it("does not hold a Backup that hears nobody", () => {
    const router = running({ preemptDelay })

    router.step(expired("MasterDown", masterDown))

    assert.strictEqual(roleOf(router), "Master")
  })

  it("is forgotten when an equal or higher Master is heard, and begins with the next lower one", () => {
    const router = running({ preemptDelay })
    router.step(heard(second, 100))

    router.step(heard(20 * second, 50))
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 20 * second + masterDown })

    router.step(heard(29_999_999, 50))
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 29_999_999 + masterDown })

    router.step(heard(30 * second, 50))
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 29_999_999 + masterDown })
  })

  it("begins again on leaving Fault", () => {
    const router = running({ preemptDelay })
    router.step(linkChanged(15 * second, eth0, down))
    router.step(linkChanged(20 * second, eth0, up))

    router.step(heard(21 * second, 50))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 21 * second + masterDown })
  })

  it("survives a Master that leaves", () => {
    const router = running({ preemptDelay })
    router.step(heard(second, 0))

    router.step(heard(second + 10, 50))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + 10 + masterDown })
  })

  it("does not hold an owner", () => {
    const router = running({ priority: 255, preemptDelay })
    router.step(heard(second, 255))
    const before = deadlinesOf(router)

    router.step(heard(2 * second, 254))

    assert.deepStrictEqual(deadlinesOf(router), before)
  })
})

describe("receive checks", () => {
  it.each([
    ["hop limit", { hopLimit: 1, authenticationType: 9 }, "HopLimitInvalid"],
    ["authentication", { authenticationType: 9, advertIntervalMicros: 1 }, "AuthenticationTypeInvalid"],
    ["interval", { advertIntervalMicros: 1, destination: ownAddress }, "IntervalMismatch"],
    ["transport", { destination: ownAddress, addresses: [] }, "TransportMismatch"]
  ])("come in keepalived's order: %s before the next one", (_, datagram, expected) => {
    const router = running()

    assert.deepStrictEqual(dropsOf(router.step(heard(second, 200, datagram))), [expected])
  })

  it("a multicast router drops what was sent to its own address or to another group", () => {
    const router = running()

    const reasons = [ownAddress, "224.0.0.19" as Ipv4Address].flatMap((destination) =>
      dropsOf(router.step(heard(second, 200, { destination })))
    )

    assert.deepStrictEqual(reasons, ["TransportMismatch", "TransportMismatch"])
  })

  it("a unicast router drops what was sent to a group", () => {
    const router = running({ transport: fromPeer })

    assert.deepStrictEqual(dropsOf(router.step(heard(second, 200))), ["TransportMismatch"])
  })

  it("a unicast router takes any hop limit", () => {
    const router = running({ transport: fromPeer })

    assert.deepStrictEqual(dropsOf(router.step(heard(second, 200, toUs))), [])
    assert.deepStrictEqual(dropsOf(router.step(malformed(second, "Checksum", 64))), ["ChecksumInvalid"])
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + masterDown })
  })

  it("check_unicast_src drops a source that is no peer", () => {
    const strict = running({ transport: fromPeer, checkUnicastSource: true })
    const lax = running({ transport: fromPeer })
    const stranger = { ...toUs, source: higherAddress }

    assert.deepStrictEqual(dropsOf(strict.step(heard(second, 200, stranger))), ["SourceNotPeer"])
    assert.deepStrictEqual(dropsOf(strict.step(heard(second, 200, toUs))), [])
    assert.deepStrictEqual(dropsOf(lax.step(heard(second, 200, stranger))), [])
  })

  it("the address list is compared in any order, and without the excluded addresses", () => {
    const other = "10.0.0.2" as Ipv4Address
    const excluded = "10.0.0.3" as Ipv4Address
    const router = running({
      addresses: [address(), address({ address: other }), address({ address: excluded, advertised: false })]
    })

    assert.deepStrictEqual(
      dropsOf(router.step(heard(second, 200, { addresses: [other, virtualAddress] }))),
      []
    )
    assert.deepStrictEqual(
      dropsOf(router.step(heard(second, 200, { addresses: [other, virtualAddress, excluded] }))),
      ["AddressListMismatch"]
    )
    assert.deepStrictEqual(dropsOf(router.step(heard(second, 200, { addresses: [other, other] }))), [
      "AddressListMismatch"
    ])
  })

  it("skip_check_adv_addr compares the first advert of each Master only", () => {
    const router = running({ skipRepeatedAddressCheck: true })
    const from = (source: Ipv4Address) => dropsOf(router.step(heard(second, 200, { source, addresses: [] })))

    assert.deepStrictEqual(
      [from(higherAddress), from(higherAddress), from(lowerAddress), from(lowerAddress), from(higherAddress)],
      [["AddressListMismatch"], [], ["AddressListMismatch"], [], ["AddressListMismatch"]]
    )
  })

  it("without it every advert is compared", () => {
    const router = running()

    const reasons = [1, 2].flatMap((n) => dropsOf(router.step(heard(n * second, 200, { addresses: [] }))))

    assert.deepStrictEqual(reasons, ["AddressListMismatch", "AddressListMismatch"])
  })

  it("an accepted advert is counted, and its sender is remembered", () => {
    const router = running()

    assert.deepStrictEqual(countsOf(router.step(heard(second, 200))), ["advertsReceived"])
    assert.deepStrictEqual(router.state.lastHeard, { source: higherAddress, priority: 200 })
    assert.deepStrictEqual(countsOf(router.step(heard(second, 0))), [
      "advertsReceived",
      "priorityZeroReceived"
    ])

    router.step(stopped(second))
    assert.isUndefined(router.state.lastHeard)
  })
})

describe("a Master that hears", () => {
  it("a lower priority: advert at once, gratuitous ARPs, and again after the delay", () => {
    const router = master({
      announcement: { delay: 0, lowerPriorityRepeatCount: 3, lowerPriorityDelay: 2 * second }
    })

    const actions = router.step(heard(4.5 * second, 50))

    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.deepStrictEqual(announcementsOf(actions), [3])
    assert.strictEqual(deadlinesOf(router).Announce, 6.5 * second)
    assert.deepStrictEqual(announcementsOf(router.step(expired("Announce", 6.5 * second))), [3])
    assert.isUndefined(deadlinesOf(router).Announce)
  })

  it("a lower priority without garp_lower_prio_delay: the pending burst stays", () => {
    const router = master({ announcement: { lowerPriorityDelay: 0 } })

    router.step(heard(4.5 * second, 50))

    assert.strictEqual(deadlinesOf(router).Announce, 9 * second)
  })

  it("a lower priority while a burst is pending: one burst of both, at the later time", () => {
    const router = master({ announcement: { lowerPriorityRepeatCount: 3, lowerPriorityDelay: 2 * second } })

    router.step(heard(4.5 * second, 50))
    assert.strictEqual(deadlinesOf(router).Announce, 9 * second)
    router.step(heard(7.5 * second, 50))
    for (const at of [5, 6, 7, 8, 9]) router.step(expired("Advert", at * second))

    assert.strictEqual(deadlinesOf(router).Announce, 9.5 * second)
    assert.deepStrictEqual(router.step(expired("Announce", 9.5 * second)).slice(0, 1), [
      { _tag: "AnnounceAddresses", repeatCount: 5, addresses: [virtualAddress] }
    ])
  })

  it("a lower priority while it takes its addresses: it announces those that it holds", () => {
    const router = running({ addresses: several })
    router.step(expired("MasterDown", 4 * second))
    router.step(held(4 * second, virtualAddress))

    assert.deepStrictEqual(announcedOf(router.step(heard(4.1 * second, 50))), [virtualAddress])
    router.step(held(4.2 * second, next))
    assert.deepStrictEqual(announcedOf(router.step(heard(4.3 * second, 50))), [virtualAddress, next])
  })

  it("a lower priority with lower_prio_no_advert: it is counted and that is all", () => {
    const router = master({ answerLowerPriority: false })

    const actions = router.step(heard(4.5 * second, 50))

    assert.deepStrictEqual(countsOf(actions), ["advertsReceived", "lowerPriorityReceivedAsMaster"])
    assert.deepStrictEqual(orderOf(actions), [])
  })

  it("a lower priority before it holds the addresses: the advert alone", () => {
    const router = running()
    router.step(expired("MasterDown", masterDown))

    assert.deepStrictEqual(orderOf(router.step(heard(masterDown + 1, 50))), ["SendAdvert"])
  })

  it("a higher priority with higher_prio_send_advert: one advert, then it yields", () => {
    const router = master({ answerHigherPriority: true })

    const actions = router.step(heard(4.5 * second, 200))

    assert.deepStrictEqual(orderOf(actions), ["SendAdvert", "SetAddressOwnership", "PublishTransition"])
    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.strictEqual(roleOf(router), "Backup")
  })

  it("its own priority from its own address: neither yields nor answers, and counts it", () => {
    const router = master({ answerHigherPriority: true })

    const actions = router.step(heard(4.5 * second, 100, { source: ownAddress }))

    assert.deepStrictEqual(countsOf(actions), ["advertsReceived", "ownAdvertReceived"])
    assert.deepStrictEqual(orderOf(actions), [])
    assert.strictEqual(roleOf(router), "Master")
  })
})

describe("a Backup that hears its own address", () => {
  it("obeys it: of two hosts with one address, one at most is Master", () => {
    const router = running()

    router.step(heard(second, 100, { source: ownAddress }))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + masterDown })
  })
})

describe("gratuitous ARPs", () => {
  it("go out when the addresses are held, and once more after garp_master_delay", () => {
    const router = running({ announcement: { repeatCount: 2, delay: second / 2 } })
    router.step(expired("MasterDown", masterDown))

    assert.deepStrictEqual(announcementsOf(router.step(held(4 * second, virtualAddress))), [2])
    assert.strictEqual(deadlinesOf(router).Announce, 4.5 * second)
    assert.deepStrictEqual(announcementsOf(router.step(expired("Announce", 4.5 * second))), [2])
    assert.isUndefined(deadlinesOf(router).Announce)
  })

  it("go out for each part as soon as it is held, and once more for all, after the last", () => {
    const router = running({ addresses: several })
    router.step(expired("MasterDown", 4 * second))

    assert.deepStrictEqual(announcedOf(router.step(held(4 * second, virtualAddress, next))), [
      virtualAddress,
      next
    ])
    assert.deepStrictEqual(announcedOf(router.step(held(4.1 * second, third))), [third])
    assert.strictEqual(deadlinesOf(router).Announce, 9.1 * second)
    for (const at of [5, 6, 7, 8, 9]) router.step(expired("Advert", at * second))
    assert.deepStrictEqual(announcedOf(router.step(expired("Announce", 9.1 * second))), [
      virtualAddress,
      next,
      third
    ])
  })

  it("do not go out for what the kernel refused: not at once, not later, not as an answer", () => {
    const router = running({ addresses: several, announcement: { refreshInterval: 2 * second } })
    router.step(expired("MasterDown", 4 * second))

    const taking = [
      held(4 * second, virtualAddress, third),
      owned(4 * second, ["10.0.0.2/32: no such device"]),
      heard(4.5 * second, 50),
      expired("Advert", 5 * second),
      expired("Refresh", 6 * second)
    ]
    const announced = taking.flatMap((event) => announcedOf(router.step(event)))

    assert.lengthOf(announced, 6)
    assert.notInclude(announced, next)
  })

  it("go out once when garp_master_delay is 0, and never when garp_master_repeat is 0", () => {
    const once = running({ announcement: { delay: 0 } })
    const never = running({ announcement: { repeatCount: 0 } })
    for (const router of [once, never]) router.step(expired("MasterDown", masterDown))

    assert.deepStrictEqual(announcementsOf(once.step(held(4 * second, virtualAddress))), [5])
    assert.deepStrictEqual(announcementsOf(never.step(held(4 * second, virtualAddress))), [])
    for (const router of [once, never]) assert.isUndefined(deadlinesOf(router).Announce)
  })

  it("go out each garp_master_refresh, from deadline to deadline", () => {
    const router = master({ announcement: { refreshInterval: 60 * second, refreshRepeatCount: 2 } })
    assert.strictEqual(deadlinesOf(router).Refresh, 64 * second)
    for (let at = 5; at <= 64; at++) router.step(expired("Advert", at * second))

    assert.deepStrictEqual(announcementsOf(router.step(expired("Refresh", 64 * second + 300))), [2])
    assert.strictEqual(deadlinesOf(router).Refresh, 124 * second)
  })

  it("go out for the addresses that were put back, and for no others, and once more", () => {
    const router = master({ addresses: several })
    for (const at of [5, 6, 7, 8, 9]) router.step(expired("Advert", at * second))
    router.step(expired("Announce", 9 * second))

    assert.deepStrictEqual(router.step(held(9.5 * second, third)), [
      { _tag: "AnnounceAddresses", repeatCount: 5, addresses: [third] },
      { _tag: "ArmTimer", timer: "Announce", deadline: (14.5 * second) as Instant }
    ])
    for (const at of [10, 11, 12, 13, 14]) router.step(expired("Advert", at * second))
    assert.deepStrictEqual(announcedOf(router.step(expired("Announce", 14.5 * second))), [third])
    assert.deepStrictEqual(router.step(held(14.6 * second)), [])
  })

  it("do not go out because the level is reported", () => {
    const router = master()

    assert.deepStrictEqual(router.step(owned(4.5 * second)), [])
    assert.deepStrictEqual(router.step(disowned(4.5 * second)), [])
  })

  it("do not go out for addresses that are not on the list: they left it while the kernel took them", () => {
    const router = master()

    assert.deepStrictEqual(router.step(held(4.5 * second, third)), [])
  })

  it("do not go out in another role", () => {
    const router = running()

    assert.deepStrictEqual(router.step(held(second, virtualAddress)), [])
    assert.deepStrictEqual(router.step(owned(second)), [])
    assert.deepStrictEqual(router.step(disowned(second)), [])
  })

  it("end with the role: no burst is left when a Master yields", () => {
    const router = master({ announcement: { refreshInterval: 60 * second } })

    const actions = router.step(heard(4.5 * second, 200))

    assert.includeDeepMembers(
      [...actions],
      (["Advert", "Announce", "Refresh"] as const).map((timer) => ({ _tag: "DisarmTimer", timer }) as const)
    )
  })
})

describe("the Adver_Timer", () => {
  it("counts from deadline to deadline, so that lateness does not add up", () => {
    const router = master()

    router.step(expired("Advert", 5 * second + 900_000))

    assert.strictEqual(deadlinesOf(router).Advert, 6 * second)
  })

  it("counts from now when it is more than one interval late, so that no burst follows", () => {
    const atOneInterval = master()
    const beyond = master()

    atOneInterval.step(expired("Advert", 6 * second))
    beyond.step(expired("Advert", 6 * second + 1))

    assert.strictEqual(deadlinesOf(atOneInterval).Advert, 6 * second)
    assert.strictEqual(deadlinesOf(beyond).Advert, 7 * second + 1)
  })
})

describe("a Master that stood still", () => {
  const lastSent = 4 * second

  it("becomes Backup before it says anything, once it was silent for its master-down interval", () => {
    const router = master()

    const actions = router.step(expired("Advert", lastSent + masterDown))

    assert.strictEqual(roleOf(router), "Backup")
    assert.deepStrictEqual(advertsOf(actions), [])
    assert.deepStrictEqual(ownershipOf(actions), [false])
    assert.deepStrictEqual(causesOf(actions), [{ _tag: "Stalled", silentMicros: masterDown }])
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: lastSent + 2 * masterDown })
  })

  it("goes on when it was silent for less", () => {
    const router = master()

    const actions = router.step(expired("Advert", lastSent + masterDown - 1))

    assert.deepStrictEqual(advertsOf(actions), [100])
    assert.strictEqual(roleOf(router), "Master")
  })

  it("hears what came meanwhile as a Backup", () => {
    const router = master({ preempt: false })

    const actions = router.step(heard(30 * second, 50))

    assert.strictEqual(roleOf(router), "Backup")
    assert.deepStrictEqual(advertsOf(actions), [])
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 30 * second + masterDown })
  })

  it("stays Master when it is the owner", () => {
    const router = running({ priority: 255 })

    assert.deepStrictEqual(advertsOf(router.step(expired("Advert", 30 * second))), [255])
    assert.strictEqual(roleOf(router), "Master")
  })
})

describe("tracking", () => {
  const onEth1 = address({ address: "192.168.3.117" as Ipv4Address, interface: eth1 })

  it.each([
    ["missing", missing, { _tag: "InterfaceMissing", interface: eth0 }],
    ["down", down, { _tag: "InterfaceDown", interface: eth0 }],
    ["up without an address", { _tag: "Up" } as const, { _tag: "NoSourceAddress", interface: eth0 }]
  ])("a device that is %s puts the router in Fault and says why", (_, link, fault) => {
    const router = running()

    const actions = router.step(linkChanged(second, eth0, link))

    assert.strictEqual(roleOf(router), "Fault")
    assert.deepStrictEqual(causesOf(actions), [{ _tag: "Faulted", faults: [fault] }] as never)
    assert.deepStrictEqual(deadlinesOf(router), {})
  })

  it("a device of which nothing was said is missing", () => {
    const router = drive(parameters())

    router.step(started(0))

    assert.deepStrictEqual(router.state.role, {
      _tag: "Fault",
      faults: [{ _tag: "InterfaceMissing", interface: eth0 }]
    })
  })

  it("in Fault adverts are ignored and no timer runs", () => {
    const router = drive(parameters())
    router.step(started(0))

    assert.deepStrictEqual(dropsOf(router.step(heard(second, 200))), ["NotRunning"])
    assert.deepStrictEqual(router.step(expired("MasterDown", 9 * second)), [])
    assert.strictEqual(roleOf(router), "Fault")
  })

  it("a configured source address needs none on the device", () => {
    const router = running({ sourceAddress: ownAddress })

    router.step(linkChanged(second, eth0, { _tag: "Up" }))

    assert.strictEqual(roleOf(router), "Backup")
  })

  it("track_src_ip: a configured source address has to be the device's", () => {
    const router = running({ sourceAddress: ownAddress, trackSource: true })

    router.step(linkChanged(second, eth0, { _tag: "Up", address: ownAddress }))
    assert.strictEqual(roleOf(router), "Backup")

    router.step(linkChanged(2 * second, eth0, { _tag: "Up" }))
    assert.deepStrictEqual(router.state.role, {
      _tag: "Fault",
      faults: [{ _tag: "NoSourceAddress", interface: eth0 }]
    })
  })

  it("dont_track_primary ignores the device, but not the lack of a source address", () => {
    const router = running({ trackPrimary: false })

    router.step(linkChanged(second, eth0, down))
    assert.strictEqual(roleOf(router), "Backup")

    router.step(linkChanged(second, eth0, missing))
    assert.deepStrictEqual(router.state.role, {
      _tag: "Fault",
      faults: [{ _tag: "NoSourceAddress", interface: eth0 }]
    })
  })

  it("the devices of addresses count, unless no_track", () => {
    const tracked = running({ addresses: [address(), onEth1, onEth1] })
    const untracked = running({ addresses: [address(), { ...onEth1, tracked: false }] })

    assert.deepStrictEqual(tracked.state.role, {
      _tag: "Fault",
      faults: [{ _tag: "InterfaceMissing", interface: eth1 }]
    })
    assert.strictEqual(roleOf(untracked), "Backup")
  })

  it("a Master whose own device still works sends priority 0 before it gives the addresses up", () => {
    const router = drive(parameters({ addresses: [address(), onEth1] }))
    router.step(linkChanged(0, eth0, up))
    router.step(linkChanged(0, eth1, { _tag: "Up" }))
    router.step(started(0))
    router.step(expired("MasterDown", masterDown))

    const actions = router.step(linkChanged(4 * second, eth1, { _tag: "Down" }))

    assert.strictEqual(roleOf(router), "Fault")
    assert.deepStrictEqual(orderOf(actions), ["SendAdvert", "SetAddressOwnership", "PublishTransition"])
    assert.deepStrictEqual(advertsOf(actions), [0])
    assert.deepStrictEqual(countsOf(actions), ["advertsSent", "priorityZeroSent", "releasedMaster"])
  })

  it("a Master whose own device is gone sends nothing", () => {
    const router = master()

    const actions = router.step(linkChanged(4.5 * second, eth0, down))

    assert.deepStrictEqual(orderOf(actions), ["SetAddressOwnership", "PublishTransition"])
  })

  it("with two devices down, one that recovers does not end the Fault", () => {
    const router = drive(parameters({ addresses: [address(), onEth1] }))
    router.step(started(0))

    const first = router.step(linkChanged(second, eth0, up))
    assert.strictEqual(roleOf(router), "Fault")
    assert.deepStrictEqual(causesOf(first), [])
    assert.deepStrictEqual(router.state.role, {
      _tag: "Fault",
      faults: [{ _tag: "InterfaceMissing", interface: eth1 }]
    })

    const second_ = router.step(linkChanged(2 * second, eth1, { _tag: "Up" }))
    assert.strictEqual(roleOf(router), "Backup")
    assert.deepStrictEqual(causesOf(second_), [{ _tag: "FaultsCleared" }])
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 2 * second + masterDown })
  })

  it("an owner that leaves Fault is Master at once", () => {
    const router = running({ priority: 255 })
    router.step(linkChanged(second / 2, eth0, down))

    const actions = router.step(linkChanged(second, eth0, up))

    assert.strictEqual(roleOf(router), "Master")
    assert.deepStrictEqual(causesOf(actions), [{ _tag: "FaultsCleared" }])
  })

  it("a router that is stopped in Fault is stopped", () => {
    const router = drive(parameters())
    router.step(started(0))

    router.step(stopped(1))
    router.step(linkChanged(2, eth0, up))

    assert.strictEqual(roleOf(router), "Init")
  })

  it("a device that is gone is forgotten, so that what is remembered is bounded by what exists", () => {
    const router = running()

    for (let n = 0; n < 100; n++) {
      router.step(linkChanged(second, `veth${n}` as typeof eth0, up))
      router.step(linkChanged(second, `veth${n}` as typeof eth0, missing))
    }

    assert.deepStrictEqual([...router.state.links.keys()], [eth0])
  })

  it("names of devices that every object has are names like any other", () => {
    const name = "constructor" as typeof eth0
    const router = drive(parameters({ interface: name, addresses: [] }))

    router.step(started(0))

    assert.deepStrictEqual(router.state.role, {
      _tag: "Fault",
      faults: [{ _tag: "InterfaceMissing", interface: name }]
    })
  })
})
