/**
 * Wrong adverts from a neighbour: each is dropped and counted by its reason, and disturbs nothing.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Pair from "../lab/Pair.ts"
import * as RawSender from "../lab/RawSender.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Phase from "../lab/rules/Phase.ts"
import * as Takeover from "../lab/rules/Takeover.ts"
import * as Statistics from "../lab/Statistics.ts"
import * as Topology from "../lab/Topology.ts"

Requirement.suite("adverts from a neighbour", Requirement.lab, () => {
  it.live(
    "a right advert of higher priority takes mastership: what is wrong below is one field at a time",
    () =>
      Effect.gen(function* () {
        const lab = yield* attacked
        const mark = lab.vmbr.entries.length

        yield* lab.sender.send(RawSender.bytes(right))

        yield* lab.vmbr.waitFor("advert of the neighbour", Frame.advertOf(right.source), { from: mark })
        const back = yield* Pair.advert(lab, "LD1", { from: mark })
        const sent = lab.vmbr.entries.slice(mark).find(Frame.advertOf(right.source))
        // It is Backup for a master down interval: three adverts and a skew of 6/256 s.
        assert.isAtLeast(back.atMicros - (sent?.atMicros ?? 0), 3_000_000)
      })
  )

  it.live("a right advert of lower priority is answered at once by an advert and announcements", () =>
    Effect.gen(function* () {
      const lab = yield* attacked
      // Both rounds of announcements after the start are over.
      yield* lab.br0.waitForCount(10, "announcement", Frame.announcementOf(Topology.clientVip))
      yield* Pair.midInterval(lab, "LD1")
      const marks = { vmbr: lab.vmbr.entries.length, br0: lab.br0.entries.length }

      yield* lab.sender.send(RawSender.bytes({ ...right, priority: 100 }))

      const sent = yield* lab.vmbr.waitFor("the neighbour's advert", Frame.advertOf(right.source), {
        from: marks.vmbr
      })
      const answer = yield* Pair.advert(lab, "LD1", { from: marks.vmbr })
      Takeover.assertWithin(
        answer.atMicros - sent.atMicros,
        0,
        answeredWithinMicros,
        "from its advert to the answer"
      )
      yield* lab.br0.waitForCount(5, "announcement", Frame.announcementOf(Topology.clientVip), {
        from: marks.br0
      })
    })
  )

  it.live("each wrong advert is dropped and counted by its reason; the Master and its phase stay", () =>
    Effect.gen(function* () {
      const lab = yield* attacked
      const before = yield* Statistics.read(lab.daemon)
      const expected: Record<string, number> = { ...dropsOf(before) }

      for (const [reason, wrong] of wrongs) {
        yield* Effect.replicateEffect(lab.sender.send(RawSender.bytes({ ...right, ...wrong })), repeats)
        expected[reason] = (expected[reason] ?? 0) + repeats
        const after = yield* Statistics.readUntil(
          lab.daemon,
          `${repeats} more ${reason}`,
          (statistics) => total(dropsOf(statistics)) >= total(expected)
        )
        assert.deepStrictEqual(dropsOf(after), expected, reason)
      }
      yield* lab.vmbr.waitForCount(2, "advert", Frame.advertOf(Pair.address("LD1")), {
        from: lab.vmbr.entries.length
      })

      yield* assertUndisturbed(lab)
    })
  )

  it.live("an advert of a virtual router that nobody here runs is told apart and disturbs nothing", () =>
    Effect.gen(function* () {
      const lab = yield* attacked
      const drops = dropsOf(yield* Statistics.read(lab.daemon))

      yield* lab.sender.send(RawSender.bytes({ ...right, vrid: 99 }))

      const after = yield* Statistics.readUntil(lab.daemon, "VRID 99", ({ foreign }) =>
        foreign.some((each) => each.vrid === 99 && each.advertCount >= 1)
      )
      assert.deepStrictEqual(dropsOf(after), drops)
      yield* lab.vmbr.waitForCount(2, "advert", Frame.advertOf(Pair.address("LD1")), {
        from: lab.vmbr.entries.length
      })
      yield* assertUndisturbed(lab)
    })
  )

  it.live("in unicast an advert from a stranger is dropped, though its hop limit may be any", () =>
    Effect.gen(function* () {
      const lab = yield* attackedIn(
        Configuration.make("LD1", {
          lines: ["unicast_src_ip 172.168.0.101", "unicast_peer { 172.168.0.102 }", "check_unicast_src"]
        })
      )
      const toUs = {
        destination: Pair.address("LD1"),
        destinationMac: Topology.port("LD1", "eth0").mac,
        ttl: 64
      }

      yield* lab.sender.send(RawSender.bytes({ ...right, ...toUs }))

      const after = yield* Statistics.readUntil(
        lab.daemon,
        "a drop",
        (statistics) => total(dropsOf(statistics)) >= 1
      )
      assert.strictEqual(dropsOf(after)["SourceNotPeer"], 1)
      yield* assertUndisturbed(lab)
    })
  )
})

/** A Master, and a neighbour that sends by hand. */
const attackedIn = (configuration: string) =>
  Effect.gen(function* () {
    const network = yield* Pair.network
    const daemon = yield* Pair.direct(network, "LD1", Daemon.underTest, configuration)
    yield* Pair.midInterval(network, "LD1")
    return { ...network, daemon, sender: yield* RawSender.make(network.topology.LS1, "eth0") }
  })

const attacked = attackedIn(Configuration.scenario("a-basic", "LD1"))

type Attacked = Effect.Success<typeof attacked>

const assertUndisturbed = (lab: Attacked) =>
  Effect.gen(function* () {
    Phase.assertKept(lab.vmbr.entries.filter(Frame.advertOf(Pair.address("LD1"))))
    const [router] = (yield* Statistics.read(lab.daemon)).routers
    assert.isDefined(router)
    assert.strictEqual(router.role, "Master")
    assert.strictEqual(router.statistics.counters["becameMaster"], 1)
    assert.strictEqual(router.statistics.counters["advertsReceived"], 0)
  })

const dropsOf = (statistics: Statistics.Statistics): Readonly<Record<string, number>> =>
  statistics.routers[0]?.statistics.drops ?? {}

const total = (drops: Readonly<Record<string, number>>): number =>
  Object.values(drops).reduce((sum, count) => sum + count, 0)

/** Would take mastership if it was accepted: the priority is above that of LD1. */
const right: RawSender.AdvertFields = {
  source: Topology.port("LS1", "eth0").address,
  sourceMac: Topology.port("LS1", "eth0").mac,
  destination: "224.0.0.18",
  destinationMac: "01:00:5e:00:00:12",
  ttl: 255,
  version: 2,
  type: 1,
  vrid: 82,
  priority: 254,
  authenticationType: 0,
  intervalSeconds: 1,
  addresses: [Topology.clientVip, Topology.serverVip]
}

/** The reason our daemon counts for each wrong field. */
const wrongs: ReadonlyArray<readonly [string, Partial<RawSender.AdvertFields>]> = [
  ["HopLimitInvalid", { ttl: 64 }],
  ["HopLimitInvalid", { ttl: 254 }],
  ["ChecksumInvalid", { checksumError: 1 }],
  ["LengthInvalid", { cut: 12 }],
  ["LengthInvalid", { cut: 20 }],
  ["LengthInvalid", { addressCount: 4 }],
  ["VersionMismatch", { version: 3 }],
  ["VersionMismatch", { version: 1 }],
  ["TypeInvalid", { type: 2 }],
  ["AuthenticationMismatch", { authenticationType: 1 }],
  ["AuthenticationTypeInvalid", { authenticationType: 7 }],
  ["IntervalMismatch", { intervalSeconds: 7 }],
  [
    "TransportMismatch",
    { destination: Pair.address("LD1"), destinationMac: Topology.port("LD1", "eth0").mac }
  ]
]

// The next advert that is due anyway comes half a second later.
const answeredWithinMicros = 300_000
// More than one, so that a count that sticks at one is seen.
const repeats = 3
