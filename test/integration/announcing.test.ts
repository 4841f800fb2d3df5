/**
 * Announcements counted and timed on the wire: bursts, delays, refreshes, pace, what a reload adds, and their flags over IPv6.
 */
import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Capture from "../lab/Capture.ts"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import type { Journal } from "../lab/Journal.ts"
import * as Namespace from "../lab/Namespace.ts"
import * as Pair from "../lab/Pair.ts"
import * as RawSender from "../lab/RawSender.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Topology from "../lab/Topology.ts"

Requirement.suite("announcements", Requirement.lab, () => {
  it.live(
    "bursts of a new Master, of a refresh and of a contest are as many as configured, and at their time",
    () =>
      Effect.gen(function* () {
        const lab = yield* Pair.network
        const [once, often] = ["172.168.0.201", "192.168.3.202"] as const
        yield* Pair.direct(
          lab,
          "LD1",
          Daemon.underTest,
          Configuration.make(
            "LD1",
            instance("VI_1", 1, once, "eth0", [
              "garp_master_repeat 3",
              "garp_master_delay 1",
              "garp_lower_prio_repeat 4",
              "garp_lower_prio_delay 0"
            ]),
            instance("VI_2", 2, often, "eth1", [
              "garp_master_repeat 1",
              "garp_master_delay 0",
              "garp_master_refresh 1",
              "garp_master_refresh_repeat 2"
            ])
          )
        )
        const first = yield* Pair.advert(lab, "LD1")
        const refreshed = yield* lab.br0.waitForCount(5, "announcement", Frame.announcementOf(often))
        const since = (frames: ReadonlyArray<Frame.Frame>) =>
          frames.map(({ atMicros }) => Math.round((atMicros - first.atMicros) / 1_000_000))
        assert.deepStrictEqual(since(refreshed), [0, 1, 1, 2, 2])
        assert.deepStrictEqual(since(lab.vmbr.entries.filter(Frame.announcementOf(once))), [0, 0, 0, 1, 1, 1])

        const mark = lab.vmbr.entries.length
        const rival = yield* RawSender.make(lab.topology.LD2, "eth0")
        yield* rival.send(RawSender.bytes(lower))
        const healed = yield* lab.vmbr.waitForCount(8, "announcement", Frame.announcementOf(once), {
          from: mark
        })
        yield* lab.vmbr.waitForCount(6, "advert", Frame.isAdvert, { from: lab.vmbr.entries.length })
        const adverts = lab.vmbr.entries.filter(Frame.isAdvert).filter(({ vrid }) => vrid === 1)
        const heardAt = adverts.findIndex(({ source }) => source === lower.source)
        const [heard, answer] = adverts.slice(heardAt)
        assert.isDefined(heard)
        // RFC 9568 6.4.3: the rival hears of us at once.
        assert.isBelow((answer?.atMicros ?? Infinity) - heard.atMicros, 50_000)
        // So do those who believed it, and once more when it has been silent for the master-down interval.
        const after = healed.map(({ atMicros }) => Math.floor((atMicros - heard.atMicros) / 300_000))
        assert.deepStrictEqual(after, [0, 0, 0, 0, 1, 1, 1, 1])
        assert.lengthOf(lab.vmbr.entries.slice(mark).filter(Frame.announcementOf(once)), 8)
      })
  )

  it.live(
    "garp_interval keeps frames of a card apart; a reload announces the address that it adds, at once",
    () =>
      Effect.gen(function* () {
        const lab = yield* Pair.network
        const named = (count: number) =>
          [
            Configuration.section("global_defs", `vrrp_garp_interval ${paceMicros / 1e6}`),
            Configuration.make("LD1", {
              name: "VI_1",
              ...quick,
              lines: ["garp_master_delay 0", "garp_master_repeat 2"],
              addresses: Array.from({ length: count }, (_, index) => `172.168.0.${201 + index}/32 dev eth0`)
            })
          ].join("\n")
        const daemon = yield* Pair.direct(lab, "LD1", Daemon.underTest, named(4))
        const paced = yield* lab.vmbr.waitForCount(8, "announcement", isAnnouncement)
        const gaps = paced.slice(1).map(({ atMicros }, index) => atMicros - paced[index]!.atMicros)
        assert.isAtLeast(Math.min(...gaps), paceMicros - turnMicros)
        const [burst] = lab.vmbr.entries.filter(Frame.isAdvert).map(({ atMicros }) => atMicros)
        assert.isBelow(paced[0]!.atMicros - burst!, promptMicros)

        yield* daemon.configure(named(5))
        const asked = (yield* Clock.currentTimeMillis) * 1000
        yield* daemon.signal("SIGHUP")
        const added = yield* lab.vmbr.waitFor("announcement", Frame.announcementOf("172.168.0.205"))
        assert.isBelow(added.atMicros - asked, promptMicros)
        const advert = yield* Pair.advert(lab, "LD1", { from: lab.vmbr.entries.indexOf(added) })
        assert.include(advert.addresses, "172.168.0.205")
      })
  )

  it.live("over IPv6 unsolicited neighbour advertisements override, and say whether this is a router", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      yield* Namespace.tune(lab.topology.LD1, {
        "ipv6/conf/eth0/accept_dad": 0,
        "ipv6/conf/eth1/accept_dad": 0,
        "ipv6/conf/eth0/disable_ipv6": 0,
        "ipv6/conf/eth1/disable_ipv6": 0,
        "ipv6/conf/eth0/forwarding": 1
      })
      const wires: ReadonlyArray<readonly [string, Journal<Frame.Frame>]> = [
        ["eth0", yield* Capture.start(lab.topology.bridges, "vmbr", "icmp6")],
        ["eth1", yield* Capture.start(lab.topology.bridges, "br0", "icmp6")]
      ]
      yield* Pair.direct(
        lab,
        "LD1",
        Daemon.underTest,
        Configuration.make(
          "LD1",
          ...wires.map(([card], index) => ({
            name: card,
            ...quick,
            vrid: index + 1,
            networkInterface: card,
            lines: ["garp_master_delay 0", "garp_master_repeat 2"],
            addresses: [`fe80::7/64 dev ${card}`, `2001:db8::7/64 dev ${card}`]
          }))
        )
      )
      for (const [card, frames] of wires) {
        const { mac } = Topology.port("LD1", card)
        for (const address of ["fe80::7", "2001:db8::7"]) {
          const announced = yield* frames.waitForCount(2, address, isOwnAdvert(address, mac))
          for (const each of announced) {
            assert.deepStrictEqual(
              [each.destinationMac, each.destination, each.isSolicited, each.isOverride, each.isRouter],
              ["33:33:00:00:00:01", "ff02::1", false, true, card === "eth0"]
            )
            assert.strictEqual(each.bytes[hopLimitAt], 255)
          }
        }
      }
    })
  )
})

const quick = { version: 3 as const, advertSeconds: 0.1 }

const instance = (
  name: string,
  vrid: number,
  address: string,
  networkInterface: string,
  lines: ReadonlyArray<string>
): Configuration.Instance => ({
  name,
  vrid,
  networkInterface,
  lines,
  addresses: [`${address}/32 dev ${networkInterface}`],
  ...quick
})

const isAnnouncement = (frame: Frame.Frame): frame is Frame.Arp => frame.kind === "Arp" && frame.gratuitous

const isOwnAdvert =
  (address: string, mac: string) =>
  (frame: Frame.Frame): frame is Frame.NeighbourAdvert =>
    frame.kind === "NeighbourAdvert" && frame.target === address && frame.targetMac === mac

const lower: RawSender.AdvertFields = {
  source: Pair.address("LD2"),
  sourceMac: Topology.port("LD2", "eth0").mac,
  destination: "224.0.0.18",
  destinationMac: "01:00:5e:00:00:12",
  ttl: 255,
  version: 3,
  type: 1,
  vrid: 1,
  priority: 100,
  authenticationType: 0,
  intervalSeconds: 0.1,
  addresses: ["172.168.0.201"]
}

const paceMicros = 50_000
// From the decision to send to the wire, on a shared machine.
const turnMicros = 5_000
// From an act to its effect on the wire, on a shared machine.
const promptMicros = 250_000
// Of the Ethernet and the IPv6 header.
const hopLimitAt = 14 + 7
