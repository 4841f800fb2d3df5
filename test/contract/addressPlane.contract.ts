import { type AddressEvent, AddressPlane, type Ownership } from "@holdfast/engine/AddressPlane"
import { type Links, LinkWatch } from "@holdfast/engine/LinkWatch"
import type { InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Harness, Run } from "./Harness.ts"

const address = (text: string, device = "eth0"): VirtualAddress => ({
  address: text as IpAddress,
  prefixLength: text.includes(":") ? 128 : 32,
  interface: device as InterfaceName,
  scope: 0,
  advertised: true,
  tracked: true
})

const level = (owned: boolean, addresses: ReadonlyArray<VirtualAddress>, keepForeign = false): Ownership => ({
  owned,
  addresses,
  accept: true,
  routes: [],
  rules: [],
  keepForeign
})

/** A plane and what it told. */
const open = Effect.gen(function* () {
  const events: Array<AddressEvent> = []
  const levels = yield* (yield* AddressPlane).open((event) => events.push(event))
  const answers = (owner: string, owned: boolean) =>
    events.filter(
      (event) => event._tag === "OwnershipChanged" && event.owner === owner && event.owned === owned
    )
  const restored = (owner: string) =>
    events.flatMap((event) =>
      event._tag === "AddressesRestored" && event.owner === owner ? event.addresses : []
    )
  /** The events of one owner since the beginning: addresses that are held, one by one, and answers. */
  const told = (owner: string) =>
    events.flatMap((event): ReadonlyArray<string> => {
      if (event.owner !== owner) return []
      if (event._tag === "AddressesHeld") return event.addresses.map((held) => `held ${held}`)
      return event._tag === "OwnershipChanged" ? [event.owned ? "owned" : "given up"] : []
    })
  return { levels, answers, restored, told }
})

/** Waits until an adapter that watches the kernel knows of an address that the test added. */
const linkWatchTells = (text: string, eventually: Harness["eventually"]) =>
  Effect.scoped(
    Effect.gen(function* () {
      const watch = yield* LinkWatch
      let last: Links = new Map()
      yield* watch.subscribe((links) => {
        last = links
      })
      yield* eventually(`${text} is known`, () =>
        [...last.values()].some(({ addresses }) => addresses.some((present) => present.address === text))
      )
    })
  )

const vip = "192.0.2.100"
const other = "192.0.2.101"
const vip6 = "2001:db8::100"

/** More than an adapter does at once. */
const manyCount = 350

/** Enough to meet an adapter that reads its own changes late. */
const roundCount = 20

export const addressPlaneContract = (run: Run) =>
  describe("AddressPlane", () => {
    it.live("adds what shall be held, removes what shall not, and answers each time", () =>
      run(({ addresses, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels } = yield* open

          levels.set("web", level(true, [address(vip), address("198.51.100.100", "eth1")]))
          yield* eventually("it is held", () => answers("web", true).length === 1)
          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24", `${vip}/32`])
          assert.deepStrictEqual(addresses("eth1"), ["198.51.100.1/24", "198.51.100.100/32"])
          levels.set("web", level(false, [address(vip), address("198.51.100.100", "eth1")]))
          yield* eventually("it is gone", () => answers("web", false).length === 1)

          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24"])
          assert.deepStrictEqual(addresses("eth1"), ["198.51.100.1/24"])
          assert.deepStrictEqual(answers("web", true)[0], {
            _tag: "OwnershipChanged",
            owner: "web",
            owned: true,
            failures: []
          })
        })
      )
    )

    it.live("holds addresses of both families, and puts both back", () =>
      run(({ addresses, deleteAddress, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, restored, told } = yield* open

          levels.set("web", level(true, [address(vip), address(vip6)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)
          assert.deepStrictEqual(told("web"), [`held ${vip}`, `held ${vip6}`, "owned"])
          assert.sameMembers([...addresses("eth0")], ["192.0.2.1/24", `${vip}/32`, `${vip6}/128`])
          deleteAddress("eth0", `${vip6}/128`)
          yield* eventually("it is back", () => restored("web").length === 1)
          assert.deepStrictEqual([...restored("web")], [vip6 as IpAddress])
          levels.set("web", level(false, [address(vip), address(vip6)]))
          yield* eventually("it is gone", () => answers("web", false).length === 1)

          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24"])
        })
      )
    )

    it.live("is content with an address that is there already", () =>
      run(({ addAddress, addresses, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels } = yield* open
          addAddress("eth0", `${vip}/32`)

          levels.set("web", level(true, [address(vip)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)

          assert.deepInclude(answers("web", true)[0], { failures: [] })
          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24", `${vip}/32`])
        })
      )
    )

    it.live("tells each address that it holds, once, and then that the level holds", () =>
      run(({ eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, told } = yield* open

          levels.set("web", level(true, [address(vip), address(other), address("198.51.100.100", "eth1")]))
          levels.set("db", level(true, [address("192.0.2.103")]))
          yield* eventually(
            "both answer",
            () => answers("web", true).length === 1 && answers("db", true).length === 1
          )

          assert.deepStrictEqual(told("web"), [
            `held ${vip}`,
            `held ${other}`,
            "held 198.51.100.100",
            "owned"
          ])
          assert.deepStrictEqual(told("db"), ["held 192.0.2.103", "owned"])
        })
      )
    )

    it.live("tells each of hundreds of addresses once, in the order of the list", () =>
      run(({ addresses, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, told } = yield* open
          const many = Array.from({ length: manyCount }, (_, index) =>
            address(`10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`)
          )

          levels.set("web", level(true, many))
          yield* eventually("it is held", () => answers("web", true).length === 1)

          assert.deepStrictEqual(told("web"), [...many.map((one) => `held ${one.address}`), "owned"])
          assert.lengthOf(addresses("eth0"), 1 + manyCount)
        })
      )
    )

    it.live("tells of an address that was there already that it is held, once", () =>
      run(({ addAddress, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, told } = yield* open
          addAddress("eth0", `${vip}/32`)

          levels.set("web", level(true, [address(vip)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)
          levels.set("web", level(true, [address(vip)]))
          yield* eventually("it answers again", () => answers("web", true).length === 2)

          assert.deepStrictEqual(told("web"), [`held ${vip}`, "owned", "owned"])
        })
      )
    )

    it.live("tells only what is new when an address joins the list", () =>
      run(({ eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, restored, told } = yield* open
          levels.set("web", level(true, [address(vip)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)

          levels.set("web", level(true, [address(vip), address(other)]))
          yield* eventually("both are held", () => answers("web", true).length === 2)

          assert.deepStrictEqual(told("web"), [`held ${vip}`, "owned", `held ${other}`, "owned"])
          assert.isEmpty(restored("web"))
        })
      )
    )

    it.live("tells again what left the list and came back, and what was given up and taken again", () =>
      run(({ eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, told } = yield* open
          levels.set("web", level(true, [address(vip), address(other)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)
          levels.set("web", level(true, [address(vip)]))
          levels.set("web", level(true, [address(vip), address(other)]))
          yield* eventually("it is held again", () => answers("web", true).length === 2)
          assert.deepStrictEqual(told("web").slice(3), [`held ${other}`, "owned"])

          // Both before the first is carried out: what takes the addresses anew must hear of them.
          levels.set("web", level(false, [address(vip), address(other)]))
          levels.set("web", level(true, [address(vip), address(other)]))
          yield* eventually("it is owned again", () => answers("web", true).length === 3)

          assert.deepStrictEqual(told("web").slice(5), [`held ${vip}`, `held ${other}`, "owned"])
        })
      )
    )

    it.live("takes away what a killed run left behind", () =>
      run(({ addAddress, addresses, eventually }) =>
        Effect.gen(function* () {
          addAddress("eth0", `${vip}/32`)
          yield* linkWatchTells(vip, eventually)
          const { answers, levels } = yield* open

          levels.set("web", level(false, [address(vip)]))
          yield* eventually("it answers", () => answers("web", false).length === 1)

          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24"])
        })
      )
    )

    it.live("keeps what was there before, when it is told to", () =>
      run(({ addAddress, addresses, eventually }) =>
        Effect.gen(function* () {
          addAddress("eth0", `${vip}/32`)
          yield* linkWatchTells(vip, eventually)
          const { answers, levels } = yield* open

          levels.set("web", level(true, [address(vip), address(other)], true))
          yield* eventually("it is held", () => answers("web", true).length === 1)
          levels.release("web")
          yield* eventually("it is released", () => answers("web", false).length === 1)

          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24", `${vip}/32`])
        })
      )
    )

    it.live("takes away what left the list, and leaves the rest", () =>
      run(({ addresses, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels } = yield* open
          levels.set("web", level(true, [address(vip), address(other)]))
          yield* eventually("both are held", () => answers("web", true).length === 1)

          levels.set("web", level(true, [address(other), address("192.0.2.102")]))
          yield* eventually("the new list is held", () => answers("web", true).length === 2)

          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24", `${other}/32`, "192.0.2.102/32"])
        })
      )
    )

    it.live("puts back what another program removes, as often as it does, and tells it", () =>
      run(({ addresses, deleteAddress, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, restored } = yield* open
          levels.set("web", level(true, [address(vip), address(other)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)

          deleteAddress("eth0", `${vip}/32`)
          yield* eventually("it is back", () => restored("web").length === 1)
          deleteAddress("eth0", `${vip}/32`)
          yield* eventually("it is back again", () => restored("web").length === 2)

          assert.deepStrictEqual([...restored("web")], [vip as IpAddress, vip as IpAddress])
          assert.include(addresses("eth0"), `${vip}/32`)
        })
      )
    )

    it.live("puts nothing back that shall not be held, and touches no address that it does not know", () =>
      run(({ addAddress, addresses, deleteAddress, eventually, pass }) =>
        Effect.gen(function* () {
          const { answers, levels, restored } = yield* open
          addAddress("eth0", "192.0.2.50/32")
          levels.set("web", level(true, [address(vip)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)
          levels.set("web", level(false, [address(vip)]))
          yield* eventually("it is gone", () => answers("web", false).length === 1)

          deleteAddress("eth0", "192.0.2.50/32")
          yield* pass(50)

          assert.isEmpty(restored("web"))
          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24"])
        })
      )
    )

    it.live("says which address has no device, and adds it when the device appears", () =>
      run(({ addLink, addresses, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, restored, told } = yield* open

          levels.set("web", level(true, [address(vip), address("203.0.113.100", "eth7")]))
          yield* eventually("it answers", () => answers("web", true).length === 1)
          const [answer] = answers("web", true)
          assert.lengthOf(answer?._tag === "OwnershipChanged" ? answer.failures : [], 1)
          assert.include(answer?._tag === "OwnershipChanged" ? answer.failures[0] : "", "203.0.113.100")
          assert.include(addresses("eth0"), `${vip}/32`)
          assert.deepStrictEqual(told("web"), [`held ${vip}`, "owned"])
          addLink("eth7", "203.0.113.1/24")

          yield* eventually("it is added", () => addresses("eth7").includes("203.0.113.100/32"))
          yield* eventually("it is told", () => restored("web").length === 1)
          assert.deepStrictEqual([...restored("web")], ["203.0.113.100" as IpAddress])
        })
      )
    )

    it.live("takes away what is released, once, and forgets it", () =>
      run(({ addAddress, addresses, eventually, pass }) =>
        Effect.gen(function* () {
          const { answers, levels } = yield* open
          levels.set("web", level(true, [address(vip)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)

          levels.release("web")
          yield* eventually("it is gone", () => answers("web", false).length === 1)
          addAddress("eth0", `${vip}/32`)
          yield* pass(50)

          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24", `${vip}/32`])
        })
      )
    )

    it.live("holds and repairs for an owner that comes back under a name that was just released", () =>
      run(({ addresses, deleteAddress, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, restored } = yield* open
          levels.set("web", level(true, [address(vip)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)

          levels.release("web")
          levels.set("web", level(true, [address(other)]))
          yield* eventually("the new level is held", () => addresses("eth0").includes(`${other}/32`))
          yield* eventually("the old one is gone", () => !addresses("eth0").includes(`${vip}/32`))
          deleteAddress("eth0", `${other}/32`)

          yield* eventually("it is repaired", () => restored("web").length === 1)
        })
      )
    )

    it.live("leaves nothing behind when a level is reversed as soon as it is answered, or before", () =>
      run(({ addresses, eventually, pass }) =>
        Effect.gen(function* () {
          const plane = yield* AddressPlane
          let answerCount = 0
          const levels = yield* plane.open((event) => {
            if (event._tag !== "OwnershipChanged") return
            answerCount += 1
            if (event.owned) levels.set("web", level(false, [address(vip), address(other)]))
          })

          for (let round = 1; round <= roundCount; round++) {
            levels.set("web", level(true, [address(vip), address(other)]))
            yield* eventually(`round ${round} is answered`, () => answerCount === 2 * round)
          }
          levels.set("web", level(true, [address(vip)]))
          levels.set("web", level(false, [address(vip)]))
          yield* eventually("the last is answered", () => answerCount === 2 * roundCount + 1)
          yield* pass(20)

          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24"])
        })
      )
    )

    it.live("goes on under another name", () =>
      run(({ addresses, deleteAddress, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels, restored } = yield* open
          levels.set("web", level(true, [address(vip)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)

          levels.rename("web", "www")
          deleteAddress("eth0", `${vip}/32`)
          yield* eventually("it is repaired under the new name", () => restored("www").length === 1)
          levels.release("www")
          yield* eventually("it is gone", () => answers("www", false).length === 1)

          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24"])
        })
      )
    )

    it.live("leaves an address where it is when it passes from one owner to another", () =>
      run(({ addresses, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels } = yield* open
          levels.set("web", level(true, [address(vip)]))
          yield* eventually("it is held", () => answers("web", true).length === 1)

          levels.set("web", level(true, [address(other)]))
          levels.set("db", level(true, [address(vip)]))
          yield* eventually(
            "both answer",
            () => answers("web", true).length === 2 && answers("db", true).length === 1
          )

          assert.sameMembers([...addresses("eth0")], ["192.0.2.1/24", `${vip}/32`, `${other}/32`])
        })
      )
    )

    it.live("moves an address to another device", () =>
      run(({ addresses, eventually }) =>
        Effect.gen(function* () {
          const { answers, levels } = yield* open
          levels.set("web", level(true, [address(vip, "eth0")]))
          yield* eventually("it is held", () => answers("web", true).length === 1)

          levels.set("web", level(true, [address(vip, "eth1")]))
          yield* eventually("it answers", () => answers("web", true).length === 2)

          assert.deepStrictEqual(addresses("eth0"), ["192.0.2.1/24"])
          assert.deepStrictEqual(addresses("eth1"), ["198.51.100.1/24", `${vip}/32`])
        })
      )
    )
  })
