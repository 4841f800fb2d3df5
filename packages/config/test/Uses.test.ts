/** Files as people write them for one use each: routers in a row, checks of local services, routes, rules, programs. */
import { Parameters } from "@holdfast/vrrp/Parameters"
import { SharedParameters } from "@holdfast/vrrp/SharedParameters"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { configurationOf, diagnosticsOf } from "./Instance.ts"

const instance = (name: string, device: string, vrid: number, lines = "") => `
vrrp_instance ${name} {
    state BACKUP
    interface ${device}
    virtual_router_id ${vrid}
    priority 150
    virtual_ipaddress {
        192.0.2.${vrid}/24
    }
    ${lines}
}
`

const inside = instance("inside", "eth1", 11)
const outside = instance("outside", "eth0", 12)
const noPreference =
  "warning: the rule has no preference, and the kernel gives it one (write preference NUMBER: rules are gone through by rising preference)"

const uses: ReadonlyArray<[use: string, text: string, diagnostics: ReadonlyArray<string>]> = [
  [
    "a router with two sides that fail over together, twice",
    `vrrp_sync_group gateway {
    group {
        inside
        outside
    }
    notify_master "/usr/local/bin/gateway up"
}
vrrp_sync_group services {
    group {
        web
        mail
    }
}
${inside}${outside}${instance("web", "eth0", 13)}${instance("mail", "eth0", 14)}`,
    []
  ],
  [
    "a group in the older form",
    `vrrp_sync_group gateway {\n    inside\n    outside\n}\n${inside}${outside}`,
    ["t:2:5: warning: members in the section itself are of the older form (put the members into group { … })"]
  ],
  [
    "local services that lower the priority, and links that end it",
    `vrrp_script web {
    script "/usr/bin/killall -0 nginx"
    interval 2
    weight -30
    fall 2
    rise 2
}
vrrp_script port {
    script "/bin/sh -c '</dev/tcp/127.0.0.1/25'"
    interval 5
    weight -10
}
vrrp_track_process haproxy {
    process haproxy
    weight 5
}
track_file maintenance {
    file /run/maintenance
    init_file 0
}
${instance("web", "eth0", 11, "track_interface {\neth1\neth2 weight 20\neth3 weight -20\n}\ntrack_script {\nweb\nport weight -40\n}\ntrack_process {\nhaproxy\n}\ntrack_file {\nmaintenance weight 0\n}")}`,
    []
  ],
  [
    "links on VLANs, and routes that go with the address",
    instance(
      "web",
      "eth0.2",
      11,
      "track_interface {\neth0.2\neth0.3\n}\nvirtual_routes {\n198.51.100.0/24 via 192.0.2.254 dev eth0.3\nsrc 192.0.2.11 to 203.0.113.0/24 via 192.0.2.254\nblackhole 10.0.0.0/8\n}"
    ),
    ["t:11:1: warning: eth0.2 is the instance's own interface (remove it)"]
  ],
  [
    "routes in the older words",
    instance(
      "web",
      "eth0",
      11,
      "virtual_routes {\n198.51.100.0/24 via 192.0.2.254 or 192.0.2.253 dev eth0\n0.0.0.0/0 gw 192.0.2.254 table 100\n}"
    ),
    [
      "t:11:33: warning: or is the older form of a second nexthop (write nexthop via A … nexthop via B …)",
      "t:12:11: warning: gw is the older word for via (write via)"
    ]
  ],
  [
    "rules with and without a preference, static ones too",
    `static_rules {\nfrom 198.51.100.0/24 table 7\n}\n${instance("web", "eth0", 11, "virtual_rules {\nfrom 192.0.2.11 table 7 preference 100\nto 203.0.113.0/24 table 8\n}")}`,
    [`t:2:1: ${noPreference}`, `t:15:1: ${noPreference}`]
  ],
  [
    "addresses and routes that stay",
    `static_ipaddress {
    192.0.2.1/24 dev eth0 scope global
    192.0.2.2/24 brd + dev eth1 label eth1:s
}
static_routes {
    198.51.100.0/24 via 192.0.2.254 dev eth0
    default via 192.0.2.254 table 100 metric 5
}
${outside}`,
    []
  ],
  [
    "many addresses, and a switch that learns slowly",
    `garp_group {
    garp_interval 0.02
    interfaces {
        eth0
        eth1
    }
}
interface_up_down_delays {
    eth0 0.5 1
}
${inside}${outside}`,
    []
  ]
]

describe("a file for", () => {
  it.each(uses)("%s", (_, text, diagnostics) => {
    assert.deepStrictEqual(diagnosticsOf(text), diagnostics)

    const { routers, shared } = configurationOf(text)

    assert.isTrue(routers.length > 0 && routers.every(Schema.is(Parameters)))
    assert.isTrue(Schema.is(SharedParameters)(shared))
  })
})
