import { assert, describe, it } from "@effect/vitest"
import type { VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import type { VirtualRule } from "@holdfast/vrrp/VirtualRule"
import type { Ipv4Address } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import {
  address,
  advertsOf,
  announcedOf,
  announcementsOf,
  causesOf,
  deadlinesOf,
  down,
  drive,
  eth0,
  eth1,
  expired,
  heard,
  held,
  linkChanged,
  master,
  masterDown,
  orderOf,
  type Overrides,
  owned,
  ownershipOf,
  parameters,
  reconfigured,
  roleOf,
  running,
  second,
  started,
  up,
  virtualAddress
} from "./Fixture.ts"

const added = address({ address: "10.0.0.2" as Ipv4Address })

const route: VirtualRoute = {
  family: "Ipv4",
  type: "unicast",
  destination: { address: "10.9.0.0" as Ipv4Address, length: 16 },
  nextHops: [],
  table: 254,
  protocol: 112,
  tracked: true
}

const rule: VirtualRule = {
  family: "Ipv4",
  action: { _tag: "Nop" },
  layer3Master: false,
  inverted: false,
  protocol: 112,
  tracked: true
}

describe("Reconfigured", () => {
  it.each([
    ["Init", drive(parameters())],
    ["Backup", running()],
    ["Master", master()],
    ["Fault", running({ interface: eth1 })]
  ])("with equal parameters changes nothing in %s", (role, router) => {
    const before = router.state
    assert.strictEqual(before.role._tag, role)

    const actions = router.step(reconfigured(4.5 * second, role === "Fault" ? { interface: eth1 } : {}))

    assert.deepStrictEqual(actions, [])
    assert.strictEqual(router.state, before)
  })

  it("with another name takes the name and does nothing", () => {
    for (const router of [running(), master()]) {
      assert.deepStrictEqual(router.step(reconfigured(4.5 * second, { name: "VI_2" })), [])
      assert.strictEqual(router.state.parameters.name, "VI_2")
    }
  })

  it("before the start: the router starts with the new parameters", () => {
    const router = drive(parameters())
    router.step(linkChanged(0, eth0, up))
    router.step(reconfigured(1, { priority: 255 }))

    router.step(started(2))

    assert.strictEqual(roleOf(router), "Master")
  })
})

describe("Reconfigured as Backup", () => {
  it("with another priority: the silence so far counts, the skew is new", () => {
    const router = running()
    router.step(heard(second, 200))

    router.step(reconfigured(2 * second, { priority: 254 }))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + 3 * second + 7_813 })
  })

  it("with another priority after the Master left: still the skew time", () => {
    const router = running()
    router.step(heard(second, 0))

    router.step(reconfigured(second + 1, { priority: 254 }))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + 7_813 })
  })

  it("with another interval: the timer is that of the new interval", () => {
    const router = running()

    router.step(reconfigured(second, { advertInterval: 2 * second }))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: masterDown + 3 * second })
  })

  it("with priority 255: Master at once", () => {
    const router = running()

    const actions = router.step(reconfigured(second, { priority: 255 }))

    assert.strictEqual(roleOf(router), "Master")
    assert.deepStrictEqual(advertsOf(actions), [255])
    assert.deepStrictEqual(causesOf(actions), [{ _tag: "AddressOwner" }])
  })

  it("as a second owner: no change of its parameters makes it Master", () => {
    const router = running({ priority: 255 })
    router.step(heard(second, 255))

    router.step(reconfigured(second, { priority: 255, name: "VI_2" }))

    assert.strictEqual(roleOf(router), "Backup")
  })

  it("with another list of addresses: the new ones are not held either", () => {
    const router = running()

    assert.deepStrictEqual(router.step(reconfigured(second, { addresses: [added] })), [
      { _tag: "SetAddressOwnership", owned: false }
    ])
  })

  it.each<[string, Overrides]>([
    ["routes", { routes: [route] }],
    ["rules", { rules: [rule] }],
    ["no_accept", { accept: false }]
  ])("with other %s: the level is stated again, held or not", (_, overrides) => {
    const [backup, owning] = [running(), master()]

    const notHeld = backup.step(reconfigured(4.5 * second, overrides))
    const stillHeld = owning.step(reconfigured(4.5 * second, overrides))

    assert.deepStrictEqual([notHeld, stillHeld].map(ownershipOf), [[false], [true]])
  })

  it("an owner in a group waits for the others", () => {
    const router = running()
    router.step({ _tag: "Grouped", at: second as Instant, grouped: true })

    router.step(reconfigured(2 * second, { priority: 255 }))

    assert.isTrue(router.state.role._tag === "Backup" && router.state.role.willing)
  })

  it("with preempt_delay 0: the delay is over", () => {
    const router = running({ preemptDelay: 100 * second })
    router.step(reconfigured(second, { preemptDelay: 0 }))

    router.step(heard(2 * second, 50))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: masterDown })
  })
})

describe("Reconfigured as Master", () => {
  it("with another priority: stays Master, the next advert carries it", () => {
    const router = master()

    const actions = router.step(reconfigured(4.5 * second, { priority: 7 }))

    assert.deepStrictEqual(actions, [
      { _tag: "PublishPriority", at: 4.5 * second, from: 100, to: 7 }
    ] as never)
    assert.deepStrictEqual(advertsOf(router.step(expired("Advert", 5 * second))), [7])
  })

  it("with a longer interval: the next advert is due one interval after the last", () => {
    const router = master()

    const actions = router.step(reconfigured(4.5 * second, { advertInterval: 3 * second }))

    assert.deepStrictEqual(actions, [{ _tag: "ArmTimer", timer: "Advert", deadline: 7 * second }] as never)
  })

  it("with a shorter interval that is over already: the next advert is due now", () => {
    const router = running({ advertInterval: 3 * second })
    router.step(expired("MasterDown", 10 * second))

    router.step(reconfigured(12 * second, { advertInterval: second }))

    assert.strictEqual(deadlinesOf(router).Advert, 12 * second)
  })

  it("with another list of addresses: asks for them, and announces those that are new when they are held", () => {
    const router = master({ announcement: { delay: second / 2 } })
    router.step(expired("Announce", 4.5 * second))
    const longer = { addresses: [address(), added], announcement: { delay: second / 2 } }

    const actions = router.step(reconfigured(4.5 * second, longer))

    assert.deepStrictEqual(ownershipOf(actions), [true])
    assert.deepStrictEqual(announcementsOf(actions), [])
    assert.strictEqual(deadlinesOf(router).Advert, 5 * second)
    assert.deepStrictEqual(router.step(held(4.6 * second, added.address)).slice(0, 1), [
      { _tag: "AnnounceAddresses", repeatCount: 5, addresses: [added.address] }
    ])
    assert.deepStrictEqual(router.step(owned(4.6 * second)), [])
    router.step(expired("Advert", 5 * second))
    assert.deepStrictEqual(announcedOf(router.step(expired("Announce", 5.1 * second))), [added.address])
    assert.deepStrictEqual(announcedOf(router.step(heard(5.2 * second, 50))), [virtualAddress, added.address])
    assert.strictEqual(roleOf(router), "Master")
  })

  it("with a shorter list: what left it is announced no more, also in the burst that was pending", () => {
    const router = master({ addresses: [address(), added] })

    router.step(reconfigured(4.5 * second, { addresses: [added] }))

    assert.deepStrictEqual(announcedOf(router.step(heard(4.6 * second, 50))), [added.address])
    const other = master()
    other.step(reconfigured(4.5 * second, { addresses: [added] }))
    assert.isUndefined(deadlinesOf(other).Announce)
  })

  it("with an address on another device: it is announced when it is held there, not before", () => {
    const router = master()
    router.step(linkChanged(4.4 * second, eth1, { _tag: "Up" }))
    router.step(reconfigured(4.5 * second, { addresses: [address({ interface: eth1 })] }))

    assert.deepStrictEqual(announcedOf(router.step(heard(4.6 * second, 50))), [])
    assert.deepStrictEqual(announcedOf(router.step(held(4.7 * second, virtualAddress))), [virtualAddress])
  })

  it("with another garp_master_refresh: from now on, or no more", () => {
    const router = master({ announcement: { refreshInterval: 60 * second } })

    router.step(reconfigured(4.5 * second, { announcement: { refreshInterval: 10 * second } }))
    assert.strictEqual(deadlinesOf(router).Refresh, 14.5 * second)

    router.step(reconfigured(4.6 * second, {}))
    assert.isUndefined(deadlinesOf(router).Refresh)
    assert.strictEqual(deadlinesOf(router).Announce, 9 * second)
  })

  it("without addresses and without garp_master_refresh: nothing is refreshed any more", () => {
    const router = master({ announcement: { refreshInterval: 60 * second } })

    router.step(reconfigured(4.5 * second, { addresses: [] }))

    assert.isUndefined(deadlinesOf(router).Refresh)
  })

  it("onto a device that is not there: Fault, with the new parameters", () => {
    const router = master()

    const actions = router.step(reconfigured(4.5 * second, { addresses: [address({ interface: eth1 })] }))

    assert.strictEqual(roleOf(router), "Fault")
    assert.deepStrictEqual(orderOf(actions), ["SendAdvert", "SetAddressOwnership", "PublishTransition"])
    assert.deepStrictEqual(advertsOf(actions), [0])
  })

  it("onto a device of which was told before: no Fault", () => {
    const router = master()
    router.step(linkChanged(4.4 * second, eth1, { _tag: "Up" }))

    router.step(reconfigured(4.5 * second, { addresses: [address({ interface: eth1 })] }))

    assert.strictEqual(roleOf(router), "Master")
  })
})

describe("Reconfigured in Fault", () => {
  it("with dont_track_primary: leaves Fault", () => {
    const router = running()
    router.step(linkChanged(second, eth0, down))

    const actions = router.step(reconfigured(2 * second, { trackPrimary: false }))

    assert.strictEqual(roleOf(router), "Backup")
    assert.deepStrictEqual(causesOf(actions), [{ _tag: "FaultsCleared" }])
  })

  it("with another list of addresses: the new ones are not held either", () => {
    const router = running()
    router.step(linkChanged(second, eth0, down))

    assert.deepStrictEqual(ownershipOf(router.step(reconfigured(2 * second, { addresses: [added] }))), [
      false
    ])
    assert.strictEqual(roleOf(router), "Fault")
  })
})
