/**
 * What `AddressPlane` does to addresses of this kernel besides the contract: their details, and those that a killed run left.
 */
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as Link from "@holdfast/netlink/Link"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import type { IpAddress, Ipv4Address } from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import {
  address,
  eth0,
  eventually,
  ip,
  level,
  nft,
  open,
  route,
  rule,
  ruleLines,
  run
} from "./KernelAddressRig.ts"

describe("addresses", () => {
  it.live("bear our mark and all that the line asks for", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        const failures = yield* settle(
          level(true, {
            addresses: [
              address("198.18.0.100", {
                prefixLength: 24,
                label: "eth0:vip",
                broadcast: "198.18.0.255" as Ipv4Address,
                scope: 253,
                flags: ["noprefixroute"]
              }),
              address("198.51.100.1", { peer: "198.51.100.2" as IpAddress, preferredLifetime: 0 as Micros }),
              address("2001:db8::100", { prefixLength: 64, flags: ["home", "noprefixroute"] }),
              address("2001:db8::101", { peer: "2001:db8::102" as IpAddress, preferredLifetime: 0 as Micros })
            ]
          })
        )

        assert.deepStrictEqual(failures, [])
        const shown = ip("address show dev eth0")
        assert.include(shown, "inet 198.18.0.100/24 brd 198.18.0.255 scope link noprefixroute eth0:vip")
        assert.include(shown, "inet 198.51.100.1 peer 198.51.100.2/32 scope global deprecated eth0")
        assert.include(shown, "inet6 2001:db8::100/64 scope global nodad home noprefixroute")
        assert.include(shown, "inet6 2001:db8::101 peer 2001:db8::102/128 scope global nodad deprecated")
        assert.notInclude(shown, "tentative")
      })
    )
  )

  it.live("of IPv6 look for duplicates when the line says so", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        yield* settle(level(true, { addresses: [address("2001:db8::100", { flags: ["dad"] })] }))

        assert.include(ip("-6 address show dev eth0"), "tentative")
      })
    )
  )

  it.live("take another label, scope or peer with a new level", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        yield* settle(level(true, { addresses: [address("192.0.2.100", { label: "eth0:1" })] }))

        yield* settle(level(true, { addresses: [address("192.0.2.100", { label: "eth0:2", scope: 253 })] }))
        assert.include(ip("address show dev eth0"), "scope link eth0:2")
        yield* settle(
          level(true, { addresses: [address("192.0.2.100", { peer: "192.0.2.200" as IpAddress })] })
        )

        const shown = ip("address show dev eth0")
        assert.include(shown, "192.0.2.100 peer 192.0.2.200/32")
        assert.notInclude(shown, "eth0:2")
        yield* settle(
          level(true, { addresses: [address("192.0.2.100", { peer: "192.0.2.201" as IpAddress })] })
        )
        assert.deepStrictEqual(ip("address show dev eth0").match(/192\.0\.2\.100 peer \S+/g), [
          "192.0.2.100 peer 192.0.2.201/32"
        ])
      })
    )
  )

  it.live("say that IPv6 is switched off on the device", () =>
    run(
      () =>
        Effect.gen(function* () {
          const { settle } = yield* open
          const failures = yield* settle(level(true, { addresses: [address("2001:db8::100")] }))

          assert.lengthOf(failures, 1)
          assert.include(failures[0], "net.ipv6.conf.eth0.disable_ipv6")
        }),
      Effect.sync(() => void execFileSync("sysctl", ["-qw", "net.ipv6.conf.eth0.disable_ipv6=1"]))
    )
  )

  it.live("of IPv6 come back when their device was down", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        yield* settle(level(true, { addresses: [address("2001:db8::100")] }))

        ip("link set eth0 down")
        ip("link set eth0 up")

        yield* eventually("it is back", () => ip("-6 address show dev eth0").includes("2001:db8::100/128"))
      })
    )
  )
})

describe("what a killed run left", () => {
  const leave = Effect.gen(function* () {
    const client = yield* NetlinkClient.make({ open: NetlinkTransport.kernel() })
    const link = yield* client.get(Link.get(eth0))
    for (const text of ["192.0.2.100", "192.0.2.101", "2001:db8::101"]) {
      const left = {
        ...address(text),
        linkIndex: link.index,
        protocol: 112,
        flags: InterfaceAddress.IFA_F_NODAD
      }
      yield* client.request(InterfaceAddress.add(left))
    }
    ip("address add 192.0.2.102/32 dev eth0")
    ip("route add 10.1.0.0/16 via 192.0.2.254 proto 112 metric 9")
    ip("route add 10.2.0.0/16 via 192.0.2.254 proto 112")
    ip("route add 10.3.0.0/16 via 192.0.2.254")
    ip("-6 route add 2001:db8:2::/48 via 2001:db8::254 proto 112 table 300")
    ip("rule add from 192.0.2.100 lookup 300 protocol 112")
    ip("rule add from 192.0.2.101 lookup 300 protocol 112")
    ip("-6 rule add from 2001:db8::101 lookup 300 protocol 112")
    nft("add table inet holdfast_vrrp")
  }).pipe(Effect.scoped)

  it.live("goes when the engine asks, but for what a level names, and for what is not ours", () =>
    run(
      () =>
        Effect.gen(function* () {
          const { events, levels, settle } = yield* open
          const named = {
            addresses: [address("192.0.2.100")],
            routes: [route("10.1.0.0/16", "192.0.2.254", { metric: 9 })],
            rules: [rule("192.0.2.100", 300)]
          }
          assert.deepStrictEqual(yield* settle(level(true, named)), [])

          levels.sweep()
          yield* eventually("the table is gone", () => nft("list tables") === "")
          // What was swept away by mistake would be put back.
          assert.deepStrictEqual(
            events.map(({ _tag }) => _tag),
            ["AddressesHeld", "OwnershipChanged"]
          )

          const shown = ip("address show dev eth0")
          for (const kept of ["192.0.2.100/32", "192.0.2.102/32", "192.0.2.1/24"]) assert.include(shown, kept)
          for (const gone of ["192.0.2.101", "2001:db8::101"]) assert.notInclude(shown, gone)
          assert.strictEqual(ip("route show proto 112"), "10.1.0.0/16 via 192.0.2.254 dev eth0 metric 9")
          assert.include(ip("route show"), "10.3.0.0/16")
          assert.strictEqual(ip("-6 route show table all proto 112"), "")
          assert.lengthOf(ruleLines(), 1)
          assert.include(ruleLines()[0], "from 192.0.2.100 lookup 300")
        }),
      leave
    )
  )

  it.live("goes with a level that is not owned", () =>
    run(
      () =>
        Effect.gen(function* () {
          const { settle } = yield* open
          yield* settle(
            level(false, {
              addresses: [address("192.0.2.100")],
              routes: [route("10.1.0.0/16", "192.0.2.254", { metric: 9 })],
              rules: [rule("192.0.2.100", 300)]
            })
          )

          assert.notInclude(ip("address show dev eth0"), "192.0.2.100")
          assert.notInclude(ip("route show"), "10.1.0.0/16")
          assert.notInclude(ip("rule show"), "192.0.2.100")
          assert.include(ip("rule show"), "192.0.2.101")
        }),
      leave
    )
  )
})
