/** From datagrams to the events of routers. */
import { assert, describe, it } from "@effect/vitest"
import type { ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
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
  { payload, ...header }: { payload: Uint8Array; header?: Uint8Array },
  family: Family = "Ipv4"
) => deliverOne({ ...ends, payload, ...header }, family)

const deliverOne = (received: ReceivedAdvert, family: Family = "Ipv4") => {
  const asked: Array<string> = []
  const delivery = Delivery.make(eth0, family, received, {
    authenticationOf: (...place) => {
      asked.push(place.join("/"))
      return authentication
    },
    clockMicros: () => 0
  })
  return { delivery, asked }
}

describe("Delivery", () => {
  it("an advert is of its place, and of the time when it arrived", () => {
    const { asked, delivery } = deliver({ payload })
    const { family, heard, interface: device, vrid } = delivery

    assert.deepStrictEqual([device, family, vrid], [eth0, "Ipv4", 51])
    assert.deepInclude(heard, { _tag: "AdvertReceived", ...ends })
    assert.notProperty(heard, "seal")
    assert.deepStrictEqual(asked, ["eth0/Ipv4/51"])
    assert.deepStrictEqual(Delivery.eventOf(delivery, 650 as Instant), {
      ...heard,
      at: 650 as Instant
    })
    assert.deepStrictEqual(deliver({ payload }, "Ipv6").asked, ["eth0/Ipv6/51"])
  })

  it("an advert behind an authentication header is found, with what the header proves", () => {
    const { heard, vrid } = deliver({ payload: sealed.payload, header: ipHeader }).delivery

    assert.strictEqual(vrid, 51)
    assert.propertyVal(heard, "_tag", "AdvertReceived")
    assert.deepNestedInclude(heard, { "seal._tag": "Header", "advertisement.priority": 100 })
  })

  it("what is malformed goes to the router of its VRID, if it has one", () => {
    const wrong = payload.slice()
    wrong[6] = 0xff

    const { heard, vrid } = deliver({ payload: wrong }).delivery
    assert.strictEqual(vrid, 51)
    assert.deepInclude(heard, { _tag: "MalformedReceived", reason: "Checksum" })
    for (const cut of [
      { payload: payload.subarray(0, 1) },
      { payload: sealed.payload.subarray(0, 20), header: ipHeader }
    ]) {
      const { delivery } = deliver(cut)
      assert.strictEqual(delivery.vrid, 0)
      assert.deepInclude(delivery.heard, { _tag: "MalformedReceived", reason: "Length" })
    }
  })

  it("what is the same as before is not decoded again", () => {
    const received = { ...ends, payload: payload.slice() }
    const first = deliverOne(received)
    received.payload.fill(0)

    assert.deepStrictEqual(first.asked, ["eth0/Ipv4/51"])
    assert.strictEqual(deliverOne(received).delivery, first.delivery)
    assert.notStrictEqual(deliverOne({ ...received }).delivery, first.delivery)
  })

  it("what may prove where it comes from is judged each time", () => {
    const padded = Uint8Array.of(...payload, 0)

    for (const received of [{ payload: padded }, { payload: sealed.payload, header: ipHeader }]) {
      const same = { ...ends, ...received }
      assert.deepStrictEqual(deliverOne(same).asked, ["eth0/Ipv4/51"])
      assert.deepStrictEqual(deliverOne(same).asked, ["eth0/Ipv4/51"])
    }
  })
})
