/**
 * What two directors owe their clients when one of them goes and comes back, whichever programs they run.
 *
 * Judged by the wire and the client alone. keepalived on both sides passes the same rules, so a rule cannot ask for
 * what no peer does.
 *
 * @since 0.1.0
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Configuration from "../Configuration.ts"
import type * as Daemon from "../Daemon.ts"
import * as Frame from "../Frame.ts"
import * as Pair from "../Pair.ts"
import * as Probe from "../Probe.ts"
import * as Topology from "../Topology.ts"
import * as Witness from "../Witness.ts"
import * as Phase from "./Phase.ts"

/**
 * The programs of the two directors.
 *
 * @category models
 * @since 0.1.0
 */
export interface Programs {
  readonly LD1: Daemon.Program
  readonly LD2: Daemon.Program
}

/**
 * Registers the rules for two programs in one scenario.
 *
 * @category constructors
 * @since 0.1.0
 */
export const register = (programs: Programs, scenario: Configuration.Scenario): void => {
  it.live("the higher priority is elected, and the Backup stays silent", () => election(programs, scenario))
  it.live("SIGKILL: the Backup takes over a master down interval after the last advert; the way back", () =>
    kill(programs, scenario)
  )
  it.live(
    "SIGTERM: priority 0 leaves before the addresses do; the Backup takes over after its skew time",
    () => terminate(programs, scenario)
  )
  it.live("link down: the Backup takes over; link up: the higher priority comes back", () =>
    linkDown(programs, scenario)
  )
  it.live(
    "the client's link goes down: the Master leaves with priority 0, for its addresses serve nobody",
    () => clientLinkDown(programs, scenario)
  )
  it.live("a healed partition leaves one Master at once, and the client with it", () =>
    partition(programs, scenario)
  )
  it.live(
    "a new Master announces each address five times after its advert, and again after five seconds",
    () => announcements(programs, scenario)
  )
}

/**
 * Both directors and what observes them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Running extends Pair.Network {
  readonly LD1: Daemon.Daemon
  readonly LD2: Daemon.Daemon
  readonly start: (director: Configuration.Director) => Effect.Effect<Daemon.Daemon, never, Scope.Scope>
}

/**
 * Starts both and waits for LD1, which has the higher priority, to be Master.
 *
 * @category constructors
 * @since 0.1.0
 */
export const running = (programs: Programs, configuration: (director: Configuration.Director) => string) =>
  Effect.gen(function* () {
    const network = yield* Pair.network
    const start = (director: Configuration.Director) =>
      Pair.direct(network, director, programs[director], configuration(director))
    // One after the other: the programs need not start equally fast, and whoever runs first would be Master first.
    const LD1 = yield* start("LD1")
    const LD2 = yield* start("LD2")
    // From an advert that LD2 has heard, too: only then its wait for the next ones counts from the last one.
    yield* Pair.advert(network, "LD1", { from: network.vmbr.entries.length })
    return { ...network, start, LD1, LD2 } satisfies Running
  })

/**
 * Checks that a former Master sent at most one advert more after the first of its successor: what was under way when
 * that first advert came.
 *
 * @category assertions
 * @since 0.1.0
 */
export const assertYielded = (
  frames: ReadonlyArray<Frame.Frame>,
  former: Configuration.Director,
  first: Frame.Advert,
  address = Pair.address(former)
): void => {
  const late = frames.slice(frames.indexOf(first)).filter(Frame.advertOf(address))
  assert.isAtMost(
    late.length,
    1,
    `adverts of ${former} beside its successor:\n${late.map(Frame.describe).join("\n")}`
  )
}

const election = (programs: Programs, scenario: Configuration.Scenario) =>
  Effect.gen(function* () {
    const lab = yield* running(programs, (director) => Configuration.scenario(scenario, director))

    const adverts = yield* lab.vmbr.waitForCount(4, "advert", Frame.isAdvert)

    assert.deepStrictEqual(
      adverts.map((advert) => [advert.source, advert.priority, advert.ttl, advert.checksumsRight]),
      adverts.map(() => [Pair.address("LD1"), Configuration.priority.LD1, 255, true])
    )
    Phase.assertKept(adverts)
    assert.sameMembers([...adverts[0]!.addresses], [Topology.clientVip, Topology.serverVip])
    for (const [director, owner] of [
      ["LD1", true],
      ["LD2", false]
    ] as const) {
      assert.strictEqual(yield* Witness.owns(lab.topology[director], "eth1", Topology.clientVip), owner)
      assert.strictEqual(yield* Witness.owns(lab.topology[director], "eth0", Topology.serverVip), owner)
    }
  })

const kill = (programs: Programs, scenario: Configuration.Scenario) =>
  Effect.gen(function* () {
    const lab = yield* running(programs, (director) => Configuration.scenario(scenario, director))
    const probe = yield* probed(lab)
    yield* probe.waitFor("answer of LD1", answeredBy("LD1"))

    yield* lab.LD1.crash
    const taken = yield* Pair.advert(lab, "LD2")

    assertTakeover(lab, taken)
    const answered = yield* probe.waitFor("answer of LD2", answeredBy("LD2"))
    assertWithin(
      answered.atMicros - taken.atMicros,
      0,
      marginMicros,
      "from LD2's first advert to its first answer"
    )
    // The dead director's kernel answers until the announcements: the client has not waited.
    assertWithin(answered.silenceMicros ?? 0, 0, marginMicros, "the client's silence")
    assert.strictEqual(
      yield* Witness.neighbour(lab.topology.client, Topology.clientVip),
      Topology.port("LD2", "eth1").mac
    )
    // The kernel of a killed director keeps its addresses: nobody was there to take them away.
    assert.isTrue(yield* Witness.owns(lab.topology.LD1, "eth1", Topology.clientVip))

    const changes = yield* Witness.addressChanges(lab.topology.LD1)
    const mark = lab.vmbr.entries.length
    yield* lab.start("LD1")
    const back = yield* Pair.advert(lab, "LD1", { from: mark })

    const removed = yield* changes.waitFor(
      "removal of what the killed run left",
      (change) => change.change === "Deleted" && change.address === Topology.clientVip
    )
    assert.isBelow(removed.atMicros, back.atMicros, "a Backup owns no address")
    yield* probe.waitFor("answer of LD1 again", answeredBy("LD1"), { from: probe.entries.indexOf(answered) })
    yield* lab.vmbr.waitForCount(3, "advert of LD1", Frame.advertOf(Pair.address("LD1")), { from: mark })
    assertYielded(lab.vmbr.entries, "LD2", back)
    assert.isFalse(yield* Witness.owns(lab.topology.LD2, "eth1", Topology.clientVip))
  })

const terminate = (programs: Programs, scenario: Configuration.Scenario) =>
  Effect.gen(function* () {
    const lab = yield* running(programs, (director) => Configuration.scenario(scenario, director))
    const changes = yield* Witness.addressChanges(lab.topology.LD1)
    const probe = yield* probed(lab)
    yield* probe.waitFor("answer of LD1", answeredBy("LD1"))

    yield* lab.LD1.signal("SIGTERM")
    const zero = yield* Pair.advert(lab, "LD1", { priority: 0 })
    const taken = yield* Pair.advert(lab, "LD2")

    assertWithin(
      taken.atMicros - zero.atMicros,
      skewMicros,
      skewMicros + marginMicros,
      "from priority 0 to LD2"
    )
    const removed = yield* changes.waitForCount(
      2,
      "address taken away",
      (change) => change.change === "Deleted"
    )
    for (const change of removed)
      assert.isAbove(change.atMicros, zero.atMicros, `${change.address} went first`)
    const answered = yield* probe.waitFor("answer of LD2", answeredBy("LD2"))
    assertWithin(
      answered.atMicros - zero.atMicros,
      0,
      skewMicros + marginMicros,
      "from priority 0 to LD2's first answer"
    )
    const exit = yield* lab.LD1.exit
    assert.deepStrictEqual(exit, { code: 0, signal: null })
    assert.isFalse(yield* Witness.owns(lab.topology.LD1, "eth1", Topology.clientVip))
    assertYielded(lab.vmbr.entries, "LD1", taken)
  })

const linkDown = (programs: Programs, scenario: Configuration.Scenario) =>
  Effect.gen(function* () {
    const lab = yield* running(programs, (director) => Configuration.scenario(scenario, director))
    const probe = yield* probed(lab)
    yield* probe.waitFor("answer of LD1", answeredBy("LD1"))

    yield* Topology.ip(lab.topology.LD1, ["link set eth0 down"])
    const taken = yield* Pair.advert(lab, "LD2")

    assertTakeover(lab, taken)
    const answered = yield* probe.waitFor("answer of LD2", answeredBy("LD2"))
    assertWithin(
      answered.atMicros - taken.atMicros,
      0,
      marginMicros,
      "from LD2's first advert to its first answer"
    )
    // The client's side of LD1 is up, and LD1 alone could not know that LD2 has taken over: in Fault it owns nothing.
    assert.isFalse(yield* Witness.owns(lab.topology.LD1, "eth1", Topology.clientVip))

    const mark = lab.vmbr.entries.length
    yield* Topology.ip(lab.topology.LD1, ["link set eth0 up"])
    const back = yield* Pair.advert(lab, "LD1", { from: mark })

    yield* probe.waitFor("answer of LD1 again", answeredBy("LD1"), { from: probe.entries.indexOf(answered) })
    yield* lab.vmbr.waitForCount(3, "advert of LD1", Frame.advertOf(Pair.address("LD1")), { from: mark })
    assertYielded(lab.vmbr.entries, "LD2", back)
  })

const clientLinkDown = (programs: Programs, scenario: Configuration.Scenario) =>
  Effect.gen(function* () {
    const lab = yield* running(programs, (director) => Configuration.scenario(scenario, director))

    yield* Topology.ip(lab.topology.LD1, ["link set eth1 down"])
    const zero = yield* Pair.advert(lab, "LD1", { priority: 0 })
    const taken = yield* Pair.advert(lab, "LD2")

    assertWithin(
      taken.atMicros - zero.atMicros,
      skewMicros,
      skewMicros + marginMicros,
      "from priority 0 to LD2"
    )
    const mark = lab.vmbr.entries.length
    yield* Topology.ip(lab.topology.LD1, ["link set eth1 up"])
    const back = yield* Pair.advert(lab, "LD1", { from: mark })
    yield* lab.vmbr.waitForCount(3, "advert of LD1", Frame.advertOf(Pair.address("LD1")), { from: mark })
    assertYielded(lab.vmbr.entries, "LD2", back)
  })

const partition = (programs: Programs, scenario: Configuration.Scenario) =>
  Effect.gen(function* () {
    const lab = yield* running(programs, (director) => Configuration.scenario(scenario, director))
    const probe = yield* probed(lab)
    yield* probe.waitFor("answer of LD1", answeredBy("LD1"))
    // The far end of LD1's cable leaves the bridge, and LD1's own link stays up: both are Master.
    const port = Topology.farEnd(Topology.port("LD1", "eth0"))
    yield* Topology.ip(lab.topology.bridges, [`link set ${port} nomaster`])
    yield* Pair.advert(lab, "LD2")
    const split = yield* probe.waitFor("answer of LD2", answeredBy("LD2"))
    assert.isTrue(yield* Witness.owns(lab.topology.LD1, "eth1", Topology.clientVip), "LD1 is Master too")

    const mark = lab.vmbr.entries.length
    yield* Topology.ip(lab.topology.bridges, [`link set ${port} master vmbr`])
    const healed = yield* Pair.advert(lab, "LD1", { from: mark })

    yield* probe.waitFor("answer of LD1 again", answeredBy("LD1"), { from: probe.entries.indexOf(split) })
    yield* lab.vmbr.waitForCount(3, "advert of LD1", Frame.advertOf(Pair.address("LD1")), { from: mark })
    assertYielded(lab.vmbr.entries, "LD2", healed)
    assert.isFalse(yield* Witness.owns(lab.topology.LD2, "eth1", Topology.clientVip))
  })

const announcements = (programs: Programs, scenario: Configuration.Scenario) =>
  Effect.gen(function* () {
    const lab = yield* running(programs, (director) => Configuration.scenario(scenario, director))

    const first = yield* Pair.advert(lab, "LD1")

    for (const [wire, address, card] of [
      [lab.vmbr, Topology.serverVip, "eth0"],
      [lab.br0, Topology.clientVip, "eth1"]
    ] as const) {
      const { mac } = Topology.port("LD1", card)
      const all = yield* wire.waitForCount(
        10,
        `announcement of ${address}`,
        Frame.announcementOf(address, mac)
      )
      const since = all.map((each) => each.atMicros - first.atMicros)
      for (const micros of since.slice(0, 5)) assertWithin(micros, 0, marginMicros, `${address}, at once`)
      for (const micros of since.slice(5)) {
        assertWithin(micros, announceAgainMicros, announceAgainMicros + marginMicros, `${address}, again`)
      }
    }
    // The next advert after the second round would be preceded by a third round if there was one.
    yield* lab.vmbr.waitFor("advert", Frame.isAdvert, { from: lab.vmbr.entries.length })
    const count = lab.br0.entries.filter(Frame.announcementOf(Topology.clientVip)).length
    assert.strictEqual(count, 10)
  })

const probed = (lab: Running) =>
  Effect.gen(function* () {
    yield* Effect.all([Probe.echo(lab.topology.LD1), Probe.echo(lab.topology.LD2)], {
      concurrency: "unbounded"
    })
    return yield* Probe.start(lab.topology.client)
  })

const answeredBy = (director: Configuration.Director) => (each: Probe.Switch) =>
  each.by === Topology.port(director, "eth1").address

/** RFC 9568 6.1: the Backup waits a master down interval after the last advert it had. */
const assertTakeover = (lab: Running, taken: Frame.Advert): void => {
  const before = lab.vmbr.entries.slice(0, lab.vmbr.entries.indexOf(taken))
  const last = before.findLast(Frame.advertOf(Pair.address("LD1")))
  assert.isDefined(last, "LD1 was Master")
  assertWithin(
    taken.atMicros - last.atMicros,
    masterDownMicros,
    masterDownMicros + marginMicros,
    "from LD1's last advert to LD2's first"
  )
}

/**
 * Checks that a span lies within bounds.
 *
 * @category assertions
 * @since 0.1.0
 */
export const assertWithin = (micros: number, least: number, most: number, span: string): void => {
  assert.isAtLeast(micros, least - clockMicros, `${span}, microseconds`)
  assert.isAtMost(micros, most, `${span}, microseconds`)
}

const advertMicros = 1_000_000
// RFC 3768 6.1: (256 - priority) / 256 of a second.
const skewMicros = Math.floor(((256 - Configuration.priority.LD2) * 1_000_000) / 256)
const masterDownMicros = 3 * advertMicros + skewMicros
// keepalived's `garp_master_delay`, by default.
const announceAgainMicros = 5_000_000
/**
 * How late anything may be: several labs share two cores, and making and removing namespaces holds a lock of the
 * kernel that sending needs. Well below the 3 s between a takeover by priority 0 and one without.
 */
const marginMicros = 400_000
// Stamps of two clocks are compared, the probe's and the kernel's.
const clockMicros = 2_000
