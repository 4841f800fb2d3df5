/**
 * The routes and rules of `AddressPlane` on this kernel, with the addresses that they need.
 */
import { AddressPlane } from "@holdfast/engine/AddressPlane"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  addLink,
  address,
  eventually,
  ip,
  level,
  marked,
  nft,
  open,
  route,
  rule,
  ruleLines,
  run
} from "./KernelAddressRig.ts"

describe("routes and rules", () => {
  const routes = [
    route("10.1.0.0/16", "192.0.2.254", { source: "192.0.2.100" as IpAddress, metric: 5 }),
    route("2001:db8:1::/48", "2001:db8::254", { table: 300, preference: "high" })
  ]
  const rules = [rule("192.0.2.100", 300), rule("2001:db8::100", 300, { priority: 1_000 })]
  const addresses = [address("192.0.2.100"), address("2001:db8::100")]
  const isHeld = (): boolean =>
    ip("route show proto 112").includes("10.1.0.0/16 via 192.0.2.254 dev eth0 src 192.0.2.100 metric 5") &&
    ip("-6 route show table 300 proto 112").includes("2001:db8:1::/48 via 2001:db8::254 dev eth0") &&
    ruleLines().some((line) => line.includes("from 192.0.2.100 lookup 300")) &&
    ruleLines().includes("1000: from 2001:db8::100 lookup 300 proto 112")
  const isEmpty = (): boolean =>
    ip("route show proto 112") + ip("-6 route show table all proto 112") === "" && ruleLines().length === 0

  it.live("are held with the addresses, once, and go with them", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle, events } = yield* open
        const all = { addresses, routes, rules }

        assert.deepStrictEqual(yield* settle(level(true, all)), [])
        assert.isTrue(isHeld())
        assert.strictEqual(events.at(-1)?._tag, "OwnershipChanged")
        assert.deepStrictEqual(
          yield* settle(level(true, { ...all, routes: [...routes], rules: [...rules] })),
          []
        )
        assert.lengthOf(ruleLines(), 2)
        assert.deepStrictEqual(yield* settle(level(false, all)), [])

        assert.isTrue(isEmpty())
        assert.isEmpty(yield* marked)
      })
    )
  )

  it.live("come after the filter and the addresses, and before the answer", () =>
    run(() =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const look = (what: string): string => {
          const parts = [
            nft("list ruleset").includes("192.0.2.100") ? "filter" : "",
            ip("address show dev eth0").includes("192.0.2.100/32") ? "address" : "",
            ip("route show").includes("10.1.0.0/16") ? "route" : "",
            ruleLines().length > 0 ? "rules" : ""
          ]
          return `${what}: ${parts.filter((part) => part !== "").join(" ")}`
        }
        const levels = yield* (yield* AddressPlane).open(({ _tag }) => seen.push(look(_tag)))
        const all = { addresses, routes, rules, accept: false }

        levels.set("web", level(true, all))
        yield* eventually("it is owned", () => seen.length === 2)
        levels.set("web", level(false, all))
        yield* eventually("it is given up", () => seen.length === 3)

        assert.deepStrictEqual(seen, [
          "AddressesHeld: filter address",
          "OwnershipChanged: filter address route rules",
          "OwnershipChanged: "
        ])
      })
    )
  )

  it.live("that left the list go, others change, and what two owners hold stays until both are gone", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        const shared = rule("192.0.2.7", 300)
        yield* settle(
          level(true, {
            routes: [route("10.1.0.0/16", "192.0.2.254"), route("10.2.0.0/16", "192.0.2.254")],
            rules: [shared]
          })
        )
        yield* settle(level(true, { rules: [rule("192.0.2.7", 300)] }), "db")

        yield* settle(level(true, { routes: [route("10.1.0.0/16", "192.0.2.253")] }))

        const shown = ip("route show proto 112")
        assert.include(shown, "10.1.0.0/16 via 192.0.2.253")
        assert.notInclude(shown, "10.2.0.0/16")
        assert.include(ruleLines()[0], "from 192.0.2.7 ")
        yield* settle(level(false, {}), "db")
        assert.isEmpty(ruleLines())
      })
    )
  )

  it.live("are put back when somebody deletes them", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        yield* settle(level(true, { addresses, routes, rules }))

        ip("route del 10.1.0.0/16")
        ip("-6 route flush table 300")
        ip("rule del from 192.0.2.100")
        ip("-6 rule del from 2001:db8::100")

        yield* eventually("they are back", isHeld)
      })
    )
  )

  it.live("are put back when the kernel dropped them without a word", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        yield* settle(level(true, { addresses, routes, rules }))

        // The source address of the route goes, and is put back.
        ip("address del 192.0.2.100/32 dev eth0")
        yield* eventually("they are back", isHeld)
        ip("link set eth0 down")
        ip("link set eth0 up")
        yield* eventually("they are back again", () => {
          // What the test gave the device is not ours to restore.
          if (!ip("-6 address show dev eth0").includes("2001:db8::1/64"))
            ip("address add 2001:db8::1/64 dev eth0 nodad")
          return isHeld()
        })
      })
    )
  )

  it.live("tell what is wrong, and heal when it is not wrong any more", () =>
    run(() =>
      Effect.gen(function* () {
        const { settle } = yield* open
        ip("route add 10.3.0.0/16 via 192.0.2.9")
        const failures = yield* settle(
          level(true, {
            routes: [
              route("10.1.0.0/16", "203.0.113.1"),
              route("10.2.0.0/16", "203.0.113.254", {
                nextHops: [
                  { via: "203.0.113.254" as IpAddress, interface: "eth7" as InterfaceName, onlink: false }
                ]
              }),
              route("10.3.0.0/16", "192.0.2.254")
            ]
          })
        )

        assert.lengthOf(failures, 3)
        assert.match(failures[0]!, /10\.1\.0\.0\/16.*Nexthop has invalid gateway.*check the gateway/)
        assert.match(failures[1]!, /10\.2\.0\.0\/16.*eth7 does not exist/)
        assert.match(failures[2]!, /10\.3\.0\.0\/16.*another route/)
        assert.include(ip("route show 10.3.0.0/16"), "via 192.0.2.9")
        addLink("eth7")
        ip("address add 203.0.113.2/24 dev eth7")
        ip("route del 10.3.0.0/16")

        yield* eventually("the gateway is reached", () => ip("route show proto 112").includes("10.2.0.0/16"))
        // The gateway of the first is behind no address of this machine, until a route says so.
        ip("route add 203.0.113.1/32 dev eth0")
        yield* eventually("a route leads to the gateway", () =>
          ip("route show proto 112").includes("10.1.0.0/16")
        )
        yield* eventually("the place is free", () => ip("route show 10.3.0.0/16").includes("192.0.2.254"))
      })
    )
  )
})
