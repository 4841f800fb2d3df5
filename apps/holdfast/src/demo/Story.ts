/**
 * What the demo does, step by step: start both directors, kill a web server and start it again, take the power from the
 * Master and give it back.
 *
 * **Details** where the kernel does not let directors balance, no page is fetched and only the directors come and go.
 *
 * @since 0.1.0
 */
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import { formatSeconds, seconds } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as ExitCode from "../ExitCode.ts"
import { DemoFailed } from "./DemoFailed.ts"
import type { DirectorEvent } from "./DirectorEvent.ts"
import * as PageCount from "./PageCount.ts"
import * as Patience from "./Patience.ts"
import * as ScenarioA from "./ScenarioA.ts"
import * as Stage from "./Stage.ts"
import * as Timeline from "./Timeline.ts"
import * as UserNamespace from "./UserNamespace.ts"

/**
 * Tells the story to its end and returns the exit code; fails when something did not happen, or more pages were lost than
 * promised. When the scope closes, everything that it made is gone.
 *
 * @category main
 * @since 0.1.0
 */
export const tell: Effect.Effect<number, SocketError | NetlinkError | DemoFailed, Scope.Scope> = Effect.gen(
  function* () {
    for (const text of introduction) console.log(text)
    const stage = yield* Stage.set
    const { balances, chapters } = yield* Effect.raceFirst(play(stage), stage.journal.failed)
    const entries = yield* stage.journal.flush
    console.log("")
    if (!balances) {
      for (const text of withoutPages) console.log(text)
      for (const text of Timeline.summary(entries, cast)) console.log(text)
      return ExitCode.ok
    }
    const counts = PageCount.count(stage.fetches, chapters)
    for (const text of PageCount.table(counts, servers)) console.log(text)
    for (const text of closing) console.log(text)
    const broken = PageCount.broken(counts)
    return broken.length === 0 ? ExitCode.ok : yield* new DemoFailed({ message: broken.join("; ") })
  }
)

const play = Effect.fnUntraced(function* (stage: Stage.Stage) {
  const scope = yield* Effect.scope
  const chapters: Array<PageCount.Chapter> = []
  const begin = (title: string, at: number, promise: Omit<PageCount.Chapter, "title" | "at">) =>
    void chapters.push({ title, at, ...promise })

  const process = yield* Scope.fork(scope)
  yield* Scope.provide(Stage.serve(stage, "LS1"), process)
  yield* Stage.serve(stage, "LS2")
  const power = yield* Scope.fork(scope)
  yield* Scope.provide(Stage.powerOn(stage, "LD1", files.LD1), power)
  // Before the other, so that it is Master first however busy the computer is.
  yield* listening(stage, "LD1")
  yield* Stage.powerOn(stage, "LD2", files.LD2)
  yield* listening(stage, "LD2")
  const balances = (yield* balancing(stage, "LD1")) && (yield* balancing(stage, "LD2"))
  yield* takeover(stage, "LD1", 0)

  if (!balances) yield* Effect.sleep(steadyTime)
  else {
    const at = MonotonicClock.now()
    begin("both directors, both servers", at, { servers })
    yield* Stage.fetchPages(stage)
    yield* pagesFrom(stage, servers, at)
    yield* Effect.sleep(steadyTime)

    const killedAt = yield* lose(stage, process, { _tag: "ServerKilled", server: "LS1" })
    begin("LS1's web server is killed", killedAt, { servers: ["LS2"], lossMicrosMax: lossMicrosMax.server })
    yield* noticed(stage, { up: false }, killedAt)
    yield* Effect.sleep(steadyTime)

    const servedAt = yield* Stage.serve(stage, "LS1")
    begin("LS1's web server is back", servedAt, { servers })
    yield* noticed(stage, { up: true }, servedAt)
    yield* pagesFrom(stage, ["LS1"], servedAt)
    yield* Effect.sleep(steadyTime)
  }

  const lostAt = yield* lose(stage, power, { _tag: "PoweredOff", director: "LD1" })
  begin("LD1 loses power", lostAt, { servers, lossMicrosMax: lossMicrosMax.master })
  yield* takeover(stage, "LD2", lostAt)
  if (balances) yield* pagesFrom(stage, servers, lostAt)
  yield* Effect.sleep(steadyTime)

  const returnedAt = yield* Stage.powerOn(stage, "LD1", files.LD1)
  begin("LD1 is back", returnedAt, { servers, lossMicrosMax: lossMicrosMax.handover })
  yield* takeover(stage, "LD1", returnedAt)
  yield* Effect.sleep(steadyTime)
  return { balances, chapters }
})

/** Takes something away at once, and returns when. */
const lose = Effect.fnUntraced(function* (
  { journal }: Stage.Stage,
  scope: Scope.Closeable,
  what:
    | { readonly _tag: "ServerKilled"; readonly server: string }
    | { readonly _tag: "PoweredOff"; readonly director: string }
) {
  const at = MonotonicClock.now()
  journal.record({ ...what, at })
  yield* Scope.close(scope, Exit.void)
  return at
})

/** Waits until this director has started. */
const listening = ({ journal }: Stage.Stage, director: string) =>
  journal.wait(`${director} starts`, (entry) => told(entry, director, "RoleChanged") !== undefined)

/** Waits until this director balances, and returns whether it does: the kernel may refuse. */
const balancing = ({ journal }: Stage.Stage, director: string) =>
  Effect.map(
    journal.wait(
      `${director} balances`,
      (entry) =>
        (entry._tag === "CannotForward" && entry.director === director) ||
        told(entry, director, "BalancerApplied", "PlaneFailed", "EditsRefused") !== undefined
    ),
    (entry) => told(entry, director, "BalancerApplied") !== undefined
  )

/** Waits until this director is Master and everybody reaches it. */
const takeover = Effect.fnUntraced(function* ({ journal }: Stage.Stage, director: string, since: number) {
  yield* journal.wait(`${director} becomes Master`, (entry) => {
    const event = told(entry, director, "RoleChanged")
    return event?._tag === "RoleChanged" && event.to === "Master" && entry.at >= since
  })
  for (const asker of ["LS1", "client"]) {
    yield* journal.wait(
      `the ${asker} reaches ${director}`,
      (entry) =>
        entry._tag === "Answered" && entry.asker === asker && entry.director === director && entry.at >= since
    )
  }
})

/** Waits until both directors know that a real server is up or down. */
const noticed = ({ journal }: Stage.Stage, { up }: { readonly up: boolean }, since: number) =>
  Effect.forEach(
    ["LD1", "LD2"],
    (director) =>
      journal.wait(`${director} notices the server that is ${up ? "up" : "down"}`, (entry) => {
        const event = told(entry, director, "ServerChanged")
        return event?._tag === "ServerChanged" && event.up === up && entry.at >= since
      }),
    { discard: true }
  )

/** Waits until the client has pages from these servers. */
const pagesFrom = ({ journal }: Stage.Stage, from: ReadonlyArray<string>, since: number) =>
  Effect.forEach(
    from,
    (server) =>
      journal.wait(
        `the client gets a page from ${server}`,
        (entry) => entry._tag === "PageCame" && entry.server === server && entry.at >= since
      ),
    { discard: true }
  )

/** Returns the event that an entry tells of, when it is this director's and of one of these kinds. */
const told = (entry: Timeline.Entry, director: string, ...tags: ReadonlyArray<DirectorEvent["_tag"]>) =>
  entry._tag === "Told" && entry.director === director && tags.includes(entry.event._tag)
    ? entry.event
    : undefined

const servers = ["LS1", "LS2"]

/** IPVS obeys nobody in another user namespace than the first; nf_tables does. */
const files = {
  LD1: UserNamespace.isFirst() ? ScenarioA.LD1 : ScenarioA.withNfTables(ScenarioA.LD1),
  LD2: UserNamespace.isFirst() ? ScenarioA.LD2 : ScenarioA.withNfTables(ScenarioA.LD2)
}

const patience = Patience.of(files.LD2)

/** Things take their time on a busy computer. */
const slackMicros = seconds(0.5)

/** For how long pages may be lost: as long as the directors' file bears what is gone. */
const lossMicrosMax = {
  server: patience.serverMicros + slackMicros,
  master: patience.masterMicros + slackMicros,
  /** The one that comes back takes over at once. */
  handover: slackMicros
}

const cast: Timeline.Cast = {
  asker: "client",
  master: "LD1",
  backup: "LD2",
  patienceMicros: patience.masterMicros
}

const introduction = [
  "Two directors, LD1 (priority 250) and LD2 (priority 150), share the addresses 192.168.3.117 and 172.168.0.7. A client",
  "fetches a page from 192.168.3.117:80 twenty times a second, through whichever director is Master, from one of two web",
  "servers, LS1 (172.168.0.1) and LS2 (172.168.0.2), whose gateway is 172.168.0.7. Then things break.",
  "All of them are network namespaces of this demo; nothing outside is touched. It takes about half a minute.",
  ""
]

const withoutPages = [
  "No page was fetched: this kernel does not let the directors balance; above they say why. What the addresses did:"
]

const closing = [
  "",
  `LS1 lost: a director checks it again and again, and takes it out ${formatSeconds(patience.serverMicros)} s later at most (delay_loop, delay_before_retry).`,
  `LD1 lost: LD2 takes over when it hears no advert for ${formatSeconds(patience.masterMicros)} s.`,
  `What is promised has ${formatSeconds(slackMicros)} s more, for a busy computer.`
]

/** Long enough to see that it stays so, and that no page under way then is lost unseen. */
const steadyTime = "1500 millis"
