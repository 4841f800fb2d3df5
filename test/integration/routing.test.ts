/**
 * Addresses with everything, routes and rules: the kernel has them while the director is Master, and no longer.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Namespace from "../lab/Namespace.ts"
import * as Pair from "../lab/Pair.ts"
import * as Question from "../lab/Question.ts"
import * as RawSender from "../lab/RawSender.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Topology from "../lab/Topology.ts"

Requirement.suite("addresses, routes and rules", Requirement.lab, () => {
  it.live(
    "are held while Master, put back when somebody deletes them, and gone as Backup and at the end",
    () =>
      Effect.gen(function* () {
        const lab = yield* Pair.network
        yield* Namespace.tune(lab.topology.LD1, { "ipv6/conf/eth0/disable_ipv6": 0 })
        const kernel = Effect.map(
          Effect.all([
            Question.print(lab.topology.LD1, "ip -d addr show"),
            Question.print(lab.topology.LD1, "ip -d route show table all"),
            Question.print(lab.topology.LD1, "ip rule show")
          ]),
          (parts) => parts.join("\n")
        )
        const has = (wanted: ReadonlyArray<RegExp>, unwanted: ReadonlyArray<RegExp>) =>
          Question.until(
            `has ${wanted.join(", ")} without ${unwanted.join(", ")}`,
            kernel,
            (text) => wanted.every((each) => each.test(text)) && !unwanted.some((each) => each.test(text))
          )
        const daemon = yield* Pair.direct(lab, "LD1", Daemon.underTest, configuration)

        yield* has([...virtual, ...lasting], [])
        const advert = yield* Pair.advert(lab, "LD1")
        assert.sameMembers([...advert.addresses], ["192.168.3.117", "192.168.30.118", "192.168.3.119"])

        yield* Topology.ip(lab.topology.LD1, [
          "addr del 192.168.3.117/32 dev eth1",
          "addr del 172.168.0.55/32 dev eth0",
          "route del 10.91.0.0/16",
          "route del 10.90.0.0/16",
          "rule del priority 771",
          "rule del priority 770"
        ])
        yield* has([...virtual, ...lasting], [])

        const rival = yield* RawSender.make(lab.topology.LD2, "eth0")
        yield* rival.send(RawSender.bytes(higher))
        yield* has(lasting, virtual)
        // Nobody speaks any more.
        const mark = lab.vmbr.entries.length
        yield* Pair.advert(lab, "LD1", { from: mark })
        yield* has([...virtual, ...lasting], [])

        yield* Daemon.stop(daemon)
        yield* has([], [...virtual, ...lasting])
        assert.isTrue(lab.vmbr.entries.some(Frame.advertOf(Pair.address("LD1"), 0)))
      })
  )
})

const configuration = [
  Configuration.section("static_ipaddress", "172.168.0.77/32 dev eth0"),
  Configuration.section("static_routes", "10.90.0.0/16 via 172.168.0.1 dev eth0"),
  Configuration.section("static_rules", "from 10.90.0.1 table 77 priority 770"),
  Configuration.make("LD1", {
    version: 3,
    advertSeconds: 0.1,
    lines: [
      Configuration.section(
        "virtual_ipaddress_excluded",
        "172.168.0.55/32 dev eth0",
        "2001:db8::7/64 dev eth0 home -nodad preferred_lft 0"
      ),
      Configuration.section(
        "virtual_routes",
        "10.91.0.0/16 via 172.168.0.1 dev eth0 metric 50 mtu 1400",
        "blackhole 10.92.0.0/16",
        "10.93.0.0/16 nexthop via 172.168.0.1 dev eth0 weight 1 nexthop via 172.168.0.2 dev eth0 weight 2",
        "default via 172.168.0.2 dev eth0 src 172.168.0.55 table 77"
      ),
      Configuration.section(
        "virtual_rules",
        "from 10.91.0.0/16 table 77 priority 771",
        "to 10.92.0.1 iif eth0 lookup main priority 772"
      )
    ],
    addresses: [
      "192.168.3.117/32 dev eth1 label eth1:vip",
      "192.168.30.118/24 brd 192.168.30.255 dev eth1 scope link",
      "192.168.3.119 peer 192.168.3.120 dev eth1"
    ]
  })
].join("\n")

const virtual = [
  /inet 192\.168\.3\.117\/32 scope global .*eth1:vip/,
  /inet 192\.168\.30\.118\/24 brd 192\.168\.30\.255 scope link .*eth1/,
  /inet 192\.168\.3\.119 peer 192\.168\.3\.120\/32 scope global/,
  /inet 172\.168\.0\.55\/32 scope global eth0/,
  /inet6 2001:db8::7\/64 scope global (deprecated )?.*home/,
  /^unicast 10\.91\.0\.0\/16 via 172\.168\.0\.1 dev eth0 .*metric 50 .*mtu 1400/m,
  /^blackhole 10\.92\.0\.0\/16/m,
  /10\.93\.0\.0\/16.*\n\s+nexthop via 172\.168\.0\.1 dev eth0 weight 1.*\n\s+nexthop via 172\.168\.0\.2 dev eth0 weight 2/,
  /^unicast default via 172\.168\.0\.2 dev eth0 table 77 .*src 172\.168\.0\.55/m,
  /^771:\s+from 10\.91\.0\.0\/16 lookup 77/m,
  /^772:\s+from all to 10\.92\.0\.1 iif eth0 lookup main/m
]

const lasting = [
  /inet 172\.168\.0\.77\/32/,
  /^unicast 10\.90\.0\.0\/16 via 172\.168\.0\.1/m,
  /^770:\s+from 10\.90\.0\.1 lookup 77/m
]

const higher: RawSender.AdvertFields = {
  source: Pair.address("LD2"),
  sourceMac: Topology.port("LD2", "eth0").mac,
  destination: "224.0.0.18",
  destinationMac: "01:00:5e:00:00:12",
  ttl: 255,
  version: 3,
  type: 1,
  vrid: 82,
  priority: 255,
  authenticationType: 0,
  intervalSeconds: 0.1,
  addresses: ["192.168.3.117", "192.168.30.118", "192.168.3.119"]
}
