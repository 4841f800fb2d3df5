/** What is there whoever is Master, and how frames and devices are paced. */
import { SharedParameters } from "@holdfast/vrrp/SharedParameters"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { addresses, configurationOf, diagnosticsOf, globals, instanceOf } from "./Instance.ts"

const sharedOf = (text: string): SharedParameters => configurationOf(text).shared

describe("what is static", () => {
  it("addresses, routes and rules, in their order", () => {
    const text = `static_ipaddress {
10.1.0.1/24 dev eth1 scope link
fd00::1/64 dev eth1
}
static_routes {
10.2.0.0/16 via 10.1.0.2
}
static_rules {
from 10.2.0.0/16 table 5 preference 7
}
`
    const shared = sharedOf(text)

    assert.deepStrictEqual<unknown>(shared.staticAddresses, [
      {
        address: "10.1.0.1",
        prefixLength: 24,
        interface: "eth1",
        scope: 253,
        advertised: false,
        tracked: true
      },
      { address: "fd00::1", prefixLength: 64, interface: "eth1", scope: 0, advertised: false, tracked: true }
    ])
    assert.deepStrictEqual<unknown>(
      shared.staticRoutes.map(({ destination, nextHops }) => ({ destination, nextHops })),
      [{ destination: { address: "10.2.0.0", length: 16 }, nextHops: [{ via: "10.1.0.2", onlink: false }] }]
    )
    assert.deepStrictEqual<unknown>(
      shared.staticRules.map(({ action, priority }) => ({ action, priority })),
      [{ action: { _tag: "Table", table: 5 }, priority: 7 }]
    )
    assert.isTrue(Schema.is(SharedParameters)(shared))
    assert.deepStrictEqual(diagnosticsOf(text), [])
  })

  it("an address without a device is on the default interface", () => {
    const text = "static_ipaddress {\n10.1.0.1\n}\n"

    assert.strictEqual(
      sharedOf(globals("default_interface eth9") + text).staticAddresses[0]?.interface,
      "eth9"
    )
    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:2:1: error: the static address 10.1.0.1 names no device (add dev NAME, or default_interface in global_defs)"
    ])
  })

  it("an address has no virtual MAC device", () => {
    assert.deepStrictEqual(diagnosticsOf("static_ipaddress {\n10.1.0.1 dev eth0 use_vmac\n}\n"), [
      "t:2:19: error: an address that stays has no virtual MAC device (remove use_vmac)"
    ])
  })
})

describe("pacings", () => {
  it.each<[string, ReadonlyArray<object>]>([
    ["", []],
    [
      globals("vrrp_garp_interval 0.01\nvrrp_gna_interval 0.02"),
      [{ arpInterval: 10_000, neighbourInterval: 20_000 }]
    ],
    [
      "garp_group {\ngarp_interval 0.01\ninterface eth1\n}\n",
      [{ interfaces: ["eth1"], arpInterval: 10_000, neighbourInterval: 0 }]
    ],
    [
      "garp_group {\ngna_interval 0.000002\ninterfaces {\neth1\neth2\n}\n}\n",
      [{ interfaces: ["eth1", "eth2"], arpInterval: 0, neighbourInterval: 2 }]
    ],
    [
      `${globals("vrrp_garp_interval 1")}garp_group {\ngarp_interval 0.5\ninterface eth1\n}\n`,
      [
        { interfaces: ["eth1"], arpInterval: 500_000, neighbourInterval: 0 },
        { arpInterval: 1_000_000, neighbourInterval: 0 }
      ]
    ]
  ])("%j", (text, pacings) => {
    assert.deepStrictEqual<unknown>(sharedOf(text).pacings, pacings)
    assert.deepStrictEqual(diagnosticsOf(text), [])
  })

  it("a device is in the first group that names it", () => {
    const group = "garp_group {\ngarp_interval 0.5\ninterface eth1\n}\n"

    assert.deepStrictEqual<unknown>(
      sharedOf(group + group).pacings.map(({ interfaces }) => interfaces),
      [["eth1"]]
    )
    assert.deepStrictEqual(diagnosticsOf(group + group), [
      "t:7:11: warning: eth1 is in two groups of garp_group (the line at t:3:11 counts)"
    ])
  })

  it.each<[string, string]>([
    [
      "garp_group {\ngarp_interval 1\n}\n",
      "t:1:1: warning: the garp_group names no device (add interface NAME; vrrp_garp_interval is about all devices)"
    ],
    [
      "garp_group {\ninterface eth1\n}\n",
      "t:1:1: warning: the garp_group has no interval (add garp_interval or gna_interval)"
    ],
    [
      "garp_group {\ngarp_interval 101\ninterface eth1\n}\n",
      "t:2:15: error: garp_interval: 101 is out of range (give seconds from 0 to 100, such as 1.5; keepalived would go on with another value)"
    ]
  ])("%j", (text, diagnostic) => {
    assert.include(diagnosticsOf(text), diagnostic)
  })
})

describe("interface_up_down_delays", () => {
  const delays = (...lines: ReadonlyArray<string>) => `interface_up_down_delays {\n${lines.join("\n")}\n}\n`

  it("down, and up the same where the line has one delay", () => {
    const text = delays("eth1 1.5 2", "eth2 3")

    assert.deepStrictEqual<unknown>(sharedOf(text).interfaceDelays, [
      { interface: "eth1", up: 2_000_000, down: 1_500_000 },
      { interface: "eth2", up: 3_000_000, down: 3_000_000 }
    ])
    assert.deepStrictEqual(diagnosticsOf(text), [])
  })

  it("no delay lasts until a router on the device counts as dead", () => {
    const text = delays("eth0 1.5 2") + instanceOf(addresses("10.0.0.1"))

    assert.deepStrictEqual<unknown>(sharedOf(text).interfaceDelays, [
      { interface: "eth0", up: 2_000_000, down: 1_500_000 }
    ])
    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:2:1: warning: a router on eth0 would be taken for dead within that time (give less than 2 seconds; so much counts)"
    ])
    assert.deepStrictEqual<unknown>(
      sharedOf(delays("eth0 9") + instanceOf(`advert_int 3\n${addresses("10.0.0.1")}`)).interfaceDelays,
      [{ interface: "eth0", up: 6_000_000, down: 6_000_000 }]
    )
  })

  it.each<[string, string]>([
    ["eth1", "t:2:1: error: eth1 has no delays (write NAME DOWN [UP], in seconds)"],
    [
      "eth1 256",
      "t:2:6: error: 256 is out of range (give seconds from 0 to 255, such as 1.5; keepalived would go on with another value)"
    ],
    ["eth1 1\neth1 2", "t:3:1: warning: eth1 is listed twice (the line at t:2:1 counts)"]
  ])("%s", (line, diagnostic) => {
    assert.deepStrictEqual(diagnosticsOf(delays(line)), [diagnostic])
  })
})

describe("routes and rules of an instance", () => {
  const routing =
    "virtual_routes {\n10.2.0.0/16 dev eth1\nfd00:2::/64 dev eth1\n}\nvirtual_rules {\ntable 5 order 7\n}"

  it("are those of its family, and of the other if it has none of that", () => {
    const [router] = configurationOf(instanceOf(`${addresses("10.0.0.1")}\n${routing}`)).routers

    assert.deepStrictEqual(
      router?.routes.map(({ family }) => family),
      ["Ipv4", "Ipv6"]
    )
    assert.lengthOf(router?.rules ?? [], 1)
  })

  it("are divided among the routers of two families", () => {
    const { routers } = configurationOf(
      instanceOf(`version 3\n${addresses("10.0.0.1", "fe80::1")}\n${routing}`)
    )

    assert.deepStrictEqual(
      routers.map(({ routes, rules }) => [routes.map(({ family }) => family), rules.length]),
      [
        [["Ipv4"], 1],
        [["Ipv6"], 0]
      ]
    )
  })
})
