/** What crosses between the threads arrives as it was sent. */
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Configuration from "@holdfast/config/Configuration"
import * as Option from "effect/Option"

const scenarios = new URL("../../../test/scenarios/", import.meta.url)

const everything = `
global_defs {
  router_id all
}
vrrp_instance all {
  version 3
  interface eth0
  use_vmac vrrp.7
  vmac_xmit_base
  virtual_router_id 7
  priority 120
  advert_int 0.25
  preempt_delay 1.5
  unicast_peer {
    192.0.2.9 min_ttl 250 max_ttl 255
  }
  track_interface {
    eth1 weight -20
  }
  virtual_ipaddress {
    192.0.2.1/24 dev eth1 label eth1:1 brd + scope link
    192.0.2.2/32 peer 192.0.2.3 no_track
  }
  virtual_routes {
    198.51.100.0/24 via 192.0.2.254 dev eth1 table 100 metric 5
  }
  virtual_rules {
    from 192.0.2.1 lookup 100 preference 77
  }
}
`

const texts: ReadonlyArray<readonly [name: string, text: string]> = [
  ["everything", everything],
  ...readdirSync(scenarios)
    .filter((name) => name.endsWith(".conf"))
    .map((name) => [name, readFileSync(new URL(name, scenarios), "utf8")] as const)
]

describe("VrrpMessage", () => {
  it.each(texts)("the routers of %s are their own JSON", (file, text) => {
    const { configuration, diagnostics } = Configuration.read({ file, text })

    assert.isTrue(Option.isSome(configuration), diagnostics.map(({ message }) => message).join("\n"))
    const { routers } = Option.getOrThrow(configuration)
    assert.isNotEmpty(routers)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(routers)), routers)
  })
})
