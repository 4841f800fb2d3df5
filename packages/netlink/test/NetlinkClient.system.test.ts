import { assert, describe, it } from "@effect/vitest"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as Link from "@holdfast/netlink/Link"
import * as Neighbour from "@holdfast/netlink/Neighbour"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as Route from "@holdfast/netlink/Route"
import * as Rule from "@holdfast/netlink/Rule"
import * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ip, ipv4 } from "./Fixture.ts"
import * as Namespace from "./Namespace.ts"

const mac = Schema.decodeUnknownSync(Address.MacAddress)

/** A namespace, a client in it, and the veth pair `a0` and `a1`, both up. */
const laboratory = Effect.gen(function* () {
  const namespace = yield* Namespace.make
  const client = yield* NetlinkClient.make({ open: namespace.kernel() })
  yield* client.request(Link.createVeth({ name: "a0", up: true }, { name: "a1" }))
  const a1 = yield* client.get(Link.get("a1"))
  // Before there is a carrier, so that no link-local address comes of itself.
  for (const name of ["a0", "a1"]) namespace.ip(`link set ${name} addrgenmode none`)
  yield* client.request(Link.change(a1.index, { up: true }))
  const a0 = yield* client.get(Link.get("a0"))
  return { namespace, client, a0, a1 }
})

const failuresOf = (outcomes: ReadonlyArray<NetlinkClient.Outcome>) => outcomes.filter(Result.isFailure)
const namesOf = (shown: ReadonlyArray<Namespace.Shown>) => shown.map(({ ifname }) => ifname)

describe("Link", () => {
  it.live("makes a veth pair, a bridge and a macvlan as told", () =>
    Effect.gen(function* () {
      const { namespace, client, a0, a1 } = yield* laboratory

      yield* client.request(
        Link.createBridge({ name: "br0", mac: mac("02:00:00:00:00:03"), mtu: 1400, up: true })
      )
      yield* client.request(
        Link.createMacvlan({
          name: "vrrp.82",
          parentIndex: a0.index,
          mode: "private",
          mac: mac("00:00:5e:00:01:52")
        })
      )
      const vmac = yield* client.get(Link.get("vrrp.82"))
      yield* client.request(Link.change(vmac.index, { ipv6Generation: "none" }))
      yield* client.request(Link.change(vmac.index, { up: true }))
      const bridge = yield* client.get(Link.get("br0"))
      yield* client.request(Link.change(a1.index, { masterIndex: bridge.index }))

      const seen = Object.fromEntries(namespace.read("-d link show").map((one) => [one.ifname, one]))
      assert.deepStrictEqual(
        [seen.br0.linkinfo.info_kind, seen.br0.address, bridge.mtu],
        ["bridge", "02:00:00:00:00:03", 1400]
      )
      assert.deepStrictEqual(
        [seen["vrrp.82"].linkinfo.info_data.mode, seen["vrrp.82"].address, seen["vrrp.82"].link],
        ["private", "00:00:5e:00:01:52", "a0"]
      )
      assert.strictEqual(seen["vrrp.82"].inet6_addr_gen_mode, "none")
      assert.deepStrictEqual([seen.a1.master, seen.a0.linkinfo.info_kind], ["br0", "veth"])
      assert.include(seen["vrrp.82"].flags, "UP")
    })
  )

  it.live("lists devices as `ip` does", () =>
    Effect.gen(function* () {
      const { namespace, client, a1 } = yield* laboratory
      namespace.ip("link add br0 type bridge")
      namespace.ip("link set a1 master br0")
      namespace.ip("link add link a0 name m0 address 00:00:5e:00:01:01 type macvlan mode vepa")

      const links = yield* client.dump(Link.list())

      const seen = namespace.read("-d link show")
      assert.deepStrictEqual(
        links.map((link) => [link.index, link.name, link.mac, link.mtu, link.operState, link.kind]),
        seen.map((one) => [
          one.ifindex,
          one.ifname,
          one.address,
          one.mtu,
          one.operstate?.toLowerCase(),
          one.linkinfo?.info_kind
        ])
      )
      const bridge = links.find(({ name }) => name === "br0")
      assert.strictEqual(links.find(({ index }) => index === a1.index)?.masterIndex, bridge?.index)
      assert.strictEqual(links.find(({ name }) => name === "m0")?.macvlanMode, "vepa")
    })
  )

  it.live("renames a device, gives it an address, and sets it down and up", () =>
    Effect.gen(function* () {
      const { namespace, client, a0 } = yield* laboratory

      yield* client.request(Link.change(a0.index, { up: false }))
      const down = yield* client.get(Link.get("a0"))
      yield* client.request(Link.change(a0.index, { name: "wan", mac: mac("02:00:00:00:00:77"), mtu: 1300 }))
      yield* client.request(Link.change(a0.index, { up: true }))

      assert.isFalse(Link.isUp(down))
      const seen = namespace.read("link show wan")[0]!
      assert.deepStrictEqual([seen.ifindex, seen.address, seen.mtu], [a0.index, "02:00:00:00:00:77", 1300])
      assert.include(seen.flags ?? [], "UP")
    })
  )

  it.live("moves a device to another namespace", () =>
    Effect.gen(function* () {
      const { namespace, client, a1 } = yield* laboratory
      const other = yield* Namespace.make

      yield* client.request(Link.change(a1.index, { namespaceFd: other.fd }))

      assert.deepStrictEqual(namesOf(namespace.read("link show")), ["lo", "a0"])
      assert.deepStrictEqual(namesOf(other.read("link show")), ["lo", "a1"])
      assert.isNumber((yield* client.get(Link.get("a0"))).parentNamespace)
    })
  )

  it.live("makes the far end of a veth pair in another namespace", () =>
    Effect.gen(function* () {
      const { client } = yield* laboratory
      const other = yield* Namespace.make

      yield* client.request(
        Link.createVeth(
          { name: "b0" },
          { name: "eth0", namespaceFd: other.fd, mac: mac("02:00:00:00:00:08") }
        )
      )

      assert.strictEqual(other.read("link show eth0")[0]?.address, "02:00:00:00:00:08")
    })
  )

  it.live("deletes a device", () =>
    Effect.gen(function* () {
      const { namespace, client, a0 } = yield* laboratory

      yield* client.request(Link.remove(a0.index))

      assert.deepStrictEqual(namesOf(namespace.read("link show")), ["lo"])
    })
  )

  it.live("says that a device is not there, and that a name is taken", () =>
    Effect.gen(function* () {
      const { client } = yield* laboratory

      const absent = yield* Effect.flip(client.get(Link.get("nope")))
      const gone = yield* Effect.flip(client.request(Link.remove(4_000)))
      const taken = yield* Effect.flip(client.request(Link.createBridge({ name: "a0" })))

      assert.deepStrictEqual(
        [absent.reason, gone.reason, taken.reason],
        ["LinkNotFound", "LinkNotFound", "AlreadyExists"]
      )
      assert.strictEqual(
        absent.message,
        "link-get nope: ENODEV; there is no such network device: check its name, or wait until it exists"
      )
    })
  )
})

describe("InterfaceAddress", () => {
  it.live("adds, lists and deletes an IPv6 address with flags, a peer and a lifetime", () =>
    Effect.gen(function* () {
      const { namespace, client, a0 } = yield* laboratory
      const address: InterfaceAddress.NewAddress = {
        linkIndex: a0.index,
        address: ip("fd00::1"),
        peer: ip("fd00::2"),
        prefixLength: 128,
        flags:
          InterfaceAddress.IFA_F_NODAD |
          InterfaceAddress.IFA_F_HOMEADDRESS |
          InterfaceAddress.IFA_F_NOPREFIXROUTE,
        protocol: 112,
        preferredSeconds: 0
      }

      yield* client.request(InterfaceAddress.add(address))

      const [found, ...rest] = yield* client.dump(InterfaceAddress.list(a0.index))
      assert.isEmpty(rest)
      assert.deepInclude(found ?? {}, {
        address: address.address,
        peer: address.peer,
        prefixLength: 128,
        protocol: 112,
        preferredSeconds: 0,
        validSeconds: InterfaceAddress.lifetimeInfinite
      })
      assert.isFalse(InterfaceAddress.isTentative(found!))
      const shown = namespace.ip("-6 addr show dev a0").replaceAll(/\s+/g, " ")
      assert.include(shown, "inet6 fd00::1 peer fd00::2/128")
      for (const word of ["nodad", "home", "noprefixroute", "deprecated"]) assert.include(shown, word)
      yield* client.request(InterfaceAddress.remove(address))
      assert.isEmpty(yield* client.dump(InterfaceAddress.list(a0.index)))
    })
  )

  it.live("adds an address as told, lists it, and deletes it", () =>
    Effect.gen(function* () {
      const { namespace, client, a0 } = yield* laboratory
      const address = {
        linkIndex: a0.index,
        address: ipv4("192.0.2.7"),
        prefixLength: 24,
        broadcast: ipv4("192.0.2.255"),
        label: "a0:vip",
        scope: InterfaceAddress.Scope.global,
        flags: InterfaceAddress.IFA_F_NOPREFIXROUTE,
        protocol: 18,
        preferredSeconds: 300,
        validSeconds: 600
      }

      yield* client.request(InterfaceAddress.add(address))

      const seen = Namespace.addressesOf(namespace, "a0")[0]!
      assert.deepStrictEqual(
        [seen.local, seen.prefixlen, seen.broadcast, seen.label, seen.scope, seen.noprefixroute],
        ["192.0.2.7", 24, "192.0.2.255", "a0:vip", "global", true]
      )
      assert.deepStrictEqual(yield* client.dump(InterfaceAddress.list(a0.index)), [
        { ...address, peer: ipv4("192.0.2.7") }
      ])
      yield* client.request(InterfaceAddress.remove(address))
      assert.deepStrictEqual(yield* client.dump(InterfaceAddress.list()), [])
    })
  )

  it.live("deletes the address of this prefix length and no other", () =>
    Effect.gen(function* () {
      const { namespace, client, a0 } = yield* laboratory
      namespace.ip("addr add 192.0.2.7/24 dev a0")
      namespace.ip("addr add 192.0.2.7/32 dev a0")
      const remove = InterfaceAddress.remove({
        linkIndex: a0.index,
        address: ipv4("192.0.2.7"),
        prefixLength: 32
      })

      yield* client.request(remove)
      const again = yield* Effect.flip(client.request(remove))

      assert.deepStrictEqual(
        (yield* client.dump(InterfaceAddress.list(a0.index))).map(({ prefixLength }) => prefixLength),
        [24]
      )
      assert.strictEqual(again.reason, "NotFound")
    })
  )

  it.live("adding one that is there fails in the kernel's words; replacing it does not", () =>
    Effect.gen(function* () {
      const { namespace, client, a0 } = yield* laboratory
      const address = { linkIndex: a0.index, address: ipv4("192.0.2.7"), prefixLength: 32 }
      yield* client.request(InterfaceAddress.add(address))

      const error = yield* Effect.flip(client.request(InterfaceAddress.add(address)))
      yield* client.request(InterfaceAddress.replace({ ...address, preferredSeconds: 50, validSeconds: 100 }))

      assert.strictEqual(error.reason, "AlreadyExists")
      assert.strictEqual(
        error.message,
        `address-add 192.0.2.7/32 on link ${a0.index}: EEXIST: ${error.text}; it is there already: use it, replace it, or delete it first`
      )
      assert.include(error.text, "already assigned")
      const seen = Namespace.addressesOf(namespace, "a0")[0]!
      assert.isAtMost(seen.valid_life_time, 100)
    })
  )

  it.live("adding one to a device that is not there says so", () =>
    Effect.gen(function* () {
      const { client } = yield* laboratory

      const error = yield* Effect.flip(
        client.request(
          InterfaceAddress.add({ linkIndex: 4_000, address: ipv4("192.0.2.7"), prefixLength: 32 })
        )
      )

      assert.strictEqual(error.reason, "LinkNotFound")
    })
  )

  it.live("adds a thousand, lists them in order, and deletes them", () =>
    Effect.gen(function* () {
      const { namespace, client, a0 } = yield* laboratory
      const addresses = Array.from({ length: 1_000 }, (_, index) => ({
        linkIndex: a0.index,
        address: ipv4(`10.0.${index >> 8}.${index & 0xff}`),
        prefixLength: 32
      }))
      const texts = addresses.map(({ address }) => address)

      const added = yield* client.requestAll(addresses.map(InterfaceAddress.add))
      const seen = Namespace.addressesOf(namespace, "a0").map(({ local }) => local)
      const listed = (yield* client.dump(InterfaceAddress.list(a0.index))).map(({ address }) => address)
      const again = yield* client.requestAll(addresses.map(InterfaceAddress.add))
      const removed = yield* client.requestAll(addresses.map(InterfaceAddress.remove))

      assert.deepStrictEqual(failuresOf(added), [])
      assert.deepStrictEqual(seen, texts)
      assert.deepStrictEqual(listed, texts)
      assert.deepStrictEqual(
        failuresOf(again).map(({ failure }) => failure.reason),
        addresses.map(() => "AlreadyExists" as const)
      )
      assert.deepStrictEqual(failuresOf(removed), [])
      assert.deepStrictEqual(Namespace.addressesOf(namespace, "a0"), [])
    })
  )

  it.live("lists after a list whose caller was interrupted", () =>
    Effect.gen(function* () {
      const { client, a0 } = yield* laboratory
      const addresses = Array.from({ length: 2_000 }, (_, index) => ({
        linkIndex: a0.index,
        address: ipv4(`10.2.${index >> 8}.${index & 0xff}`),
        prefixLength: 32
      }))
      yield* client.requestAll(addresses.map(InterfaceAddress.add))

      const interrupted = yield* Effect.forkChild(client.dump(InterfaceAddress.list()), {
        startImmediately: true
      })
      yield* Fiber.interrupt(interrupted)
      const listed = yield* client.dump(InterfaceAddress.list())

      assert.deepStrictEqual(
        listed.map(({ address }) => address),
        addresses.map(({ address }) => address)
      )
    })
  )

  it.live("fibers that add, list and delete at the same time do not disturb each other", () =>
    Effect.gen(function* () {
      const { client, a0 } = yield* laboratory
      const cycle = (host: number) =>
        Effect.gen(function* () {
          const address = { linkIndex: a0.index, address: ipv4(`10.1.0.${host}`), prefixLength: 32 }
          yield* client.request(InterfaceAddress.add(address))
          const before = yield* client.dump(InterfaceAddress.list(a0.index))
          yield* client.request(InterfaceAddress.remove(address))
          return before.some((one) => one.address === address.address)
        })

      const seen = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, index) => index + 1),
        cycle,
        { concurrency: "unbounded" }
      )

      assert.isTrue(seen.every((found) => found))
      assert.deepStrictEqual(yield* client.dump(InterfaceAddress.list(a0.index)), [])
    })
  )
})

describe("Route", () => {
  it.live("adds routes as told, lists them, and deletes them", () =>
    Effect.gen(function* () {
      const { namespace, client, a0 } = yield* laboratory
      namespace.ip("addr add 192.0.2.1/24 dev a0")
      const byGateway = {
        destination: ipv4("198.51.100.0"),
        prefixLength: 24,
        gateway: ipv4("192.0.2.254"),
        linkIndex: a0.index,
        source: ipv4("192.0.2.1"),
        priority: 7,
        protocol: 18
      }
      const byDefault = {
        destination: ipv4("0.0.0.0"),
        prefixLength: 0,
        gateway: ipv4("192.0.2.253"),
        table: 1_000
      }
      const blackhole = {
        destination: ipv4("203.0.113.0"),
        prefixLength: 24,
        type: Route.RouteType.blackhole
      }

      for (const route of [byGateway, byDefault, blackhole]) yield* client.request(Route.add(route))
      const again = yield* Effect.flip(client.request(Route.add(byGateway)))
      const listed = yield* client.dump(Route.list(1_000))

      const seen = namespace.read("-N route show 198.51.100.0/24")[0]!
      assert.deepStrictEqual(
        [seen.gateway, seen.dev, seen.prefsrc, seen.metric, seen.protocol],
        ["192.0.2.254", "a0", "192.0.2.1", 7, "18"]
      )
      assert.strictEqual(namespace.read("route show table 1000")[0]?.gateway, "192.0.2.253")
      assert.include(namespace.ip("route show"), "blackhole 203.0.113.0/24")
      assert.deepStrictEqual(
        listed.map((route) => [route.destination, route.prefixLength, route.gateway, route.table]),
        [[byDefault.destination, 0, byDefault.gateway, 1_000]]
      )
      assert.strictEqual(again.reason, "AlreadyExists")

      for (const route of [byGateway, byDefault, blackhole]) yield* client.request(Route.remove(route))
      assert.strictEqual((yield* Effect.flip(client.request(Route.remove(byGateway)))).reason, "NotFound")
      assert.strictEqual(namespace.ip("route show 198.51.100.0/24"), "")
    })
  )

  it.live("holds all that a route can have", () =>
    Effect.gen(function* () {
      const { namespace, client, a0, a1 } = yield* laboratory
      namespace.ip("addr add 192.0.2.1/24 dev a0")
      namespace.ip("addr add fd00::1/64 dev a0 nodad")
      const routes: ReadonlyArray<Route.NewRoute> = [
        {
          destination: ipv4("198.51.100.0"),
          prefixLength: 24,
          nextHops: [
            { gateway: ipv4("192.0.2.2"), linkIndex: a0.index, weight: 3 },
            { gateway: ipv4("203.0.113.9"), linkIndex: a1.index, onlink: true }
          ],
          typeOfService: 4,
          realms: 0x3_0004,
          metrics: { mtu: 1_400, rtt: 100, rttvar: 20, rto_min: 50, congctl: "reno", locked: ["mtu"] }
        },
        {
          destination: ipv4("198.51.101.0"),
          prefixLength: 24,
          gateway: ip("fd00::2"),
          linkIndex: a0.index,
          protocol: 112
        },
        {
          destination: ip("fd01::"),
          prefixLength: 64,
          from: { address: ip("fd00::"), length: 64 },
          gateway: ip("fd00::2"),
          linkIndex: a0.index,
          source: ip("fd00::1"),
          priority: 5,
          table: 300,
          preference: Route.RouterPreference.low,
          expiresSeconds: 600,
          protocol: 112
        },
        {
          destination: ip("fd02::"),
          prefixLength: 48,
          nextHops: [
            { gateway: ip("fd00::2"), linkIndex: a0.index },
            { gateway: ip("fd00::3"), linkIndex: a0.index, weight: 2 }
          ]
        },
        { destination: ip("::"), prefixLength: 0, type: Route.RouteType.unreachable, table: 301 }
      ]

      for (const route of routes) yield* client.request(Route.add(route))

      const shown = (words: string) => namespace.ip(words).replaceAll(/\s+/g, " ").trim()
      assert.strictEqual(
        shown("route show 198.51.100.0/24"),
        [
          "198.51.100.0/24 tos 0x04 proto static mtu lock 1400 rtt 100ms rttvar 20ms rto_min 50ms congctl reno",
          "nexthop via 192.0.2.2 realms 3/4 dev a0 weight 3",
          "nexthop via 203.0.113.9 realms 3/4 dev a1 weight 1 onlink"
        ].join(" ")
      )
      assert.strictEqual(
        shown("route show 198.51.101.0/24"),
        "198.51.101.0/24 via inet6 fd00::2 dev a0 proto 112"
      )
      assert.match(
        shown("-6 route show table 300"),
        /^fd01::\/64 from fd00::\/64 via fd00::2 dev a0 proto 112 src fd00::1 metric 5 expires (600|599)sec pref low$/
      )
      assert.include(shown("-6 route show fd02::/48"), "nexthop via fd00::3 dev a0 weight 2")
      assert.include(shown("-6 route show table 301"), "unreachable default dev lo")
      const ours = [
        ...(yield* client.dump(Route.listMadeBy("Ipv4", 112))),
        ...(yield* client.dump(Route.listMadeBy("Ipv6", 112)))
      ]
      assert.deepStrictEqual(
        ours.map(({ destination, gateway, from }) => [destination, gateway, from?.length]),
        [
          [ipv4("198.51.101.0"), ip("fd00::2"), undefined],
          [ip("fd01::"), ip("fd00::2"), 64]
        ]
      )

      for (const route of routes) {
        const { nextHops: _, metrics: __, ...key } = route
        yield* client.request(Route.remove(key))
      }
      assert.strictEqual(shown("route show 198.51.100.0/24") + shown("-6 route show fd02::/48"), "")
    })
  )

  it.live("says that a gateway is on no attached network", () =>
    Effect.gen(function* () {
      const { client } = yield* laboratory
      const route = { destination: ipv4("198.51.100.0"), prefixLength: 24, gateway: ipv4("203.0.113.1") }

      const error = yield* Effect.flip(client.request(Route.add(route)))

      assert.strictEqual(error.reason, "Unreachable")
      assert.include(error.message, "Nexthop has invalid gateway")
    })
  )
})

describe("Rule", () => {
  it.live("adds, lists and deletes rules with all that they can have", () =>
    Effect.gen(function* () {
      const { namespace, client } = yield* laboratory
      const common = { table: 0, typeOfService: 0, layer3Master: false, inverted: false, protocol: 112 }
      const rules: ReadonlyArray<Rule.Rule> = [
        {
          ...common,
          family: "Ipv4",
          action: Rule.RuleAction.table,
          table: 1_000,
          priority: 100,
          from: { address: ipv4("192.0.2.0"), length: 24 },
          to: { address: ipv4("198.51.100.7"), length: 32 },
          inputInterface: "a0",
          outputInterface: "a9",
          mark: { value: 5, mask: 0xff },
          typeOfService: 4,
          ipProtocol: 6,
          sourcePorts: { first: 1_000, last: 2_000 },
          destinationPorts: { first: 80, last: 80 },
          users: { first: 0, last: 10 },
          realms: 0x1_0002,
          suppressPrefixLength: 0,
          suppressInterfaceGroup: 3,
          inverted: true
        },
        { ...common, family: "Ipv6", action: Rule.RuleAction.goto, target: 32_766, priority: 101 },
        { ...common, family: "Ipv6", action: Rule.RuleAction.table, layer3Master: true, priority: 102 },
        { ...common, family: "Ipv6", action: Rule.RuleAction.prohibit, tunnelId: 7, priority: 103 }
      ]

      for (const rule of rules) yield* client.request(Rule.add(rule))

      const again = yield* Effect.flip(client.request(Rule.add(rules[0]!)))
      assert.strictEqual(again.reason, "AlreadyExists")
      const shown = namespace.ip("-d rule show priority 100").replaceAll(/\s+/g, " ")
      for (const words of [
        "not from 192.0.2.0/24 to 198.51.100.7",
        "tos 0x04",
        "fwmark 0x5/0xff",
        "iif a0",
        "oif a9",
        "uidrange 0-10",
        "ipproto tcp",
        "sport 1000-2000",
        "dport 80",
        "lookup 1000",
        "suppress_prefixlength 0",
        "realms 1/2",
        "proto 112"
      ])
        assert.include(shown, words)
      assert.include(namespace.ip("-6 rule show priority 101"), "goto 32766")
      const listed = [
        ...(yield* client.dump(Rule.list("Ipv4"))),
        ...(yield* client.dump(Rule.list("Ipv6")))
      ].filter(({ protocol }) => protocol === 112)
      // What is not given is `undefined` in what the kernel tells.
      assert.deepStrictEqual(JSON.parse(JSON.stringify(listed)), JSON.parse(JSON.stringify(rules)))

      for (const rule of rules) yield* client.request(Rule.remove(rule))
      assert.strictEqual((yield* Effect.flip(client.request(Rule.remove(rules[0]!)))).reason, "NotFound")
    })
  )
})

describe("Neighbour", () => {
  it.live("sets a neighbour, lists it, and deletes it", () =>
    Effect.gen(function* () {
      const { namespace, client, a0 } = yield* laboratory
      const neighbour = { linkIndex: a0.index, address: ipv4("192.0.2.9"), mac: mac("02:00:00:00:00:09") }

      yield* client.request(Neighbour.replace(neighbour))

      const seen = namespace.read("-4 neigh show dev a0")[0]!
      assert.deepStrictEqual(
        [seen.dst, seen.lladdr, seen.state],
        ["192.0.2.9", "02:00:00:00:00:09", ["PERMANENT"]]
      )
      assert.deepStrictEqual(yield* client.dump(Neighbour.list(a0.index)), [
        { ...neighbour, state: Neighbour.NeighbourState.permanent }
      ])
      yield* client.request(Neighbour.remove(neighbour))
      assert.strictEqual((yield* Effect.flip(client.request(Neighbour.remove(neighbour)))).reason, "NotFound")
    })
  )
})
