import * as Dozing from "@holdfast/engine/Dozing"
import { defaults, type InterfaceName, type Parameters, type Vrid } from "@holdfast/vrrp/Parameters"
import type { Backup, Role } from "@holdfast/vrrp/Role"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import type { Ipv4Address } from "@holdfast/wire/Address"
import type { Instant, Micros } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"

/** With a skew time of six tenths of the interval. */
const backup = (options: Partial<Backup> = {}, interval = 100_000): Role => ({
  _tag: "Backup",
  masterDownAt: (5_000_000 + 3.6 * interval) as Instant,
  countedFrom: 5_000_000 as Instant,
  takeover: { _tag: "Silence" },
  masterInterval: interval as Micros,
  willing: false,
  ...options
})

const source = "192.0.2.2" as Ipv4Address

/** So many routers on a device, of which the first has another role. */
const statesOf = (count: number, role: Role, first: Role = role, options: Partial<Parameters> = {}) =>
  Array.from({ length: count }, (_, index) => ({
    ...VirtualRouter.make({
      ...defaults,
      name: `VI_${index + 1}`,
      interface: "eth0" as InterfaceName,
      vrid: (index + 1) as Vrid,
      addresses: [],
      ...options
    }),
    role: index === 0 ? first : role
  }))

const dozeOf = (...lists: ReadonlyArray<ReturnType<typeof statesOf>>): Record<string, number> =>
  Object.fromEntries(Dozing.dozesOf(lists.flat()))

describe("Dozing: which channels doze, and how long", () => {
  it("so long that whoever was heard a little over an interval ago is heard again in time, and a quarter of a second at most", () => {
    assert.deepStrictEqual(dozeOf(statesOf(255, backup())), { "eth0/Ipv4": 235_000 })
    assert.deepStrictEqual(dozeOf(statesOf(255, backup(), backup({}, 20_000))), { "eth0/Ipv4": 47_000 })
    assert.deepStrictEqual(dozeOf(statesOf(255, backup({}, 1_000_000))), { "eth0/Ipv4": 250_000 })
  })

  it("not where patience is short", () => {
    const impatient = backup({ masterDownAt: 5_120_000 as Instant })
    assert.deepStrictEqual(dozeOf(statesOf(255, backup(), impatient)), {})
  })

  it("none where that would be more wake-ups than adverts", () => {
    assert.deepStrictEqual(dozeOf(statesOf(3, backup())), {})
    assert.deepStrictEqual(dozeOf(statesOf(31, backup({}, 1_000_000))), {})
    assert.deepStrictEqual(dozeOf(statesOf(4, backup())), { "eth0/Ipv4": 235_000 })
  })

  it.each([
    [
      "a Master",
      { _tag: "Master", advertAt: 1 as Instant, announcing: { _tag: "Silent" } } as unknown as Role
    ],
    [
      "one that is in Fault",
      { _tag: "Fault", faults: [{ _tag: "DeviceDown", interface: "eth0" }] } as unknown as Role
    ],
    ["one that waits for its group", backup({ willing: true })],
    ["one whose Master has left", backup({ takeover: { _tag: "Departure", source } })],
    ["one that does not obey", backup({ takeover: { _tag: "Preemption", source, priority: 50 } })]
  ])("%s hears each advert, and so do its neighbours", (_, first) => {
    assert.deepStrictEqual(dozeOf(statesOf(255, backup(), first)), {})
  })

  it("each device and family for itself", () => {
    const elsewhere = statesOf(255, backup(), backup({ willing: true }), {
      interface: "eth1" as InterfaceName
    })
    const six = statesOf(255, backup(), backup(), { family: "Ipv6" })
    assert.deepStrictEqual(dozeOf(statesOf(255, backup()), elsewhere, six), {
      "eth0/Ipv4": 235_000,
      "eth0/Ipv6": 235_000
    })
  })
})
