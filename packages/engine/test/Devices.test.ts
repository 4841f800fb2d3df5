/** Virtual MAC devices around a reload: in which order, and how long is waited. */
import { assert, describe, it } from "@effect/vitest"
import * as Devices from "@holdfast/engine/Devices"
import type { Link } from "@holdfast/engine/LinkWatch"
import { type DeviceFailure, VirtualDevices } from "@holdfast/engine/VirtualDevices"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import type { MacAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"

const mac = "00:00:5e:00:01:33" as MacAddress
const device = (name: string): VirtualDevice => ({
  name: name as InterfaceName,
  parent: "eth0" as InterfaceName,
  mac,
  families: ["Ipv4"]
})
const link = (name: string, up = true): readonly [InterfaceName, Link] => [
  name as InterfaceName,
  { name: name as InterfaceName, index: 2, mac, mtu: 1500, up, addresses: [] }
]

/** Devices on a kernel that refuses what `refused` has, and what was done in which order. */
const make = Effect.gen(function* () {
  const done: Array<string> = []
  const refused: Array<DeviceFailure> = []
  const failures: Array<string> = []
  const ports = VirtualDevices.of({
    open: () =>
      Effect.succeed({
        set: (wanted) =>
          Effect.sync(() => {
            done.push(`set ${wanted.map(({ name }) => name).join(" ")}`.trim())
            return refused
          })
      })
  })
  const devices = yield* Devices.make(({ name }) => failures.push(name)).pipe(
    Effect.provideService(VirtualDevices, ports)
  )
  devices.tellLinks(new Map([link("eth0")]))
  const reload = Effect.sync(() => void done.push("reload"))
  return {
    devices,
    done,
    failures,
    refused,
    around: (...names: ReadonlyArray<string>) => devices.around(names.map(device), reload)
  }
})

describe("Devices", () => {
  it.effect("a reload waits until the kernel has told that its devices are up", () =>
    Effect.gen(function* () {
      const { around, devices, done } = yield* make
      const running = yield* Effect.forkChild(around("vrrp.51"))
      yield* TestClock.adjust("50 millis")
      devices.tellLinks(new Map([link("eth0"), link("vrrp.51", false)]))
      yield* TestClock.adjust("50 millis")
      assert.deepStrictEqual(done, ["set vrrp.51"])

      devices.tellLinks(new Map([link("eth0"), link("vrrp.51")]))
      yield* TestClock.adjust(0)
      assert.isDefined(running.pollUnsafe())
      assert.deepStrictEqual(done, ["set vrrp.51", "reload"])
    })
  )

  it.effect("one that never comes up holds nothing back for long", () =>
    Effect.gen(function* () {
      const { around, done } = yield* make
      yield* Effect.forkChild(around("vrrp.51"))
      yield* TestClock.adjust("199 millis")
      assert.notInclude(done, "reload")
      yield* TestClock.adjust("1 millis")
      assert.include(done, "reload")
    })
  )

  it.effect("nobody waits for a device that was refused, or whose parent is missing; a refusal is told", () =>
    Effect.gen(function* () {
      const { around, devices, done, failures, refused } = yield* make
      refused.push({ name: device("vrrp.51").name, message: "it is there already" })
      yield* around("vrrp.51")
      assert.deepStrictEqual(failures, ["vrrp.51"])

      refused.length = 0
      devices.tellLinks(new Map())
      yield* around("vrrp.51")
      assert.deepStrictEqual(done, ["set vrrp.51", "reload", "set vrrp.51", "reload"])
    })
  )

  it.effect("what leaves stays until the reload is over", () =>
    Effect.gen(function* () {
      const { around, devices, done } = yield* make
      devices.tellLinks(new Map([link("eth0"), link("vrrp.51"), link("vrrp.52")]))
      yield* around("vrrp.51", "vrrp.52")
      done.length = 0

      yield* around("vrrp.52")
      assert.deepStrictEqual(done, ["set vrrp.51 vrrp.52", "reload", "set vrrp.52"])
      done.length = 0
      yield* around()
      assert.deepStrictEqual(done, ["reload", "set"])
    })
  )

  it.effect("what a killed run left goes with the first reload, also where no device is wanted", () =>
    Effect.gen(function* () {
      const { around, done } = yield* make
      yield* around()
      assert.deepStrictEqual(done, ["reload", "set"])
    })
  )

  it.effect("reloads come one after the other", () =>
    Effect.gen(function* () {
      const { around, devices, done } = yield* make
      yield* Effect.forkChild(around("vrrp.51"))
      yield* Effect.forkChild(around())
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(done, ["set vrrp.51"])

      devices.tellLinks(new Map([link("eth0"), link("vrrp.51")]))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(done, ["set vrrp.51", "reload", "reload", "set"])
    })
  )
})
