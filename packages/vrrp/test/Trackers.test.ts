import { assert, describe, it } from "@effect/vitest"
import type { Event } from "@holdfast/vrrp/Event"
import * as Health from "@holdfast/vrrp/Health"
import type { VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import type { VirtualRule } from "@holdfast/vrrp/VirtualRule"
import * as Tracker from "@holdfast/vrrp/Tracker"
import type { Ipv4Address } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import {
  advertsOf,
  causesOf,
  deadlinesOf,
  down,
  drive,
  eth0,
  eth1,
  expired,
  heard,
  linkChanged,
  master,
  missing,
  only,
  type Overrides,
  parameters,
  roleOf,
  running,
  second,
  started,
  unicast,
  up
} from "./Fixture.ts"

const script: Tracker.Subject = { _tag: "Script", name: "s" }
const file: Tracker.Subject = { _tag: "File", name: "f" }
const eth2 = "eth2" as typeof eth0

const track = (subject: Tracker.Subject, weight = 0, reverse = false): Tracker.Tracker => ({
  subject,
  weight,
  reverse
})

const observed = (
  at: number,
  subject: Tracker.Subject,
  observation: Tracker.Observation | "Up" | "Down"
): Event => ({
  _tag: "Observed",
  at: at as Instant,
  subject: Tracker.keyOf(subject),
  observation: typeof observation === "string" ? { _tag: observation } : observation
})

const value = (number: number): Tracker.Observation => ({ _tag: "Value", value: number })
const unknown: Tracker.Observation = { _tag: "Unknown" }

const faultsOf = (router: { readonly state: Parameters<typeof Health.faults>[0] }) =>
  Health.faults(router.state).map(({ _tag }) => _tag)

describe("a tracker without weight", () => {
  it("keeps a router from running until there is a first result, and that it is good", () => {
    const router = running({ trackers: [track(script)] })
    assert.deepStrictEqual(router.state.role, {
      _tag: "Fault",
      faults: [{ _tag: "TrackerUnknown", subject: script }]
    })

    const failing = router.step(observed(second, script, "Down"))
    assert.deepStrictEqual(causesOf(failing), [])
    assert.deepStrictEqual(faultsOf(router), ["TrackerDown"])

    const passing = router.step(observed(2 * second, script, "Up"))
    assert.deepStrictEqual(causesOf(passing), [{ _tag: "FaultsCleared" }])
  })

  it("D1: what cannot be found out is never healthy: no router begins to run with it", () => {
    const router = running({ trackers: [track(script)] })

    router.step(observed(second, script, "Down"))
    router.step(observed(2 * second, script, unknown))
    router.step(expired("MasterDown", 20 * second))

    assert.deepStrictEqual(faultsOf(router), ["TrackerUnknown"])
    assert.strictEqual(roleOf(router), "Fault")
  })

  it("that a reload brings stops no router before its first result", () => {
    const router = master()
    const tracked = { ...router.state.parameters, trackers: [track(script)] }

    router.step({ _tag: "Reconfigured", at: (4.5 * second) as Instant, parameters: tracked })
    assert.strictEqual(roleOf(router), "Master")
    const actions = router.step(observed(4.6 * second, script, "Down"))

    assert.deepStrictEqual(advertsOf(actions), [0])
    assert.strictEqual(roleOf(router), "Fault")
  })

  it("D8: of two devices that are down one that recovers does not make a Master of it", () => {
    const trackers = [eth1, eth2].map((name) => track({ _tag: "Interface", interface: name }))
    const router = running({ trackers })
    assert.deepStrictEqual(faultsOf(router), ["InterfaceMissing", "InterfaceMissing"])

    router.step(linkChanged(second, eth1, down))
    assert.deepStrictEqual(faultsOf(router), ["InterfaceDown", "InterfaceMissing"])
    router.step(linkChanged(2 * second, eth1, up))
    router.step(expired("MasterDown", 20 * second))
    assert.deepStrictEqual(faultsOf(router), ["InterfaceMissing"])
    assert.strictEqual(roleOf(router), "Fault")

    router.step(linkChanged(21 * second, eth2, up))
    assert.strictEqual(roleOf(router), "Backup")
  })

  it("is turned round by reverse", () => {
    const link = { _tag: "Interface", interface: eth1 } as const
    const router = running({ trackers: [track(script, 0, true), track(link, 0, true)] })
    router.step(observed(second, script, "Down"))
    assert.strictEqual(roleOf(router), "Backup")

    router.step(linkChanged(second, eth1, up))
    assert.deepStrictEqual(faultsOf(router), ["TrackerDown"])
    router.step(linkChanged(second, eth1, missing))
    router.step(observed(second, script, "Up"))
    assert.deepStrictEqual(faultsOf(router), ["TrackerDown"])
  })

  it("and unknown is no better turned round", () => {
    assert.strictEqual(roleOf(running({ trackers: [track(script, 0, true)] })), "Fault")
  })

  it("of a file: any number but 0 is a fault", () => {
    const router = running({ trackers: [track(file)] })

    const roles = [0, 1, -1, 0].map((number) => {
      router.step(observed(second, file, value(number)))
      return roleOf(router)
    })

    assert.deepStrictEqual(roles, ["Backup", "Fault", "Fault", "Backup"])
  })

  it("of a file turned round: 0 is the fault", () => {
    const router = running({ trackers: [track(file, 0, true)] })

    const roles = [0, 1, 0].map((number) => {
      router.step(observed(second, file, value(number)))
      return roleOf(router)
    })

    assert.deepStrictEqual(roles, ["Fault", "Backup", "Fault"])
  })

  it("makes a Fault of the router's own device though dont_track_primary is set", () => {
    const trackers = [track({ _tag: "Interface", interface: eth0 })]
    const router = master({ addresses: [], trackPrimary: false, trackers })

    router.step(linkChanged(4.5 * second, eth0, down))

    assert.deepStrictEqual(faultsOf(router), ["InterfaceDown"])
  })
})

describe("a tracker with weight", () => {
  const priorityWith = (
    trackers: ReadonlyArray<Tracker.Tracker>,
    observation: Tracker.Observation | "Up" | "Down",
    overrides: Overrides = {}
  ): number => {
    const router = running({ ...overrides, trackers })
    for (const { subject } of trackers) router.step(observed(second, subject, observation))
    return Health.priorityOf(router.state)
  }

  // Measured at keepalived 2.2.7 with weights 10, -20, 7 and 3, all with `reverse`.
  it.each<[number, boolean, Tracker.Observation | "Up" | "Down", number]>([
    [10, false, "Up", 110],
    [10, false, "Down", 100],
    [-20, false, "Up", 100],
    [-20, false, "Down", 80],
    [3, true, "Up", 97],
    [10, true, "Down", 100],
    [-20, true, "Up", 100],
    [-20, true, "Down", 120],
    [10, false, unknown, 100],
    [-20, false, unknown, 100],
    [2, false, value(7), 114],
    [2, true, value(7), 86],
    [-1, false, value(7), 93],
    [2, false, value(-10), 80]
  ])("weight %i, reverse %s, %j: %i from 100", (weight, reverse, observation, expected) => {
    assert.strictEqual(priorityWith([track(script, weight, reverse)], observation), expected)
  })

  it("the sum is within 1 to 254", () => {
    assert.strictEqual(priorityWith([track(script, 254)], "Up"), 254)
    assert.strictEqual(priorityWith([track(script, -254)], "Down"), 1)
    assert.strictEqual(priorityWith([track(script, 1)], "Up", { priority: 254 }), 254)
  })

  it("the clamp is of the sum: what is above is there to be taken away from", () => {
    const process: Tracker.Subject = { _tag: "Process", name: "p" }
    const router = running({ priority: 200, trackers: [track(script, 100), track(process, -100)] })

    router.step(observed(second, script, "Up"))
    router.step(observed(second, process, "Down"))

    assert.strictEqual(Health.priorityOf(router.state), 200)
  })

  it("an owner stays 255", () => {
    assert.strictEqual(priorityWith([track(script, -100)], "Down", { priority: 255 }), 255)
  })

  it("of a file: -254 or less is a fault", () => {
    const router = running({ trackers: [track(file, 2)] })

    router.step(observed(second, file, value(-126)))
    assert.strictEqual(roleOf(router), "Backup")
    assert.strictEqual(Health.priorityOf(router.state), 1)
    router.step(observed(second, file, value(-127)))

    assert.deepStrictEqual(router.state.role, {
      _tag: "Fault",
      faults: [{ _tag: "TrackerTooLow", subject: file }]
    })
  })

  it("of a device follows the device", () => {
    const router = running({ trackers: [track({ _tag: "Interface", interface: eth1 }, -30)] })
    assert.strictEqual(Health.priorityOf(router.state), 70)

    const actions = router.step(linkChanged(second, eth1, up))

    assert.deepStrictEqual(only(actions, "PublishPriority"), [
      { _tag: "PublishPriority", at: second as Instant, from: 70, to: 100 }
    ])
  })
})

describe("another priority of a running router", () => {
  const trackers = [track(script, -50)]

  it("a Backup counts its timer again, from where it was counted", () => {
    const router = running({ trackers })
    router.step(heard(second, 200))

    const actions = router.step(observed(2 * second, script, "Down"))

    // 256 - 50 in 256ths of a second.
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: 4 * second + 804_688 })
    assert.deepStrictEqual(only(actions, "PublishPriority"), [
      { _tag: "PublishPriority", at: (2 * second) as Instant, from: 100, to: 50 }
    ])
  })

  it("a Master goes on with it, from its next advert", () => {
    const router = master({ trackers })

    const actions = router.step(observed(4.5 * second, script, "Down"))

    assert.deepStrictEqual(advertsOf(actions), [])
    assert.deepStrictEqual(advertsOf(router.step(expired("Advert", 5 * second))), [50])
  })

  it("a Master yields to what is above it now, and answers with it what is below", () => {
    const router = master({ trackers })
    router.step(observed(4.5 * second, script, "Down"))

    assert.deepStrictEqual(advertsOf(router.step(heard(4.6 * second, 40))), [50])
    router.step(heard(4.7 * second, 60))

    assert.strictEqual(roleOf(router), "Backup")
  })

  it("a Backup preempts by it", () => {
    const router = running({ trackers: [track(script, 50)] })
    router.step(heard(second, 120))
    router.step(observed(2 * second, script, "Up"))

    router.step(heard(3 * second, 120))

    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + 3 * second + 414_063 })
  })

  it("is told of a running router alone, and when it is another", () => {
    const router = drive(parameters({ trackers }))

    const before = router.step(observed(0, script, "Down"))
    router.step(linkChanged(0, eth0, up))
    router.step(started(0))
    const again = router.step(observed(second, script, "Down"))

    assert.deepStrictEqual([...before, ...again], [])
  })
})

describe("devices of routes and rules", () => {
  const route: VirtualRoute = {
    family: "Ipv4",
    type: "unicast",
    destination: { address: "10.9.0.0" as Ipv4Address, length: 16 },
    nextHops: [{ interface: eth1, onlink: false }],
    table: 254,
    protocol: 112,
    metrics: {},
    tracked: true
  }
  const rule: VirtualRule = {
    family: "Ipv4",
    action: { _tag: "Table", table: 100 },
    inputInterface: eth1,
    outputInterface: eth2,
    layer3Master: false,
    inverted: false,
    protocol: 112,
    tracked: true
  }

  it("have to be up", () => {
    assert.deepStrictEqual(faultsOf(running({ routes: [route] })), ["InterfaceMissing"])
    assert.deepStrictEqual(faultsOf(running({ rules: [rule] })), ["InterfaceMissing", "InterfaceMissing"])
  })

  it("count once, together with those of addresses and trackers", () => {
    const trackers = [track({ _tag: "Interface", interface: eth2 })]

    assert.lengthOf(faultsOf(running({ routes: [route, route], rules: [rule], trackers })), 2)
  })

  it("do not with no_track", () => {
    const router = running({
      routes: [{ ...route, tracked: false }],
      rules: [{ ...rule, tracked: false }]
    })

    assert.strictEqual(roleOf(router), "Backup")
  })
})

describe("unicast_fault_no_peer", () => {
  it("makes a Fault of a router without peers, and an address of one ends it", () => {
    const peer = "10.0.0.50" as Ipv4Address
    const router = running({ transport: unicast(), faultWithoutPeers: true })
    assert.deepStrictEqual(faultsOf(router), ["NoPeers"])

    router.step({
      _tag: "Reconfigured",
      at: second as Instant,
      parameters: { ...router.state.parameters, transport: unicast(peer) }
    })

    assert.strictEqual(roleOf(router), "Backup")
  })

  it("is off by default, and says nothing of multicast", () => {
    assert.strictEqual(roleOf(running({ transport: unicast() })), "Backup")
    assert.strictEqual(roleOf(running({ faultWithoutPeers: true })), "Backup")
  })
})
