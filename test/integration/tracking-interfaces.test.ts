/**
 * Interfaces under watch: weights and faults on the wire, delays, and devices that come, go and change their name.
 */
import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Pair from "../lab/Pair.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Topology from "../lab/Topology.ts"
import * as Witness from "../lab/Witness.ts"

Requirement.suite("interfaces under watch, beside keepalived", [...Requirement.lab, "keepalived"], () => {
  it.live("a weight moves the priority; D8: two down are a fault until both are up", () =>
    Effect.gen(function* () {
      const lab = yield* directors(["plus", "minus", "back", "first", "second"], {
        tracked: ["plus weight 3", "minus weight -110", "back weight 2 reverse", "first", "second"]
      })
      yield* lab.next("LD1", 251)

      yield* lab.ip("link set back down")
      yield* lab.next("LD1", 253)
      yield* lab.ip("link set plus down")
      yield* lab.next("LD1", 250)
      yield* lab.ip("link set minus down")
      yield* lab.next("LD1", 140)
      yield* lab.next("LD2", 150)
      yield* lab.ip("link set minus up", "link set plus up")
      yield* lab.next("LD1", 253)

      const mark = lab.vmbr.entries.length
      yield* lab.ip("link set first down", "link set second down")
      yield* Pair.advert(lab, "LD1", { from: mark, priority: 0 })
      yield* lab.next("LD2", 150)
      yield* Witness.disowned(lab.topology.LD1, "eth1", Topology.clientVip)
      const half = lab.vmbr.entries.length
      yield* lab.ip("link set first up")
      // Longer than it takes the higher priority to come back.
      yield* lab.vmbr.waitForCount(8, "advert of LD2", ofPeer, { from: half })
      assert.isFalse(lab.vmbr.entries.slice(half).some(Frame.advertOf(Pair.address("LD1"))))
      assert.isFalse(yield* Witness.owns(lab.topology.LD1, "eth1", Topology.clientVip))
      yield* lab.ip("link set second up")
      yield* lab.next("LD1", 253)
    })
  )

  it.live(
    "an interface that is down for less than its delay changes nothing; one that is down for longer",
    () =>
      Effect.gen(function* () {
        const lab = yield* directors(["slow"], {
          tracked: ["slow"],
          sections: [Configuration.section("interface_up_down_delays", "slow 0.5 0.3")]
        })
        yield* lab.next("LD1", 250)

        const mark = lab.vmbr.entries.length
        yield* lab.ip("link set slow down")
        yield* lab.vmbr.waitForCount(2, "advert", Frame.isAdvert, { from: mark })
        yield* lab.ip("link set slow up")
        yield* lab.vmbr.waitForCount(6, "advert", Frame.isAdvert, { from: lab.vmbr.entries.length })
        assert.isTrue(
          lab.vmbr.entries
            .slice(mark)
            .filter(Frame.isAdvert)
            .every(Frame.advertOf(Pair.address("LD1"), 250))
        )

        const downAt = (yield* Clock.currentTimeMillis) * 1000
        yield* lab.ip("link set slow down")
        const zero = yield* Pair.advert(lab, "LD1", { from: mark, priority: 0 })
        assert.isAtLeast(zero.atMicros - downAt, 500_000)
        yield* lab.next("LD2", 150)
        const upAt = (yield* Clock.currentTimeMillis) * 1000
        yield* lab.ip("link set slow up")
        const back = yield* lab.next("LD1", 250)
        assert.isAtLeast(back.atMicros - upAt, 300_000)
      })
  )

  it.live(
    "a device that is not there is a fault until it is made, and again when it goes or is renamed",
    () =>
      Effect.gen(function* () {
        const lab = yield* directors([], {
          tracked: ["late"],
          sections: [Configuration.section("global_defs", "dynamic_interfaces")]
        })
        yield* lab.next("LD2", 150)

        yield* lab.ip(...plugged("late"))
        yield* lab.next("LD1", 250)
        yield* lab.ip("link delete late")
        yield* lab.next("LD2", 150)
        yield* lab.ip(...plugged("other"), "link set other down")
        yield* lab.ip("link set other name late", "link set late up")
        yield* lab.next("LD1", 250)
        yield* lab.ip("link set late down", "link set late name other", "link set other up")
        yield* lab.next("LD2", 150)
      })
  )
})

/** Our daemon in LD1 with these devices, keepalived in LD2, at ten adverts a second. */
const directors = (
  devices: ReadonlyArray<string>,
  lines: { readonly tracked: ReadonlyArray<string>; readonly sections?: ReadonlyArray<string> }
) =>
  Effect.gen(function* () {
    const lab = yield* Pair.network
    const ip = (...commands: ReadonlyArray<string>) => Topology.ip(lab.topology.LD1, commands)
    yield* ip(...devices.flatMap((name) => plugged(name)))
    yield* Pair.direct(
      lab,
      "LD1",
      Daemon.underTest,
      [
        ...(lines.sections ?? []),
        quickly("LD1", Configuration.section("track_interface", ...lines.tracked))
      ].join("\n")
    )
    yield* Pair.direct(lab, "LD2", Daemon.keepalived, quickly("LD2"))
    return {
      ...lab,
      ip,
      next: (director: Configuration.Director, priority: number) =>
        Pair.advert(lab, director, { from: lab.vmbr.entries.length, priority })
    }
  })

/** A card with its cable. */
const plugged = (name: string): ReadonlyArray<string> => [
  `link add ${name} type veth peer name ${name}-end`,
  `link set ${name}-end up`,
  `link set ${name} up`
]

const ofPeer = Frame.advertOf(Pair.address("LD2"))

const quickly = (director: Configuration.Director, ...lines: ReadonlyArray<string>): string =>
  Configuration.make(director, { version: 3, advertSeconds: 0.1, lines: ["garp_master_delay 0", ...lines] })
