/**
 * How the adapter uses netlink, on a kernel that answers as the test says. What it owes the engine is in `test/contract`.
 */
import { type AddressEvent, AddressPlane, type OwnershipLevels } from "@holdfast/engine/AddressPlane"
import * as LinuxAddressPlane from "@holdfast/linux/AddressPlane"
import { ArpGuard } from "@holdfast/linux/device/ArpGuard"
import { KernelNetwork } from "@holdfast/linux/KernelNetwork"
import type * as Link from "@holdfast/netlink/Link"
import type { Outcome } from "@holdfast/netlink/NetlinkClient"
import { NetlinkError } from "@holdfast/netlink/NetlinkError"
import type { Request } from "@holdfast/netlink/Request"
import type { InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"

const addressesNumbered = (count: number): ReadonlyArray<VirtualAddress> =>
  Array.from({ length: count }, (_, index) => ({
    address: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}` as Ipv4Address,
    prefixLength: 32,
    interface: "eth0" as InterfaceName,
    scope: 0,
    advertised: true,
    tracked: true
  }))

const level = (owned: boolean, addresses: ReadonlyArray<VirtualAddress>) => ({
  owned,
  addresses,
  accept: true,
  routes: [],
  rules: [],
  keepForeign: false
})

const unguarded = Layer.succeed(ArpGuard, { set: () => {} })

interface Bench {
  readonly levels: OwnershipLevels
  readonly events: ReadonlyArray<AddressEvent>
  /** The requests of each exchange, by their subjects. */
  readonly exchanges: ReadonlyArray<ReadonlyArray<string>>
  /** Lets the adapter work until it has nothing to do. */
  readonly settle: Effect.Effect<void>
}

/** A plane on a kernel with `eth0`. `onExchange` is called before an exchange is answered. */
const withPlane = (
  test: (bench: Bench) => Effect.Effect<void>,
  onExchange: (exchange: number, levels: OwnershipLevels) => void = () => {},
  refuses: (subject: string) => boolean = () => false
) =>
  Effect.gen(function* () {
    const exchanges: Array<ReadonlyArray<string>> = []
    const events: Array<AddressEvent> = []
    const requestAll = (requests: ReadonlyArray<Request>) =>
      Effect.sync(() => {
        exchanges.push(requests.map(({ operation, subject }) => `${operation} ${subject}`))
        onExchange(exchanges.length, levels)
        return requests.map((request) => (refuses(request.subject) ? refusal(request) : Result.void))
      })
    const network = Layer.succeed(KernelNetwork, {
      client: { portId: 1, requestAll, request: unasked, get: unasked, dump: unasked, transaction: unasked },
      state: () => ({ links: new Map([[1, { index: 1, name: "eth0" } as Link.Link]]), addresses: new Map() }),
      links: () => new Map(),
      onChanges: () => () => {}
    })
    const plane = yield* AddressPlane.pipe(
      Effect.provide(LinuxAddressPlane.layer.pipe(Layer.provide(Layer.merge(network, unguarded))))
    )
    const levels = yield* plane.open((event) => events.push(event))
    const settle = Effect.yieldNow.pipe(Effect.repeat({ times: turnsMax }), Effect.asVoid)
    yield* test({ levels, events, exchanges, settle })
  }).pipe(Effect.scoped)

const unasked = () => Effect.die(new Error("the plane asks for nothing else"))

const refusal = ({ operation, subject }: Request): Outcome =>
  Result.fail(
    new NetlinkError({ operation, subject, reason: "PermissionDenied", code: "EPERM", text: "not permitted" })
  )

const sizes = (events: ReadonlyArray<AddressEvent>): ReadonlyArray<number> =>
  events.flatMap((event) => (event._tag === "AddressesHeld" ? [event.addresses.length] : []))

/** An exchange takes a handful of turns; the largest test has eleven. */
const turnsMax = 200

describe("AddressPlane on netlink", () => {
  it.effect("takes many addresses in parts and tells each part before the next", () =>
    withPlane(({ events, exchanges, levels, settle }) =>
      Effect.gen(function* () {
        levels.set("web", level(true, addressesNumbered(250)))
        yield* settle

        assert.deepStrictEqual(
          exchanges.map(({ length }) => length),
          [100, 100, 50]
        )
        assert.deepStrictEqual(sizes(events), [100, 100, 50])
        assert.deepStrictEqual(events.at(-1), {
          _tag: "OwnershipChanged",
          owner: "web",
          owned: true,
          failures: []
        })
      })
    )
  )

  it.effect("carries out many owners with one address each together", () =>
    withPlane(({ events, exchanges, levels, settle }) =>
      Effect.gen(function* () {
        for (const [index, entry] of addressesNumbered(255).entries())
          levels.set(`router ${index}`, level(true, [entry]))
        yield* settle

        assert.deepStrictEqual(
          exchanges.map(({ length }) => length),
          [100, 100, 55]
        )
        assert.lengthOf(sizes(events), 255)
      })
    )
  )

  it.effect("asks for nothing but the address that joined the list", () =>
    withPlane(({ events, exchanges, levels, settle }) =>
      Effect.gen(function* () {
        const [added, ...rest] = addressesNumbered(1_000)
        levels.set("web", level(true, rest))
        yield* settle
        const before = exchanges.length

        levels.set("web", level(true, [...rest, added!]))
        yield* settle

        assert.deepStrictEqual(exchanges.slice(before), [["address-add 10.0.0.1/32 on link 1"]])
        assert.deepStrictEqual(sizes(events).at(-1), 1)
      })
    )
  )

  it.effect("asks again, with every level, for what the kernel refused", () =>
    withPlane(
      ({ events, exchanges, levels, settle }) =>
        Effect.gen(function* () {
          const list = addressesNumbered(3)
          levels.set("web", level(true, list))
          yield* settle
          levels.set("web", level(true, [...list]))
          yield* settle

          assert.deepStrictEqual(sizes(events), [2])
          assert.deepStrictEqual(exchanges.at(-1), ["address-add 10.0.0.2/32 on link 1"])
          const last = events.at(-1)
          assert.lengthOf(last?._tag === "OwnershipChanged" ? last.failures : [], 1)
        }),
      undefined,
      (subject) => subject.includes("10.0.0.2")
    )
  )

  it.effect("tells nothing of a level that was replaced under way, and all of the one that replaced it", () =>
    withPlane(
      ({ events, levels, settle }) =>
        Effect.gen(function* () {
          levels.set("web", level(true, addressesNumbered(250)))
          yield* settle

          assert.deepStrictEqual(sizes(events), [100, 100, 100, 50])
        }),
      (exchange, levels) => {
        if (exchange !== 2) return
        levels.set("web", level(false, addressesNumbered(250)))
        levels.set("web", level(true, addressesNumbered(250)))
      }
    )
  )

  it.effect("goes on under the new name when an owner is renamed under way", () =>
    withPlane(
      ({ events, levels, settle }) =>
        Effect.gen(function* () {
          levels.set("web", level(true, addressesNumbered(150)))
          yield* settle

          assert.deepStrictEqual(
            events.map(({ _tag, owner }) => `${_tag} ${owner}`),
            ["AddressesHeld web", "AddressesHeld www", "OwnershipChanged www"]
          )
        }),
      (exchange, levels) => {
        if (exchange === 2) levels.rename("web", "www")
      }
    )
  )
})
