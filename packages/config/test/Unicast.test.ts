/** `unicast_peer` and its neighbours: where adverts go to, and where they may come from. */
import { assert, describe, it } from "@effect/vitest"
import { addresses, configurationOf, diagnosticsOf, globals, instanceOf, routerOf } from "./Instance.ts"

const ipv4 = addresses("10.0.0.1")

const peers = (...lines: ReadonlyArray<string>) => `unicast_peer {\n${lines.join("\n")}\n}`

const errorsOf = (lines: string) =>
  diagnosticsOf(instanceOf(lines)).filter((line) => line.includes(" error: "))

describe("unicast_peer", () => {
  it.each<[string, string, object]>([
    ["an address", peers("10.0.0.9"), { peers: [{ address: "10.0.0.9" }], hopLimit: 255 }],
    [
      "bounds of the TTL",
      peers("10.0.0.9 min_ttl 254", "10.0.0.8 max_ttl 255 min_ttl 1"),
      {
        peers: [
          { address: "10.0.0.9", hopLimitMin: 254 },
          { address: "10.0.0.8", hopLimitMax: 255, hopLimitMin: 1 }
        ],
        hopLimit: 255
      }
    ],
    [
      "names",
      peers("ld-2.example", "ld-3", "10.0.0.9"),
      {
        peers: [{ address: "10.0.0.9" }],
        names: ["ld-2.example", "ld-3"],
        hopLimit: 255
      }
    ],
    [
      "unicast_ttl",
      `unicast_ttl 64\n${peers("10.0.0.9")}`,
      { peers: [{ address: "10.0.0.9" }], hopLimit: 64 }
    ],
    ["none, where that is meant", "unicast_fault_no_peer\nunicast_peer {\n}", { peers: [], hopLimit: 255 }],
    ["none at all, where that is meant", "unicast_fault_no_peer", { peers: [], hopLimit: 255 }]
  ])("%s", (_, lines, expected) => {
    const { faultWithoutPeers, transport } = routerOf(instanceOf(`${lines}\n${ipv4}`))

    assert.deepStrictEqual<unknown>(transport, { _tag: "Unicast", ...expected })
    assert.strictEqual(faultWithoutPeers, lines.includes("unicast_fault_no_peer"))
  })

  it("each router of an instance has the peers of its family, and all names", () => {
    const lines = `${peers("10.0.0.9", "fd00::9", "ld-2")}\n${addresses("10.0.0.1", "fe80::1")}`
    const { routers } = configurationOf(instanceOf(lines))

    assert.deepStrictEqual<unknown>(
      routers.map(({ transport }) => transport),
      ["10.0.0.9", "fd00::9"].map((address) => ({
        _tag: "Unicast",
        peers: [{ address }],
        names: ["ld-2"],
        hopLimit: 255
      }))
    )
  })

  it("bounds of the TTL bring the check of the source", () => {
    const checks = (lines: string) => routerOf(instanceOf(`${lines}\n${ipv4}`)).checkUnicastSource

    assert.isFalse(checks(peers("10.0.0.9")))
    assert.isTrue(checks(peers("10.0.0.9", "10.0.0.8 max_ttl 255")))
    assert.isTrue(checks(`check_unicast_src\n${peers("10.0.0.9")}`))
  })

  it("the source is that of unicast, of either family", () => {
    const text = instanceOf(`unicast_src_ip fd00::8\n${peers("fd00::9")}\n${addresses("fe80::1")}`)

    assert.strictEqual<string | undefined>(routerOf(text).sourceAddress, "fd00::8")
  })

  it.each([
    [
      peers("10.0.0.300"),
      "t:5:1: error: 10.0.0.300 is not an IP address (write one such as 192.0.2.1 or fd00::1)"
    ],
    [peers("a_b"), "t:5:1: error: a_b is not an IP address (write one such as 192.0.2.1 or fd00::1)"],
    [
      peers("10.0.0.9 min_ttl 3 max_ttl 2"),
      "t:5:1: error: no advert has a TTL of at least 3 and at most 2 (exchange min_ttl and max_ttl)"
    ],
    [
      peers("ld-2 min_ttl 3"),
      "t:5:1: error: min_ttl and max_ttl need a peer that is given by its address (write its address instead of its name)"
    ],
    [
      peers("10.0.0.9", "fd00::9"),
      "t:6:1: error: the peer fd00::9 is not of the family of the addresses (give one of IPv4; addresses of the other family may be in virtual_ipaddress_excluded)"
    ],
    [
      "old_unicast_checksum",
      "t:4:1: error: the checksum of keepalived 1.3.6 and older is not supported by this version (remove it, and run a newer keepalived on the peers)"
    ]
  ])("%j is refused", (lines, message) => {
    assert.deepStrictEqual(errorsOf(`${lines}\n${ipv4}`), [message])
  })

  it("a source that is not given cannot be tracked", () => {
    assert.deepStrictEqual(diagnosticsOf(instanceOf(`track_src_ip\n${ipv4}`)), [
      "t:4:1: warning: track_src_ip has no effect without a source address (add mcast_src_ip or unicast_src_ip, or remove it)"
    ])
  })

  it("two routers need peers of two families", () => {
    assert.deepStrictEqual(errorsOf(`${peers("10.0.0.9")}\n${addresses("10.0.0.1", "fe80::1")}`), [
      "t:5:1: error: no peer has an IPv6 address, and the virtual router of IPv6 nobody to talk to (name one)"
    ])
  })

  it("what is for multicast has no effect", () => {
    const text = instanceOf(
      `mcast_dst_ip 224.0.0.9\nold_unicast_checksum never\n${peers("10.0.0.9")}\n${ipv4}`
    )

    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:4:14: warning: mcast_dst_ip has no effect with unicast peers (remove it)"
    ])
  })
})

describe("what the file says for all instances", () => {
  it.each<[string, string, string, object]>([
    ["down_timer_adverts", "vrrp_down_timer_adverts 5", "", { downAdverts: 5 }],
    ["own down_timer_adverts", "vrrp_down_timer_adverts 5", "down_timer_adverts 7", { downAdverts: 7 }],
    ["owner_ignore_adverts", "vrrp_owner_ignore_adverts", "", { ownerIgnoresAdverts: true }],
    [
      "own owner_ignore_adverts off",
      "vrrp_owner_ignore_adverts",
      "owner_ignore_adverts off",
      { ownerIgnoresAdverts: false }
    ],
    ["v3_checksum_as_v2 of version 3", "v3_checksum_as_v2", "version 3", { plainChecksum: true }],
    ["v3_checksum_as_v2 of version 2", "v3_checksum_as_v2", "", { plainChecksum: false }],
    ["own v3_checksum_as_v2", "", "version 3\nv3_checksum_as_v2", { plainChecksum: true }],
    ["track_src_ip", "", "mcast_src_ip 10.0.0.9\ntrack_src_ip", { trackSource: true }],
    ["no_accept", "", "no_accept", { accept: false }],
    ["accept after no_accept", "", "no_accept\naccept", { accept: true }],
    ["no_accept after accept", "", "accept\nno_accept", { accept: false }],
    ["no_accept of the owner", "", "no_accept\npriority 255", { accept: true }]
  ])("%s", (_, all, own, expected) => {
    const router = routerOf(globals(all) + instanceOf(`${own}\n${ipv4}`))

    assert.deepStrictEqual<unknown>({ ...router, ...expected }, router)
  })

  it("paces, delays and scripts", () => {
    const { delayAfterBoot, shared, shutdownScript, startupScript } = configurationOf(
      globals(
        'vrrp_garp_interval 0.001\nvrrp_gna_interval 0.01\nvrrp_startup_delay 5.5\nvrrp_delay_after_boot 60\nstartup_script "/bin/up now" root\nshutdown_script /bin/down\nshutdown_script_timeout 20'
      )
    )

    assert.deepStrictEqual<unknown>(shared.pacings, [{ arpInterval: 1000, neighbourInterval: 10_000 }])
    assert.strictEqual<number>(shared.startupDelay, 5_500_000)
    assert.strictEqual<number | undefined>(delayAfterBoot, 60_000_000)
    assert.deepStrictEqual<unknown>(startupScript, {
      words: ["/bin/up", "now"],
      user: "root",
      timeout: 10_000_000
    })
    assert.deepStrictEqual<unknown>(shutdownScript, { words: ["/bin/down"], timeout: 20_000_000 })
  })
})
