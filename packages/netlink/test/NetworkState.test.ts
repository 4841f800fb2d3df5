import { assert, describe, it } from "@effect/vitest"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import { NetworkChange } from "@holdfast/netlink/NetworkChange"
import * as NetworkState from "@holdfast/netlink/NetworkState"
import * as Fixture from "./Fixture.ts"

const { address, link } = Fixture
const { AddressChanged, AddressRemoved, LinkChanged, LinkRemoved, Synchronised } = NetworkChange
const { Scope, IFA_F_SECONDARY } = InterfaceAddress

const fold = (...changes: ReadonlyArray<NetworkChange>) =>
  changes.reduce(NetworkState.apply, NetworkState.empty)
const added = (...addresses: ReadonlyArray<InterfaceAddress.InterfaceAddress>) =>
  fold(...addresses.map((one) => AddressChanged({ address: one })))
const textsOf = (state: NetworkState.NetworkState, linkIndex = 2): ReadonlyArray<string> =>
  NetworkState.addressesOf(state, linkIndex).map((one) => one.address)

describe("apply", () => {
  it("keeps devices by index: a change replaces, a removal takes the addresses too", () => {
    const state = fold(
      LinkChanged({ link: link(2, "eth0") }),
      LinkChanged({ link: link(3, "eth1") }),
      AddressChanged({ address: address("192.0.2.1") }),
      LinkChanged({ link: link(2, "wan") })
    )

    assert.deepStrictEqual(
      [...state.links.values()].map(({ name }) => name),
      ["wan", "eth1"]
    )
    assert.strictEqual(NetworkState.linkByName(state, "wan")?.index, 2)
    assert.isUndefined(NetworkState.linkByName(state, "eth0"))

    const removed = NetworkState.apply(state, LinkRemoved({ link: link(2, "wan") }))

    assert.deepStrictEqual([...removed.links.keys()], [3])
    assert.deepStrictEqual(textsOf(removed), [])
  })

  it("a snapshot replaces all that was known", () => {
    const state = fold(
      LinkChanged({ link: link(9, "gone") }),
      AddressChanged({ address: address("192.0.2.9") }),
      Synchronised({
        snapshot: {
          links: [link(2, "eth0")],
          addresses: [address("192.0.2.2"), address("192.0.2.1")],
          routes: [],
          neighbours: []
        }
      })
    )

    assert.deepStrictEqual([...state.links.keys()], [2])
    assert.deepStrictEqual(textsOf(state), ["192.0.2.2", "192.0.2.1"])
  })

  it("an address that is told again is kept once, in its place, as it is told last", () => {
    const state = NetworkState.apply(
      added(address("192.0.2.1"), address("192.0.3.1")),
      AddressChanged({ address: address("192.0.2.1", { validSeconds: 60 }) })
    )

    assert.deepStrictEqual(textsOf(state), ["192.0.2.1", "192.0.3.1"])
    assert.strictEqual(NetworkState.addressesOf(state, 2)[0]?.validSeconds, 60)
  })

  it("a removal of what is not there changes nothing", () => {
    const before = added(address("192.0.2.1"))

    const after = NetworkState.apply(
      before,
      AddressRemoved({ address: address("192.0.2.1", { prefixLength: 32 }) })
    )

    assert.deepStrictEqual(textsOf(after), ["192.0.2.1"])
  })

  it("a primary address stands before the secondary ones, and behind those of a greater scope number", () => {
    const state = added(
      address("192.0.2.1"),
      address("192.0.2.2", { flags: IFA_F_SECONDARY }),
      address("192.0.2.3", { flags: IFA_F_SECONDARY }),
      address("192.0.3.1"),
      address("127.0.0.1", { scope: Scope.host }),
      address("169.254.0.1", { scope: Scope.link })
    )

    assert.deepStrictEqual(textsOf(state), [
      "127.0.0.1",
      "169.254.0.1",
      "192.0.2.1",
      "192.0.3.1",
      "192.0.2.2",
      "192.0.2.3"
    ])
  })

  it("IPv6 addresses stand behind those of IPv4, global ones first, the newest of a scope first", () => {
    const state = added(
      address("fe80::1", { scope: Scope.link }),
      address("fd00::1"),
      address("192.0.2.1"),
      address("fd00::2", { flags: InterfaceAddress.IFA_F_TENTATIVE }),
      address("192.0.2.2", { flags: IFA_F_SECONDARY }),
      address("fd00::2")
    )

    assert.deepStrictEqual(textsOf(state), ["192.0.2.1", "192.0.2.2", "fd00::2", "fd00::1", "fe80::1"])
  })

  it("a temporary IPv6 address is not secondary", () => {
    assert.isFalse(InterfaceAddress.isSecondary(address("fd00::1", { flags: IFA_F_SECONDARY })))
    assert.isTrue(InterfaceAddress.isSecondary(address("192.0.2.1", { flags: IFA_F_SECONDARY })))
  })

  it("a secondary address that was promoted stands last of the primary ones", () => {
    const state = [
      AddressRemoved({ address: address("192.0.2.1") }),
      AddressChanged({ address: address("192.0.2.2") })
    ].reduce(
      NetworkState.apply,
      added(address("192.0.2.1"), address("192.0.3.1"), address("192.0.2.2", { flags: IFA_F_SECONDARY }))
    )

    assert.deepStrictEqual(textsOf(state), ["192.0.3.1", "192.0.2.2"])
  })
})

describe("primaryAddress", () => {
  it("is the first that is global, not secondary, and not excluded", () => {
    const state = added(
      address("169.254.0.1", { scope: Scope.link }),
      address("192.0.2.100"),
      address("192.0.2.2"),
      address("192.0.2.3")
    )

    assert.strictEqual<string | undefined>(NetworkState.primaryAddress(state, 2), "192.0.2.100")
    assert.strictEqual<string | undefined>(
      NetworkState.primaryAddress(state, 2, new Set([Fixture.ipv4("192.0.2.100")])),
      "192.0.2.2"
    )
  })

  it("is none when all are secondary, of another scope or excluded, or when the device is unknown", () => {
    const state = added(
      address("169.254.0.1", { scope: Scope.link }),
      address("192.0.2.1"),
      address("192.0.2.2", { flags: IFA_F_SECONDARY })
    )

    assert.isUndefined(NetworkState.primaryAddress(state, 2, new Set([Fixture.ipv4("192.0.2.1")])))
    assert.isUndefined(NetworkState.primaryAddress(state, 7))
  })
})
