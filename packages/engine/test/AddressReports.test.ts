/** What the plane of addresses reports: whom it changes, and what is told. */
import { assert, describe, it } from "@effect/vitest"
import type { AddressEvent } from "@holdfast/engine/AddressPlane"
import * as AddressReports from "@holdfast/engine/AddressReports"
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import type { Routers } from "@holdfast/engine/Routers"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"

const at = 5 as Instant
const address = "192.0.2.10" as IpAddress

/** One router, `web`, and what comes to it. */
const make = () => {
  const events: Array<EngineEvent> = []
  const steps: Array<unknown> = []
  const released: Array<string> = []
  const web = {
    addressesHeld: false,
    addressFailures: [] as ReadonlyArray<string>,
    step: (event: unknown) => steps.push(event)
  }
  const routers = {
    named: (name: string) => (name === "web" ? web : undefined),
    released: (owner: string) => released.push(owner)
  } as unknown as Routers
  const reports = AddressReports.make(routers, (event) => events.push(event))
  return {
    events,
    released,
    steps,
    tell: (...reported: ReadonlyArray<AddressEvent>) => reports.tell(reported, at),
    web
  }
}
const ownership = (owned: boolean, failures: ReadonlyArray<string> = [], owner = "web"): AddressEvent => ({
  _tag: "OwnershipChanged",
  owner,
  owned,
  failures
})

describe("AddressReports", () => {
  it("a change is noted of its router, which steps, and told; the same again is not told", () => {
    const { events, released, steps, tell, web } = make()
    tell(ownership(true), ownership(true))

    assert.isTrue(web.addressesHeld)
    assert.deepStrictEqual(events, [
      { _tag: "AddressesChanged", at, router: "web", owned: true, failures: [] }
    ])
    assert.lengthOf(steps, 2)
    assert.isEmpty(released)
    tell(ownership(false))
    assert.isFalse(web.addressesHeld)
    assert.deepStrictEqual(released, ["web"])
    assert.lengthOf(events, 2)
  })

  it("failures are told each time, and kept until they are over", () => {
    const { events, tell, web } = make()
    tell(ownership(true, ["no"]), ownership(true, ["no"]))
    assert.lengthOf(events, 2)
    assert.deepStrictEqual(web.addressFailures, ["no"])
    tell(ownership(true))
    assert.isEmpty(web.addressFailures)
  })

  it("of an owner that is no router any more only failures are told", () => {
    const { events, released, tell } = make()
    tell(ownership(false, [], "gone"), ownership(false, ["no"], "gone"))
    assert.deepStrictEqual(events, [
      { _tag: "AddressesChanged", at, router: "gone", owned: false, failures: ["no"] }
    ])
    assert.deepStrictEqual(released, ["gone", "gone"])
  })

  it("addresses that were put back are told and announced; those that are only there are announced", () => {
    const { events, steps, tell } = make()
    tell({ _tag: "AddressesHeld", owner: "web", addresses: [address] })
    assert.isEmpty(events)
    tell({ _tag: "AddressesRestored", owner: "web", addresses: [address] })
    assert.deepStrictEqual(events, [{ _tag: "AddressesRestored", at, router: "web", addresses: [address] }])
    const step = { _tag: "AddressesHeld", at, addresses: [address] }
    assert.deepStrictEqual(steps, [step, step])
  })
})
