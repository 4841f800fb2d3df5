import { type Link, type LinkAddress, type Links, LinkWatch } from "@holdfast/engine/LinkWatch"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { eth0, eth1, type Run } from "./Harness.ts"

/** A device may have a link-local address of its own, which comes when it has a carrier. */
const assigned = (link: Link | undefined): ReadonlyArray<LinkAddress> =>
  link?.addresses.filter(({ address }) => !address.startsWith("fe80:")) ?? []

/** A subscription and what it was told last. */
const subscribe = Effect.gen(function* () {
  const watch = yield* LinkWatch
  const told: Array<Links> = []
  yield* watch.subscribe((links) => told.push(links))
  const addressesOf = (device: typeof eth0): ReadonlyArray<string> =>
    assigned(told.at(-1)?.get(device)).map(({ address, prefixLength }) => `${address}/${prefixLength}`)
  return { told, last: (device: typeof eth0) => told.at(-1)?.get(device), addressesOf }
})

export const linkWatchContract = (run: Run) =>
  describe("LinkWatch", () => {
    it.live("tells everything before subscribing returns", () =>
      run(() =>
        Effect.gen(function* () {
          const { addressesOf, last, told } = yield* subscribe

          assert.isAtLeast(told.length, 1)
          assert.strictEqual(last(eth0)?.name, eth0)
          assert.isTrue(last(eth0)?.up)
          assert.match(last(eth0)?.mac ?? "", /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
          assert.strictEqual(last(eth0)?.mtu, 1_500)
          assert.deepStrictEqual(addressesOf(eth0), ["192.0.2.1/24"])
          assert.deepStrictEqual(addressesOf(eth1), ["198.51.100.1/24"])
          assert.notStrictEqual(last(eth0)?.index, last(eth1)?.index)
        })
      )
    )

    it.live("tells that a device goes down and comes up", () =>
      run(({ eventually, setUp }) =>
        Effect.gen(function* () {
          const { last } = yield* subscribe

          setUp("eth0", false)
          yield* eventually("eth0 is down", () => last(eth0)?.up === false)
          setUp("eth0", true)

          yield* eventually("eth0 is up", () => last(eth0)?.up === true)
          assert.isTrue(last(eth1)?.up)
        })
      )
    )

    it.live("tells addresses in the kernel's order, the primary of a subnet before its secondaries", () =>
      run(({ addAddress, deleteAddress, eventually }) =>
        Effect.gen(function* () {
          const { addressesOf, last } = yield* subscribe

          addAddress("eth0", "192.0.2.9/24")
          addAddress("eth0", "203.0.113.9/32")
          yield* eventually("three addresses", () => addressesOf(eth0).length === 3)
          assert.deepStrictEqual(
            last(eth0)
              ?.addresses.filter(({ secondary }) => secondary)
              .map(({ address }) => address as string),
            ["192.0.2.9"]
          )
          assert.strictEqual(addressesOf(eth0)[0], "192.0.2.1/24")
          deleteAddress("eth0", "203.0.113.9/32")

          yield* eventually("two addresses", () => addressesOf(eth0).length === 2)
        })
      )
    )

    it.live("tells IPv6 addresses behind those of IPv4, and when they can be used", () =>
      run(({ addAddress, eventually }) =>
        Effect.gen(function* () {
          const { addressesOf, last } = yield* subscribe

          addAddress("eth0", "2001:db8::9/64")
          addAddress("eth0", "203.0.113.9/32")
          yield* eventually("three addresses", () => addressesOf(eth0).length === 3)
          assert.deepStrictEqual(addressesOf(eth0), ["192.0.2.1/24", "203.0.113.9/32", "2001:db8::9/64"])

          yield* eventually("no other machine has it", () =>
            assigned(last(eth0)).every(({ tentative }) => !tentative)
          )
          assert.isTrue(assigned(last(eth0)).every(({ scope, secondary }) => scope === 0 && !secondary))
        })
      )
    )

    it.live("tells that a device is gone, and gives the next of that name another index", () =>
      run(({ addLink, deleteLink, eventually }) =>
        Effect.gen(function* () {
          const { addressesOf, last } = yield* subscribe
          const former = last(eth1)?.index

          deleteLink("eth1")
          yield* eventually("eth1 is gone", () => last(eth1) === undefined)
          addLink("eth1", "198.51.100.7/24")

          yield* eventually("eth1 is back", () => addressesOf(eth1).includes("198.51.100.7/24"))
          assert.notStrictEqual(last(eth1)?.index, former)
        })
      )
    )

    it.live("never changes what it has told", () =>
      run(({ addAddress, eventually }) =>
        Effect.gen(function* () {
          const { addressesOf, told } = yield* subscribe
          const first = told[0]

          addAddress("eth0", "192.0.2.9/24")
          yield* eventually("two addresses", () => addressesOf(eth0).length === 2)

          assert.lengthOf(assigned(first?.get(eth0)), 1)
        })
      )
    )

    it.live("tells nothing once its scope is closed", () =>
      run(({ pass, setUp }) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const { told } = yield* Scope.provide(subscribe, scope)
          yield* Scope.close(scope, Exit.void)
          const before = told.length

          setUp("eth0", false)
          yield* pass(50)

          assert.lengthOf(told, before)
        })
      )
    )
  })
