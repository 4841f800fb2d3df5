/**
 * Addresses and links that other programs change under a running daemon.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Pair from "../lab/Pair.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Phase from "../lab/rules/Phase.ts"
import * as Statistics from "../lab/Statistics.ts"
import * as Topology from "../lab/Topology.ts"
import * as Witness from "../lab/Witness.ts"

Requirement.suite("what others change", Requirement.lab, () => {
  it.live(
    "an address that another program deletes is put back and announced, and adverts keep their phase",
    () =>
      Effect.gen(function* () {
        const lab = yield* Pair.network
        yield* Pair.direct(lab, "LD1", Daemon.underTest, Configuration.scenario("a-basic", "LD1"))
        const first = yield* Pair.advert(lab, "LD1")
        // Both rounds of announcements are over when the address goes.
        yield* lab.br0.waitForCount(10, "announcement", Frame.announcementOf(Topology.clientVip))
        const changes = yield* Witness.addressChanges(lab.topology.LD1)
        const mark = lab.br0.entries.length
        yield* Pair.midInterval(lab, "LD1")

        yield* Topology.ip(lab.topology.LD1, [`addr del ${Topology.clientVip}/32 dev eth1`])

        const added = yield* changes.waitFor("address put back", (change) => change.change === "Added")
        assert.strictEqual(added.address, Topology.clientVip)
        const announced = yield* lab.br0.waitFor("announcement", Frame.announcementOf(Topology.clientVip), {
          from: mark
        })
        assert.isBelow(announced.atMicros - added.atMicros, promptMicros)
        yield* lab.vmbr.waitForCount(2, "advert", Frame.isAdvert, { from: lab.vmbr.entries.length })
        const adverts = lab.vmbr.entries.filter(Frame.isAdvert)
        assert.strictEqual(adverts[0], first)
        Phase.assertKept(adverts)
        assert.isTrue(adverts.every((advert) => advert.priority === Configuration.priority.LD1))
      })
  )

  it.live("addresses that are not the daemon's are left alone", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      yield* Topology.ip(lab.topology.LD1, [`addr add 172.168.0.9/32 dev eth0`])

      const daemon = yield* Pair.direct(
        lab,
        "LD1",
        Daemon.underTest,
        Configuration.scenario("a-basic", "LD1")
      )
      yield* Pair.advert(lab, "LD1")
      yield* Daemon.stop(daemon)

      assert.isTrue(yield* Witness.owns(lab.topology.LD1, "eth0", "172.168.0.9"))
      assert.isTrue(yield* Witness.owns(lab.topology.LD1, "eth0", "172.168.0.101"))
      assert.isFalse(yield* Witness.owns(lab.topology.LD1, "eth0", Topology.serverVip))
    })
  )

  it.live(
    "an instance whose interface is missing waits in Fault while another runs, and runs when it comes",
    () =>
      Effect.gen(function* () {
        const lab = yield* Pair.network
        const late = {
          node: "LD1",
          name: "eth2",
          bridge: "br0",
          address: "192.168.3.191",
          mac: "02:00:00:00:03:bf"
        } as const
        const daemon = yield* Pair.direct(
          lab,
          "LD1",
          Daemon.underTest,
          Configuration.make(
            "LD1",
            {},
            { name: "VI_2", vrid: 83, networkInterface: late.name, addresses: [lateVip] }
          )
        )
        const first = yield* Pair.advert(lab, "LD1")
        assert.strictEqual(first.vrid, 82)
        const before = yield* Statistics.read(daemon)
        assert.deepStrictEqual(
          before.routers.map(({ name, role }) => [name, role]),
          [
            ["VI_1", "Master"],
            ["VI_2", "Fault"]
          ]
        )

        yield* Pair.midInterval(lab, "LD1")
        yield* Topology.plugIn(lab.topology, late)

        const advert = yield* lab.br0.waitFor("advert of VI_2", Frame.advertOf(late.address))
        assert.deepStrictEqual([advert.vrid, [...advert.addresses]], [83, [lateVip]])
        yield* lab.br0.waitFor("announcement", Frame.announcementOf(lateVip, late.mac))
        Phase.assertKept(lab.vmbr.entries.filter(Frame.isAdvert))
      })
  )
})

const lateVip = "192.168.3.118"
// From a change in the kernel to its effect on the wire, on a shared machine.
const promptMicros = 250_000
