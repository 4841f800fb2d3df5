import { assert, describe, it } from "@effect/vitest"
import type { Mismatch } from "@holdfast/vrrp/Action"
import type { IpAddress, Ipv4Address, Ipv6Address } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import { authentications } from "./Proof.ts"
import {
  address,
  advertsOf,
  countsOf,
  type Datagram,
  deadlinesOf,
  drive,
  type Driver,
  dropsOf,
  eth0,
  heard,
  held,
  higherAddress,
  linkChanged,
  malformed,
  masterDown,
  only,
  ownAddress,
  parameters,
  roleOf,
  running,
  second,
  started,
  unicast,
  virtualAddress
} from "./Fixture.ts"

const peer = "10.0.0.50" as Ipv4Address
const other = "10.0.0.2" as Ipv4Address
const group6 = "ff02::12" as Ipv6Address
const linkLocal = "fe80::100" as Ipv6Address
const virtual6 = "fe80::1" as Ipv6Address

const hear = (router: Driver, datagram: Datagram = {}, priority = 200) => {
  const actions = router.step(heard(second, priority, datagram))
  return [dropsOf(actions), only(actions, "PublishMismatch").map(({ mismatch }) => mismatch)] as const
}

const running6 = (): Driver => {
  const router = drive(
    parameters({
      version: 3,
      family: "Ipv6",
      transport: { _tag: "Multicast", group: group6 },
      plainChecksum: true,
      addresses: [address({ address: virtual6, prefixLength: 128 })]
    })
  )
  router.step(linkChanged(0, eth0, { _tag: "Up", address: linkLocal }))
  router.step(started(0))
  return router
}

describe("what about an advert can be put right", () => {
  it.each<[string, Partial<Parameters<typeof running>[0]>, Datagram, string, Mismatch]>([
    ["another version", {}, { version: 3 }, "VersionMismatch", { _tag: "Version", ours: 2, theirs: 3 }],
    ["the older version", { version: 3 }, {}, "VersionMismatch", { _tag: "Version", ours: 3, theirs: 2 }],
    [
      "another interval",
      {},
      { advertIntervalMicros: 2 * second },
      "IntervalMismatch",
      { _tag: "Interval", oursMicros: second, theirsMicros: 2 * second }
    ],
    [
      "a checksum without pseudo-header",
      { version: 3 },
      { version: 3, checksum: "Plain" },
      "ChecksumInvalid",
      { _tag: "Checksum", ours: "PseudoHeader" }
    ],
    [
      "a checksum with one",
      { version: 3, plainChecksum: true },
      { version: 3 },
      "ChecksumInvalid",
      { _tag: "Checksum", ours: "Plain" }
    ],
    [
      "unicast to a router of a group",
      {},
      { destination: ownAddress },
      "TransportMismatch",
      { _tag: "Transport", destination: ownAddress }
    ],
    ["a hop limit", {}, { hopLimit: 254 }, "HopLimitInvalid", { _tag: "HopLimit", theirs: 254 }]
  ])("%s drops it and is told", (_, overrides, datagram, reason, mismatch) => {
    assert.deepStrictEqual(hear(running(overrides), datagram), [[reason], [mismatch]])
  })

  it("another interval of version 3 drops nothing and is told", () => {
    const router = running({ version: 3 })

    assert.deepStrictEqual(hear(router, { version: 3, advertIntervalMicros: 2 * second }), [
      [],
      [{ _tag: "Interval", oursMicros: second, theirsMicros: 2 * second }]
    ])
  })

  it("a list that differs names what only one side has", () => {
    const third = "10.0.0.3" as Ipv4Address
    const router = running({ addresses: [address(), address({ address: other })] })

    assert.deepStrictEqual(hear(router, { addresses: [third, virtualAddress] }), [
      ["AddressListMismatch"],
      [{ _tag: "AddressList", ours: [other], theirs: [third], disjoint: false }]
    ])
  })

  it("a list without any of our addresses may be that of another virtual router", () => {
    const third = "10.0.0.3" as Ipv4Address

    assert.deepStrictEqual(hear(running(), { addresses: [third] })[1], [
      { _tag: "AddressList", ours: [virtualAddress], theirs: [third], disjoint: true }
    ])
    assert.deepStrictEqual(hear(running(), { addresses: [] })[1], [
      { _tag: "AddressList", ours: [virtualAddress], theirs: [], disjoint: false }
    ])
  })

  it("an equal priority is told, but not of our own packet", () => {
    const router = running()

    assert.deepStrictEqual(hear(router, {}, 100), [[], [{ _tag: "EqualPriority", priority: 100 }]])
    assert.deepStrictEqual(hear(router, { source: ownAddress }, 100), [[], []])
    assert.deepStrictEqual(hear(router, {}, 101), [[], []])
  })

  it("damage on the way and a stranger are nobody's setting", () => {
    const strict = running({ transport: unicast(peer), checkUnicastSource: true })

    assert.deepStrictEqual(hear(strict, { destination: ownAddress }), [["SourceNotPeer"], []])
    assert.deepStrictEqual(only(running().step(malformed(second, "Checksum")), "PublishMismatch"), [])
  })

  it("a malformed advert that was routed is told as such", () => {
    const actions = running().step(malformed(second, "Checksum", 64))

    assert.deepStrictEqual(only(actions, "PublishMismatch"), [
      {
        _tag: "PublishMismatch",
        at: second as Instant,
        source: higherAddress,
        mismatch: { _tag: "HopLimit", theirs: 64 }
      }
    ])
  })
})

describe("D7: v3_checksum_as_v2", () => {
  it("asks for the other form, and does not switch verification off", () => {
    const router = running({ version: 3, plainChecksum: true })

    assert.deepStrictEqual(hear(router, { version: 3, checksum: "Plain" }), [[], []])
    const forged = router.step(malformed(2 * second, "Checksum"))

    assert.deepStrictEqual(dropsOf(forged), ["ChecksumInvalid"])
    assert.deepStrictEqual(deadlinesOf(router), { MasterDown: second + 3 * second + 609_375 })
  })

  it("means nothing over IPv6", () => {
    const datagram = { version: 3, source: "fe80::2" as Ipv6Address, destination: group6 } as const

    assert.deepStrictEqual(hear(running6(), { ...datagram, addresses: [virtual6] }), [[], []])
  })
})

describe("the order of the checks", () => {
  it.each<[string, Datagram, string]>([
    ["hop limit before version", { hopLimit: 1, version: 3 }, "HopLimitInvalid"],
    ["version before trailer", { version: 3 }, "VersionMismatch"],
    ["trailer before type", { authenticationType: 9 }, "HmacMissing"]
  ])("%s", (_, datagram, reason) => {
    const router = running({ authentication: authentications.Hmac })

    assert.deepStrictEqual(hear(router, datagram)[0], [reason])
  })

  it("checksum before transport, transport before owner", () => {
    const owner = running({ version: 3, priority: 255, ownerIgnoresAdverts: true })
    const sound = { version: 3, destination: ownAddress } as const

    assert.deepStrictEqual(hear(owner, { ...sound, checksum: "Plain" })[0], ["ChecksumInvalid"])
    assert.deepStrictEqual(hear(owner, sound)[0], ["TransportMismatch"])
    assert.deepStrictEqual(hear(owner, { version: 3, addresses: [] })[0], ["OwnerIgnoresAdverts"])
  })
})

describe("the hop limit of a unicast peer", () => {
  const bounded = (): Driver =>
    running({
      transport: {
        _tag: "Unicast",
        hopLimit: 255,
        peers: [{ address: peer, hopLimitMin: 253, hopLimitMax: 254 }, { address: other }]
      }
    })

  it.each<[number, IpAddress, ReadonlyArray<string>]>([
    [252, peer, ["HopLimitInvalid"]],
    [253, peer, []],
    [254, peer, []],
    [255, peer, ["HopLimitInvalid"]],
    [1, other, []],
    [1, higherAddress, []]
  ])("%i from %s drops as %j", (hopLimit, source, drops) => {
    assert.deepStrictEqual(hear(bounded(), { destination: ownAddress, hopLimit, source })[0], drops)
  })
})

describe("owner_ignore_adverts", () => {
  it("makes an owner deaf: it answers no lower Master and yields to no other owner", () => {
    const router = running({ priority: 255, ownerIgnoresAdverts: true })
    router.step(held(1, virtualAddress))

    assert.deepStrictEqual(advertsOf(router.step(heard(second / 2, 100))), [])
    assert.deepStrictEqual(hear(router, {}, 255), [["OwnerIgnoresAdverts"], []])
    assert.strictEqual(roleOf(router), "Master")
  })

  it("is nothing to a router that is no owner", () => {
    assert.deepStrictEqual(hear(running({ ownerIgnoresAdverts: true })), [[], []])
  })
})

describe("IPv6", () => {
  const toGroup = { version: 3, destination: group6, addresses: [virtual6] } as const

  it("hears the group, and drops what was sent to its address", () => {
    const source = "fe80::2" as Ipv6Address

    assert.deepStrictEqual(hear(running6(), { ...toGroup, source }), [[], []])
    assert.deepStrictEqual(hear(running6(), { ...toGroup, source, destination: linkLocal })[0], [
      "TransportMismatch"
    ])
    assert.deepStrictEqual(hear(running6(), { ...toGroup, source, hopLimit: 64 })[0], ["HopLimitInvalid"])
  })

  it("by unicast drops what was sent to a group", () => {
    const router = drive(
      parameters({ version: 3, family: "Ipv6", transport: unicast(linkLocal), sourceAddress: linkLocal })
    )
    router.step(linkChanged(0, eth0, { _tag: "Up" }))
    router.step(started(0))

    assert.deepStrictEqual(hear(router, { ...toGroup, source: linkLocal })[0], ["TransportMismatch"])
  })

  it.each([
    ["fe80::99", "Master"],
    ["fe80::101", "Backup"],
    ["fe80::1:0", "Backup"],
    ["fe80::f", "Master"]
  ])(
    "a tie is decided by the number of the address, not by its text: %s leaves fe80::100 %s",
    (source, role) => {
      const router = running6()
      router.step({ _tag: "TimerExpired", at: masterDown as Instant, timer: "MasterDown" })

      router.step(heard(masterDown + 1, 100, { ...toGroup, source: source as Ipv6Address }))

      assert.strictEqual(roleOf(router), role)
    }
  )

  it("counts what it accepts", () => {
    const actions = running6().step(heard(second, 200, { ...toGroup, source: "fe80::2" as Ipv6Address }))

    assert.deepStrictEqual(countsOf(actions), ["advertsReceived"])
  })
})
