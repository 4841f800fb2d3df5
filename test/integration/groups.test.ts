/**
 * Sync groups over two networks: the kernels of both directors and the wires of both sides say who has what, at each
 * instant.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import type * as Journal from "../lab/Journal.ts"
import * as Pair from "../lab/Pair.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Scratch from "../lab/Scratch.ts"
import * as Topology from "../lab/Topology.ts"
import * as Witness from "../lab/Witness.ts"

const rules = (peer: Daemon.Program): void => {
  it.live(
    "a link of one member down moves both; never half, never on both; the group and its members are told",
    () =>
      Effect.gen(function* () {
        const lab = yield* Pair.network
        const scratch = yield* Scratch.make(lab.topology.LD1)
        const told = yield* scratch.pipe("told")
        const tell = yield* scratch.script("tell", `echo "$@" > ${scratch.path("told")}`)
        const changes = {
          LD1: yield* Witness.addressChanges(lab.topology.LD1),
          LD2: yield* Witness.addressChanges(lab.topology.LD2)
        }
        yield* Pair.direct(
          lab,
          "LD1",
          Daemon.underTest,
          grouped("LD1", `  notify "${tell} by-group"`, `notify "${tell} by-member"`)
        )
        yield* waitBoth(changes.LD1, "Added", 0)
        yield* Pair.direct(lab, "LD2", peer, grouped("LD2"))
        yield* lab.vmbr.waitForCount(2, "advert of LD1", Frame.advertOf(Pair.address("LD1")), {
          from: lab.vmbr.entries.length
        })
        assert.lengthOf(changes.LD2.entries.filter(isVip), 0, "the Backup owned nothing")
        const start = changes.LD1.entries.length
        yield* told.waitForCount(6, "notification", () => true)
        assert.sameMembers(
          told.entries.map(({ text }) => text),
          [...states("BACKUP"), ...states("MASTER")]
        )

        // The servers' side stays as it is.
        yield* Topology.ip(lab.topology.LD1, ["link set eth1 down"])
        yield* waitBoth(changes.LD1, "Deleted", start)
        yield* waitBoth(changes.LD2, "Added", 0)
        const moved = longest(changes)
        assert.isBelow(moved.half, oneStepMicros)
        assert.strictEqual(moved.both, 0)
        yield* told.waitForCount(9, "notification", () => true)
        assert.sameMembers(
          told.entries.slice(6).map(({ text }) => text),
          [...states("FAULT")]
        )
        // Its own member left with priority 0: nobody waited for a timer.
        yield* Pair.advert(lab, "LD1", { priority: 0 })
        yield* lab.vmbr.waitFor("advert of LD2", Frame.advertOf(Pair.address("LD2")))
        yield* lab.br0.waitFor("advert of LD2", Frame.advertOf(Topology.port("LD2", "eth1").address))

        const back = changes.LD1.entries.length
        const gone = changes.LD2.entries.length
        yield* Topology.ip(lab.topology.LD1, ["link set eth1 up"])
        yield* waitBoth(changes.LD1, "Added", back)
        yield* waitBoth(changes.LD2, "Deleted", gone)
        const returned = longest(changes)
        assert.isBelow(returned.half, oneStepMicros)
        // Who is preempted hears of it from the new Master.
        assert.isBelow(returned.both, oneStepMicros)
        yield* told.waitForCount(15, "notification", () => true)
        assert.sameMembers(
          told.entries.slice(9).map(({ text }) => text),
          [...states("BACKUP"), ...states("MASTER")]
        )
      })
  )
}

Requirement.suite("a group of two networks, beside ours", Requirement.lab, () => rules(Daemon.underTest))
Requirement.suite("a group of two networks, beside keepalived", [...Requirement.lab, "keepalived"], () =>
  rules(Daemon.keepalived)
)

type Changes = Journal.Journal<Witness.AddressChange>

const vips = [Topology.clientVip, Topology.serverVip]
const isVip = (change: Witness.AddressChange): boolean => vips.includes(change.address)

const waitBoth = (changes: Changes, change: "Added" | "Deleted", from: number) =>
  Effect.forEach(vips, (address) =>
    changes.waitFor(`${change} ${address}`, (each) => each.change === change && each.address === address, {
      from
    })
  )

/**
 * Goes through all changes of both directors in time: for how long at most did a director have one address alone, and
 * for how long did both have any?
 */
const longest = (changes: Record<Configuration.Director, Changes>): Record<"half" | "both", number> => {
  const held = { LD1: new Set<string>(), LD2: new Set<string>() }
  const all = (["LD1", "LD2"] as const)
    .flatMap((director) => changes[director].entries.filter(isVip).map((change) => ({ change, director })))
    .toSorted((left, right) => left.change.atMicros - right.change.atMicros)
  const times = { half: 0, both: 0 }
  for (const [index, { change, director }] of all.entries()) {
    const { address, atMicros } = change
    if (change.change === "Added") held[director].add(address)
    else held[director].delete(address)
    const micros = (all[index + 1]?.change.atMicros ?? Infinity) - atMicros
    if (held.LD1.size === 1 || held.LD2.size === 1) times.half = Math.max(times.half, micros)
    if (held.LD1.size > 0 && held.LD2.size > 0) times.both = Math.max(times.both, micros)
  }
  return times
}

const states = (state: string): ReadonlyArray<string> => [
  `by-group GROUP VG_1 ${state} 0`,
  `by-member INSTANCE VI_1 ${state} 250`,
  `by-member INSTANCE VI_2 ${state} 250`
]

const grouped = (director: Configuration.Director, groupLine = "", memberLine = ""): string =>
  [
    Configuration.section("vrrp_sync_group VG_1", Configuration.section("group", "VI_1", "VI_2"), groupLine),
    Configuration.make(
      director,
      ...(["eth0", "eth1"] as const).map((networkInterface, index) => ({
        name: `VI_${index + 1}`,
        vrid: 82 + index,
        networkInterface,
        version: 3 as const,
        // Slower than elsewhere: a takeover that a busy machine makes is not what this looks for.
        advertSeconds: 0.2,
        lines: ["garp_master_delay 0", memberLine],
        addresses: [index === 0 ? `${Topology.serverVip}/32 dev eth0` : `${Topology.clientVip}/32 dev eth1`]
      }))
    )
  ].join("\n")

// Less than an advert interval, with room for a busy machine.
const oneStepMicros = 100_000
