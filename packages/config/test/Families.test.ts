/** Which version and family an instance speaks, and instances that speak two families. */
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

const ipv4 = addresses("10.0.0.1")
const ipv6 = addresses("fe80::1", "fd00::1")
const both = addresses("10.0.0.1", "fe80::1", "fd00::1/64")

const errorsOf = (text: string) => diagnosticsOf(text).filter((line) => line.includes(" error: "))

describe("the version and the family of an instance", () => {
  it.each<[string, string, 2 | 3, "Ipv4" | "Ipv6"]>([
    ["IPv4 addresses: version 2", instanceOf(ipv4), 2, "Ipv4"],
    ["version 3 where the instance says so", instanceOf(`version 3\n${ipv4}`), 3, "Ipv4"],
    ["version 3 where the file says so", globals("vrrp_version 3") + instanceOf(ipv4), 3, "Ipv4"],
    [
      "the instance overrides the file",
      globals("vrrp_version 3") + instanceOf(`version 2\n${ipv4}`),
      2,
      "Ipv4"
    ],
    ["IPv6 addresses: version 3", instanceOf(ipv6), 3, "Ipv6"],
    ["IPv6 addresses in a file of version 2", globals("vrrp_version 2") + instanceOf(ipv6), 3, "Ipv6"],
    ["excluded addresses do not count", instanceOf(`${ipv4}\n${excluded("fd00::2")}`), 2, "Ipv4"],
    ["native_ipv6 without addresses", instanceOf("native_ipv6\nno_virtual_ipaddress"), 3, "Ipv6"],
    ["the source without addresses", instanceOf("mcast_src_ip fe80::9\nno_virtual_ipaddress"), 3, "Ipv6"],
    ["a peer without addresses", instanceOf("unicast_peer {\nfd00::9\n}\nno_virtual_ipaddress"), 3, "Ipv6"]
  ])("%s", (_, text, version, family) => {
    const router = routerOf(text)

    assert.strictEqual(router.version, version)
    assert.strictEqual(router.family, family)
  })

  it("the group of IPv6 is that of the file, or that of the instance", () => {
    const all = globals("vrrp_mcast_group6 ff02::99")

    assert.deepStrictEqual<unknown>(routerOf(instanceOf(ipv6)).transport, {
      _tag: "Multicast",
      group: "ff02::12"
    })
    assert.deepStrictEqual<unknown>(routerOf(all + instanceOf(ipv6)).transport, {
      _tag: "Multicast",
      group: "ff02::99"
    })
    assert.deepStrictEqual<unknown>(routerOf(all + instanceOf(`mcast_dst_ip ff12::7\n${ipv6}`)).transport, {
      _tag: "Multicast",
      group: "ff12::7"
    })
  })

  it.each([
    [
      `version 2\n${ipv6}`,
      "t:4:9: error: VRRP version 2 knows no IPv6 addresses (write version 3, or remove the line)"
    ],
    [
      `native_ipv6\n${ipv4}`,
      "t:4:1: error: native_ipv6 beside IPv4 addresses (remove it: the addresses tell)"
    ],
    [
      `mcast_src_ip 10.0.0.9\n${ipv6}`,
      "t:4:14: error: the source address 10.0.0.9 is not of the family of the addresses (give one of IPv6; addresses of the other family may be in virtual_ipaddress_excluded)"
    ],
    [
      `mcast_dst_ip ff05::1\n${ipv6}`,
      "t:4:14: error: mcast_dst_ip: ff05::1 is not an IPv6 multicast group of the local link (give an address that begins with ff02 or another ff.2, such as ff02::12)"
    ],
    [
      "version 3",
      "t:1:15: error: vrrp_instance V advertises no address, as VRRP version 3 needs (add virtual_ipaddress, or no_virtual_ipaddress if that is meant)"
    ]
  ])("%j is refused", (lines, message) => {
    assert.deepStrictEqual(errorsOf(instanceOf(lines)), [message])
  })

  it("the first IPv6 address should be link-local", () => {
    assert.deepStrictEqual(diagnosticsOf(instanceOf(addresses("fd00::1", "fe80::1"))), [
      "t:5:1: warning: the first IPv6 address should be link-local, but fd00::1 is not (put a line such as fe80::1 before it, the same on all routers)"
    ])
    assert.deepStrictEqual(diagnosticsOf(instanceOf(ipv6)), [])
  })
})

describe("advert_int", () => {
  it.each<[string, number | undefined]>([
    ["0.01", 10_000],
    ["0.015", undefined],
    ["1.5", 1_500_000],
    ["40.95", 40_950_000],
    ["40.96", undefined],
    ["255", undefined]
  ])("%s of version 3", (value, expected) => {
    const text = instanceOf(`version 3\nadvert_int ${value}\n${ipv4}`)

    assert.strictEqual(errorsOf(text).length, expected === undefined ? 1 : 0)
    if (expected !== undefined) assert.strictEqual<number>(routerOf(text).advertInterval, expected)
  })
})

describe("an instance with addresses of both families", () => {
  const text = instanceOf(`priority 7\nmcast_src_ip 10.0.0.9\n${both}\n${excluded("fd00::2", "10.0.0.2")}`)

  it("is two virtual routers, whichever address is first", () => {
    const { routers } = configurationOf(text)
    const [first, second] = [routers[0]!, routers[1]!]

    assert.lengthOf(routers, 2)
    assert.strictEqual(first.name, "V")
    assert.isUndefined(first.instance)
    assert.strictEqual(second.name, "V (IPv6)")
    assert.strictEqual(second.instance, "V")
    assert.deepStrictEqual([first.family, second.family], ["Ipv4", "Ipv6"])
    assert.deepStrictEqual([first.version, second.version], [3, 3])
    assert.deepStrictEqual<unknown>([first.sourceAddress, second.sourceAddress], ["10.0.0.9", undefined])
    assert.deepStrictEqual<unknown>([first.priority, second.priority], [7, 7])
    const reversed = instanceOf(addresses("fe80::1", "10.0.0.1"))
    assert.deepStrictEqual(
      configurationOf(reversed).routers.map(({ name }) => name),
      ["V", "V (IPv6)"]
    )
  })

  it("each holds the addresses of its family, excluded ones, too", () => {
    const held = configurationOf(text).routers.map((router) =>
      router.addresses.map(({ address, advertised }) => `${address} ${advertised}`)
    )

    assert.deepStrictEqual(held, [
      ["10.0.0.1 true", "10.0.0.2 false"],
      ["fe80::1 true", "fd00::1 true", "fd00::2 false"]
    ])
  })

  it("are Master together", () => {
    assert.deepStrictEqual<unknown>(configurationOf(text).shared.groups, [
      { name: "V", kind: "Instance", members: ["V", "V (IPv6)"] }
    ])
  })

  it("join the group that names the instance", () => {
    const other = instanceOf(ipv4, "W").replace("_id 1", "_id 2").replace("10.0.0.1", "10.0.0.3")
    const group = "vrrp_sync_group G {\ngroup {\nV\nW\n}\n}\n"

    assert.deepStrictEqual<unknown>(configurationOf(text + other + group).shared.groups, [
      { name: "G", kind: "Group", members: ["V", "V (IPv6)", "W"] }
    ])
  })

  it("may have an identifier in common with an instance of the other family alone", () => {
    const one = instanceOf(addresses("10.0.0.3"), "A")
    const two = instanceOf(addresses("fe80::3"), "B")

    assert.deepStrictEqual(errorsOf(one + two), [])
    assert.strictEqual(errorsOf(text + one).length, 1)
    assert.strictEqual(errorsOf(text + two).length, 1)
  })

  it("the 90th IPv6 address is held but not advertised", () => {
    const lines = ["fe80::1", ...Array.from({ length: 90 }, (_, index) => `fd00::${index + 1}`)]
    const router = routerOf(instanceOf(addresses(...lines)))

    assert.strictEqual(router.addresses.filter(({ advertised }) => advertised).length, 89)
    assert.strictEqual(router.addresses.length, 91)
  })
})
