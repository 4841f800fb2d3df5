/**
 * Whether this kernel takes packets to the addresses of `AddressPlane`, where they shall not be taken.
 */
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import { address, eventually, ip, isHeard, level, nft, open, run } from "./KernelAddressRig.ts"

describe("accept", () => {
  const addresses = [
    address("192.0.2.100"),
    address("2001:db8::100"),
    address("fe80::100", { prefixLength: 64 })
  ]

  it.live("drops packets to an address that is not accepted, and neighbour discovery passes", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        assert.deepStrictEqual(yield* settle(level(true, { addresses, accept: false })), [])

        for (const deaf of ["192.0.2.100", "2001:db8::100"]) assert.isFalse(yield* isHeard(deaf))
        for (const heard of ["192.0.2.1", "2001:db8::1"]) assert.isTrue(yield* isHeard(heard))
        const listed = nft("list table inet holdfast_vrrp")
        assert.include(listed, "type filter hook input priority filter - 1; policy accept;")
        assert.include(listed, "type filter hook output priority filter - 1; policy accept;")
        assert.include(listed, "icmpv6 type 130-137 accept")
        assert.include(listed, "icmpv6 type 143-143 accept")
        assert.include(listed, "ip daddr @addresses4 counter packets")
        assert.include(listed, "ip6 saddr @addresses6 counter packets")
        assert.include(listed, 'elements = { fe80::100 . "eth0" }')

        yield* settle(level(true, { addresses, accept: true }))
        assert.strictEqual(nft("list tables"), "")
        for (const heard of ["192.0.2.100", "2001:db8::100"]) assert.isTrue(yield* isHeard(heard))
      })
    )
  )

  it.live("lets other machines find the address, and drops what they send", () =>
    run(() =>
      Effect.gen(function* () {
        const theirs = yield* NetworkNamespace.make
        const there = <A>(act: () => A): A => NetworkNamespace.within(theirs, act)
        ip(`link set eth0-peer netns ${NetworkNamespace.pathOf(theirs)}`)
        there(() => {
          ip("link set eth0-peer up")
          ip("address add 192.0.2.2/24 dev eth0-peer")
          ip("address add 2001:db8::2/64 dev eth0-peer nodad")
        })
        const { settle } = yield* open
        yield* settle(level(true, { addresses, accept: false }))

        for (const { address: text } of addresses.slice(0, 2))
          there(() => execFileSync("bash", ["-c", `echo hello > /dev/udp/${text}/9`]))

        const known = (family: string, text: string) =>
          there(() => ip(`${family} neigh show ${text} dev eth0-peer`).includes("lladdr"))
        yield* eventually("both are found", () => known("-4", "192.0.2.100") && known("-6", "2001:db8::100"))
        yield* eventually("both packets are dropped", () => {
          const listed = nft("list table inet holdfast_vrrp")
          return (
            /ip daddr @addresses4 counter packets 1/.test(listed) &&
            /ip6 daddr @addresses6 counter packets 1/.test(listed)
          )
        })
      })
    )
  )

  it.live("changes one element with an address, and the table goes with the last", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        yield* settle(level(true, { addresses: [address("192.0.2.100")], accept: false }))
        const handle = (): string =>
          /table inet holdfast_vrrp { # handle (\d+)/.exec(nft("-a list ruleset"))?.[1] ?? ""
        const before = handle()
        yield* settle(level(true, { addresses: [address("192.0.2.101")], accept: false }), "db")

        assert.include(nft("list set inet holdfast_vrrp addresses4"), "{ 192.0.2.100, 192.0.2.101 }")
        assert.strictEqual(handle(), before)
        yield* settle(level(false, { addresses: [address("192.0.2.100")], accept: false }))
        assert.include(nft("list set inet holdfast_vrrp addresses4"), "{ 192.0.2.101 }")
        yield* settle(level(false, { addresses: [address("192.0.2.101")], accept: false }), "db")

        assert.strictEqual(nft("list tables"), "")
      })
    )
  )

  it.live("replaces what a killed run left, and makes the table anew when somebody flushes all", () =>
    run(
      () =>
        Effect.gen(function* () {
          const { settle } = yield* open
          yield* settle(level(true, { addresses, accept: false }))
          assert.notInclude(nft("list ruleset"), "left_over")

          nft("flush ruleset")

          yield* eventually("the table is back", () => nft("list tables") === "table inet holdfast_vrrp")
          assert.include(nft("list ruleset"), "192.0.2.100")
        }),
      Effect.sync(() => {
        nft("add table inet holdfast_vrrp")
        nft("add chain inet holdfast_vrrp left_over")
      })
    )
  )
})
