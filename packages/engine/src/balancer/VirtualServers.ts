/**
 * The virtual servers that run, with their checks: what the balancer's actor steps.
 *
 * Owned by the actor; nobody else calls it.
 *
 * @since 0.1.0
 */
import type { ForwardingTable } from "@holdfast/balancer/ForwardingTable"
import type * as Parameters from "@holdfast/balancer/Parameters"
import * as VirtualServerSet from "@holdfast/balancer/VirtualServerSet"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import type { Probing, ProbeReport } from "../Prober.ts"
import type { TimerHeap } from "../TimerHeap.ts"
import type { BalancerEvent } from "./BalancerEvent.ts"
import * as CheckRunner from "./CheckRunner.ts"
import * as RunningVirtualServer from "./RunningVirtualServer.ts"
import * as Serving from "./Serving.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface VirtualServers {
  /** Makes those that run the ones wanted; `found` is what the kernel's table held when they start for the first time. */
  readonly apply: (
    wanted: Parameters.Parameters,
    found: ForwardingTable,
    at: Instant
  ) => VirtualServerSet.Plan
  readonly hear: (reports: ReadonlyArray<ProbeReport>) => void
  /** These addresses are on this machine: checks rest and resume accordingly (`ha_suspend`). */
  readonly settleSuspension: (local: ReadonlySet<IpAddress>, at: Instant) => void
  /** Does what follows from everything that was told. */
  readonly flush: () => void
  /** Stops all; their services leave the table, or stay as they are. */
  readonly stop: (keepServices: boolean, at: Instant) => void
  readonly all: () => ReadonlyArray<RunningVirtualServer.RunningVirtualServer>
  readonly counts: CheckRunner.CheckRunner["counts"]
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options extends Pick<
  RunningVirtualServer.Surroundings,
  "notify" | "want" | "countConnections"
> {
  readonly heap: TimerHeap
  readonly probing: Probing
  readonly publish: (event: BalancerEvent) => void
}

/**
 * Makes an empty set.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): VirtualServers => {
  const { heap, probing, publish } = options
  const servers = new Map<string, RunningVirtualServer.RunningVirtualServer>()
  const touched = new Set<RunningVirtualServer.RunningVirtualServer>()
  let notifyInitial = false
  /** Nothing while nobody has said: without knowing, checks run. */
  let here: ReadonlySet<IpAddress> | undefined

  const checks = CheckRunner.make({
    heap,
    probing,
    onDecided: ({ check, server, virtualServer }, decided, at) =>
      servers.get(virtualServer)?.tell({ _tag: "CheckDecided", at, server, check, decided }),
    onFailureBorne: ({ server, virtualServer }, { reason, retriesLeft }, at) =>
      publish({ _tag: "CheckFailed", at, virtualServer, server, reason, retriesLeft })
  })
  const surroundings: RunningVirtualServer.Surroundings = {
    ...options,
    touch: (virtualServer) => void touched.add(virtualServer),
    notifyInitial: () => notifyInitial
  }

  /** A firewall mark is no address that could be absent: a group that has one is checked everywhere. */
  const isSuspendedNow = (wanted: Parameters.VirtualServer): boolean =>
    wanted.haSuspend &&
    here !== undefined &&
    wanted.addresses.every((address) => address._tag === "Endpoint" && here?.has(address.address) === false)

  const settleSuspension = (at: Instant): void => {
    for (const [name, server] of servers) {
      const suspended = isSuspendedNow(server.state.parameters)
      if (suspended === server.suspended) continue
      server.suspended = suspended
      publish({ _tag: suspended ? "ChecksSuspended" : "ChecksResumed", at, virtualServer: name })
      checks.suspend(name, suspended, at)
    }
  }

  const start = (wanted: Parameters.VirtualServer, found: ForwardingTable, at: Instant): void => {
    const server = RunningVirtualServer.make(wanted, surroundings)
    servers.set(wanted.name, server)
    server.suspended = isSuspendedNow(wanted)
    if (server.suspended) publish({ _tag: "ChecksSuspended", at, virtualServer: wanted.name })
    server.tell({ _tag: "Started", at, serving: Serving.of(wanted, found) })
    checks.replace(wanted.name, wanted, at, server.suspended)
  }

  const change = (to: Parameters.VirtualServer, at: Instant): void => {
    const server = servers.get(to.name)
    if (server === undefined) return
    server.tell({ _tag: "Reconfigured", at, parameters: to })
    checks.replace(to.name, to, at, server.suspended)
  }

  const remove = (name: string, keepServices: boolean, at: Instant): void => {
    servers.get(name)?.stop(at, keepServices)
    servers.delete(name)
    checks.replace(name, undefined, at, false)
  }

  const flush = (): void => {
    for (const server of touched) server.flush()
    touched.clear()
  }

  return {
    apply: (wanted, found, at) => {
      notifyInitial = wanted.notifyInitial
      const running = [...servers.values()].map(({ state }) => state.parameters)
      const plan = VirtualServerSet.diff(running, wanted.virtualServers)
      for (const { name } of plan.removed) remove(name, false, at)
      for (const { to } of plan.changed) change(to, at)
      for (const added of plan.added) start(added, found, at)
      settleSuspension(at)
      flush()
      return plan
    },
    hear: checks.hear,
    settleSuspension: (local, at) => {
      here = local
      settleSuspension(at)
    },
    flush,
    stop: (keepServices, at) => {
      for (const name of servers.keys()) remove(name, keepServices, at)
    },
    all: () => [...servers.values()],
    counts: checks.counts
  }
}
