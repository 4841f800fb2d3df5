import { assert, describe, it } from "@effect/vitest"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as Link from "@holdfast/netlink/Link"
import * as Neighbour from "@holdfast/netlink/Neighbour"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as Route from "@holdfast/netlink/Route"
import * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ipv4 } from "./Fixture.ts"
import * as Namespace from "./Namespace.ts"

const mac = Schema.decodeUnknownSync(Address.MacAddress)

/** A namespace, a client in it, and the veth pair `a0` and `a1`, both up. */
const laboratory = Effect.gen(function* () {
  const namespace = yield* Namespace.make
  const client = yield* NetlinkClient.make({ open: namespace.kernel() })
  yield* client.request(Link.createVeth({ name: "a0", up: true }, { name: "a1" }))
  const a1 = yield* client.get(Link.get("a1"))
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
