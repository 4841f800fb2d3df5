/**
 * What a pair of directors owes the clients of a web service: a page, whichever server or director dies.
 *
 * The scenario's file runs as it is written: virtual router, group, NAT, `wlc`, two servers with TCP checks. Judged by the
 * client's requests, which are its clock, too; what the table holds is read by a program of the plane's own.
 *
 * @since 0.1.0
 */
import { assert, it } from "@effect/vitest"
import type { Check } from "@holdfast/balancer/Probe"
import * as ConfigurationFile from "@holdfast/config/Configuration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Child from "../Child.ts"
import * as Configuration from "../Configuration.ts"
import * as Daemon from "../Daemon.ts"
import * as Fetcher from "../Fetcher.ts"
import type { Namespace } from "../Namespace.ts"
import * as Scenario from "../Scenario.ts"
import * as Topology from "../Topology.ts"
import * as WebServer from "../WebServer.ts"
import * as Witness from "../Witness.ts"
import type { Programs } from "./Takeover.ts"

/**
 * The forwarding plane under test.
 *
 * - `lines`: what is added to the file to choose it, where that is not what the machine has anyway.
 * - `table`: the kernel's table in the words of the plane's own program.
 * - `marginMicros`: how late anything may be on such a machine.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plane {
  readonly lines: string
  readonly table: (director: Namespace) => Effect.Effect<string, Child.CommandFailed>
  readonly marginMicros: number
}

/**
 * IPVS, which the scenarios' files choose by themselves where the kernel has it.
 *
 * @category constants
 * @since 0.1.0
 */
export const ipvs: Plane = {
  lines: "",
  table: (director) => Child.run(director, ["ipvsadm", "-Ln"]),
  // In User-Mode Linux all daemons and servers share one processor whose system calls are a hundred times slower.
  marginMicros: 1_500_000
}

/**
 * The rules.
 *
 * @category models
 * @since 0.1.0
 */
export type Rule = keyof typeof descriptions

/**
 * Registers rules for two programs in one scenario.
 *
 * @category constructors
 * @since 0.1.0
 */
export const register = (
  programs: Programs,
  scenario: Configuration.Scenario,
  plane: Plane,
  chosen: ReadonlyArray<Rule>
): void => {
  const rules = make(programs, scenario, plane)
  for (const rule of chosen) it.live(descriptions[rule], () => rules[rule])
}

const descriptions = {
  killedServer:
    "pages come from both servers; one that is killed is out within its check's time, no request fails after that, and it is back when it answers",
  silentServer:
    "a server that answers no more is out within its check's time, and no request fails after that",
  killedMaster: "SIGKILL of the Master's daemon: the service goes on through the other",
  linkDown: "the Master's link goes down: the service goes on through the other",
  terminatedMaster: "SIGTERM of the Master: the other serves at once, and the table of the first is empty"
} as const

/** The rules as effects, each in a lab of its own. */
const make = (programs: Programs, scenario: Configuration.Scenario, plane: Plane) => {
  const running = Effect.gen(function* () {
    const topology = yield* Topology.make
    yield* Scenario.prepare(topology, scenario)
    const start = (director: Configuration.Director) =>
      Daemon.start(
        topology[director],
        Daemon.balancing(programs[director]),
        fileOf(scenario, director, plane)
      )
    const servers = {
      LS1: yield* WebServer.start(topology.LS1),
      LS2: yield* WebServer.start(topology.LS2)
    }
    const LD1 = yield* start("LD1")
    const LD2 = yield* start("LD2")
    yield* LD1.log.waitFor("its role as Master", isMaster, patient)
    for (const director of ["LD1", "LD2"] as const) yield* holds(topology[director], ["LS1", "LS2"])
    const fetches = yield* Fetcher.start(topology.client, Topology.clientVip)
    for (const server of ["LS1", "LS2"] as const) yield* Fetcher.pageOf(fetches, server)
    return { topology, servers, LD1, LD2, fetches, start }
  })
  type Running = Effect.Success<typeof running>

  /** Waits until the table of a director holds exactly these servers. */
  const holds = (director: Namespace, wanted: ReadonlyArray<Server>) =>
    plane.table(director).pipe(
      Effect.repeat({
        until: (table) => servers.every((server) => isIn(table, server) === wanted.includes(server)),
        schedule: Schedule.spaced(pollInterval)
      }),
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.die(new Error(`${director.name} never holds ${wanted.join(" and ")}`))
      })
    )

  const assertServed = (fetches: Fetcher.Fetches, from: number, when: string) =>
    Effect.map(Fetcher.failures(fetches, from), (failures) =>
      assert.deepStrictEqual(failures, [], `requests failed ${when}`)
    )

  /** Checks that all requests since a time after this one are served, and that they go to LD2. */
  const assertTakenOver = ({ fetches, topology }: Running, from: number, withinMicros: number) =>
    Effect.gen(function* () {
      const bound = from + Fetcher.countIn(withinMicros + plane.marginMicros)
      yield* assertServed(fetches, bound, "after the takeover")
      assert.strictEqual(
        yield* Witness.neighbour(topology.client, Topology.clientVip),
        Scenario.serviceMac(scenario, "LD2")
      )
    })

  const killedServer = Effect.gen(function* () {
    const { fetches, servers, topology } = yield* running
    const { timing } = checkOf(scenario, plane)

    const before = yield* Fetcher.next(fetches)
    assert.deepStrictEqual(
      fetches.entries.filter(({ by }) => by === null),
      []
    )
    yield* servers.LS1.crash
    yield* Effect.all([holds(topology.LD1, ["LS2"]), holds(topology.LD2, ["LS2"])], {
      concurrency: "unbounded"
    })
    const out = yield* Fetcher.next(fetches)

    // The server's kernel refuses at once: what takes time is until the next check, and until it was tried again.
    const outMicros = timing.delay + timing.retries * timing.retryDelay + plane.marginMicros
    assert.isAtMost(out - before, Fetcher.countIn(outMicros), "requests until the server was out")
    yield* assertServed(fetches, out, "after the server was taken out")

    yield* WebServer.start(topology.LS1)
    const up = yield* Fetcher.next(fetches)
    const { index } = yield* Fetcher.pageOf(fetches, "LS1", up)
    assert.isAtMost(
      index - up,
      Fetcher.countIn(timing.delay + plane.marginMicros),
      "requests until it was back"
    )
    yield* holds(topology.LD1, ["LS1", "LS2"])
    yield* assertServed(fetches, out, "while the server came back")
  })

  const silentServer = Effect.gen(function* () {
    const { fetches, topology } = yield* running
    const { timing } = checkOf(scenario, plane)

    const before = yield* Fetcher.next(fetches)
    yield* Topology.ip(topology.LS1, ["link set eth0 down"])
    yield* holds(topology.LD1, ["LS2"])
    const out = yield* Fetcher.next(fetches)

    const tries = timing.retries + 1
    const outMicros = timing.delay + tries * timing.timeout + timing.retries * timing.retryDelay
    assert.isAtMost(
      out - before,
      Fetcher.countIn(outMicros + plane.marginMicros),
      "requests until the server was out"
    )
    yield* assertServed(fetches, out, "after the server was taken out")
  })

  const killedMaster = Effect.gen(function* () {
    const lab = yield* running
    yield* lab.LD1.crash
    yield* assertTakenOver(lab, yield* Fetcher.next(lab.fetches), masterDownMicros)
    // Nobody was there to empty it; the run that comes after goes on with it.
    yield* holds(lab.topology.LD1, ["LS1", "LS2"])

    const LD1 = yield* lab.start("LD1")
    yield* LD1.log.waitFor("its role as Master again", isMaster, patient)
    const back = yield* Fetcher.next(lab.fetches)
    yield* assertServed(lab.fetches, back + Fetcher.countIn(plane.marginMicros), "after the Master came back")
  })

  const linkDown = Effect.gen(function* () {
    const lab = yield* running
    yield* Topology.ip(lab.topology.LD1, ["link set eth0 down"])
    yield* assertTakenOver(lab, yield* Fetcher.next(lab.fetches), masterDownMicros)
  })

  const terminatedMaster = Effect.gen(function* () {
    const lab = yield* running
    yield* lab.LD1.signal("SIGTERM")
    yield* assertTakenOver(lab, yield* Fetcher.next(lab.fetches), skewMicros)
    assert.deepStrictEqual(yield* lab.LD1.exit, { code: 0, signal: null })
    assert.notInclude(yield* plane.table(lab.topology.LD1), Topology.clientVip)
  })

  return { killedServer, silentServer, killedMaster, linkDown, terminatedMaster }
}

const fileOf = (scenario: Configuration.Scenario, director: Configuration.Director, plane: Plane): string =>
  Configuration.scenario(scenario, director) + plane.lines

/** The check that both servers of the scenario have. */
const checkOf = (scenario: Configuration.Scenario, plane: Plane): Check => {
  const { configuration } = ConfigurationFile.read({ file: scenario, text: fileOf(scenario, "LD1", plane) })
  const [virtualServer] = Option.getOrThrow(configuration).balancer.virtualServers
  return virtualServer!.realServers[0]!.checks[0]!
}

const isMaster = ({ text }: Daemon.LogLine): boolean => /Backup -> Master|Entering MASTER STATE/.test(text)

type Server = "LS1" | "LS2"
const servers: ReadonlyArray<Server> = ["LS1", "LS2"]

const isIn = (table: string, server: Server): boolean =>
  new RegExp(`${Topology.port(server, "eth0").address.replaceAll(".", "\\.")}\\b`).test(table)

// RFC 3768 6.1, with the priority of LD2.
const skewMicros = Math.floor(((256 - Configuration.priority.LD2) * 1_000_000) / 256)
const masterDownMicros = 3_000_000 + skewMicros
const pollInterval = "100 millis"
/** In wall-clock time, which is not what is judged: the client's requests are its clock. */
const patience = "40 seconds"
const patient = { withinMillis: 40_000 } as const
