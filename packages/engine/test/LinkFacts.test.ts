/** Which address of a device adverts come from. */
import * as LinkFacts from "@holdfast/engine/LinkFacts"
import type { Link, LinkAddress } from "@holdfast/engine/LinkWatch"
import { defaults, type InterfaceName, type Parameters, type Vrid } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"

const router = (given: Partial<Parameters>): Parameters => ({
  ...defaults,
  name: "V",
  interface: "eth0" as InterfaceName,
  vrid: 1 as Vrid,
  addresses: [],
  ...given
})

const address = (text: string, given: Partial<LinkAddress> = {}): LinkAddress => ({
  address: text as IpAddress,
  prefixLength: 24,
  secondary: false,
  scope: 0,
  tentative: false,
  ...given
})

const primaryOf = (addresses: ReadonlyArray<LinkAddress>, given: Partial<Parameters> = {}) =>
  LinkFacts.primaryAddress({ addresses } as unknown as Link, router(given))

describe("primaryAddress", () => {
  const sourceAddress = "10.0.0.9" as IpAddress

  it("is the first primary address of the router's family", () => {
    const addresses = [
      address("fe80::1", { scope: 253 }),
      address("10.0.0.2", { secondary: true }),
      address("10.0.0.3")
    ]

    assert.strictEqual<string | undefined>(primaryOf(addresses), "10.0.0.3")
    assert.strictEqual<string | undefined>(primaryOf(addresses, { family: "Ipv6" }), "fe80::1")
  })

  it("track_src_ip: is the configured source, where the device has it, and none where not", () => {
    const given = { sourceAddress, trackSource: true }

    assert.strictEqual(
      primaryOf([address("10.0.0.3"), address("10.0.0.9", { secondary: true })], given),
      sourceAddress
    )
    assert.isUndefined(primaryOf([address("10.0.0.3")], given))
    assert.isUndefined(primaryOf([address("10.0.0.9", { tentative: true })], given))
  })
})
