import { assert, describe, it } from "@effect/vitest"
import { describe as render, describeMismatch, EngineEvent } from "@holdfast/engine/EngineEvent"
import type { DropReason, Mismatch } from "@holdfast/vrrp/Action"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import * as Arbitrary from "effect/Arbitrary"

const addresses = (...texts: ReadonlyArray<string>) => texts as unknown as ReadonlyArray<IpAddress>

describe("EngineEvent", () => {
  it.prop("every event is one line for people", { event: Arbitrary.schema(EngineEvent) }, ({ event }) => {
    const { message } = render(event)
    assert.isNotEmpty(message)
    assert.notInclude(message, "undefined")
  })

  it.each([
    [{ _tag: "Version", ours: 2, theirs: 3 }, "`version`"],
    [{ _tag: "Interval", oursMicros: 1_000_000, theirsMicros: 2_000_000 }, "`advert_int`"],
    [{ _tag: "Checksum", ours: "Plain" }, "`v3_checksum_as_v2`"],
    [{ _tag: "Transport", destination: "224.0.0.18" as IpAddress }, "`unicast_peer`"],
    [{ _tag: "Authentication", reason: "HmacKeyUnknown" }, "`auth_hmac`"],
    [{ _tag: "EqualPriority", priority: 100 }, "`priority`"],
    [
      { _tag: "AddressList", ours: addresses("192.0.2.2"), theirs: addresses(), disjoint: false },
      "it lacks 192.0.2.2; set the same `virtual_ipaddress`"
    ],
    [
      { _tag: "AddressList", ours: addresses("192.0.2.1"), theirs: addresses("192.0.2.9"), disjoint: true },
      "`virtual_router_id`"
    ]
  ] satisfies ReadonlyArray<readonly [Mismatch, string]>)("%o says what to change", (mismatch, remedy) => {
    assert.include(describeMismatch(mismatch), remedy)
  })

  it("what comes with every advert, and is told otherwise, is for the search for faults", () => {
    const event = { at: 0 as Instant, router: "web", source: "192.0.2.2" as IpAddress }
    const heard = EngineEvent.cases.LowerPriorityHeard.make({ ...event, priority: 100, ownPriority: 150 })
    const dropped = (reason: DropReason) =>
      EngineEvent.cases.AdvertDropped.make({ ...event, reason, count: 3 })

    assert.strictEqual(render(heard).level, "detail")
    assert.strictEqual(render(dropped("AddressListMismatch")).level, "detail")
    assert.notInclude(render(dropped("AddressListMismatch")).message, "dropped")
    assert.deepInclude(render(dropped("ChecksumInvalid")), { level: "warning" })
    assert.match(render(dropped("ChecksumInvalid")).message, /dropped 3 adverts/)
  })
})
