/**
 * A director that is told to stop while it fills a large table: the address must not wait for that.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Daemon from "../lab/Daemon.ts"
import * as Namespace from "../lab/Namespace.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Topology from "../lab/Topology.ts"

const router = `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 82
  priority 255
  virtual_ipaddress {
    192.0.2.1/32
  }
}`

/** So many that the table takes a second, from servers that are taken for up without a check. */
const virtualServers = Array.from(
  { length: 3_000 },
  (_, index) => `virtual_server 10.1.${index >> 8}.${index & 255} 80 {
  lvs_sched wrr
  lvs_method NAT
  protocol TCP
  real_server 10.2.0.1 80 {
    weight 1
  }
}`
)

const file = ["global_defs {\n  forwarding_plane nf_tables\n}", router, ...virtualServers].join("\n")

/** The owner of an address is Master from the beginning. */
const program: Daemon.Program = { ...Daemon.balancing(Daemon.underTest), started: /Init -> Master/ }

Requirement.suite("our daemon on nf_tables", [...Requirement.lab, "nft"], () => {
  it.live("gives its address up at once, however long the table takes", () =>
    Effect.gen(function* () {
      const namespace = yield* Namespace.make("director")
      yield* Topology.ip(namespace, [
        "link add eth0 type veth peer name other",
        "addr add 172.168.0.101/16 dev eth0",
        "link set eth0 up",
        "link set other up"
      ])
      const daemon = yield* Daemon.start(namespace, program, file)
      yield* daemon.log.waitFor("the table", ({ text }) => /forwarding by nf_tables/.test(text))
      assert.deepStrictEqual(yield* Daemon.stop(daemon), { code: 0, signal: null })

      const placeOf = (pattern: RegExp) => daemon.log.entries.findIndex(({ text }) => pattern.test(text))
      const left = placeOf(/Master -> Init/)
      const filled = placeOf(/virtual servers applied/)
      assert.isAtLeast(left, 0)
      assert.isTrue(filled === -1 || left < filled, "the router left before the table was full")
    })
  )
})
