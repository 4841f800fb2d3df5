/** Lines of `virtual_routes`: each option, its default, and what it is refused for. */
import * as RouteLine from "@holdfast/config/RouteLine"
import { VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { readLine } from "./Line.ts"

const via = { via: "10.0.0.1", onlink: false }
const dev = { interface: "eth0", onlink: false }
const usual = {
  family: "Ipv4",
  type: "unicast",
  destination: { address: "10.2.0.0", length: 16 },
  nextHops: [dev],
  table: 254,
  protocol: 112,
  tracked: true
}
const ipv6 = { ...usual, family: "Ipv6", destination: { address: "fd00:1::", length: 64 } }
const everything = { address: "0.0.0.0", length: 0 }

describe("RouteLine", () => {
  it.each<[string, object]>([
    ["10.2.0.0/16 dev eth0", usual],
    ["to 10.2.0.0/16 oif eth0", usual],
    ["inet 10.2.0.0/16 dev eth0 prepend", usual],
    ["10.2.0.0/16 via 10.0.0.1", { ...usual, nextHops: [via] }],
    [
      "10.2.0.0/16 via 10.0.0.1 dev eth0 onlink",
      { ...usual, nextHops: [{ via: "10.0.0.1", interface: "eth0", onlink: true }] }
    ],
    ["10.2.0.1 dev eth0", { ...usual, destination: { address: "10.2.0.1", length: 32 } }],
    ["default via 10.0.0.1", { ...usual, destination: everything, nextHops: [via] }],
    ["any via 10.0.0.1", { ...usual, destination: everything, nextHops: [via] }],
    ["0.0.0.0/0 via 10.0.0.1 table 100", { ...usual, destination: everything, nextHops: [via], table: 100 }],
    ["10.2.0.0/16 dev eth0 table local", { ...usual, table: 255 }],
    ["10.2.0.0/16 dev eth0 table 0", usual],
    ["src 10.0.0.9 to 10.2.0.0/16 dev eth0", { ...usual, source: "10.0.0.9" }],
    ["10.2.0.0/16 dev eth0 metric 5", { ...usual, metric: 5 }],
    ["10.2.0.0/16 dev eth0 priority 5", { ...usual, metric: 5 }],
    ["10.2.0.0/16 dev eth0 preference 5", { ...usual, metric: 5 }],
    ["10.2.0.0/16 dev eth0 tos 0x10", { ...usual, typeOfService: 16 }],
    ["10.2.0.0/16 dev eth0 dsfield AF11", { ...usual, typeOfService: 40 }],
    ["10.2.0.0/16 dev eth0 scope host", { ...usual, scope: 254 }],
    ["10.2.0.0/16 dev eth0 protocol bird", { ...usual, protocol: 12 }],
    ["10.2.0.0/16 dev eth0 realms 3/4", { ...usual, realms: 3 * 65_536 + 4 }],
    ["10.2.0.0/16 dev eth0 realms 4", { ...usual, realms: 4 }],
    ["10.2.0.0/16 dev eth0 no_track", { ...usual, tracked: false }],
    ["blackhole 10.2.0.0/16", { ...usual, type: "blackhole", nextHops: [] }],
    ["unreachable 10.2.0.0/16", { ...usual, type: "unreachable", nextHops: [] }],
    ["prohibit 10.2.0.0/16", { ...usual, type: "prohibit", nextHops: [] }],
    ["throw 10.2.0.0/16", { ...usual, type: "throw", nextHops: [] }],
    ["local 10.2.0.0/16 dev eth0", { ...usual, type: "local" }],
    ["broadcast 10.2.0.0/16 dev eth0", { ...usual, type: "broadcast" }],
    ["multicast 10.2.0.0/16 dev eth0", { ...usual, type: "multicast" }],
    [
      "10.2.0.0/16 nexthop via 10.0.0.1 dev eth0 weight 3 onlink nexthop via 10.0.0.2",
      {
        ...usual,
        nextHops: [
          { via: "10.0.0.1", interface: "eth0", weight: 3, onlink: true },
          { via: "10.0.0.2", onlink: false }
        ]
      }
    ],
    ["fd00:1::/64 dev eth0", ipv6],
    ["inet6 fd00:1::/64 dev eth0", ipv6],
    [
      "default via fe80::1 dev eth0",
      {
        ...ipv6,
        destination: { address: "::", length: 0 },
        nextHops: [{ via: "fe80::1", interface: "eth0", onlink: false }]
      }
    ],
    ["inet6 default dev eth0", { ...ipv6, destination: { address: "::", length: 0 } }],
    ["fd00:1::/64 dev eth0 pref high expires 30", { ...ipv6, preference: "high", expires: 30_000_000 }],
    ["fd00:1::/64 from fd00:2::/64 dev eth0", { ...ipv6, from: { address: "fd00:2::", length: 64 } }]
  ])("%s", (text, route) => {
    const { diagnostics, value } = readLine(RouteLine.read, text)

    assert.deepStrictEqual(diagnostics, [])
    assert.deepStrictEqual<unknown>(value?.route, route)
    assert.isTrue(Schema.is(VirtualRoute)(value!.route))
  })

  it.each<[string, object]>([
    ["mtu 1400", { mtu: 1400 }],
    ["mtu lock 1400", { mtu: 1400, locked: ["mtu"] }],
    ["hoplimit 9", { hoplimit: 9 }],
    ["advmss 1000", { advmss: 1000 }],
    ["rtt 300", { rtt: 300 }],
    ["rttvar 2s", { rttvar: 2000 }],
    ["reordering 4", { reordering: 4 }],
    ["window 5", { window: 5 }],
    ["cwnd lock 6 ssthresh lock 7", { cwnd: 6, ssthresh: 7, locked: ["cwnd", "ssthresh"] }],
    ["rto_min 200ms", { rto_min: 200 }],
    ["initcwnd 8", { initcwnd: 8 }],
    ["initrwnd 9", { initrwnd: 9 }],
    ["features ecn", { features: 1 }],
    ["quickack 1", { quickack: 1 }],
    ["congctl lock cubic", { congctl: "cubic", locked: ["congctl"] }]
  ])("%s is a metric", (text, metrics) => {
    const { diagnostics, value } = readLine(RouteLine.read, `10.2.0.0/16 dev eth0 ${text}`)

    assert.deepStrictEqual(diagnostics, [])
    assert.deepStrictEqual<unknown>(value?.route.metrics, metrics)
  })

  it("the older gw and or are two next hops by the device of the line, with a warning each", () => {
    const { diagnostics, value } = readLine(RouteLine.read, "10.2.0.0/16 gw 10.0.0.1 or 10.0.0.2 dev eth0")

    assert.deepStrictEqual<unknown>(value?.route.nextHops, [
      { via: "10.0.0.1", ...dev },
      { via: "10.0.0.2", ...dev }
    ])
    assert.deepStrictEqual(diagnostics, [
      "t:1:13: warning: gw is the older word for via (write via)",
      "t:1:25: warning: or is the older form of a second nexthop (write nexthop via A … nexthop via B …)"
    ])
  })

  it.each<[string, string]>([
    [
      "10.2.0.1/16 dev eth0",
      "t:1:1: warning: 10.2.0.1/16 is no prefix, but an address in one (10.2.0.0/16 counts; write that)"
    ],
    [
      "10.2.0.0/16 dev eth0 track_group G",
      "t:1:22: warning: track_group has no effect in this version (a route that somebody takes away is put back)"
    ],
    [
      "10.2.0.0/16 dev eth0 add",
      "t:1:22: warning: add has no effect in this version (an equal route of somebody else stays, too)"
    ]
  ])("%s is a warning", (text, diagnostic) => {
    const { diagnostics, value } = readLine(RouteLine.read, text)

    assert.deepStrictEqual(diagnostics, [diagnostic])
    assert.deepStrictEqual<unknown>(value?.route, usual)
  })

  it.each<[string, string]>([
    ["dev eth0", "t:1:1: error: the route has no destination (write an address, a prefix, or default)"],
    ["10.2.0.0/16", "t:1:1: error: the route goes nowhere (add via ADDRESS or dev NAME)"],
    [
      "10.2.0.0/16 via fd00::1",
      "t:1:17: error: fd00::1 is of another version of IP than the rest of the line (use IPv4 addresses only)"
    ],
    [
      "inet6 10.2.0.0/16 dev eth0",
      "t:1:7: error: 10.2.0.0 is of another version of IP than the rest of the line (use IPv6 addresses only)"
    ],
    ["10.2.0.0/16 from 10.3.0.0/16 dev eth0", "t:1:18: error: a route of IPv4 has no from (remove from)"],
    ["10.2.0.0/16 dev eth0 pref low", "t:1:27: error: a route of IPv4 has no pref (remove pref)"],
    ["10.2.0.0/16 dev eth0 expires 3", "t:1:30: error: a route of IPv4 has no expires (remove expires)"],
    ["fd00:1::/64 dev eth0 realms 3", "t:1:29: error: a route of IPv6 has no realms (remove realms)"],
    [
      "blackhole 10.2.0.0/16 via 10.0.0.1",
      "t:1:27: error: a route of type blackhole goes nowhere, and so by no router (remove via)"
    ],
    [
      "10.2.0.0/16 via 10.0.0.1 nexthop via 10.0.0.2",
      "t:1:17: error: a route has via or nexthop, not both (write each way as a nexthop)"
    ],
    [
      "10.2.0.0/16 nexthop weight 3",
      "t:1:13: error: the nexthop goes nowhere (write via ADDRESS or dev NAME after it)"
    ],
    [
      "10.2.0.0/16 encap ip id 5 dst 10.0.0.1 dev eth0",
      "t:1:13: error: encap is not supported by this version (remove the route, or have another program make it)"
    ],
    [
      "10.2.0.0/16 as to 10.0.0.1",
      "t:1:13: error: as is not supported by this version (remove the route, or have another program make it)"
    ],
    [
      "10.2.0.0/16 dev eth0 append",
      "t:1:22: error: append is not supported by this version (give the route a higher metric)"
    ],
    [
      "10.2.0.0/16 dev eth0 ttl-propagate enabled",
      "t:1:22: error: ttl-propagate is not supported by this version (remove it)"
    ],
    [
      "10.2.0.0/16 dev eth0 fastopen_no_cookie 1",
      "t:1:22: error: fastopen_no_cookie is not supported by this version (remove it)"
    ],
    [
      "10.2.0.0/16 vrf blue dev eth0",
      "t:1:13: error: vrf is not supported by this version (write table and the number of its table)"
    ],
    [
      "nat 10.2.0.0/16 dev eth0",
      "t:1:1: error: nat is not supported by this version (the kernel has no routes of this kind)"
    ],
    [
      "xresolve 10.2.0.0/16 dev eth0",
      "t:1:1: error: xresolve is not supported by this version (the kernel has no routes of this kind)"
    ],
    [
      "anycast fd00::1 dev eth0",
      "t:1:1: error: anycast is not supported by this version (the kernel makes routes of this kind itself)"
    ],
    ["10.2.0.0/16 devv eth0", "t:1:13: error: devv is no option of a route (did you mean dev?)"],
    [
      "10.2.0.0/16 10.3.0.0/16",
      "t:1:13: error: 10.3.0.0/16 is no option of a route (write one route a line)"
    ],
    [
      "10.2.0.0/16 dev eth0 table blue",
      "t:1:28: error: blue is no table that is known here (write its number: names are not read from the files of iproute2)"
    ],
    ["10.2.0.0/16 dev eth0 realms 1/2/3", "t:1:29: error: 1/2/3 is no pair of realms (write TO or FROM/TO)"],
    [
      "10.2.0.0/16 dev eth0 rtt soon",
      "t:1:26: error: soon is no time (write milliseconds, such as 200 or 200ms, or seconds, such as 2s)"
    ],
    ["10.2.0.0/16 dev eth0 {\n}", "t:1:22: error: a route takes no block (remove the block)"]
  ])("%s is an error", (text, diagnostic) => {
    assert.deepStrictEqual(readLine(RouteLine.read, text).diagnostics, [diagnostic])
  })
})
