/** Which channels are open, for what, and whom they serve. */
import { assert, describe, it } from "@effect/vitest"
import { AdvertTransport, type ChannelOptions } from "@holdfast/engine/AdvertTransport"
import * as Channels from "@holdfast/engine/Channels"
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import type { Link, Links } from "@holdfast/engine/LinkWatch"
import { defaults, type InterfaceName, type Parameters, type Vrid } from "@holdfast/vrrp/Parameters"
import type { IpAddress, MacAddress } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Ipv6 from "@holdfast/wire/Ipv6"
import * as Effect from "effect/Effect"

const at = 0 as Instant
const mac = "00:00:5e:00:01:33" as MacAddress

const linksOf = (indices: Readonly<Record<string, number>>): Links =>
  new Map(
    Object.entries(indices).map(([name, index]): [InterfaceName, Link] => [
      name as InterfaceName,
      { name: name as InterfaceName, index, mac, mtu: 1500, up: true, addresses: [] }
    ])
  )
const links = linksOf({ eth0: 2, eth1: 3, "vrrp.51": 4 })

const router = (vrid: number, options: Partial<Parameters> = {}): Parameters => ({
  ...defaults,
  name: `r${vrid}`,
  interface: "eth0" as InterfaceName,
  vrid: vrid as Vrid,
  addresses: [],
  ...options
})
const six: Partial<Parameters> = { family: "Ipv6", transport: { _tag: "Multicast", group: Ipv6.groupVrrp } }
const unicast: Partial<Parameters> = { transport: { _tag: "Unicast", peers: [], hopLimit: 255 } }
const virtualMac = (transmitBase = false): Partial<Parameters> => ({
  virtualMac: { interface: "vrrp.51" as InterfaceName, mac, transmitBase }
})

/** Channels on a transport that writes down what is opened, closed, sent and muted. */
const make = Effect.gen(function* () {
  const done: Array<string> = []
  const opened: Array<ChannelOptions> = []
  const events: Array<EngineEvent> = []
  const refused = new Set<string>()
  const transport = AdvertTransport.of({
    open: (options) => {
      const name = `${options.interface}/${options.family}`
      return Effect.acquireRelease(
        Effect.sync(() => {
          opened.push(options)
          done.push(`open ${name}`)
          return {
            send: (adverts) => {
              done.push(`send ${adverts.map(({ destination }) => destination).join(" ")} on ${name}`)
              return refused.has(name) ? ["no buffer space"] : []
            },
            rehearse: () => void done.push(`rehearse on ${name}`),
            doze: (dozing) => void done.push(`${dozing ? "doze" : "wake"} ${name}`),
            receive: () => void done.push(`receive on ${name}`),
            mute: (vrids) => void done.push(`mute ${[...vrids].join(" ")} on ${name}`)
          }
        }),
        () => Effect.sync(() => void done.push(`close ${name}`))
      )
    }
  })
  const channels = yield* Channels.make({
    onDelivered: () => {},
    onOverrun: () => {},
    publish: (event) => events.push(event),
    judge: { authenticationOf: () => undefined, clockMicros: () => 0 }
  }).pipe(Effect.provideService(AdvertTransport, transport))
  /** What settling did. */
  const settle = (routers: ReadonlyArray<Parameters>, on = links) => {
    done.length = 0
    return Effect.map(channels.settle(on, routers, at), () => [...done])
  }
  const last = (device: string) => opened.findLast((options) => options.interface === device)
  return { channels, done, events, last, refused, settle }
})

const advert = (destination: string) => ({
  source: "192.0.2.1" as IpAddress,
  destination: destination as IpAddress,
  payload: new Uint8Array()
})
const heard = (vrid: number, family: "Ipv4" | "Ipv6" = "Ipv4") => ({
  interface: "eth0" as InterfaceName,
  family,
  vrid,
  heard: {
    _tag: "MalformedReceived" as const,
    source: "192.0.2.2" as IpAddress,
    destination: Ipv4.groupVrrp,
    hopLimit: 255,
    reason: "Length" as const
  }
})

describe("Channels: which are open", () => {
  it.effect("one for each device and family, as long as a router needs it", () =>
    Effect.gen(function* () {
      const { settle } = yield* make
      const all = [
        router(51),
        router(52),
        router(53, six),
        router(54, { interface: "eth1" as InterfaceName })
      ]

      assert.deepStrictEqual(yield* settle(all), ["open eth0/Ipv4", "open eth0/Ipv6", "open eth1/Ipv4"])
      assert.deepStrictEqual(yield* settle(all), [])
      assert.deepStrictEqual(yield* settle([router(52)]), ["close eth0/Ipv6", "close eth1/Ipv4"])
      assert.deepStrictEqual(yield* settle([router(52)], linksOf({ eth0: 9 })), [
        "close eth0/Ipv4",
        "open eth0/Ipv4"
      ])
    })
  )

  it.effect(
    "it is for all routers on it: their groups, and headers where one of them has such; and follows them",
    () =>
      Effect.gen(function* () {
        const { last, settle } = yield* make
        const header = router(51, { authentication: { _tag: "Header", key: "00" }, ...unicast })

        yield* settle([header, router(52)])
        assert.deepInclude(last("eth0"), { authenticated: true, groups: [Ipv4.groupVrrp] })
        yield* settle([router(52), header])
        assert.deepInclude(last("eth0"), { authenticated: true, groups: [Ipv4.groupVrrp] })
        assert.deepStrictEqual(yield* settle([router(52)]), ["close eth0/Ipv4", "open eth0/Ipv4"])
        assert.deepInclude(last("eth0"), { authenticated: false })
        assert.deepStrictEqual(yield* settle([router(52, unicast)]), ["close eth0/Ipv4", "open eth0/Ipv4"])
        assert.deepStrictEqual(last("eth0")?.groups, [])
      })
  )

  it.effect("a virtual MAC device hears its own address only, and nothing where routers speak unicast", () =>
    Effect.gen(function* () {
      const { last, settle } = yield* make

      yield* settle([router(51, virtualMac())])
      assert.strictEqual(last("vrrp.51")?.hears, "OwnMac")
      assert.strictEqual(last("eth0")?.hears, "All")
      yield* settle([router(51, { ...virtualMac(), ...unicast })])
      assert.deepInclude(last("vrrp.51"), { hears: "Nothing", groups: [] })
    })
  )

  it.effect("a router is served when it can hear and speak", () =>
    Effect.gen(function* () {
      const { channels, settle } = yield* make
      const one = router(51, virtualMac())

      assert.isFalse(channels.serves(one))
      yield* settle([one], linksOf({ eth0: 2 }))
      assert.isFalse(channels.serves(one))
      yield* settle([one], linksOf({ "vrrp.51": 4 }))
      assert.isFalse(channels.serves(one))
      yield* settle([one])
      assert.isTrue(channels.serves(one))
      assert.isFalse(channels.serves(router(51, six)))
    })
  )
})

describe("Channels: what is sent and muted", () => {
  it.effect("adverts leave by the channel of their family; a refusal is told", () =>
    Effect.gen(function* () {
      const { channels, done, events, refused, settle } = yield* make
      yield* settle([router(51), router(52, six)])
      done.length = 0
      refused.add("eth0/Ipv6")

      channels.send(
        "eth0" as InterfaceName,
        [advert("192.0.2.2"), advert("ff02::12"), advert("192.0.2.3")],
        at
      )
      assert.deepStrictEqual(done, ["send 192.0.2.2 192.0.2.3 on eth0/Ipv4", "send ff02::12 on eth0/Ipv6"])
      assert.deepStrictEqual(events, [
        { _tag: "SendFailed", at, interface: "eth0" as InterfaceName, failures: ["no buffer space"] }
      ])
    })
  )

  it.effect("rehearsals are on the device's channel, or on any of the family where it has none", () =>
    Effect.gen(function* () {
      const { channels, done, settle } = yield* make
      yield* settle([router(51, six), router(52), router(53, { interface: "eth1" as InterfaceName })])
      done.length = 0
      for (const device of ["eth1", "eth7"])
        channels.rehearse(device as InterfaceName, [advert("192.0.2.2"), advert("ff02::12")])
      assert.deepStrictEqual(done, [
        "rehearse on eth1/Ipv4",
        "rehearse on eth0/Ipv6",
        "rehearse on eth0/Ipv4",
        "rehearse on eth0/Ipv6"
      ])
    })
  )

  it.effect(
    "what has arrived for a router is asked for where it hears: on its device, and on its virtual one",
    () =>
      Effect.gen(function* () {
        const { channels, done, settle } = yield* make
        const plain = router(52, six)
        const virtual = router(51, virtualMac())
        yield* settle([plain, virtual])
        done.length = 0
        channels.receive(plain)
        channels.receive(virtual)
        assert.deepStrictEqual(done, [
          "receive on eth0/Ipv6",
          "receive on eth0/Ipv4",
          "receive on vrrp.51/Ipv4"
        ])
      })
  )

  it.effect(
    "those that shall doze do, but for virtual devices; only they are asked, and a channel opens awake",
    () =>
      Effect.gen(function* () {
        const { channels, done, settle } = yield* make
        const all = [router(51, virtualMac()), router(52, six)]
        yield* settle(all)
        const after = (act: () => void): ReadonlyArray<string> => {
          done.length = 0
          act()
          return [...done]
        }

        assert.deepStrictEqual(
          after(() => channels.doze(() => true)),
          ["doze eth0/Ipv4", "doze eth0/Ipv6"]
        )
        assert.isEmpty(after(() => channels.doze(() => true)))
        assert.deepStrictEqual(
          after(() => channels.doze((device, family) => device === "eth0" && family === "Ipv6")),
          ["wake eth0/Ipv4"]
        )
        assert.deepStrictEqual(after(channels.receiveDozing), ["receive on eth0/Ipv6"])
        yield* settle(all, linksOf({ eth0: 9, "vrrp.51": 4 }))
        assert.isEmpty(after(channels.receiveDozing))
      })
  )

  it.effect("a foreign VRID is muted in its family, until a router of that device and family has it", () =>
    Effect.gen(function* () {
      const { channels, done, settle } = yield* make
      const both = [router(51), router(51, six)]
      yield* settle(both)
      done.length = 0
      assert.isTrue(channels.hearForeign(heard(77), at, 1))
      assert.isFalse(channels.hearForeign(heard(77), at, 3))
      assert.isTrue(channels.hearForeign(heard(77, "Ipv6"), at, 1))
      assert.deepStrictEqual(done, ["mute 77 on eth0/Ipv4", "mute 77 on eth0/Ipv6"])
      assert.deepStrictEqual([...channels.foreignCounts()], [["eth0" as InterfaceName, new Map([[77, 5]])]])

      assert.deepStrictEqual(yield* settle([...both, router(77, { interface: "eth1" as InterfaceName })]), [
        "open eth1/Ipv4",
        "mute 77 on eth0/Ipv4",
        "mute 77 on eth0/Ipv6"
      ])
      assert.includeMembers(yield* settle([...both, router(77)]), [
        "mute  on eth0/Ipv4",
        "mute 77 on eth0/Ipv6"
      ])
    })
  )
})
