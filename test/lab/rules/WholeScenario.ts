/**
 * A scenario from end to end, with its files as written: a client fetches a page while Masters die, lose their link, are
 * stopped and come back.
 *
 * Judged from outside: by the client's pages, by what it believes the service's hardware address to be, by the frames on
 * both bridges, and by what the directors' kernels have. Each step begins and ends with LD1 as Master.
 *
 * @since 0.1.0
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Capture from "../Capture.ts"
import * as Child from "../Child.ts"
import * as Configuration from "../Configuration.ts"
import * as Daemon from "../Daemon.ts"
import * as Fetcher from "../Fetcher.ts"
import * as Frame from "../Frame.ts"
import type { Journal } from "../Journal.ts"
import * as Namespace from "../Namespace.ts"
import * as Pair from "../Pair.ts"
import * as Question from "../Question.ts"
import * as Scenario from "../Scenario.ts"
import * as Topology from "../Topology.ts"
import * as WebServer from "../WebServer.ts"
import * as Witness from "../Witness.ts"
import { assertWithin, assertYielded } from "./Takeover.ts"

/**
 * Walks through a scenario with our daemon on both directors.
 *
 * @category constructors
 * @since 0.1.0
 */
export const walk = (scenario: Configuration.Scenario) =>
  Effect.gen(function* () {
    const lab = yield* running(scenario)
    yield* steady(lab)
    yield* killed(lab)
    yield* linkLost(lab)
    yield* terminated(lab)
    yield* crashed(lab)
    assertOneMac(lab)
  })

interface Lab extends Pair.Network {
  readonly scenario: Configuration.Scenario
  /** The wire of the adverts. */
  readonly wire: Journal<Frame.Frame>
  /** What LD1 says by ARP to the clients' side, which another director with its hardware address cannot be taken for. */
  readonly saidByLD1: Journal<Frame.Frame>
  readonly removals: Journal<Witness.AddressChange>
  readonly fetches: Fetcher.Fetches
  /** The settings of LD1's kernel before its daemon ran. */
  readonly settings: Readonly<Record<string, string>>
  LD1: Daemon.Daemon
}

const running = (scenario: Configuration.Scenario) =>
  Effect.gen(function* () {
    const network = yield* Pair.network
    const { topology } = network
    const wire = Scenario.appearances[scenario].advertCard === "eth0" ? network.vmbr : network.br0
    yield* Scenario.prepare(topology, scenario)
    const settings = yield* settingsOf(topology.LD1)
    const saidByLD1 = yield* Capture.start(
      topology.bridges,
      Topology.farEnd(Topology.port("LD1", "eth1")),
      "inbound and arp"
    )
    const removals = yield* Witness.addressChanges(topology.LD1)
    for (const server of servers) yield* WebServer.start(topology[server])
    const LD1 = yield* start(topology, scenario, "LD1")
    yield* start(topology, scenario, "LD2")
    yield* wire.waitFor("advert of LD1", Frame.advertOf(address(scenario, "LD1")))
    const fetches = yield* Fetcher.start(topology.client, Topology.clientVip)
    const lab: Lab = { ...network, scenario, wire, saidByLD1, removals, fetches, settings, LD1 }
    return lab
  })

/** Pages of both servers, adverts as the scenario wants them, one hardware address. */
const steady = (lab: Lab) =>
  Effect.gen(function* () {
    const { scenario, topology } = lab
    const { advertMac, areAdvertsUnicast } = Scenario.appearances[scenario]
    // Nothing is forwarded before the first checks.
    for (const server of servers) yield* Fetcher.pageOf(lab.fetches, server)
    yield* assertBelieves(lab, "LD1")
    const advert = yield* advertOf(lab, "LD1", lab.wire.entries.length)
    assert.deepInclude(advert, {
      sourceMac: advertMac ?? Scenario.advertPort(scenario, "LD1").mac,
      destination: areAdvertsUnicast ? address(scenario, "LD2") : "224.0.0.18",
      priority: Configuration.priority.LD1,
      checksumsRight: true
    })

    // The director has to ask where the client is, in the middle of an answer that has the service's address as source.
    const from = lab.br0.entries.length
    const first = yield* Fetcher.next(lab.fetches)
    yield* Child.run(topology.LD1, ["ip", "neigh", "flush", "dev", "eth1"])
    yield* lab.br0.waitFor(
      "question of LD1 for the client",
      (frame) =>
        frame.kind === "Arp" &&
        frame.sourceMac === Topology.port("LD1", "eth1").mac &&
        frame.target === Topology.port("client", "eth1").address,
      { from }
    )
    assert.deepStrictEqual(yield* Fetcher.failures(lab.fetches, first), [])
    yield* assertBelieves(lab, "LD1")
  })

/** SIGKILL of the daemon: what it had is taken away, and LD2 takes over. */
const killed = (lab: Lab) =>
  Effect.gen(function* () {
    const { topology } = lab
    const from = yield* Fetcher.next(lab.fetches)
    const frames = lab.wire.entries.length
    const changes = lab.removals.entries.length

    yield* lab.LD1.signal("SIGKILL")
    for (const vip of [Topology.clientVip, Topology.serverVip]) {
      yield* removal(lab, vip, changes)
    }
    const said = lab.saidByLD1.entries.length
    const asked = lab.br0.entries.length
    // The client asks anew, and has no answer of the dead director's kernel.
    yield* Child.run(topology.client, ["ip", "neigh", "flush", "dev", "eth1"])
    const taken = yield* takenOver(lab, frames, from)

    assert.deepStrictEqual(lab.saidByLD1.entries.slice(said).filter(namesService), [])
    assert.isDefined(lab.br0.entries.slice(asked).find(isQuestionOfClient), "the client has asked")
    yield* until("end of what the killed run had made", Effect.map(leftovers(lab), isEmpty))
    yield* returned(lab, frames, taken)
  })

/** As when the control group is killed: nobody is left to take anything away but the next run. */
const crashed = (lab: Lab) =>
  Effect.gen(function* () {
    const frames = lab.wire.entries.length
    const last = yield* advertOf(lab, "LD1", frames)
    yield* lab.LD1.crash
    const taken = yield* advertOf(lab, "LD2", frames)
    assertWithin(
      taken.atMicros - last.atMicros,
      masterDownMicros,
      masterDownMicros + advertMicros,
      "takeover"
    )
    assert.isTrue(yield* ownsService(lab, "LD1"))

    const changes = lab.removals.entries.length
    const back = yield* returned(lab, frames, taken)
    const removed = yield* removal(lab, Topology.clientVip, changes)
    assert.isBelow(removed.atMicros, back.atMicros, "a Backup owns no address")
  })

const linkLost = (lab: Lab) =>
  Effect.gen(function* () {
    const { advertCard } = Scenario.appearances[lab.scenario]
    const from = yield* Fetcher.next(lab.fetches)
    const frames = lab.wire.entries.length
    yield* Topology.ip(lab.topology.LD1, [`link set ${advertCard} down`])
    const taken = yield* takenOver(lab, frames, from)
    assert.isFalse(yield* ownsService(lab, "LD1"))

    yield* Topology.ip(lab.topology.LD1, [`link set ${advertCard} up`])
    yield* preferred(lab, frames, taken)
  })

const terminated = (lab: Lab) =>
  Effect.gen(function* () {
    const { topology } = lab
    const from = yield* Fetcher.next(lab.fetches)
    const frames = lab.wire.entries.length
    yield* lab.LD1.signal("SIGTERM")
    const zero = yield* lab.wire.waitFor(
      "advert of LD1 with priority 0",
      Frame.advertOf(address(lab.scenario, "LD1"), 0),
      { from: frames }
    )
    const taken = yield* advertOf(lab, "LD2", frames)
    assertWithin(
      taken.atMicros - zero.atMicros,
      skewMicros,
      skewMicros + marginMicros,
      "from priority 0 to LD2"
    )
    assert.deepStrictEqual(yield* lab.LD1.exit, { code: 0, signal: null })
    yield* assertServed(lab, from, skewMicros)
    yield* assertBelieves(lab, "LD2")

    assert.deepStrictEqual(yield* leftovers(lab), [])
    assert.strictEqual(yield* Child.run(topology.LD1, ["nft", "list", "ruleset"]), "")
    yield* returned(lab, frames, taken)
  })

/** Waits until LD2 has taken over from a Master that said nothing, and the client is served again. */
const takenOver = (lab: Lab, frames: number, requests: number) =>
  Effect.gen(function* () {
    const taken = yield* advertOf(lab, "LD2", frames)
    const before = lab.wire.entries.slice(0, lab.wire.entries.indexOf(taken))
    const last = before.findLast(Frame.advertOf(address(lab.scenario, "LD1")))
    assert.isDefined(last, "LD1 was Master")
    assertWithin(
      taken.atMicros - last.atMicros,
      masterDownMicros,
      masterDownMicros + marginMicros,
      "from LD1's last advert to LD2's first"
    )
    yield* assertServed(lab, requests, masterDownMicros)
    yield* assertBelieves(lab, "LD2")
    assert.isTrue(yield* ownsService(lab, "LD2"))
    return taken
  })

/** Starts LD1 again and waits until it has its role back. */
const returned = (lab: Lab, frames: number, taken: Frame.Advert) =>
  Effect.gen(function* () {
    yield* lab.LD1.exit
    lab.LD1 = yield* start(lab.topology, lab.scenario, "LD1")
    return yield* preferred(lab, frames, taken)
  })

/** Waits until LD1, whose priority is the higher one, has its role back, and the client is served by it. */
const preferred = (lab: Lab, frames: number, taken: Frame.Advert) =>
  Effect.gen(function* () {
    const from = Math.max(frames, lab.wire.entries.indexOf(taken))
    const back = yield* advertOf(lab, "LD1", from)
    const served = yield* Fetcher.next(lab.fetches)
    // The one after the first: by then LD2 has answered or yielded.
    yield* lab.wire.waitForCount(2, "advert of LD1", Frame.advertOf(address(lab.scenario, "LD1")), { from })
    assertYielded(lab.wire.entries, "LD2", back, address(lab.scenario, "LD2"))
    assert.deepStrictEqual(
      yield* Fetcher.failures(lab.fetches, served + Fetcher.countIn(marginMicros)),
      [],
      "requests failed after LD1 came back"
    )
    yield* assertBelieves(lab, "LD1")
    assert.isTrue(yield* ownsService(lab, "LD1"))
    assert.isFalse(yield* ownsService(lab, "LD2"))
    return back
  })

/** Checks that the client was without pages no longer than this, since a request. */
const assertServed = (lab: Lab, from: number, withinMicros: number) =>
  Effect.gen(function* () {
    const bound = from + Fetcher.countIn(withinMicros + marginMicros)
    assert.deepStrictEqual(
      yield* Fetcher.failures(lab.fetches, bound),
      [],
      "requests failed after the takeover"
    )
    assertWithin(
      Fetcher.longestGapMicros(lab.fetches, from),
      0,
      withinMicros + marginMicros,
      "without a page"
    )
  })

/**
 * Waits until the client sends to the Master. Linux believes no announcement within a second of another one (`locktime`), as
 * when the repeated burst of the Master before meets the first one of the next: then it is the next one's repetition that
 * counts, 5 s later.
 */
const assertBelieves = (lab: Lab, master: Configuration.Director) => {
  const mac = Scenario.serviceMac(lab.scenario, master)
  return Question.until(
    `${mac}, the client's belief under ${master}`,
    Witness.neighbour(lab.topology.client, Topology.clientVip),
    (believed) => believed === mac
  )
}

/** Checks that nobody could ever learn another hardware address for the service than a Master's. */
const assertOneMac = (lab: Lab): void => {
  const right = new Set(directors.map((director) => Scenario.serviceMac(lab.scenario, director)))
  const others = lab.br0.entries
    .filter(namesService)
    .filter(({ senderMac, sourceMac }) => !right.has(senderMac) || senderMac !== sourceMac)
  assert.deepStrictEqual(others.map(Frame.describe), [])
}

/** What LD1's kernel has of a router: addresses, a device, settings, tables. */
const leftovers = (lab: Lab): Effect.Effect<ReadonlyArray<string>, Child.CommandFailed> =>
  Effect.gen(function* () {
    const { LD1 } = lab.topology
    const links = yield* Child.run(LD1, ["ip", "-br", "link", "show"])
    const tables = yield* Child.run(LD1, ["nft", "list", "tables"])
    const isOperators = lab.scenario === "6-macvlan"
    const now = yield* settingsOf(LD1)
    return [
      ...((yield* ownsService(lab, "LD1")) ? [Topology.clientVip] : []),
      ...((yield* Witness.owns(LD1, "eth0", Topology.serverVip)) ? [Topology.serverVip] : []),
      ...(links.includes("uvmac") === isOperators ? [] : ["uvmac"]),
      // The table named holdfast is the balancer's, which goes on with it.
      ...(tables.match(/holdfast_\w+/g) ?? []),
      ...Object.entries(lab.settings).flatMap(([path, value]) =>
        now[path] === value ? [] : [`${path} is ${now[path]} and was ${value}`]
      )
    ]
  })

const isEmpty = (list: ReadonlyArray<string>): boolean => list.length === 0

const until = <E>(awaited: string, condition: Effect.Effect<boolean, E>) =>
  condition.pipe(
    Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOrElse({
      duration: "2 seconds",
      orElse: () => Effect.die(new Error(`there was no ${awaited}`))
    })
  )

const removal = (lab: Lab, vip: string, from: number) =>
  lab.removals.waitFor(
    `removal of ${vip} from LD1`,
    (change) => change.change === "Deleted" && change.address === vip,
    { from }
  )

const ownsService = (lab: Lab, director: Configuration.Director) =>
  Effect.catch(
    Witness.owns(lab.topology[director], Scenario.appearances[lab.scenario].device, Topology.clientVip),
    (error) => Effect.die(error)
  )

const namesService = (frame: Frame.Frame): frame is Frame.Arp =>
  frame.kind === "Arp" && frame.sender === Topology.clientVip

const isQuestionOfClient = (frame: Frame.Frame): boolean =>
  frame.kind === "Arp" &&
  frame.sender === Topology.port("client", "eth1").address &&
  frame.target === Topology.clientVip

const advertOf = (lab: Lab, director: Configuration.Director, from: number) =>
  lab.wire.waitFor(`advert of ${director}`, Frame.advertOf(address(lab.scenario, director)), { from })

const address = (scenario: Configuration.Scenario, director: Configuration.Director): string =>
  Scenario.advertPort(scenario, director).address

const start = (
  topology: Topology.Topology,
  scenario: Configuration.Scenario,
  director: Configuration.Director
) =>
  Daemon.start(
    topology[director],
    Daemon.balancing(Daemon.underTest),
    Configuration.scenario(scenario, director)
  )

const settingsOf = (director: Namespace.Namespace) =>
  Namespace.settings(director, ["all", "default", "eth0", "eth1"])

const directors = ["LD1", "LD2"] as const
const servers = ["LS1", "LS2"] as const
const advertMicros = 1_000_000
// RFC 3768 6.1, with the priority of LD2.
const skewMicros = Math.floor(((256 - Configuration.priority.LD2) * 1_000_000) / 256)
const masterDownMicros = 3 * advertMicros + skewMicros
// Three labs share two cores, and making and removing namespaces holds a lock of the kernel that sending needs.
const marginMicros = 600_000

/**
 * How long a walk may take; it takes about 40 seconds, most of it in the protocol's own times.
 *
 * @category constants
 * @since 0.1.0
 */
export const withinMillis = 120_000
