/** Version 3, IPv6, virtual MAC devices and seals, on simulated hosts. */
import { none } from "@holdfast/vrrp/SharedParameters"
import type { Authentication, InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { IpAddress, MacAddress } from "@holdfast/wire/Address"
import { groupVrrp } from "@holdfast/wire/Ipv6"
import type { Micros } from "@holdfast/wire/Instant"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as Result from "effect/Result"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { address, makeDirector, makeNetwork, parameters, run } from "./Rig.ts"

const ipv6 = (text: string): VirtualAddress => ({ ...address(text), prefixLength: 128 })
const over6 = (priority: number, interval = 1_000_000) =>
  parameters({
    version: 3,
    family: "Ipv6",
    advertInterval: interval as Micros,
    transport: { _tag: "Multicast", group: groupVrrp },
    addresses: [ipv6("fe80::117"), ipv6("2001:db8::7")],
    priority
  })
const links = (number: number) => [
  { name: "eth0", addresses: [`fe80::${number}/64`, `2001:db8::${number}0/64`] }
]

describe("Engine: families and versions", () => {
  it.effect(
    "over IPv6 a Master speaks from its link-local address to the group, in hundredths of a second",
    () =>
      Effect.gen(function* () {
        const { lan, network } = yield* makeNetwork()
        const heard: Array<Advertisement.Advertisement> = []
        lan.onSent((_, __, frame) => {
          if (frame._tag !== "Advert") return
          assert.strictEqual(frame.source, "fe80::1" as IpAddress)
          assert.strictEqual(frame.destination, groupVrrp)
          heard.push(Result.getOrThrow(Advertisement.decode(frame.payload, frame)))
        })
        const { engine, host } = yield* makeDirector(network, "r1", links(1))

        yield* engine.apply([over6(100, 100_000)])
        yield* run(1)

        assert.isTrue(host.kernel.holds("2001:db8::7" as IpAddress))
        assert.deepStrictEqual(heard[0], {
          version: 3,
          vrid: 51,
          priority: 100,
          advertIntervalMicros: 100_000,
          checksum: "PseudoHeader",
          addresses: ["fe80::117" as IpAddress, "2001:db8::7" as IpAddress]
        })
      })
  )

  it.effect("two routers of one VRID in both families are two routers on the wire", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const both = [{ name: "eth0", addresses: ["192.0.2.1/24", "fe80::1/64"] }]
      const { engine, role, router } = yield* makeDirector(network, "r1", both)

      yield* engine.apply([{ ...over6(200), name: "six" }, parameters({ priority: 200, name: "four" })])
      yield* run(5)

      assert.deepStrictEqual([yield* role("four"), yield* role("six")], ["Master", "Master"])
      assert.strictEqual((yield* router("four")).statistics.counters.advertsReceived, 0)
    })
  )

  it.effect("a Backup follows the interval of its Master and says so once", () =>
    Effect.gen(function* () {
      const { network } = yield* makeNetwork()
      const master = yield* makeDirector(network, "r1", links(1))
      yield* master.engine.apply([over6(200, 100_000)])
      yield* run(1)
      const backup = yield* makeDirector(network, "r2", links(2))
      yield* backup.engine.apply([over6(100)])
      yield* run(1)

      // SIGKILL: it says nothing any more.
      network.lan("lan").block("r1.eth0", "r2.eth0")
      yield* run(0.5)

      assert.strictEqual(yield* backup.role(), "Master")
      assert.deepStrictEqual(
        backup.events.flatMap((event) => (event._tag === "ParametersDiffer" ? [event.mismatch] : [])),
        [{ _tag: "Interval", oursMicros: 1_000_000, theirsMicros: 100_000 }]
      )
    })
  )
})

describe("Engine: virtual MAC", () => {
  const virtualMac = {
    interface: "vrrp.51" as InterfaceName,
    mac: "00:00:5e:00:01:33" as MacAddress,
    transmitBase: false
  }
  const shared = {
    ...none,
    devices: [
      {
        name: virtualMac.interface,
        parent: "eth0" as InterfaceName,
        mac: virtualMac.mac,
        families: ["Ipv4" as const]
      }
    ]
  }

  it.effect("adverts leave by the virtual device, which is there before its router and gone after it", () =>
    Effect.gen(function* () {
      const { network, sent } = yield* makeNetwork()
      const { engine, host, role } = yield* makeDirector(network, "r1")

      yield* Effect.forkChild(
        engine.apply(
          [parameters({ virtualMac, priority: 200, addresses: [address("192.0.2.100", "vrrp.51")] })],
          shared
        )
      )
      yield* run(5)

      assert.strictEqual(yield* role(), "Master")
      assert.strictEqual(host.kernel.links().get(virtualMac.interface)?.mac, virtualMac.mac)
      assert.isTrue(sent.every(({ port }) => port === "r1.vrrp.51"))
      yield* Effect.forkChild(engine.apply([]))
      yield* run(1)
      assert.isFalse(host.kernel.links().has(virtualMac.interface))
      assert.strictEqual(sent.at(-1)?.what, "advert 51/0")
    })
  )

  it.effect.each([
    { master: false, backup: false },
    { master: true, backup: false },
    { master: false, backup: true }
  ])(
    "a Backup with the same virtual MAC hears its Master (from the card: $master, $backup)",
    ({ master, backup }) =>
      Effect.gen(function* () {
        const { network } = yield* makeNetwork()
        const start = Effect.fnUntraced(function* (name: string, transmitBase: boolean, priority: number) {
          const director = yield* makeDirector(network, name)
          const router = parameters({
            virtualMac: { ...virtualMac, transmitBase },
            priority,
            addresses: [address("192.0.2.100", "vrrp.51")]
          })
          yield* Effect.forkChild(director.engine.apply([router], shared))
          yield* run(5)
          return director
        })

        const first = yield* start("r1", master, 200)
        const second = yield* start("r2", backup, 100)

        assert.deepStrictEqual([yield* first.role(), yield* second.role()], ["Master", "Backup"])
        assert.isAbove((yield* second.router("web")).statistics.counters.advertsReceived, 3)
      })
  )
})

describe("Engine: authentication", () => {
  const key = { id: 1, secret: "00".repeat(32) }
  const hmac = (secret = key.secret): Authentication => ({
    _tag: "Hmac",
    keys: [{ id: 1, secret }],
    activeKeyId: 1,
    window: 5_000_000 as Micros,
    antiReplay: "Clock",
    mode: "Enforce"
  })

  for (const [name, authentication, other] of [
    [
      "a password",
      { _tag: "Password", password: "7365637265" },
      { _tag: "Password", password: "6f74686572" }
    ],
    ["a signature", hmac(), hmac("11".repeat(32))]
  ] satisfies ReadonlyArray<readonly [string, Authentication, Authentication]>) {
    it.effect(`who has the same ${name} is obeyed, who has another is not`, () =>
      Effect.gen(function* () {
        const { network } = yield* makeNetwork()
        const master = yield* makeDirector(network, "r1")
        const backup = yield* makeDirector(network, "r2")
        const stranger = yield* makeDirector(network, "r3")
        yield* master.engine.apply([parameters({ priority: 200, authentication })])
        yield* backup.engine.apply([parameters({ priority: 100, authentication })])
        yield* stranger.engine.apply([parameters({ priority: 100, authentication: other })])
        yield* run(10)

        assert.deepStrictEqual(
          [yield* master.role(), yield* backup.role(), yield* stranger.role()],
          ["Master", "Backup", "Master"]
        )
        assert.isTrue(
          backup.events.some(({ _tag }) => _tag === "ParametersDiffer") &&
            stranger.events.some(({ _tag }) => _tag === "ParametersDiffer")
        )
      })
    )
  }
})
