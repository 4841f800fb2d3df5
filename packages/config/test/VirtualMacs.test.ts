/** Virtual MAC devices: their names and addresses, and what sits on them. */
import { assert, describe, it } from "@effect/vitest"
import {
  addresses,
  configurationOf,
  diagnosticsOf,
  excluded,
  globals,
  instanceOf,
  routerOf
} from "./Instance.ts"

const mac4 = "00:00:5e:00:01:01"
const mac6 = "00:00:5e:00:02:01"

const devicesOf = (text: string) =>
  configurationOf(text).shared.devices.map(
    ({ families, mac, name, parent }) => `${name} on ${parent} ${mac} ${families.join("+")}`
  )

const placesOf = (text: string) =>
  configurationOf(text)
    .routers.flatMap((router) => router.addresses)
    .map(({ address, interface: device }) => `${address} ${device}`)

describe("use_vmac", () => {
  it("gives the router a device with its own address", () => {
    const router = routerOf(instanceOf(`use_vmac\n${addresses("10.0.0.1")}`))

    assert.deepStrictEqual<unknown>(router.virtualMac, {
      interface: "vrrp.1",
      mac: mac4,
      transmitBase: false
    })
    assert.strictEqual<string>(router.interface, "eth0")
  })

  it.each<[string, string, ReadonlyArray<string>]>([
    ["IPv4", `use_vmac\n${addresses("10.0.0.1")}`, [`vrrp.1 on eth0 ${mac4} Ipv4`]],
    ["IPv6", `use_vmac\n${addresses("fe80::1")}`, [`vrrp6.1 on eth0 ${mac6} Ipv6`]],
    [
      "both",
      `use_vmac\n${addresses("10.0.0.1", "fe80::1")}`,
      [`vrrp.1 on eth0 ${mac4} Ipv4`, `vrrp6.1 on eth0 ${mac6} Ipv6`]
    ],
    [
      "both, one name",
      `use_vmac own\n${addresses("10.0.0.1", "fe80::1")}`,
      [`own on eth0 ${mac4} Ipv4`, `vrrp6.1 on eth0 ${mac6} Ipv6`]
    ],
    [
      "an address of its own",
      `use_vmac own 02:AA:00:00:00:9\n${addresses("10.0.0.1")}`,
      ["own on eth0 02:aa:00:00:00:09 Ipv4"]
    ],
    [
      "five bytes: the identifier is the sixth",
      `use_vmac 02:00:00:00:00\n${addresses("10.0.0.1")}`,
      ["vrrp.1 on eth0 02:00:00:00:00:01 Ipv4"]
    ]
  ])("%s", (_, lines, expected) => {
    assert.deepStrictEqual(devicesOf(instanceOf(lines)), expected)
  })

  it("prefixes are the file's, and cut so that the identifier fits", () => {
    const text = instanceOf(`use_vmac\n${addresses("10.0.0.1", "10.0.0.2 dev eth1 use_vmac")}`)

    assert.deepStrictEqual(devicesOf(globals("vmac_prefix abcdefghijklmno") + text), [
      `abcdefghijklm.1 on eth0 ${mac4} Ipv4`,
      `abcdefghijkl1.1 on eth1 ${mac4} Ipv4`
    ])
    assert.deepStrictEqual(devicesOf(globals("vmac_addr_prefix a") + text), [
      `vrrp.1 on eth0 ${mac4} Ipv4`,
      `a.1 on eth1 ${mac4} Ipv4`
    ])
  })

  it("instances with one identifier on two devices have devices with two names", () => {
    const one = instanceOf(`use_vmac\n${addresses("10.0.0.1")}`, "A")
    const two = instanceOf(`use_vmac\n${addresses("10.0.0.2")}`, "B").replace("eth0", "eth1")
    const three = instanceOf(`use_vmac vrrp.1\n${addresses("10.0.0.3")}`, "C").replace("eth0", "eth2")

    assert.deepStrictEqual(devicesOf(one + two + three), [
      `vrrp1.1 on eth0 ${mac4} Ipv4`,
      `vrrp2.1 on eth1 ${mac4} Ipv4`,
      `vrrp.1 on eth2 ${mac4} Ipv4`
    ])
  })

  it.each([
    ["vmac_xmit_base", "vmac_xmit_base\nuse_vmac", true, []],
    [
      "unicast peers",
      "use_vmac\nunicast_peer {\n10.0.0.9\n}",
      true,
      [
        "t:4:1: warning: adverts to unicast peers do not leave by the virtual MAC device (add vmac_xmit_base, which counts as given)"
      ]
    ]
  ] as const)("adverts leave by the device below: %s", (_, lines, expected, diagnostics) => {
    const text = instanceOf(`${lines}\n${addresses("10.0.0.1")}`)

    assert.strictEqual(routerOf(text).virtualMac?.transmitBase, expected)
    assert.deepStrictEqual(diagnosticsOf(text), diagnostics)
  })

  it.each([
    [
      "use_vmac 01:00:00:00:00:01",
      "t:4:10: error: use_vmac: 01:00:00:00:00:01 is the address of a group (give one with an even first byte)"
    ],
    [
      "use_vmac 00:00:5e:00:01:07",
      "t:4:10: error: use_vmac: 00:00:5e:00:01:07 is an address of virtual routers by their identifiers (leave it out, or give another)"
    ],
    [
      "use_vmac a/b",
      "t:4:10: error: use_vmac: a/b is no name of a network device (a name has 1 to 15 characters, and neither blanks nor /)"
    ],
    ["use_vmac eth0", "t:4:10: error: eth0 is the interface of an instance (give another name, or none)"],
    ["use_vmac a b", "t:4:12: warning: use_vmac does not use b (remove it)"],
    ["vmac_xmit_base", "t:4:1: warning: vmac_xmit_base has no effect without use_vmac (remove it)"]
  ])("%j", (lines, message) => {
    assert.deepStrictEqual(diagnosticsOf(instanceOf(`${lines}\n${addresses("10.0.0.1")}`)), [message])
  })

  it("two instances cannot name one device, nor two routers have one address", () => {
    const one = instanceOf(`use_vmac own\n${addresses("10.0.0.1")}`, "A")
    const two = instanceOf(`use_vmac own\n${addresses("10.0.0.2")}`, "B").replace("_id 1", "_id 2")

    assert.deepStrictEqual(diagnosticsOf(one + two), [
      "t:12:10: error: own is already the device at t:4:10 (give each its own name)"
    ])
    assert.deepStrictEqual(
      diagnosticsOf(instanceOf(`use_vmac 02:00:00:00:00:01\n${addresses("10.0.0.1", "fe80::1")}`)),
      [
        "t:4:10: error: two virtual routers, of IPv4 and of IPv6, cannot have one link-layer address (remove it, or make two instances)"
      ]
    )
  })
})

describe("addresses and virtual MAC devices", () => {
  it.each<[string, string, ReadonlyArray<string>]>([
    ["without dev", `use_vmac\n${addresses("10.0.0.1")}`, ["10.0.0.1 vrrp.1"]],
    ["dev of the instance", `use_vmac\n${addresses("10.0.0.1 dev eth0")}`, ["10.0.0.1 vrrp.1"]],
    ["dev of its own device", `use_vmac own\n${addresses("10.0.0.1 dev own")}`, ["10.0.0.1 own"]],
    ["dev of its own device, unnamed", `use_vmac\n${addresses("10.0.0.1 dev vrrp.1")}`, ["10.0.0.1 vrrp.1"]],
    ["another device", `use_vmac\n${addresses("10.0.0.1 dev eth1")}`, ["10.0.0.1 eth1"]],
    [
      "both families on the named device of one",
      `use_vmac own\n${addresses("10.0.0.1 dev own", "fe80::1 dev own")}`,
      ["10.0.0.1 own", "fe80::1 vrrp6.1"]
    ],
    [
      "an excluded address of the other family stays on the device below",
      `use_vmac\n${addresses("10.0.0.1")}\n${excluded("fd00::1")}`,
      ["10.0.0.1 vrrp.1", "fd00::1 eth0"]
    ],
    [
      "unless use_vmac_addr asks for one",
      `use_vmac\nuse_vmac_addr\n${addresses("10.0.0.1")}\n${excluded("fd00::1")}`,
      ["10.0.0.1 vrrp.1", "fd00::1 vrrp6.1"]
    ],
    [
      "use_vmac of a line",
      addresses("10.0.0.1", "10.0.0.2 dev eth1 use_vmac", "10.0.0.3 dev eth1 use_vmac"),
      ["10.0.0.1 eth0", "10.0.0.2 vrrp.1", "10.0.0.3 vrrp.1"]
    ],
    [
      "use_vmac_addr",
      `use_vmac_addr\n${addresses("10.0.0.1", "10.0.0.2 dev eth1", "10.0.0.3 dev eth2")}`,
      ["10.0.0.1 eth0", "10.0.0.2 vrrp.1", "10.0.0.3 vrrp1.1"]
    ]
  ])("%s", (_, lines, expected) => {
    assert.deepStrictEqual(placesOf(instanceOf(lines)), expected)
  })

  it("an excluded address that names the router's device opens it to its family", () => {
    const text = instanceOf(`use_vmac own\n${addresses("10.0.0.1")}\n${excluded("fd00::1 dev own")}`)

    assert.deepStrictEqual(placesOf(text), ["10.0.0.1 own", "fd00::1 own"])
    assert.deepStrictEqual(devicesOf(text), [`own on eth0 ${mac4} Ipv4+Ipv6`])
  })

  it("a device is shared by all who want its address below the same device", () => {
    const one = instanceOf(`use_vmac own\n${addresses("10.0.0.1")}`, "A")
    const two = instanceOf(addresses("10.0.0.2 dev eth0 use_vmac"), "B").replace("eth0", "eth1")

    assert.deepStrictEqual(placesOf(two + one), ["10.0.0.2 own", "10.0.0.1 own"])
    assert.deepStrictEqual(devicesOf(two + one), [`own on eth0 ${mac4} Ipv4`])
  })

  it("with dont_track_primary the device of the router does not count, others do", () => {
    const lines = addresses("10.0.0.1", "10.0.0.2 dev eth1", "10.0.0.3 dev eth1 use_vmac")
    const tracked = (own: string) =>
      routerOf(instanceOf(`use_vmac\n${own}\n${lines}`)).addresses.map((address) => address.tracked)

    assert.deepStrictEqual(tracked("dont_track_primary"), [false, true, true])
    assert.deepStrictEqual(tracked(""), [true, true, true])
  })

  it("what is asked twice is a warning", () => {
    assert.deepStrictEqual(diagnosticsOf(instanceOf(`use_vmac\n${addresses("10.0.0.1 use_vmac")}`)), [
      "t:6:10: warning: use_vmac has no effect here: the instance asks for it (remove it)"
    ])
  })

  it("garp_extra_if refreshes addresses elsewhere, and with them all of the router", () => {
    const elsewhere = addresses("10.0.0.1", "10.0.0.2 dev eth1")
    const refreshOf = (lines: string) => routerOf(instanceOf(lines)).announcement.refreshInterval / 1e6

    assert.strictEqual(refreshOf(`garp_extra_if 100\n${elsewhere}`), 0)
    assert.strictEqual(refreshOf(`garp_extra_if all 100\n${elsewhere}`), 100)
    assert.strictEqual(refreshOf(`vmac_garp_intvl 100\nuse_vmac_addr\n${elsewhere}`), 100)
    assert.strictEqual(
      refreshOf(`garp_extra_if 100\nuse_vmac_addr\ngarp_master_refresh 60\n${elsewhere}`),
      60
    )
    assert.strictEqual(
      refreshOf(`garp_extra_if 100\nuse_vmac_addr\ngarp_master_refresh 600\n${elsewhere}`),
      100
    )
    assert.strictEqual(refreshOf(`garp_extra_if all 100\nuse_vmac\n${addresses("10.0.0.1")}`), 0)
  })
})
