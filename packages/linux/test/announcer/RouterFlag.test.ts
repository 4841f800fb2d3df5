import { assert, describe, it } from "@effect/vitest"
import * as RouterFlag from "@holdfast/linux/announcer/RouterFlag"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"

const eth0 = "eth0" as InterfaceName
const eth1 = "eth1" as InterfaceName

describe("RouterFlag", () => {
  it("says of each device what its setting says", () => {
    const settings: Readonly<Record<string, string>> = { eth0: "1\n", eth1: "0\n", eth2: "2\n", eth3: "" }
    const flagOf = RouterFlag.make((device) => settings[device]!)

    assert.deepStrictEqual(
      Object.keys(settings).map((device) => flagOf(device as InterfaceName, 0)),
      [true, false, true, false]
    )
  })

  it("reads a setting once in ten seconds", () => {
    const reads: Array<string> = []
    const flagOf = RouterFlag.make((device) => {
      reads.push(device)
      return reads.length === 1 ? "0" : "1"
    })

    assert.deepStrictEqual(
      [flagOf(eth0, 0), flagOf(eth0, 10_000_000), flagOf(eth1, 10_000_000), flagOf(eth0, 10_000_001)],
      [false, false, true, true]
    )
    assert.deepStrictEqual(reads, ["eth0", "eth1", "eth0"])
  })

  it("takes a device without IPv6 for a host", () => {
    assert.isFalse(RouterFlag.make()("nosuchdevice" as InterfaceName, 0))
  })
})
