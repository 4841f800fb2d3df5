/**
 * What the demo's story is played on: the machines and who asks whom, while directors and web servers come and go.
 *
 * @since 0.1.0
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import type { NetworkNamespace } from "@holdfast/raw-socket/NetworkNamespace"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { DemoFailed } from "./DemoFailed.ts"
import * as Director from "./Director.ts"
import type { DirectorEvent } from "./DirectorEvent.ts"
import * as Echo from "./Echo.ts"
import * as Journal from "./Journal.ts"
import * as PageClient from "./PageClient.ts"
import type { Fetch } from "./PageCount.ts"
import * as PageNews from "./PageNews.ts"
import * as Probe from "./Probe.ts"
import * as Topology from "./Topology.ts"
import * as WebServer from "./WebServer.ts"

/**
 * What stays the same all the time.
 *
 * - `directory`: for the directors' files.
 * - `fetches`: every page that the client asked for, as soon as it is known what became of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stage {
  readonly journal: Journal.Journal
  readonly switches: Topology.Switches
  readonly directory: string
  readonly machines: Readonly<Record<"client" | ServerName, NetworkNamespace>>
  readonly fetches: ReadonlyArray<Fetch>
  readonly onFetch: (fetch: Fetch) => void
}

/** @category models @since 0.1.0 */
export type DirectorName = "LD1" | "LD2"

/** @category models @since 0.1.0 */
export type ServerName = "LS1" | "LS2"

/**
 * Sets the stage: the network, and two that ask who holds their address. All of it is gone when the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const set: Effect.Effect<Stage, SocketError | NetlinkError, Scope.Scope> = Effect.gen(function* () {
  const journal = yield* Journal.open
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-demo-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const switches = yield* Topology.makeSwitches
  const plugIn = (name: "client" | ServerName) => Topology.plugIn(switches, Topology.machines[name])
  const machines = { client: yield* plugIn("client"), LS1: yield* plugIn("LS1"), LS2: yield* plugIn("LS2") }
  const ask = (asker: "client" | ServerName, address: Ipv4Address) =>
    Probe.start(machines[asker], address, ({ from, ...answer }) =>
      journal.record({ _tag: "Answered", ...answer, asker, address, director: from })
    )
  yield* ask("LS1", Topology.virtualAddress.back)
  yield* ask("client", Topology.virtualAddress.front)

  const fetches: Array<Fetch> = []
  const listen = PageNews.listen(journal.record)
  const onFetch = (fetch: Fetch) => {
    fetches.push(fetch)
    listen(fetch)
  }
  return { journal, switches, directory, machines, fetches, onFetch }
})

/**
 * Runs a director with this file, and returns when. When the scope closes, its process is killed and its cables go, as
 * when a machine loses power.
 *
 * @category constructors
 * @since 0.1.0
 */
export const powerOn = Effect.fnUntraced(function* (
  { journal, switches, directory }: Stage,
  name: DirectorName,
  configuration: string
): Effect.fn.Return<number, SocketError | NetlinkError, Scope.Scope> {
  const at = MonotonicClock.now()
  journal.record({ _tag: "PoweredOn", at, director: name })
  const namespace = yield* Topology.plugIn(switches, Topology.machines[name])
  yield* Effect.catch(Topology.forwardPackets(namespace), ({ message }) =>
    Effect.sync(() => journal.record({ _tag: "CannotForward", at, director: name, message }))
  )
  yield* Echo.serve(namespace, name)
  const isNews = firstRefusalOnly()
  yield* Director.start({
    name,
    namespace,
    directory,
    configuration,
    onEvent: (event, message) => {
      if (isWorthTelling(event) && isNews(event))
        journal.record({ _tag: "Told", at: event.at, director: name, event, message })
    },
    onEnded: (log) => journal.fail([`${name} ended by itself; it said:`, ...log].join("\n  "))
  })
  return at
})

/**
 * Runs the web server of a machine until the scope closes, and returns since when.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serve = Effect.fnUntraced(function* (
  { journal, machines }: Stage,
  server: ServerName
): Effect.fn.Return<number, DemoFailed, Scope.Scope> {
  const at = MonotonicClock.now()
  yield* WebServer.serve(machines[server], server)
  journal.record({ _tag: "ServerStarted", at, server })
  return at
})

/**
 * Lets the client fetch pages at the virtual address until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fetchPages = ({ machines, onFetch }: Stage): Effect.Effect<void, SocketError, Scope.Scope> =>
  PageClient.start(machines.client, Topology.virtualAddress.front, onFetch)

const isWorthTelling = (event: DirectorEvent): boolean => {
  switch (event._tag) {
    case "RoleChanged":
    case "PlaneOpened":
    case "PlaneFailed":
    case "EditsRefused":
    case "BalancerApplied":
      return true
    case "ServerChanged":
      return event.occasion === "Change"
    default:
      return false
  }
}

/** A director tries again, and every time says what is still missing. */
const firstRefusalOnly = (): ((event: DirectorEvent) => boolean) => {
  let wasRefused = false
  return ({ _tag }) => {
    if (_tag !== "PlaneFailed" && _tag !== "EditsRefused") return true
    const isFirst = !wasRefused
    wasRefused = true
    return isFirst
  }
}
