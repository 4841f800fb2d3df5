/**
 * Whether a virtual address answers: as a client on the wire sees it.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Child from "../lab/Child.ts"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Namespace from "../lab/Namespace.ts"
import * as Pair from "../lab/Pair.ts"
import * as Question from "../lab/Question.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Topology from "../lab/Topology.ts"

Requirement.suite("accept", [...Requirement.lab, "nft"], () => {
  it.live("an address without accept answers ARP and neighbour discovery, and nothing else", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      for (const node of ["LD1", "client"] as const) {
        yield* Namespace.tune(lab.topology[node], {
          "ipv6/conf/eth1/accept_dad": 0,
          "ipv6/conf/eth1/disable_ipv6": 0
        })
      }
      yield* Topology.ip(lab.topology.LD1, ["addr add 2001:db8::b5/64 dev eth1 nodad"])
      yield* Topology.ip(lab.topology.client, ["addr add 2001:db8::a/64 dev eth1 nodad"])
      const instance = (
        name: string,
        vrid: number,
        address: string,
        lines: ReadonlyArray<string>,
        priority = 250
      ) => ({ name, vrid, priority, lines, addresses: [address], ...quick })
      const daemon = yield* Pair.direct(
        lab,
        "LD1",
        Daemon.underTest,
        Configuration.make(
          "LD1",
          instance("open", 1, "192.168.3.201/32 dev eth1", []),
          instance("closed", 2, "192.168.3.202/32 dev eth1", ["no_accept"]),
          instance("strict", 3, "192.168.3.203/32 dev eth1", ["strict_mode on"]),
          instance("owner", 4, "192.168.3.204/32 dev eth1", ["no_accept"], 255),
          instance("open6", 5, "fe80::205/64 dev eth1", [
            Configuration.section("virtual_ipaddress_excluded", "2001:db8::205/64 dev eth1")
          ]),
          instance("closed6", 6, "fe80::206/64 dev eth1", [
            "no_accept",
            Configuration.section("virtual_ipaddress_excluded", "2001:db8::206/64 dev eth1")
          ])
        )
      )
      yield* Question.untilPrinted(lab.topology.LD1, "ip addr show dev eth1", "has all", (text) =>
        [...addresses4, ...addresses6].every((address) => text.includes(`${address}/`))
      )

      const answers = yield* Effect.forEach(
        [...addresses4, ...addresses6],
        (address) => knock(lab, address),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(answers, ["refused", "silent", "silent", "refused", "refused", "silent"])
      const neighbours = yield* Question.print(lab.topology.client, "ip neigh show dev eth1")
      for (const address of [...addresses4, ...addresses6])
        assert.match(neighbours, new RegExp(`^${address} lladdr`, "m"))

      const table = yield* Question.print(lab.topology.LD1, "nft list table inet holdfast_vrrp")
      for (const address of ["192.168.3.202", "192.168.3.203", "2001:db8::206"])
        assert.include(table, address)
      for (const address of ["192.168.3.201", "192.168.3.204", "2001:db8::205"])
        assert.notInclude(table, address)

      yield* Daemon.stop(daemon)
      assert.notInclude(yield* Question.print(lab.topology.LD1, "nft list tables"), "holdfast")
    })
  )
})

/** Asks for a port that nobody has: the address itself answers that, or nothing does. */
const knock = (lab: Pair.Network, address: string) =>
  Child.run(lab.topology.client, [
    "bash",
    "-c",
    `timeout 0.5 bash -c 'echo > /dev/tcp/${address}/80' 2>&1 | grep -q refused && echo refused || echo silent`
  ])

const quick = { version: 3 as const, advertSeconds: 0.1, networkInterface: "eth1" }
const addresses4 = ["192.168.3.201", "192.168.3.202", "192.168.3.203", "192.168.3.204"]
const addresses6 = ["2001:db8::205", "2001:db8::206"]
