/**
 * The port `Prober` on this kernel: one launch for each kind of probe, and their reports by the turn of the event loop.
 *
 * @since 0.1.0
 */
import type { ScriptDefaults } from "@holdfast/wire/Script"
import type { Probe, ProbeResult } from "@holdfast/balancer/Probe"
import { type ProbeReport, type Probing, Prober } from "@holdfast/engine/Prober"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import type * as SocketError from "@holdfast/raw-socket/SocketError"
import * as TcpConnector from "@holdfast/raw-socket/TcpConnector"
import type { Instant } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as DnsProbe from "./probe/DnsProbe.ts"
import * as FileProbe from "./probe/FileProbe.ts"
import * as HttpProbe from "./probe/HttpProbe.ts"
import type { Launch } from "./probe/Launch.ts"
import * as PingProbe from "./probe/PingProbe.ts"
import * as ScriptProbe from "./probe/ScriptProbe.ts"
import * as SmtpProbe from "./probe/SmtpProbe.ts"
import * as TcpProbe from "./probe/TcpProbe.ts"
import * as UdpProbe from "./probe/UdpProbe.ts"

/**
 * How each kind of probe is opened. Probes of a kind that is absent, or that does not open, are refused.
 *
 * @category models
 * @since 0.1.0
 */
export type Launches = {
  readonly [Tag in LaunchedTag]?: Effect.Effect<Launch<Tag>, SocketError.SocketError, Scope.Scope>
}

/**
 * The port, of all kinds of probes. `scripts` says who scripts run as.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (scripts: ScriptDefaults): Layer.Layer<Prober> =>
  layerOf({
    Tcp: TcpProbe.open,
    Udp: UdpProbe.open,
    Dns: DnsProbe.open,
    Ping: PingProbe.open,
    Script: ScriptProbe.open(scripts),
    File: FileProbe.open,
    Http: Effect.map(TcpConnector.open, HttpProbe.make),
    Smtp: Effect.map(TcpConnector.open, SmtpProbe.make)
  })

/**
 * The port, of these kinds of probes alone.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerOf = (launches: Launches): Layer.Layer<Prober> =>
  Layer.succeed(Prober, {
    open: (onReports) =>
      Effect.flatMap(openAll(launches), (opened) =>
        Effect.map(
          Effect.acquireRelease(
            Effect.sync(() => makeSession(opened, onReports)),
            (session) => Effect.sync(session.close)
          ),
          ({ probing }) => probing
        )
      )
  })

type LaunchedTag = Exclude<Probe["_tag"], "Broken">
type AnyLaunch = (probe: Probe, onResult: (result: ProbeResult) => void) => () => void

/** What runs is known by the tag of its launch, which the compiler cannot follow through a map. */
const openAll = (launches: Launches): Effect.Effect<ReadonlyMap<string, AnyLaunch>, never, Scope.Scope> =>
  Effect.map(
    Effect.forEach(Object.entries(launches), ([tag, open]) =>
      Effect.match(open as Effect.Effect<AnyLaunch, SocketError.SocketError, Scope.Scope>, {
        onFailure: (error) => [tag, refuse(error.message)] as const,
        onSuccess: (launch) => [tag, launch] as const
      })
    ),
    (opened) => new Map(opened)
  )

const makeSession = (
  launches: ReadonlyMap<string, AnyLaunch>,
  onReports: (reports: ReadonlyArray<ProbeReport>) => void
): { readonly probing: Probing; readonly close: () => void } => {
  const running = new Map<number, () => void>()
  // By number: of a file only the last finding counts, and one that was cancelled is taken back.
  const found = new Map<number, ProbeReport>()
  let flushing: NodeJS.Immediate | undefined

  const flush = () => {
    flushing = undefined
    if (found.size === 0) return
    const reports = [...found.values()]
    found.clear()
    onReports(reports)
  }
  const report = (id: number, result: ProbeResult) => {
    found.set(id, { id, at: MonotonicClock.now() as Instant, result })
    flushing ??= setImmediate(flush)
  }
  const start = (id: number, probe: Probe) => {
    const launch = launchOf(launches, probe)
    const onResult = (result: ProbeResult) => {
      if (probe._tag !== "File") running.delete(id)
      report(id, result)
    }
    running.set(id, launch(probe, onResult))
  }
  const cancel = (id: number) => {
    running.get(id)?.()
    running.delete(id)
    found.delete(id)
  }

  return {
    probing: { start, cancel },
    close: () => {
      for (const id of running.keys()) cancel(id)
      found.clear()
      clearImmediate(flushing)
    }
  }
}

const launchOf = (launches: ReadonlyMap<string, AnyLaunch>, probe: Probe): AnyLaunch =>
  probe._tag === "Broken"
    ? refuse(probe.reason)
    : (launches.get(probe._tag) ?? refuse(`there are no ${probe._tag} probes here`))

const refuse =
  (reason: string): AnyLaunch =>
  (_, onResult) => {
    const immediate = setImmediate(() => onResult({ _tag: "Refused", reason }))
    return () => clearImmediate(immediate)
  }
