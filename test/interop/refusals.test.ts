/**
 * What must not be believed: another password, a checksum that is wrong, a director that is dead.
 */
import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as RawSender from "../lab/RawSender.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Segment from "../lab/Segment.ts"
import * as Statistics from "../lab/Statistics.ts"
import * as Topology from "../lab/Topology.ts"
import * as Witness from "../lab/Witness.ts"
import * as Mode from "./Mode.ts"

const [address = ""] = Mode.addresses.ipv4

/** How each program says that it refused an advert of the other one. */
const refusals = [
  { authentication: "PASS", ours: "AuthenticationMismatch", theirs: /received an invalid passwd/ },
  { authentication: "AH", ours: "AuthenticationHeaderInvalid", theirs: /invalid IPSEC HMAC-MD5 value/ }
] as const

Requirement.suite("another password", [...Requirement.lab, "keepalived"], () => {
  for (const { authentication, ours, theirs } of refusals) {
    it.live(`${authentication}: keepalived and our daemon refuse each other`, () =>
      Effect.gen(function* () {
        const segment = yield* Segment.make
        const mode: Mode.Mode = { version: 2, advertSeconds: 1, family: "ipv4", authentication }
        const file = (director: Configuration.Director, password: string) =>
          Mode.configuration({ ...mode, password })(director)
        const LD2 = yield* Daemon.start(segment.LD2, Daemon.keepalived, file("LD2", "secret99"))
        const LD1 = yield* Daemon.start(segment.LD1, Daemon.underTest, file("LD1", "secret12"))

        yield* LD2.log.waitFor("refusal", ({ text }) => theirs.test(text))
        const { routers } = yield* Statistics.readUntil(
          LD1,
          ours,
          (statistics) => (statistics.routers[0]?.statistics.drops[ours] ?? 0) > 0
        )

        assert.strictEqual(routers[0]?.role, "Master")
        assert.strictEqual(routers[0]?.statistics.counters["advertsReceived"], 0)
        assert.isTrue(yield* Witness.owns(segment.LD2, "eth0", address), "both are Master")
      })
    )
  }
})

Requirement.suite("a wrong checksum", Requirement.lab, () => {
  // keepalived 2.4.3 verifies none with `v3_checksum_as_v2`, and a forged advert dethrones its Master.
  for (const isPlain of [false, true]) {
    it.live(`does not dethrone a Master ${isPlain ? "with" : "without"} v3_checksum_as_v2`, () =>
      Effect.gen(function* () {
        const segment = yield* Segment.make
        const mode: Mode.Mode = { version: 3, advertSeconds: 0.3, family: "ipv4", isPlain }
        const LD2 = yield* Daemon.start(segment.LD2, Daemon.underTest, Mode.configuration(mode)("LD2"))
        const isOurs = Frame.advertOf(Segment.card.LD2.ipv4)
        yield* segment.frames.waitFor("advert of the Master", isOurs)
        const sender = yield* RawSender.make(segment.wire, "br0")

        yield* Effect.replicateEffect(sender.send(RawSender.bytes({ ...forged, checksumError: 1 })), 3)
        const { routers } = yield* Statistics.readUntil(
          LD2,
          "refusals",
          (statistics) => (statistics.routers[0]?.statistics.drops["ChecksumInvalid"] ?? 0) >= 3
        )
        assert.strictEqual(routers[0]?.role, "Master")
        assert.strictEqual(routers[0]?.statistics.counters["becameMaster"], 1)

        // The same one with the right checksum of the form without the option.
        yield* sender.send(RawSender.bytes(forged))
        yield* Statistics.readUntil(LD2, isPlain ? "another refusal" : "a Backup", (statistics) =>
          isPlain
            ? statistics.routers[0]?.statistics.drops["ChecksumInvalid"] === 4
            : statistics.routers[0]?.role === "Backup"
        )
      })
    )
  }
})

const forged: RawSender.AdvertFields = {
  source: "172.168.0.1",
  sourceMac: Topology.port("LS1", "eth0").mac,
  destination: "224.0.0.18",
  destinationMac: "01:00:5e:00:00:12",
  ttl: 255,
  version: 3,
  type: 1,
  vrid: 0x52,
  priority: 200,
  authenticationType: 0,
  intervalSeconds: 0.3,
  addresses: [address]
}

Requirement.suite("a Master that is killed", [...Requirement.lab, "keepalived"], () => {
  it.live("with a virtual MAC: address and device go at once, and its successor is not answered", () =>
    Effect.gen(function* () {
      const segment = yield* Segment.make
      const mode: Mode.Mode = { version: 3, advertSeconds: 0.3, family: "ipv4", device: "sends" }
      const { frames } = segment
      yield* Daemon.start(segment.LD2, Daemon.keepalived, Mode.configuration(mode)("LD2"))
      const LD1 = yield* Daemon.start(segment.LD1, Daemon.underTest, Mode.configuration(mode)("LD1"))
      const isFirst = Frame.advertOf(Segment.card.LD1.ipv4)
      yield* frames.waitForCount(2, "advert of LD1", isFirst, { from: frames.entries.length })
      const changes = yield* Witness.addressChanges(segment.LD1)
      assert.isTrue(yield* Witness.owns(segment.LD1, "uvmac", address))
      const mark = frames.entries.length
      const killedMicros = (yield* Clock.currentTimeMillis) * 1000

      yield* LD1.signal("SIGKILL")

      const removed = yield* changes.waitFor(
        "removal of the address",
        (change) => change.change === "Deleted" && change.address === address
      )
      assert.isAtMost(removed.atMicros - killedMicros, removedWithinMicros)
      const isSecond = Frame.advertOf(Segment.card.LD2.ipv4)
      yield* frames.waitForCount(2, "advert of LD2", isSecond, { from: mark })
      assert.strictEqual(yield* Topology.ip(segment.LD1, ["link show type macvlan"]), "")
      const isAnswer = (frame: Frame.Frame): boolean => frame.kind === "Arp" && frame.operation === 2
      assert.deepStrictEqual(frames.entries.slice(mark).filter(isAnswer), [])
      yield* frames.waitFor("announcement of LD2", Frame.announcementOf(address, Mode.virtualMacs.ipv4), {
        from: mark
      })
    })
  )
})

/** Well before the peer, which waits a second: the killed process has to be taken apart first, on a busy machine, too. */
const removedWithinMicros = 400_000
