/** From datagrams to the events of routers. */
import { assert, describe, it } from "@effect/vitest"
import * as Delivery from "@holdfast/engine/Delivery"
import * as Sealing from "@holdfast/engine/Sealing"
import type { Authentication, InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Family, Ipv4Address } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import type { Instant } from "@holdfast/wire/Instant"
import * as Ipv4 from "@holdfast/wire/Ipv4"

const eth0 = "eth0" as InterfaceName
const source = "192.0.2.1" as Ipv4Address
const destination = Ipv4.groupVrrp
const ends = { source, destination, hopLimit: 255 }
const authentication: Authentication = { _tag: "Header", key: "6b6579" }

const payload = Advertisement.encode(
  {
    version: 2,
    vrid: 51,
    priority: 100,
    advertIntervalMicros: 1_000_000,
    ...Sealing.fieldsOf(authentication),
    addresses: []
  },
  ends
)
const sealed = Sealing.make(() => 1_700_000_000_000_000).next(authentication, undefined)({ ...ends, payload })
const ipHeader = new Uint8Array(Ipv4.headerLengthMin)

/** Delivers a datagram; who asks for the way to authenticate is written down. */
const deliver = (
  received: { payload: Uint8Array; header?: Uint8Array; arrivedAt?: Instant; content?: object },
  family: Family = "Ipv4"
) => {
  const asked: Array<string> = []
  const delivery = Delivery.make(eth0, family, { ...ends, ...received }, 700 as Instant, {
    authenticationOf: (...place) => {
      asked.push(place.join("/"))
      return authentication
    },
    clockMicros: () => 0
  })
  return { ...delivery, asked }
}

describe("Delivery", () => {
  it("an advert is of its place, and of the time when it arrived where that is known", () => {
    const { asked, event, family, interface: device, vrid } = deliver({ payload })

    assert.deepStrictEqual([device, family, vrid], [eth0, "Ipv4", 51])
    assert.deepInclude(event, { _tag: "AdvertReceived", at: 700 as Instant, ...ends })
    assert.notProperty(event, "seal")
    assert.deepStrictEqual(asked, ["eth0/Ipv4/51"])
    assert.strictEqual(deliver({ payload, arrivedAt: 650 as Instant }).event.at, 650)
    assert.deepStrictEqual(deliver({ payload }, "Ipv6").asked, ["eth0/Ipv6/51"])
  })

  it("an advert behind an authentication header is found, with what the header proves", () => {
    const { event, vrid } = deliver({ payload: sealed.payload, header: ipHeader })

    assert.strictEqual(vrid, 51)
    assert.propertyVal(event, "_tag", "AdvertReceived")
    assert.deepNestedInclude(event, { "seal._tag": "Header", "advertisement.priority": 100 })
  })

  it("what is malformed goes to the router of its VRID, if it has one", () => {
    const wrong = payload.slice()
    wrong[6] = 0xff

    assert.strictEqual(deliver({ payload: wrong }).vrid, 51)
    assert.deepInclude(deliver({ payload: wrong }).event, { _tag: "MalformedReceived", reason: "Checksum" })
    for (const cut of [
      { payload: payload.subarray(0, 1) },
      { payload: sealed.payload.subarray(0, 20), header: ipHeader }
    ]) {
      assert.strictEqual(deliver(cut).vrid, 0)
      assert.deepInclude(deliver(cut).event, { _tag: "MalformedReceived", reason: "Length" })
    }
  })

  it("what is the same as before is not decoded again, and has its own time", () => {
    const content = {}
    const first = deliver({ payload, content })
    const again = deliver({ payload: new Uint8Array(0), content, arrivedAt: 690 as Instant })

    assert.strictEqual(first.content, content)
    assert.deepStrictEqual(again, { ...first, event: { ...first.event, at: 690 as Instant }, asked: [] })
  })

  it("what may prove where it comes from is judged each time", () => {
    const padded = Uint8Array.of(...payload, 0)

    for (const received of [{ payload: padded }, { payload: sealed.payload, header: ipHeader }]) {
      const content = {}
      assert.notProperty(deliver({ ...received, content }), "content")
      assert.deepStrictEqual(deliver({ ...received, content }).asked, ["eth0/Ipv4/51"])
    }
  })
})
