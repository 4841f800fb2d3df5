/**
 * Two Masters at once: how it is told while it lasts, how it ends, and that a director which was stalled does not begin it.
 */
import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Pair from "../lab/Pair.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Scratch from "../lab/Scratch.ts"
import * as Topology from "../lab/Topology.ts"
import * as Witness from "../lab/Witness.ts"

Requirement.suite("two Masters", Requirement.lab, () => {
  it.live(
    "each says so of the other; the winner is told and announces last, so that the client follows it",
    () =>
      Effect.gen(function* () {
        const lab = yield* Pair.network
        const scratch = yield* Scratch.make(lab.topology.LD1)
        const told = yield* scratch.pipe("told")
        const tell = yield* scratch.script("tell", `echo "$@" > ${scratch.path("told")}`)
        const LD1 = yield* Pair.direct(
          lab,
          "LD1",
          Daemon.underTest,
          quickly("LD1", `notify_master_rx_lower_pri "${tell} we won"`)
        )
        // Else the winner hears of the loser only if that one happens to speak first.
        const LD2 = yield* Pair.direct(
          lab,
          "LD2",
          Daemon.underTest,
          quickly("LD2", "higher_prio_send_advert")
        )
        yield* Pair.advert(lab, "LD1", { from: lab.vmbr.entries.length })
        const port = Topology.farEnd(Topology.port("LD1", "eth0"))
        yield* Topology.ip(lab.topology.bridges, [`link set ${port} nomaster`])
        yield* lab.br0.waitFor("announcement", Frame.announcementOf(Topology.clientVip, macOf("LD2")))
        assert.isTrue(yield* Witness.owns(lab.topology.LD1, "eth1", Topology.clientVip), "LD1 is Master too")

        const mark = lab.br0.entries.length
        yield* Topology.ip(lab.topology.bridges, [`link set ${port} master vmbr`])
        yield* LD1.log.waitFor("word of the rival", ({ text }) => /two Masters: 172\.168\.0\.102/.test(text))
        yield* LD1.log.waitFor("its end", ({ text }) => /two Masters no more: .*172\.168\.0\.102/.test(text))
        yield* LD2.log.waitFor("word of the winner", ({ text }) =>
          text.includes("Master -> Backup: 172.168.0.101 has higher priority 250")
        )
        yield* told.waitFor("notification", ({ text }) => text === "we won")
        yield* Witness.disowned(lab.topology.LD2, "eth1", Topology.clientVip)

        // A burst when it heard of the rival, and one when the rival was silent.
        yield* lab.br0.waitForCount(
          10,
          "announcement",
          Frame.announcementOf(Topology.clientVip, macOf("LD1")),
          {
            from: mark
          }
        )
        const last = lab.br0.entries.findLast(Frame.announcementOf(Topology.clientVip))
        assert.strictEqual(last?.sourceMac, macOf("LD1"))
      })
  )

  for (const peer of [Daemon.underTest, Daemon.keepalived]) {
    it.live(`a Master that was stalled sends nothing before it has stepped aside, beside ${peer.name}`, () =>
      Effect.gen(function* () {
        const lab = yield* Pair.network
        const stalled = yield* Pair.direct(lab, "LD1", Daemon.underTest, quickly("LD1"))
        yield* Pair.direct(lab, "LD2", peer, quickly("LD2"))
        yield* Pair.advert(lab, "LD1", { from: lab.vmbr.entries.length })
        const changes = yield* Witness.addressChanges(lab.topology.LD1)

        yield* stalled.signal("SIGSTOP")
        const taken = yield* Pair.advert(lab, "LD2")
        yield* lab.vmbr.waitForCount(5, "advert of LD2", Frame.advertOf(Pair.address("LD2")), {
          from: lab.vmbr.entries.indexOf(taken)
        })
        const mark = lab.vmbr.entries.length
        const resumed = (yield* Clock.currentTimeMillis) * 1000
        yield* stalled.signal("SIGCONT")
        const back = yield* Pair.advert(lab, "LD1", { from: mark })

        // It waits as a Backup does that hears nothing better.
        assert.isAbove(back.atMicros - resumed, 3 * 100_000)
        const released = yield* changes.waitFor(
          "release",
          ({ address, change }) => change === "Deleted" && address === Topology.clientVip
        )
        assert.isBelow(released.atMicros, back.atMicros)
        assert.isFalse(lab.vmbr.entries.slice(mark).some(Frame.advertOf(Pair.address("LD1"), 0)))
      })
    )
  }
})

const macOf = (director: Configuration.Director): string => Topology.port(director, "eth1").mac

const quickly = (director: Configuration.Director, ...lines: ReadonlyArray<string>): string =>
  Configuration.make(director, { version: 3, advertSeconds: 0.1, lines: ["garp_master_delay 0", ...lines] })
