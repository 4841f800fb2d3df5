/** That hearing or sending the same again has the outcome that is said is checked in every scenario of properties.test.ts. */
import { assert, describe, it } from "@effect/vitest"
import type { Event } from "@holdfast/vrrp/Event"
import * as Repetition from "@holdfast/vrrp/Repetition"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import type { Ipv4Address } from "@holdfast/wire/Address"
import type { Instant, Micros } from "@holdfast/wire/Instant"
import { heard, master, type Overrides, running, second } from "./Fixture.ts"

/** How long a Backup of priority 100 waits after each advert like `event`, which it hears for the second time. */
const waiting = (event: (at: number) => Event, overrides: Overrides = {}) => {
  const router = running(overrides)
  router.step(event(second))
  const before = router.state
  return Repetition.hearingOf(before, event(2 * second), VirtualRouter.step(before, event(2 * second)))
}

describe("Repetition", () => {
  it("an advert of the Master that a Backup obeys does nothing but start its timer", () => {
    assert.strictEqual(
      waiting((at) => heard(at, 200)),
      3_609_375
    )
  })

  it("the first advert of a Master is no repetition: it makes it known", () => {
    const { state } = running()
    const event = heard(second, 200)

    assert.isUndefined(Repetition.hearingOf(state, event, VirtualRouter.step(state, event)))
  })

  it.each<[string, (at: number) => Event, Overrides]>([
    ["of priority 0", (at) => heard(at, 0), {}],
    ["that is not obeyed", (at) => heard(at, 50), {}],
    ["of a preempt delay", (at) => heard(at, 50), { preemptDelay: 60 * second }],
    ["that is dropped", (at) => heard(at, 200, { hopLimit: 254 }), {}],
    ["that is reported", (at) => heard(at, 200, { addresses: ["10.0.0.9" as Ipv4Address] }), {}],
    ["that is sealed", (at) => heard(at, 200, { seal: { _tag: "None" } }), {}]
  ])("an advert %s is stepped each time", (_, event, overrides) => {
    assert.isUndefined(waiting(event, overrides))
  })

  it("a Master sends its priority at each deadline", () => {
    assert.deepStrictEqual(Repetition.sendingOf(master().state), {
      priority: 100,
      advertAt: (5 * second) as Instant,
      interval: second as Micros
    })
  })

  it("a router that is no Master sends nothing", () => {
    assert.isUndefined(Repetition.sendingOf(running().state))
  })

  it("a Master that is dead after one advert asks at each whether it stood still", () => {
    assert.isUndefined(Repetition.sendingOf(master({ downAdverts: 1 }).state))
  })
})
