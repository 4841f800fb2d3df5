import * as VirtualKernel from "@holdfast/simulation/VirtualKernel"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"

const eth0 = "eth0" as InterfaceName

describe("VirtualKernel", () => {
  it("gives a device that is made again another index", () => {
    const kernel = VirtualKernel.make(1, [{ name: "eth0" }])
    const former = kernel.links().get(eth0)?.index

    kernel.deleteLink("eth0")
    assert.isUndefined(kernel.links().get(eth0))
    kernel.addLink({ name: "eth0" })

    assert.notStrictEqual(kernel.links().get(eth0)?.index, former)
  })

  it("calls an address secondary when the device has one of the same subnet", () => {
    const kernel = VirtualKernel.make(1, [{ name: "eth0", addresses: ["192.0.2.1/24"] }])

    kernel.addAddress("eth0", VirtualKernel.linkAddress("192.0.2.9/24"))
    kernel.addAddress("eth0", VirtualKernel.linkAddress("192.0.2.10/32"))

    assert.deepStrictEqual(
      kernel
        .links()
        .get(eth0)
        ?.addresses.map(({ address, secondary }) => `${address} ${secondary}`),
      ["192.0.2.1 false", "192.0.2.9 true", "192.0.2.10 false"]
    )
  })

  it("refuses an address on a device that is not there, and one that is there already", () => {
    const kernel = VirtualKernel.make(1, [{ name: "eth0", addresses: ["192.0.2.1/24"] }])

    assert.strictEqual(kernel.addAddress("eth1", VirtualKernel.linkAddress("192.0.2.9/24")), "NoSuchDevice")
    assert.strictEqual(kernel.addAddress("eth0", VirtualKernel.linkAddress("192.0.2.1/24")), "Exists")
  })

  it("tells its watchers of changes, and of nothing else", () => {
    const kernel = VirtualKernel.make(1, [{ name: "eth0" }])
    let toldCount = 0
    const unwatch = kernel.watch(() => toldCount++)

    kernel.setUp("eth0", true)
    kernel.deleteAddress("eth0", "192.0.2.1" as Ipv4Address)
    assert.strictEqual(toldCount, 0)
    kernel.setUp("eth0", false)
    assert.strictEqual(toldCount, 1)
    unwatch()
    kernel.setUp("eth0", true)

    assert.strictEqual(toldCount, 1)
  })
})
