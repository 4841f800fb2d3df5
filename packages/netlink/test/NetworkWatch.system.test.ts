import { assert, describe, it } from "@effect/vitest"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as Link from "@holdfast/netlink/Link"
import type { NetworkChange } from "@holdfast/netlink/NetworkChange"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as NetworkState from "@holdfast/netlink/NetworkState"
import * as NetworkWatch from "@holdfast/netlink/NetworkWatch"
import * as Effect from "effect/Effect"
import { ipv4 } from "./Fixture.ts"
import * as Namespace from "./Namespace.ts"

/** Watches everything in a namespace and keeps all that it was told. */
const watching = Effect.fnUntraced(function* (namespace: Namespace.Namespace, receiveBufferSize?: number) {
  const changes: Array<NetworkChange> = []
  const waiting = new Set<() => void>()
  let state = NetworkState.empty
  yield* NetworkWatch.make({
    topics: ["links", "addresses", "routes", "neighbours"],
    open: (groups) => namespace.kernel({ groups, receiveBufferSize }),
    onChanges: (told) => {
      changes.push(...told)
      state = told.reduce(NetworkState.apply, state)
      for (const check of Array.from(waiting)) check()
    }
  })
  /** Waits until the state is so. */
  const until = (isSo: (state: NetworkState.NetworkState) => boolean) =>
    Effect.callback<void>((resume) => {
      const check = () => {
        if (!isSo(state)) return
        waiting.delete(check)
        resume(Effect.void)
      }
      waiting.add(check)
      check()
      return Effect.sync(() => waiting.delete(check))
    }).pipe(Effect.timeout("10 seconds"))
  return { changes, until, current: () => state }
})

const addressesOf = (state: NetworkState.NetworkState, name: string) =>
  NetworkState.addressesOf(state, NetworkState.linkByName(state, name)?.index ?? -1)
const textsOf = (state: NetworkState.NetworkState, name: string): ReadonlyArray<string> =>
  addressesOf(state, name).map(({ address }) => address)
const isGlobal = (text: string) => (one: InterfaceAddress.InterfaceAddress) =>
  one.address === text && one.scope === InterfaceAddress.Scope.global
const isPrimary = (text: string) => (one: InterfaceAddress.InterfaceAddress) =>
  one.address === text && !InterfaceAddress.isSecondary(one)
const isRunning = (state: NetworkState.NetworkState, name: string): boolean => {
  const link = NetworkState.linkByName(state, name)
  return link !== undefined && Link.isRunning(link)
}
const witness = (namespace: Namespace.Namespace, name: string) =>
  Namespace.addressesOf(namespace, name).map(({ local }) => local)

const withVeth = Effect.tap(Namespace.make, (namespace) =>
  Effect.sync(() => {
    namespace.ip("link add a0 type veth peer name a1")
    namespace.ip("link set a0 up")
  })
)

describe("NetworkWatch", () => {
  it.live("begins with what is there", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      namespace.ip("addr add 192.0.2.1/24 dev a0")

      const { changes, current } = yield* watching(namespace)

      assert.strictEqual(changes[0]?._tag, "Synchronised")
      assert.deepStrictEqual(textsOf(current(), "a0"), ["192.0.2.1"])
    })
  )

  it.live("sees addresses that `ip` adds and deletes", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      const { changes, until, current } = yield* watching(namespace)

      namespace.ip("addr add 192.0.2.1/24 dev a0")
      namespace.ip("addr add 192.0.2.2/24 dev a0")
      yield* until((state) => textsOf(state, "a0").length === 2)
      const a0 = NetworkState.linkByName(current(), "a0")!.index
      const primary = NetworkState.primaryAddress(current(), a0)
      namespace.ip("addr del 192.0.2.2/24 dev a0")
      yield* until((state) => textsOf(state, "a0").length === 1)

      assert.strictEqual<string | undefined>(primary, "192.0.2.1")
      const removed = changes.find(({ _tag }) => _tag === "AddressRemoved")
      assert.strictEqual<string | undefined>(
        removed?._tag === "AddressRemoved" ? removed.address.address : undefined,
        "192.0.2.2"
      )
    })
  )

  it.live("sees devices come, lose their carrier, change their names and go", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      const { until } = yield* watching(namespace)

      namespace.ip("link set a1 up")
      yield* until((state) => isRunning(state, "a0"))
      namespace.ip("link set a1 down")
      yield* until((state) => !isRunning(state, "a0"))
      namespace.ip("link set a1 name wan")
      yield* until((state) => NetworkState.linkByName(state, "wan") !== undefined)
      namespace.ip("link del a0")
      yield* until((state) => [...state.links.values()].every(({ name }) => name === "lo"))
    })
  )

  it.live("a port that leaves its bridge stays", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      namespace.ip("link add br0 type bridge")
      namespace.ip("link set a0 master br0")
      const { until } = yield* watching(namespace)

      namespace.ip("link set a0 nomaster")
      namespace.ip("link set a1 name last")
      yield* until((state) => NetworkState.linkByName(state, "last") !== undefined)

      yield* until((state) => NetworkState.linkByName(state, "a0")?.masterIndex === undefined)
      yield* until((state) => NetworkState.linkByName(state, "a0") !== undefined)
    })
  )

  it.live("sees routes and neighbours", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      const { changes, until } = yield* watching(namespace)

      namespace.ip("link set a1 up")
      namespace.ip("addr add 192.0.2.1/24 dev a0")
      namespace.ip("neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev a0")
      namespace.ip("neigh del 192.0.2.9 dev a0")
      namespace.ip("route add 198.51.100.0/24 via 192.0.2.254")
      namespace.ip("route del 198.51.100.0/24")
      yield* until(() => changes.some((change) => change._tag === "RouteRemoved"))

      const tags = new Set<string>(changes.map(({ _tag }) => _tag))
      assert.includeMembers(
        [...tags],
        ["NeighbourChanged", "NeighbourRemoved", "RouteChanged", "RouteRemoved"]
      )
    })
  )

  it.live("keeps addresses in the kernel's order, whatever comes and goes", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      const { until, current } = yield* watching(namespace)

      namespace.batch([
        "addr add 192.0.2.1/24 dev a0",
        "addr add 192.0.2.2/24 dev a0",
        "addr add 198.51.100.1/24 dev a0",
        "addr add 169.254.0.1/16 scope link dev a0",
        "addr add 10.9.9.9/32 scope host dev a0",
        "addr add 198.51.100.2/24 dev a0",
        "addr del 10.9.9.9/32 dev a0",
        "addr add 10.9.9.9/32 dev a0"
      ])
      yield* until((state) => addressesOf(state, "a0").some(isGlobal("10.9.9.9")))

      assert.deepStrictEqual(textsOf(current(), "a0"), witness(namespace, "a0"))
    })
  )

  it.live("keeps IPv6 addresses in the kernel's order, and tells when they become usable", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      const { until, current } = yield* watching(namespace)
      namespace.ip("link set a1 up")
      yield* until((state) => addressesOf(state, "a0").some(({ scope }) => scope === 253))

      namespace.ip("addr add fd00::1/64 dev a0")
      yield* until((state) => addressesOf(state, "a0").some(InterfaceAddress.isTentative))
      namespace.batch([
        "addr add fd00::2/64 dev a0 nodad",
        "addr add fe80::9/64 dev a0 nodad",
        "addr add fd00::3/64 dev a0 nodad",
        "addr add 192.0.2.1/24 dev a0",
        "addr del fd00::2/64 dev a0"
      ])
      yield* until(
        (state) =>
          textsOf(state, "a0").length === 5 && !addressesOf(state, "a0").some(InterfaceAddress.isTentative)
      )

      const shown = namespace.read("addr show dev a0")[0]?.addr_info ?? []
      assert.deepStrictEqual(
        textsOf(current(), "a0"),
        shown.map(({ local }) => local)
      )
    })
  )

  it.live("a promoted secondary address stands where the kernel puts it", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      namespace.promoteSecondaries("a0")
      const { until, current } = yield* watching(namespace)
      namespace.batch([
        "addr add 192.0.2.1/24 dev a0",
        "addr add 192.0.2.2/24 dev a0",
        "addr add 192.0.2.3/24 dev a0",
        "addr add 198.51.100.1/24 dev a0",
        "addr del 192.0.2.1/24 dev a0"
      ])

      yield* until(
        (state) => textsOf(state, "a0").length === 3 && addressesOf(state, "a0").some(isPrimary("192.0.2.2"))
      )

      assert.deepStrictEqual(textsOf(current(), "a0"), witness(namespace, "a0"))
    })
  )

  it.live("after an overrun tells all anew, and ends with the kernel's truth", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      const { changes, until, current } = yield* watching(namespace, receiveBufferTiny)
      const addresses = Array.from({ length: 300 }, (_, index) => `10.0.${index >> 8}.${index & 0xff}/32`)

      // `ip` runs while this thread waits, so nobody reads the socket.
      namespace.batch(addresses.map((address) => `addr add ${address} dev a0`))
      namespace.batch(addresses.slice(0, 100).map((address) => `addr del ${address} dev a0`))
      yield* until((state) => textsOf(state, "a0").length === 200)

      assert.isAtLeast(changes.filter(({ _tag }) => _tag === "Synchronised").length, 2)
      assert.deepStrictEqual(textsOf(current(), "a0"), witness(namespace, "a0"))
    })
  )

  it.live("begins right in the midst of changes", () =>
    Effect.gen(function* () {
      const namespace = yield* withVeth
      const client = yield* NetlinkClient.make({ open: namespace.kernel() })
      const a0 = yield* client.get(Link.get("a0"))
      const requests = Array.from({ length: 600 }, (_, index) => {
        const address = ipv4(`10.0.${index >> 8}.${index & 0xff}`)
        return InterfaceAddress.add({ linkIndex: a0.index, address, prefixLength: 32 })
      })

      yield* Effect.forkChild(client.requestAll(requests), { startImmediately: true })
      const { until, current } = yield* watching(namespace)
      yield* until((state) => textsOf(state, "a0").length === 600)

      assert.deepStrictEqual(textsOf(current(), "a0"), witness(namespace, "a0"))
    })
  )
})

/** Room for a few notifications only. */
const receiveBufferTiny = 4_096
