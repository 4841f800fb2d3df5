import { nothingOwned } from "@holdfast/engine/AddressPlane"
import * as Outbox from "@holdfast/engine/Outbox"
import type { InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"

const eth0 = "eth0" as InterfaceName

const entry: VirtualAddress = {
  address: "192.0.2.100" as Ipv4Address,
  prefixLength: 32,
  interface: eth0,
  scope: 0,
  advertised: true,
  tracked: true
}

const advert = {
  source: "192.0.2.1" as Ipv4Address,
  destination: "224.0.0.18" as Ipv4Address,
  payload: new Uint8Array()
}

const make = () => {
  const done: Array<string> = []
  const outbox = Outbox.make({
    send: (device, adverts) => done.push(`${adverts.length} on ${device}`),
    setOwnership: (owner, { owned }) => done.push(`${owner} ${owned ? "owns" : "gives up"}`),
    announce: ({ repeatCount }) => done.push(`announce x${repeatCount}`)
  })
  const level = (owner: string, owned: boolean) =>
    outbox.ownership(owner, { ...nothingOwned, owned, addresses: [entry] })
  return { outbox, level, done }
}

describe("Outbox", () => {
  it("empties adverts first, those of a device together, then levels, then announcements; once", () => {
    const { done, level, outbox } = make()
    outbox.burst({ repeatCount: 5, addresses: [entry] })
    level("web", true)
    outbox.advert(eth0, advert)
    outbox.advert(eth0, advert)

    outbox.flush()
    outbox.flush()

    assert.deepStrictEqual(done, ["2 on eth0", "web owns", "announce x5"])
  })

  it("tells a level that lasted for no longer than the pass: what is held after it is held anew", () => {
    const { done, level, outbox } = make()
    level("web", false)
    level("web", true)

    outbox.flush()

    assert.deepStrictEqual(done, ["web gives up", "web owns"])
  })
})
