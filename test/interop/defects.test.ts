/**
 * Defects that versions of keepalived have in their virtual routers, as rules. D1 and D8 came after Debian's version, which
 * keeps the rules as ours does; the option of D7 is newer than it.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Pair from "../lab/Pair.ts"
import * as RawSender from "../lab/RawSender.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Topology from "../lab/Topology.ts"

const rules = (program: Daemon.Program): void => {
  it.live(
    "D1: scripts below a symbolic link count; D8: of two links that were down, one that is up is not enough",
    () =>
      Effect.gen(function* () {
        const lab = yield* Pair.network
        const ip = (...lines: ReadonlyArray<string>) => Topology.ip(lab.topology.LD1, lines)
        yield* ip(...["first", "second"].flatMap(plugged))
        yield* Pair.direct(
          lab,
          "LD1",
          program,
          [
            ...["true", "false"].map((name) =>
              Configuration.section(`vrrp_script ${name}`, `script /bin/${name}`, "interval 1", "user root")
            ),
            Configuration.make(
              "LD1",
              instance("passing", 1, Configuration.section("track_script", "true")),
              instance("failing", 2, Configuration.section("track_script", "false")),
              instance("linked", 3, Configuration.section("track_interface", "first", "second"))
            )
          ].join("\n")
        )
        const advertOf = (vrid: number, priority: number) => (frame: Frame.Frame) =>
          Frame.isAdvert(frame) && frame.vrid === vrid && frame.priority === priority
        yield* lab.vmbr.waitFor("advert of passing", advertOf(1, 250))
        yield* lab.vmbr.waitFor("advert of linked", advertOf(3, 250))

        yield* ip("link set first down", "link set second down")
        const zero = yield* lab.vmbr.waitFor("farewell of linked", advertOf(3, 0))
        yield* ip("link set first up")
        // Longer than it takes to become Master.
        yield* lab.vmbr.waitForCount(8, "advert of passing", advertOf(1, 250), {
          from: lab.vmbr.entries.length
        })
        assert.isFalse(lab.vmbr.entries.slice(lab.vmbr.entries.indexOf(zero)).some(advertOf(3, 250)))
        const mark = lab.vmbr.entries.length
        yield* ip("link set second up")
        yield* lab.vmbr.waitFor("advert of linked", advertOf(3, 250), { from: mark })
        assert.isFalse(lab.vmbr.entries.some(advertOf(2, 250)))
      })
  )
}

Requirement.suite("defects, of ours", Requirement.lab, () => {
  rules(Daemon.underTest)

  it.live("D7: v3_checksum_as_v2 sums without the pseudo-header, and still believes no wrong sum", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      yield* Pair.direct(
        lab,
        "LD1",
        Daemon.underTest,
        Configuration.make("LD1", { ...quick, lines: ["v3_checksum_as_v2"] })
      )
      const own = yield* Pair.advert(lab, "LD1")
      assert.strictEqual(Frame.checksum(own.bytes.subarray(vrrpAt, vrrpAt + 8 + 2 * 4)), 0)
      const sender = yield* RawSender.make(lab.topology.LS1, "eth0")

      for (const wrong of [{ sumAsSecond: true, checksumError: 1 }, { sumAsSecond: false }]) {
        const mark = lab.vmbr.entries.length
        yield* sender.send(RawSender.bytes({ ...higher, ...wrong }))
        yield* lab.vmbr.waitForCount(5, "advert of LD1", Frame.advertOf(own.source), { from: mark })
        const adverts = lab.vmbr.entries.filter(Frame.advertOf(own.source))
        const gaps = adverts.slice(1).map(({ atMicros }, index) => atMicros - adverts[index]!.atMicros)
        assert.isBelow(Math.max(...gaps), masterDownMicros)
      }

      const mark = lab.vmbr.entries.length
      yield* sender.send(RawSender.bytes({ ...higher, sumAsSecond: true }))
      const believed = yield* lab.vmbr.waitFor("it", Frame.advertOf(higher.source), { from: mark })
      const back = yield* Pair.advert(lab, "LD1", { from: lab.vmbr.entries.indexOf(believed) })
      assert.isAtLeast(back.atMicros - believed.atMicros, masterDownMicros)
    })
  )
})
Requirement.suite("defects, of keepalived", [...Requirement.lab, "keepalived"], () =>
  rules(Daemon.keepalived)
)

const quick = { version: 3 as const, advertSeconds: 0.1 }

const instance = (name: string, vrid: number, line: string): Configuration.Instance => ({
  name,
  vrid,
  lines: ["garp_master_delay 0", line],
  addresses: [`172.168.0.${200 + vrid}/32 dev eth0`],
  ...quick
})

/** A card with its cable. */
const plugged = (name: string): ReadonlyArray<string> => [
  `link add ${name} type veth peer name ${name}-end`,
  `link set ${name}-end up`,
  `link set ${name} up`
]

const higher: RawSender.AdvertFields = {
  source: "172.168.0.1",
  sourceMac: Topology.port("LS1", "eth0").mac,
  destination: "224.0.0.18",
  destinationMac: "01:00:5e:00:00:12",
  ttl: 255,
  version: 3,
  type: 1,
  vrid: 82,
  priority: 255,
  authenticationType: 0,
  intervalSeconds: 0.1,
  addresses: [Topology.clientVip, Topology.serverVip]
}

const masterDownMicros = 300_000
// Behind the Ethernet and the IPv4 header.
const vrrpAt = 14 + 20
