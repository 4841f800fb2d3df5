/**
 * What the demo does, step by step: start both directors, take the power from the Master, give it back.
 *
 * @since 0.1.0
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import { seconds } from "@holdfast/wire/Instant"
import type { Priority } from "@holdfast/vrrp/Parameters"
import * as Timing from "@holdfast/vrrp/Timing"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as ExitCode from "../ExitCode.ts"
import type { DemoFailed } from "./DemoFailed.ts"
import * as Director from "./Director.ts"
import * as Echo from "./Echo.ts"
import * as Journal from "./Journal.ts"
import * as Probe from "./Probe.ts"
import * as ScenarioA from "./ScenarioA.ts"
import * as Timeline from "./Timeline.ts"
import * as Topology from "./Topology.ts"

/**
 * Tells the story to its end and returns the exit code. When the scope closes, everything that it made is gone.
 *
 * @category main
 * @since 0.1.0
 */
export const tell: Effect.Effect<number, SocketError | NetlinkError | DemoFailed, Scope.Scope> = Effect.gen(
  function* () {
    for (const text of introduction) console.log(text)
    const stage = yield* setStage
    yield* Effect.raceFirst(play(stage), stage.journal.failed)
    const entries = yield* stage.journal.flush
    console.log("")
    for (const text of Timeline.summary(entries, cast)) console.log(text)
    return ExitCode.ok
  }
)

const play = Effect.fnUntraced(function* (stage: Stage) {
  const untilTheEnd = yield* Effect.scope
  const lostAt = yield* Effect.scoped(
    Effect.gen(function* () {
      yield* powerOn(stage, "LD1")
      // Before the other, so that it is Master first however busy the computer is.
      yield* listening(stage, "LD1")
      yield* Scope.provide(powerOn(stage, "LD2"), untilTheEnd)
      yield* listening(stage, "LD2")
      yield* takeover(stage, "LD1", 0)
      const at = MonotonicClock.now()
      stage.journal.record({ _tag: "PoweredOff", at, director: "LD1" })
      return at
    })
  )
  yield* takeover(stage, "LD2", lostAt)
  const returnedAt = yield* powerOn(stage, "LD1")
  yield* takeover(stage, "LD1", returnedAt)
})

/** What stays the same while directors come and go. */
interface Stage {
  readonly journal: Journal.Journal
  readonly switches: Topology.Switches
  /** For the directors' files. */
  readonly directory: string
}

const setStage = Effect.gen(function* () {
  const journal = yield* Journal.open
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-demo-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const switches = yield* Topology.makeSwitches
  const { client, LS1, LS2 } = Topology.machines
  yield* Topology.plugIn(switches, LS2)
  yield* ask(journal, yield* Topology.plugIn(switches, LS1), "LS1", Topology.virtualAddress.back)
  yield* ask(journal, yield* Topology.plugIn(switches, client), "client", Topology.virtualAddress.front)
  const stage: Stage = { journal, switches, directory }
  return stage
})

const ask = (
  journal: Journal.Journal,
  namespace: Parameters<typeof Probe.start>[0],
  asker: string,
  address: Ipv4Address
) =>
  Probe.start(namespace, address, ({ from, ...answer }) =>
    journal.record({ _tag: "Answered", ...answer, asker, address, director: from })
  )

/** Until the scope closes: then its process is killed and its cables go, as when a machine loses power. */
const powerOn = Effect.fnUntraced(function* ({ journal, switches, directory }: Stage, name: "LD1" | "LD2") {
  const at = MonotonicClock.now()
  journal.record({ _tag: "PoweredOn", at, director: name })
  const namespace = yield* Topology.plugIn(switches, Topology.machines[name])
  yield* Echo.serve(namespace, name)
  yield* Director.start({
    name,
    namespace,
    directory,
    configuration: configurations[name],
    onEvent: (event, message) => {
      if (event._tag !== "RoleChanged") return
      journal.record({ _tag: "RoleChanged", at: event.at, director: name, to: event.to, message })
    },
    onEnded: (log) => journal.fail([`${name} ended by itself; it said:`, ...log].join("\n  "))
  })
  return at
})

/** Waits until this director has started. */
const listening = ({ journal }: Stage, director: string) =>
  journal.wait(`${director} starts`, (entry) => entry._tag === "RoleChanged" && entry.director === director)

/** Waits until this director is Master and everybody reaches it, then lets it be seen for a while. */
const takeover = Effect.fnUntraced(function* ({ journal }: Stage, director: string, since: number) {
  yield* journal.wait(
    `${director} becomes Master`,
    (entry) =>
      entry._tag === "RoleChanged" &&
      entry.director === director &&
      entry.to === "Master" &&
      entry.at >= since
  )
  for (const asker of ["LS1", "client"]) {
    yield* journal.wait(
      `the ${asker} reaches ${director}`,
      (entry) =>
        entry._tag === "Answered" && entry.asker === asker && entry.director === director && entry.at >= since
    )
  }
  yield* Effect.sleep(steadyTime)
})

const configurations = { LD1: ScenarioA.LD1, LD2: ScenarioA.LD2 }

const cast: Timeline.Cast = {
  asker: "client",
  master: "LD1",
  backup: "LD2",
  // As ScenarioA has it: the advert interval of keepalived when none is given, and the priority of LD2.
  patienceMicros: Timing.masterDownInterval({ advertInterval: seconds(1), priority: 150 as Priority })
}

const introduction = [
  "Two directors, LD1 (priority 250) and LD2 (priority 150), share the addresses 192.168.3.117 and 172.168.0.7.",
  "A client asks the first who answers there; a server, LS1, asks the second, its gateway. All of them are network",
  "namespaces of this demo; nothing outside is touched. It takes about 15 seconds.",
  ""
]

/** Long enough to see that it stays so. */
const steadyTime = "1500 millis"
