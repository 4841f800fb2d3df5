/**
 * What `AddressPlane` does to this kernel besides addresses: routes, rules, details of addresses, the filter, and what a
 * killed run left. `ip` and `nft` are the witnesses. Each test has a network namespace of its own.
 */
import { type AddressEvent, AddressPlane, type Ownership } from "@holdfast/engine/AddressPlane"
import * as LinuxAddressPlane from "@holdfast/linux/AddressPlane"
import { ArpGuard } from "@holdfast/linux/device/ArpGuard"
import { ParentSettings } from "@holdfast/linux/device/ParentSettings"
import { KernelNetwork } from "@holdfast/linux/KernelNetwork"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as Link from "@holdfast/netlink/Link"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import type { InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import type { VirtualRule } from "@holdfast/vrrp/VirtualRule"
import type { IpAddress, Ipv4Address } from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import { connect } from "node:net"
import * as Entry from "../lab/Entry.ts"

/** One line, words apart by one blank. */
const flat = (text: string): string => text.replaceAll(/\s+/g, " ").trim()
const ip = (words: string): string =>
  flat(execFileSync("ip", words.split(" "), { encoding: "utf8", stdio: "pipe" }))
const nft = (words: string): string =>
  flat(execFileSync("nft", words.split(" "), { encoding: "utf8", stdio: "pipe" }))
/** The rules of both families with our mark. */
const ruleLines = (): ReadonlyArray<string> =>
  ["-4", "-6"].flatMap((family) =>
    execFileSync("ip", [family, "rule", "show"], { encoding: "utf8" })
      .split("\n")
      .map(flat)
      .filter((line) => line.endsWith("proto 112"))
  )
/** The addresses with our mark, which not every `ip` can show. */
const marked = Effect.map(
  Effect.flatMap(KernelNetwork, ({ client }) => client.dump(InterfaceAddress.list())),
  (found) => found.filter(({ protocol }) => protocol === 112).map(({ address: text }): string => text)
)

/** Whether a connection to a port where nobody listens is refused: packets are taken, and answered. */
const isHeard = (text: string): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    const socket = connect({ host: text, port: 1 })
    socket.once("error", () => resume(Effect.succeed(true)))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: "300 millis", orElse: () => Effect.succeed(false) }))

const eth0 = "eth0" as InterfaceName
const eth1 = "eth1" as InterfaceName

const addLink = (device: string): void => {
  ip(`link add ${device} type veth peer name ${device}-peer`)
  // So that no link-local address of its own is among those that are looked at.
  for (const end of [device, `${device}-peer`]) ip(`link set ${end} addrgenmode none`)
  ip(`link set ${device}-peer up`)
  ip(`link set ${device} up`)
}

const isRunning = (device: string): boolean => ip(`link show dev ${device}`).includes("state UP")

const address = (text: string, details: Partial<VirtualAddress> = {}): VirtualAddress => ({
  address: text as IpAddress,
  prefixLength: text.includes(":") ? 128 : 32,
  interface: eth0,
  scope: 0,
  advertised: true,
  tracked: true,
  ...details
})

const route = (prefix: string, via: string, details: Partial<VirtualRoute> = {}): VirtualRoute => {
  const [text = "", length = ""] = prefix.split("/")
  return {
    family: text.includes(":") ? "Ipv6" : "Ipv4",
    type: "unicast",
    destination: { address: text as IpAddress, length: Number(length) },
    nextHops: [{ via: via as IpAddress, interface: eth0, onlink: false }],
    table: 254,
    protocol: 112,
    tracked: true,
    ...details
  }
}

const rule = (from: string, table: number, details: Partial<VirtualRule> = {}): VirtualRule => ({
  family: from.includes(":") ? "Ipv6" : "Ipv4",
  action: { _tag: "Table", table },
  from: { address: from as IpAddress, length: from.includes(":") ? 128 : 32 },
  layer3Master: false,
  inverted: false,
  protocol: 112,
  tracked: true,
  ...details
})

const level = (owned: boolean, parts: Partial<Ownership> = {}): Ownership => ({
  owned,
  addresses: [],
  accept: true,
  routes: [],
  rules: [],
  keepForeign: false,
  ...parts
})

/** Far less than the period of comparisons, which would heal all. */
const waitMax = "10 seconds"
const step = "5 millis"

const eventually = (what: string, check: () => boolean): Effect.Effect<void> =>
  Effect.sync(check).pipe(
    Effect.delay(step),
    Effect.repeat({ until: (isTrue) => isTrue }),
    Effect.timeoutOrElse({
      duration: waitMax,
      orElse: () => Effect.die(new Error(`it does not come true that ${what}`))
    }),
    Effect.asVoid
  )

/** A plane, and levels that are waited for. */
const open = Effect.gen(function* () {
  const events: Array<AddressEvent> = []
  const levels = yield* (yield* AddressPlane).open((event) => events.push(event))
  const answers = (): ReadonlyArray<ReadonlyArray<string>> =>
    events.flatMap((event) => (event._tag === "OwnershipChanged" ? [event.failures] : []))
  /** Sets a level, waits until it is carried out, and returns what failed. */
  const settle = Effect.fnUntraced(function* (ownership: Ownership, owner = "web") {
    const before = answers().length
    levels.set(owner, ownership)
    yield* eventually("it is answered", () => answers().length > before)
    return answers().at(-1) ?? []
  })
  return { levels, settle, events }
})

const layer = LinuxAddressPlane.layer.pipe(
  Layer.provide(ArpGuard.layer),
  Layer.provide(ParentSettings.layer),
  Layer.provideMerge(KernelNetwork.layer)
)

/** `eth0` with 192.0.2.1/24 and 2001:db8::1/64, and `eth1`. */
const run = (
  test: () => Effect.Effect<void, unknown, AddressPlane | KernelNetwork | Scope.Scope>,
  prepare: Effect.Effect<void, unknown> = Effect.void
) =>
  Effect.gen(function* () {
    yield* Entry.enter(yield* NetworkNamespace.make)
    ip("link set lo up")
    for (const device of [eth0, eth1]) addLink(device)
    // A cable gets its carrier a moment after both ends are up; what the kernel tells of that is not part of any test.
    yield* eventually("both devices run", () => [eth0, eth1].every(isRunning))
    ip("address add 192.0.2.1/24 dev eth0")
    ip("address add 2001:db8::1/64 dev eth0 nodad")
    yield* prepare
    yield* test().pipe(Effect.scoped, Effect.provide(layer))
  }).pipe(Effect.scoped)

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
