/** Adverts are made once, and anew when what they say has changed. */
import { assert, describe, it } from "@effect/vitest"
import * as AdvertSending from "@holdfast/engine/AdvertSending"
import type { OutgoingAdvert } from "@holdfast/engine/AdvertTransport"
import * as Outbox from "@holdfast/engine/Outbox"
import { defaults, type InterfaceName, type Parameters, type Vrid } from "@holdfast/vrrp/Parameters"
import * as State from "@holdfast/vrrp/State"
import type { Ipv4Address } from "@holdfast/wire/Address"

const eth0 = "eth0" as InterfaceName
const parameters: Parameters = {
  ...defaults,
  name: "VI_1",
  interface: eth0,
  vrid: 1 as Vrid,
  addresses: [
    {
      address: "192.0.2.3" as Ipv4Address,
      prefixLength: 32,
      interface: eth0,
      scope: 0,
      advertised: true,
      tracked: true
    }
  ]
}

/** A router on a device with this address. */
const at = (address: string, changed: Partial<Parameters> = {}) =>
  State.withLink(State.make({ ...parameters, ...changed }), eth0, {
    _tag: "Up",
    address: address as Ipv4Address
  })

const make = () => {
  const sent: Array<OutgoingAdvert> = []
  const nothing = () => undefined
  const outbox = Outbox.make({
    send: (_, adverts) => void sent.push(...adverts),
    setOwnership: nothing,
    announce: nothing
  })
  const send = AdvertSending.make({ outbox, clockMicros: () => 0 })
  return (state: State.State, priority: number): OutgoingAdvert => {
    send(state, priority)
    outbox.flush()
    assert.lengthOf(sent, 1)
    return sent.pop()!
  }
}

describe("AdvertSending", () => {
  it("what says the same is the same object", () => {
    const send = make()
    const state = at("192.0.2.1")

    assert.strictEqual(send(state, 100), send({ ...state }, 100))
  })

  it("another source, priority or address is in the next advert", () => {
    const send = make()
    const first = at("192.0.2.1")
    send(first, 100)
    const moved = send({ ...first, links: at("192.0.2.9").links }, 100)
    const lower = send(first, 99)
    const emptied = send({ ...first, parameters: { ...parameters, addresses: [] } }, 99)

    assert.strictEqual(moved.source, "192.0.2.9")
    assert.strictEqual(lower.source, "192.0.2.1")
    assert.deepStrictEqual([moved.payload[2], lower.payload[2]], [100, 99])
    assert.deepStrictEqual([lower.payload[3], emptied.payload[3]], [1, 0])
  })
})
