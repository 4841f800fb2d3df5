/**
 * A prober of servers that exist in a map: a test says what a probe of each finds.
 *
 * Servers are named by `nameOf` of their probe. One that the test said nothing about never answers, as a server behind a
 * black hole; the check's own deadline is what ends that.
 *
 * @since 0.1.0
 */
import type { Probe, ProbeResult } from "@holdfast/balancer/Probe"
import { type ProbeReport, Prober } from "@holdfast/engine/Prober"
import * as Address from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Task, World } from "./World.ts"

/**
 * The prober and what a test does to the servers.
 *
 * - `set`: what probes of this server find from now on; those that wait for an answer find it too. Nothing: it falls
 *   silent.
 * - `report`: makes what is outstanding for this server find something once, without a change for later probes.
 * - `outstanding`: probes that have not reported, in the order they were started. A probe of a file stays.
 * - `startedCount`: probes of this server so far.
 * - `latencyMicros`: how long answers take; a field that a test may write.
 *
 * @category models
 * @since 0.1.0
 */
export interface SimulatedProber {
  readonly prober: typeof Prober.Service
  readonly set: (name: string, result: ProbeResult | undefined) => void
  readonly report: (name: string, result: ProbeResult) => void
  readonly outstanding: () => ReadonlyArray<OutstandingProbe>
  readonly startedCount: (name: string) => number
  latencyMicros: number
}

/**
 * A probe that waits for what its server answers.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutstandingProbe {
  readonly id: number
  readonly name: string
  readonly probe: Probe
}

/**
 * Makes a prober without servers, in the time of a world: that of a `SimulatedNetwork`, so that an engine sees one clock.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (world: World): SimulatedProber => {
  const results = new Map<string, ProbeResult>()
  const counts = new Map<string, number>()
  const sessions = new Set<Session>()

  const report = (name: string, result: ProbeResult) => {
    for (const session of sessions) session.answer(name, result)
  }
  const openSession = (onReports: OnReports) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const session = makeSession(world, () => simulated.latencyMicros, onReports)
        sessions.add(session)
        return session
      }),
      (session) =>
        Effect.sync(() => {
          sessions.delete(session)
          session.close()
        })
    )
  const simulated: SimulatedProber = {
    latencyMicros: 0,
    prober: Prober.of({
      open: (onReports) =>
        Effect.map(openSession(onReports), (session) => ({
          start: (id, probe) => {
            const name = nameOf(probe)
            counts.set(name, (counts.get(name) ?? 0) + 1)
            session.start({ id, name, probe }, probe._tag === "Broken" ? refusalOf(probe) : results.get(name))
          },
          cancel: session.cancel
        }))
    }),
    set: (name, result) => {
      if (result === undefined) return void results.delete(name)
      results.set(name, result)
      report(name, result)
    },
    report,
    outstanding: () => [...sessions].flatMap((session) => session.outstanding()),
    startedCount: (name) => counts.get(name) ?? 0
  }
  return simulated
}

/**
 * Gives the port of a simulated prober to an engine.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (simulated: SimulatedProber): Layer.Layer<Prober> =>
  Layer.succeed(Prober, simulated.prober)

/**
 * Returns what a test calls the server of a probe: `192.0.2.1:80`, the path of a file or of a script, or the reason of a
 * broken one.
 *
 * @category conversions
 * @since 0.1.0
 */
export const nameOf = (probe: Probe): string => {
  switch (probe._tag) {
    case "Script":
      return probe.script.words[0] ?? ""
    case "File":
      return probe.path
    case "Broken":
      return probe.reason
    default:
      return Address.formatEndpoint(probe.connection.address, probe.connection.port)
  }
}

/** What one opening of the port holds. */
interface Session {
  readonly start: (outstanding: OutstandingProbe, result: ProbeResult | undefined) => void
  readonly cancel: (id: number) => void
  readonly answer: (name: string, result: ProbeResult) => void
  readonly outstanding: () => ReadonlyArray<OutstandingProbe>
  readonly close: () => void
}

type OnReports = (reports: ReadonlyArray<ProbeReport>) => void

const makeSession = (world: World, latencyMicros: () => number, onReports: OnReports): Session => {
  const outstanding = new Map<number, OutstandingProbe>()
  const answers = new Map<number, Task>()

  const find = ({ id, probe }: OutstandingProbe, result: ProbeResult) => {
    if (probe._tag !== "File") outstanding.delete(id)
    forget(id)
    const at = (world.now() + latencyMicros()) as Instant
    const task = world.schedule(at, () => {
      answers.delete(id)
      onReports([{ id, at: world.now(), result }])
    })
    answers.set(id, task)
  }
  const forget = (id: number) => {
    const task = answers.get(id)
    if (task !== undefined) world.cancel(task)
    answers.delete(id)
  }

  return {
    start: (probe, result) => {
      outstanding.set(probe.id, probe)
      if (result !== undefined) find(probe, result)
    },
    cancel: (id) => {
      outstanding.delete(id)
      forget(id)
    },
    answer: (name, result) => {
      for (const probe of outstanding.values()) if (probe.name === name) find(probe, result)
    },
    outstanding: () => [...outstanding.values()],
    close: () => {
      outstanding.clear()
      for (const id of answers.keys()) forget(id)
    }
  }
}

const refusalOf = ({ reason }: Extract<Probe, { readonly _tag: "Broken" }>): ProbeResult => ({
  _tag: "Refused",
  reason
})
