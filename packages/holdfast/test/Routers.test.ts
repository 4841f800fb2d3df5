import { defaults } from "@holdfast/vrrp/Parameters"
import * as Shared from "@holdfast/vrrp/SharedParameters"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "@effect/vitest"
import type { RouterOptions, SharedOptions } from "holdfast/RouterOptions"
import * as Routers from "holdfast/Routers"

const options: RouterOptions = {
  name: "web",
  interface: "eth0",
  vrid: 51,
  addresses: ["192.0.2.10/24"]
}

const decode = (changes: Partial<RouterOptions> = {}) => Routers.decode([{ ...options, ...changes }])

/** The one router that comes of one object. */
const decodeOne = (changes: Partial<RouterOptions> = {}) =>
  Effect.map(decode(changes), ({ routers: [router, ...others] }) => {
    assert.isEmpty(others)
    return router!
  })

const shown = (addresses: ReadonlyArray<{ address: string; prefixLength: number; interface: string }>) =>
  addresses.map((entry) => `${entry.address}/${entry.prefixLength} ${entry.interface}`)

describe("Routers: what is not said", () => {
  it.effect("is what keepalived takes", () =>
    Effect.gen(function* () {
      const { routers, shared } = yield* decode()
      const { addresses, ...parameters } = routers[0]!

      assert.deepStrictEqual<unknown>(parameters, {
        ...defaults,
        name: "web",
        interface: "eth0",
        vrid: 51
      })
      assert.deepInclude(defaults, {
        version: 2,
        priority: 100,
        advertInterval: 1_000_000,
        accept: true,
        preempt: true
      } as object)
      const usual = { interface: "eth0", scope: 0, advertised: true, tracked: true }
      assert.deepStrictEqual<unknown>(addresses, [{ ...usual, address: "192.0.2.10", prefixLength: 24 }])
      assert.deepStrictEqual(shared, Shared.none)
    })
  )
})

describe("Routers: what is said", () => {
  it.effect("stands in the parameters", () =>
    Effect.gen(function* () {
      const parameters = yield* decodeOne({
        priority: 255,
        addresses: ["192.0.2.10", { address: "198.51.100.10/0", interface: "eth1" }],
        advertInterval: "255 seconds",
        preempt: false,
        preemptDelay: "1.5 seconds",
        unicastPeers: ["192.0.2.2", "192.0.2.3"],
        sourceAddress: "192.0.2.1"
      })

      assert.deepInclude(parameters, {
        priority: 255,
        advertInterval: 255_000_000,
        preempt: false,
        preemptDelay: 1_500_000,
        transport: {
          _tag: "Unicast",
          peers: [{ address: "192.0.2.2" }, { address: "192.0.2.3" }],
          hopLimit: 255
        },
        checkUnicastSource: false,
        sourceAddress: "192.0.2.1"
      } as object)
      assert.deepStrictEqual(shown(parameters.addresses), ["192.0.2.10/32 eth0", "198.51.100.10/0 eth1"])
    })
  )

  it.effect("an interval of version 3 may be 10 ms", () =>
    Effect.gen(function* () {
      for (const [advertInterval, micros] of [
        ["10 millis", 10_000],
        ["40950 millis", 40_950_000],
        [130, 130_000]
      ] as const)
        assert.strictEqual(
          (yield* decodeOne({ version: 3, advertInterval })).advertInterval,
          micros as typeof defaults.advertInterval
        )
    })
  )

  it.effect("bounds of a peer let adverts count from peers alone", () =>
    Effect.gen(function* () {
      const { checkUnicastSource, transport } = yield* decodeOne({
        unicastPeers: [{ address: "192.0.2.2", hopLimitMin: 250, hopLimitMax: 254 }, "192.0.2.3"],
        unicastHopLimit: 64
      })

      assert.isTrue(checkUnicastSource)
      assert.deepStrictEqual<unknown>(transport, {
        _tag: "Unicast",
        peers: [{ address: "192.0.2.2", hopLimitMin: 250, hopLimitMax: 254 }, { address: "192.0.2.3" }],
        hopLimit: 64
      })
    })
  )

  it.effect("the owner accepts in any case, others if they may", () =>
    Effect.gen(function* () {
      assert.isFalse((yield* decodeOne({ accept: false })).accept)
      assert.isTrue((yield* decodeOne({ accept: false, priority: 255 })).accept)
    })
  )

  it.effect("passwords and keys", () =>
    Effect.gen(function* () {
      const secret = "0123456789abcdef0123456789abcdef"
      const password = yield* decodeOne({ authentication: { password: "aé" } })
      const usual = yield* decodeOne({ authentication: { keys: [{ id: 7, secret }] } })
      const other = yield* decodeOne({
        version: 3,
        advertInterval: "3 seconds",
        authentication: {
          keys: [
            { id: 1, secret: `hex:${"AB".repeat(64)}` },
            { id: 2, secret }
          ],
          activeKey: 2,
          mode: "receiveOnly",
          antiReplay: "monotonic"
        }
      })

      assert.deepStrictEqual<unknown>(password.authentication, { _tag: "Password", password: "61c3a9" })
      assert.deepStrictEqual<unknown>(usual.authentication, {
        _tag: "Hmac",
        keys: [{ id: 7, secret: Buffer.from(secret).toString("hex") }],
        activeKeyId: 7,
        window: 5_000_000,
        antiReplay: "Clock",
        mode: "Enforce"
      })
      assert.deepInclude(other.authentication, {
        activeKeyId: 2,
        window: 9_000_000,
        antiReplay: "Monotonic",
        mode: "ReceiveOnly"
      } as object)
    })
  )

  it.effect("trackers", () =>
    Effect.gen(function* () {
      const { trackers } = yield* decodeOne({
        trackers: [{ observation: "healthy" }, { interface: "eth1", weight: -20, reverse: true }]
      })

      assert.deepStrictEqual<unknown>(trackers, [
        { subject: { _tag: "Script", name: "healthy" }, weight: 0, reverse: false },
        { subject: { _tag: "Interface", interface: "eth1" }, weight: -20, reverse: true }
      ])
    })
  )
})

describe("Routers: families", () => {
  it.effect("IPv6 is version 3, its addresses in any spelling", () =>
    Effect.gen(function* () {
      const router = yield* decodeOne({ addresses: ["FE80:0::1", "2001:db8:0:0::10/64"] })

      assert.deepInclude(router, {
        name: "web",
        family: "Ipv6",
        version: 3,
        transport: { _tag: "Multicast", group: "ff02::12" }
      } as object)
      assert.deepStrictEqual(shown(router.addresses), ["fe80::1/128 eth0", "2001:db8::10/64 eth0"])
    })
  )

  it.effect("addresses of both are two routers that are Master together", () =>
    Effect.gen(function* () {
      const { routers, shared } = yield* decode({
        addresses: ["fe80::1", "192.0.2.10/24", "2001:db8::10/64"],
        unicastPeers: ["fe80::2", "192.0.2.2"],
        sourceAddress: "192.0.2.1"
      })
      const [first, second] = routers

      assert.lengthOf(routers, 2)
      assert.deepInclude(first, {
        name: "web",
        family: "Ipv4",
        version: 3,
        sourceAddress: "192.0.2.1"
      } as object)
      assert.deepInclude(second, { name: "web (IPv6)", instance: "web", family: "Ipv6" } as object)
      assert.notProperty(second, "sourceAddress")
      assert.deepStrictEqual(shown(first!.addresses), ["192.0.2.10/24 eth0"])
      assert.deepStrictEqual(shown(second!.addresses), ["fe80::1/128 eth0", "2001:db8::10/64 eth0"])
      assert.deepStrictEqual(
        routers.map(({ transport }) => transport._tag === "Unicast" && transport.peers),
        [[{ address: "192.0.2.2" }], [{ address: "fe80::2" }]] as unknown
      )
      assert.deepStrictEqual(shared.groups, [
        { name: "web", kind: "Instance", members: ["web", "web (IPv6)"] }
      ])
    })
  )

  it.effect("an advert lists 255 IPv4 addresses, or 89 of IPv6; the others are held", () =>
    Effect.gen(function* () {
      for (const [prefix, count] of [
        ["198.51.100.", 255],
        ["2001:db8::", 89]
      ] as const) {
        const addresses = Array.from({ length: 256 }, (_, number) => `${prefix}${number}`)
        const router = yield* decodeOne({ addresses })

        assert.lengthOf(router.addresses, 256)
        assert.lengthOf(
          router.addresses.filter(({ advertised }) => advertised),
          count
        )
      }
    })
  )
})

describe("Routers: virtual MAC devices", () => {
  it.effect("carry the addresses that are on no other device", () =>
    Effect.gen(function* () {
      const { routers, shared } = yield* decode({
        virtualMac: true,
        addresses: ["192.0.2.10/24", "fe80::1", { address: "198.51.100.10", interface: "eth1" }]
      })

      assert.deepStrictEqual(
        routers.map(({ virtualMac }) => virtualMac),
        [
          { interface: "vrrp.51", mac: "00:00:5e:00:01:33", transmitBase: false },
          { interface: "vrrp6.51", mac: "00:00:5e:00:02:33", transmitBase: false }
        ] as unknown
      )
      assert.deepStrictEqual(
        routers.flatMap(({ addresses }) => shown(addresses)),
        ["192.0.2.10/24 vrrp.51", "198.51.100.10/32 eth1", "fe80::1/128 vrrp6.51"]
      )
      assert.deepStrictEqual(
        shared.devices.map(({ families, name, parent }) => `${name} on ${parent} for ${families.join()}`),
        ["vrrp.51 on eth0 for Ipv4", "vrrp6.51 on eth0 for Ipv6"]
      )
    })
  )

  it.effect("have the name that is given; adverts to peers leave by the device below", () =>
    Effect.gen(function* () {
      const named = yield* decodeOne({ virtualMac: { name: "vip0", transmitBase: true } })
      const unicast = yield* decodeOne({ virtualMac: { name: "vip0" }, unicastPeers: ["192.0.2.2"] })

      for (const { virtualMac } of [named, unicast])
        assert.deepInclude(virtualMac, { interface: "vip0", transmitBase: true } as object)
    })
  )
})

describe("Routers: groups", () => {
  const both = ["192.0.2.10", "fe80::1"]
  const several: ReadonlyArray<RouterOptions> = [
    { ...options, addresses: both },
    { ...options, name: "db", vrid: 52 },
    { ...options, name: "other", vrid: 53, addresses: both }
  ]

  it.effect("have the routers of both families of a member", () =>
    Effect.gen(function* () {
      const { shared } = yield* Routers.decode(several, {
        groups: [{ name: "all", members: ["db", "web"] }]
      })

      assert.deepStrictEqual(shared.groups, [
        { name: "all", kind: "Group", members: ["db", "web", "web (IPv6)"] },
        { name: "other", kind: "Instance", members: ["other", "other (IPv6)"] }
      ])
    })
  )

  const refused: ReadonlyArray<readonly [SharedOptions["groups"], string]> = [
    [[{ name: "all", members: [] }], "all: members names no router"],
    [[{ name: "all", members: ["mail"] }], "all: members: there is no router mail"],
    [[{ name: "all", members: ["web", "web"] }], "all: members: web is in a group already"],
    [
      [
        { name: "all", members: ["web"] },
        { name: "all", members: ["db"] }
      ],
      "all: there are two groups all"
    ]
  ]
  for (const [groups, message] of refused)
    it.effect(message, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Routers.decode(several, { groups }))

        assert.strictEqual(error.message, message)
      })
    )
})

describe("Routers: two of them", () => {
  const refused: ReadonlyArray<readonly [Partial<RouterOptions>, string]> = [
    [{ vrid: 52 }, "web: there are two routers web"],
    [{ name: "db" }, "db: vrid 51 on eth0 is already that of web"]
  ]
  for (const [changes, message] of refused)
    it.effect(message, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Routers.decode([options, { ...options, ...changes }]))

        assert.strictEqual(error.message, message)
      })
    )

  it.effect("may have one VRID on two devices", () =>
    Effect.gen(function* () {
      const { routers } = yield* Routers.decode([options, { ...options, name: "db", interface: "eth1" }])

      assert.lengthOf(routers, 2)
    })
  )
})

describe("Routers: what is out of bounds is refused, and the message names it", () => {
  const interval2 = "advertInterval is whole seconds, 1 to 255, in version 2 of VRRP"
  const interval3 = "advertInterval is 10 ms to 40.95 s in steps of 10 ms"
  const delay = "preemptDelay is 0 to 1000 seconds"
  const secret = "0".repeat(32)
  const keys = [{ id: 1, secret }]
  const refused: ReadonlyArray<readonly [Partial<RouterOptions>, string]> = [
    [{ vrid: 0 }, `between 1 and 255   at ["vrid"]`],
    [{ vrid: 256 }, `between 1 and 255   at ["vrid"]`],
    [{ vrid: 1.5 }, `integer   at ["vrid"]`],
    [{ priority: 0 }, `between 1 and 255   at ["priority"]`],
    [{ priority: 256 }, `between 1 and 255   at ["priority"]`],
    [{ interface: "a device" }, `at ["interface"]`],
    [{ interface: "sixteencharacter" }, `at ["interface"]`],
    [{ addresses: [] }, "addresses names no address to hold"],
    [{ addresses: ["fe80::1::"] }, `at ["addresses"][0]["address"]`],
    [{ addresses: ["192.0.2.10/33"] }, "192.0.2.10/33: the prefix of IPv4 has 0 to 32 bits"],
    [{ addresses: ["fe80::1/129"] }, `between 0 and 128   at ["addresses"][0]["prefixLength"]`],
    [{ addresses: ["192.0.2.10/"] }, `at ["addresses"][0]["address"]`],
    [{ addresses: ["192.0.2.10/24/24"] }, `at ["addresses"][0]["address"]`],
    [{ version: 2, addresses: ["192.0.2.10", "fe80::1"] }, "version 2 knows no IPv6 addresses"],
    [{ advertInterval: 0 }, interval2],
    [{ advertInterval: "1500 millis" }, interval2],
    [{ advertInterval: "256 seconds" }, interval2],
    [{ advertInterval: "soon" as "1 second" }, interval2],
    [{ version: 3, advertInterval: 0 }, interval3],
    [{ version: 3, advertInterval: "15 millis" }, interval3],
    [{ version: 3, advertInterval: "40960 millis" }, interval3],
    [{ preemptDelay: "-1 seconds" }, delay],
    [{ preemptDelay: "1001 seconds" }, delay],
    [{ preemptDelay: "infinity" as "1 second" }, delay],
    [{ unicastPeers: [] }, "unicastPeers names no peer"],
    [{ unicastPeers: ["peer"] }, `at ["transport"]["peers"][0]["address"]`],
    [{ unicastPeers: ["fe80::2"] }, "unicastPeers names no IPv4 address"],
    [
      { unicastPeers: ["192.0.2.2", "fe80::2"] },
      "unicastPeers: fe80::2 is not of the family of the addresses"
    ],
    [
      { unicastPeers: [{ address: "192.0.2.2", hopLimitMin: 2, hopLimitMax: 1 }] },
      "hopLimitMin is above hopLimitMax"
    ],
    [{ unicastPeers: [{ address: "192.0.2.2", hopLimitMax: 256 }] }, `["hopLimitMax"]`],
    [{ unicastPeers: ["192.0.2.2"], unicastHopLimit: 0 }, `["hopLimit"]`],
    [{ sourceAddress: "0" }, `at ["sourceAddress"]`],
    [{ sourceAddress: "fe80::2" }, "sourceAddress is not of the family of the addresses"],
    [{ virtualMac: { name: "a device" } }, "virtualMac: name: a device is no name of a device"],
    [{ trackers: [{ interface: "eth1", weight: 255 }] }, `at ["trackers"][0]["weight"]`],
    [{ authentication: { password: "" } }, "authentication: password has 1 to 8 bytes"],
    [{ authentication: { password: "123456789" } }, "authentication: password has 1 to 8 bytes"],
    [{ version: 3, authentication: { password: "x" } }, "authentication: version 3 has no password"],
    [{ authentication: { keys: [] } }, "authentication: keys has no key"],
    [{ authentication: { keys: [...keys, ...keys] } }, "authentication: keys has a number twice"],
    [{ authentication: { keys, activeKey: 2 } }, "authentication: activeKey: there is no key 2"],
    [{ authentication: { keys, window: "301 seconds" } }, "authentication: window is 1 to 300 seconds"],
    [
      { authentication: { keys: [{ id: 1, secret: "0".repeat(31) }] } },
      "the secret of key 1 is not 32 to 64"
    ],
    [
      { authentication: { keys: [{ id: 3, secret: `hex:${"0".repeat(65)}` }] } },
      "the secret of key 3 is not"
    ],
    [{ authentication: { keys: [{ id: 0, secret }] } }, `at ["authentication"]`]
  ]
  for (const [changes, message] of refused)
    it.effect(JSON.stringify(changes), () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(decode(changes))

        assert.strictEqual(error.router, "web")
        assert.match(error.message, /^web: /)
        assert.include(error.message, message)
      })
    )
})
