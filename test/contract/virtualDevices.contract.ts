import { type DeviceFailure, VirtualDevices } from "@holdfast/engine/VirtualDevices"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import type { MacAddress } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/** What the host has of a device that is on another. */
export interface Stacked {
  readonly parent: string
  readonly mac: string
  readonly up: boolean
}

/** A host with `eth0` and `eth1`, both up. */
export interface DevicesHarness {
  readonly find: (device: string) => Stacked | undefined
  /** The names of all devices that are on others. */
  readonly names: () => ReadonlyArray<string>
  /** Makes a device on `eth0` as an operator does. */
  readonly addForeign: (device: string, mac: string) => void
  readonly deleteLink: (device: string) => void
  readonly addLink: (device: string) => void
  readonly rename: (from: string, to: string) => void
  readonly eventually: (what: string, check: () => boolean) => Effect.Effect<void>
}

/** Runs one test on a fresh host; everything is gone at its end. */
export type RunDevices = (
  test: (harness: DevicesHarness) => Effect.Effect<void, unknown, VirtualDevices | Scope.Scope>
) => Effect.Effect<void, unknown>

const device = (name: string, vrid: number, parent = "eth0"): VirtualDevice => ({
  name: name as InterfaceName,
  parent: parent as InterfaceName,
  mac: macOf(vrid),
  families: ["Ipv4"]
})

const macOf = (vrid: number): MacAddress =>
  `00:00:5e:00:01:${vrid.toString(16).padStart(2, "0")}` as MacAddress

const open = Effect.gen(function* () {
  const failures: Array<DeviceFailure> = []
  const devices = yield* VirtualDevices
  const { set } = yield* devices.open((failure) => failures.push(failure))
  return { set, failures }
})

export const virtualDevicesContract = (run: RunDevices) =>
  describe("VirtualDevices", () => {
    it.live("makes devices, on their parents, with their addresses and up", () =>
      run(({ find }) =>
        Effect.gen(function* () {
          const { set } = yield* open

          assert.deepStrictEqual(yield* set([device("v82", 82), device("v83", 83, "eth1")]), [])

          assert.deepStrictEqual(find("v82"), { parent: "eth0", mac: macOf(82), up: true })
          assert.deepStrictEqual(find("v83"), { parent: "eth1", mac: macOf(83), up: true })
        })
      )
    )

    it.live("takes away what the level does not have any more, and keeps the rest as it is", () =>
      run(({ find, names }) =>
        Effect.gen(function* () {
          const { set } = yield* open
          yield* set([device("v82", 82), device("v83", 83)])

          assert.deepStrictEqual(yield* set([device("v83", 83), device("v84", 84)]), [])

          assert.deepStrictEqual(names().toSorted(), ["v83", "v84"])
          assert.isTrue(find("v83")?.up)
        })
      )
    )

    it.live("makes a device anew whose parent or address is another now", () =>
      run(({ find }) =>
        Effect.gen(function* () {
          const { set } = yield* open
          yield* set([device("v82", 82), device("v83", 83)])

          assert.deepStrictEqual(yield* set([device("v82", 85), device("v83", 83, "eth1")]), [])

          assert.deepStrictEqual(find("v82"), { parent: "eth0", mac: macOf(85), up: true })
          assert.deepStrictEqual(find("v83"), { parent: "eth1", mac: macOf(83), up: true })
        })
      )
    )

    it.live("takes all away when its scope closes", () =>
      run(({ names }) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const { set } = yield* Scope.provide(open, scope)
          yield* set([device("v82", 82)])
          assert.deepStrictEqual(names(), ["v82"])

          yield* Scope.close(scope, Exit.void)

          assert.deepStrictEqual(names(), [])
        })
      )
    )

    it.live("uses what an operator made when it is what is asked for, and never takes it away", () =>
      run(({ addForeign, find, names }) =>
        Effect.gen(function* () {
          addForeign("uvmac", macOf(82))
          const scope = yield* Scope.make()
          const { set } = yield* Scope.provide(open, scope)

          assert.deepStrictEqual(yield* set([device("uvmac", 82)]), [])
          assert.isTrue(find("uvmac")?.up)
          yield* set([])
          yield* Scope.close(scope, Exit.void)

          assert.deepStrictEqual(names(), ["uvmac"])
        })
      )
    )

    it.live("refuses the name of what an operator made for something else, and makes the others", () =>
      run(({ addForeign, find }) =>
        Effect.gen(function* () {
          addForeign("uvmac", "02:00:00:00:00:07")
          const { set } = yield* open

          const failures = yield* set([device("uvmac", 82), device("v83", 83), device("eth1", 84)])

          assert.deepStrictEqual(
            failures.map(({ name }) => name as string),
            ["uvmac", "eth1"]
          )
          assert.include(failures[0]?.message, "02:00:00:00:00:07")
          assert.include(failures[0]?.message, "ip link delete uvmac")
          assert.strictEqual(find("uvmac")?.mac, "02:00:00:00:00:07")
          assert.isTrue(find("v83")?.up)
        })
      )
    )

    it.live("says that the parent does not exist, and makes the device when it appears", () =>
      run(({ addLink, eventually, find }) =>
        Effect.gen(function* () {
          const { failures, set } = yield* open

          const refused = yield* set([device("v82", 82, "eth7")])
          assert.lengthOf(refused, 1)
          assert.include(refused[0]?.message, "eth7")
          addLink("eth7")

          yield* eventually("v82 is there", () => find("v82")?.up === true)
          assert.deepStrictEqual(failures, [])
        })
      )
    )

    it.live("follows a parent that goes and comes back", () =>
      run(({ addLink, deleteLink, eventually, find, names }) =>
        Effect.gen(function* () {
          const { failures, set } = yield* open
          yield* set([device("v83", 83, "eth1")])

          deleteLink("eth1")
          yield* eventually("it is told", () => failures.some(({ message }) => message.includes("eth1")))
          assert.deepStrictEqual(names(), [])
          addLink("eth1")

          yield* eventually("v83 is back", () => find("v83")?.up === true)
          assert.strictEqual(find("v83")?.parent, "eth1")
        })
      )
    )

    it.live("leaves a parent that is called otherwise now", () =>
      run(({ eventually, find, names, rename }) =>
        Effect.gen(function* () {
          const { set } = yield* open
          yield* set([device("v83", 83, "eth1")])

          rename("eth1", "lan")
          yield* eventually("v83 is gone", () => names().length === 0)
          rename("lan", "eth1")

          yield* eventually("v83 is back", () => find("v83")?.up === true)
        })
      )
    )

    it.live("puts back a device that somebody took away", () =>
      run(({ deleteLink, eventually, find }) =>
        Effect.gen(function* () {
          const { set } = yield* open
          yield* set([device("v82", 82)])

          deleteLink("v82")

          yield* eventually("v82 is back", () => find("v82")?.up === true)
          assert.strictEqual(find("v82")?.mac, macOf(82))
        })
      )
    )
  })
