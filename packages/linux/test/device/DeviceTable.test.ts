import { assert, describe, it } from "@effect/vitest"
import * as DeviceTable from "@holdfast/linux/device/DeviceTable"
import * as Link from "@holdfast/netlink/Link"
import type { NetworkState } from "@holdfast/netlink/NetworkState"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import type { MacAddress } from "@holdfast/wire/Address"

const mac = "00:00:5e:00:01:52" as MacAddress

const link = (index: number, name: string, differences: Partial<Link.Link> = {}): Link.Link => ({
  index,
  name,
  flags: Link.IFF_UP | Link.IFF_RUNNING,
  hardwareType: 1,
  mac: undefined,
  macBroadcast: undefined,
  mtu: 1500,
  operState: "up",
  carrier: true,
  group: 0,
  parentIndex: undefined,
  parentNamespace: undefined,
  masterIndex: undefined,
  kind: undefined,
  macvlanMode: undefined,
  alias: undefined,
  ...differences
})

const macvlan = (index: number, name: string, differences: Partial<Link.Link> = {}): Link.Link =>
  link(index, name, {
    mac,
    kind: "macvlan",
    macvlanMode: "private",
    parentIndex: 2,
    alias: DeviceTable.aliasMark,
    ...differences
  })

const stateOf = (...links: ReadonlyArray<Link.Link>): NetworkState => ({
  links: new Map(links.map((one) => [one.index, one])),
  addresses: new Map()
})

const wanted: VirtualDevice = {
  name: "uvmac" as InterfaceName,
  parent: "eth1" as InterfaceName,
  mac,
  families: ["Ipv4"]
}

const names = (links: ReadonlyArray<Link.Link>) => links.map(({ name }) => name)

describe("plan", () => {
  it("creates what is not there, in the parent's VRF", () => {
    const vrf = link(9, "blue", { kind: "vrf" })
    const plan = DeviceTable.plan([wanted], stateOf(link(2, "eth1", { masterIndex: 9 }), vrf))

    assert.deepStrictEqual(
      plan.create.map(({ device, masterIndex, parent }) => [String(device.name), parent.index, masterIndex]),
      [["uvmac", 2, 9]]
    )
  })

  it("does not follow the parent into a bridge", () => {
    const bridge = link(9, "br0", { kind: "bridge" })
    const plan = DeviceTable.plan([wanted], stateOf(link(2, "eth1", { masterIndex: 9 }), bridge))

    assert.isUndefined(plan.create[0]?.masterIndex)
  })

  it("adopts what is right, whoever made it", () => {
    for (const alias of [DeviceTable.aliasMark, undefined, "the operator's"]) {
      const plan = DeviceTable.plan([wanted], stateOf(link(2, "eth1"), macvlan(3, "uvmac", { alias })))

      assert.lengthOf(plan.adopt, 1)
      assert.strictEqual(plan.adopt[0]?.isOurs, alias === DeviceTable.aliasMark)
      assert.deepStrictEqual([plan.create.length, plan.remove.length, plan.failures.length], [0, 0, 0])
    }
  })

  const wrong: ReadonlyArray<readonly [string, Partial<Link.Link>]> = [
    ["of another mode", { macvlanMode: "bridge" }],
    ["with another address", { mac: "00:00:5e:00:01:53" as MacAddress }],
    ["on another device", { parentIndex: 7 }],
    ["on a device of another namespace", { parentNamespace: 0 }]
  ]
  for (const [what, differences] of wrong) {
    it(`makes one of ours anew that is ${what}`, () => {
      const plan = DeviceTable.plan([wanted], stateOf(link(2, "eth1"), macvlan(3, "uvmac", differences)))

      assert.deepStrictEqual(names(plan.remove), ["uvmac"])
      assert.lengthOf(plan.create, 1)
    })

    it(`refuses one of somebody else's that is ${what}`, () => {
      const foreign = macvlan(3, "uvmac", { ...differences, alias: undefined })
      const plan = DeviceTable.plan([wanted], stateOf(link(2, "eth1"), foreign))

      assert.deepStrictEqual([plan.create.length, plan.remove.length, plan.adopt.length], [0, 0, 0])
      assert.include(plan.failures[0]?.message, "ip link delete uvmac")
    })
  }

  it("removes only what bears our mark and is a macvlan", () => {
    const plan = DeviceTable.plan(
      [],
      stateOf(
        link(2, "eth1", { alias: DeviceTable.aliasMark }),
        macvlan(3, "old"),
        macvlan(4, "theirs", { alias: undefined })
      )
    )

    assert.deepStrictEqual(names(plan.remove), ["old"])
  })

  it("removes one of ours whose parent has another name now, and says that it waits", () => {
    const plan = DeviceTable.plan([wanted], stateOf(link(2, "lan"), macvlan(3, "uvmac")))

    assert.deepStrictEqual(names(plan.remove), ["uvmac"])
    assert.include(plan.failures[0]?.message, "eth1 does not exist")
  })
})

describe("isSettled", () => {
  const settled = (parent: Partial<Link.Link>, differences: Partial<Link.Link>): boolean => {
    const state = stateOf(
      link(2, "eth1", parent),
      macvlan(3, "uvmac", differences),
      link(9, "blue", { kind: "vrf" })
    )
    return DeviceTable.plan([wanted], state).adopt.every(DeviceTable.isSettled)
  }

  it("wants ours up, in the parent's group and VRF; of somebody else's only that it is up", () => {
    assert.isTrue(settled({}, {}))
    assert.isFalse(settled({}, { flags: 0 }))
    assert.isFalse(settled({ group: 7 }, {}))
    assert.isFalse(settled({ masterIndex: 9 }, {}))
    assert.isTrue(settled({ masterIndex: 9 }, { masterIndex: 9 }))
    assert.isTrue(settled({ group: 7 }, { alias: undefined }))
    assert.isFalse(settled({}, { alias: undefined, flags: 0 }))
  })
})
