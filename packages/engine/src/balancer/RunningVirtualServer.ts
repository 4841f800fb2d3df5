/**
 * One virtual server while it runs: the pure state, its timer, and the interpreter of its actions.
 *
 * Owned by the balancer's actor; nobody else writes to it.
 *
 * @since 0.1.0
 */
import * as NotifyLine from "@holdfast/balancer/NotifyLine"
import type * as Parameters from "@holdfast/balancer/Parameters"
import type { Service } from "@holdfast/balancer/Service"
import * as VirtualServer from "@holdfast/balancer/VirtualServer"
import type { Instant } from "@holdfast/wire/Instant"
import type { Script } from "@holdfast/wire/Script"
import type { Notification } from "../Notifier.ts"
import type { Slot, TimerHeap } from "../TimerHeap.ts"
import type { BalancerEvent } from "./BalancerEvent.ts"

/**
 * What a running virtual server is given by its balancer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Surroundings {
  readonly heap: TimerHeap
  readonly publish: (event: BalancerEvent) => void
  readonly notify: (notification: Notification) => void
  readonly want: (key: string, service: Service | undefined) => void
  /** It was told something and wants to be flushed in this pass. */
  readonly touch: (virtualServer: RunningVirtualServer) => void
  /** Connections shall be counted for it; the answer comes as `ConnectionsCounted`. */
  readonly countConnections: (virtualServer: RunningVirtualServer) => void
  /** Whether first states are told to scripts and pipes, too (`rs_init_notifies`). */
  readonly notifyInitial: () => boolean
}

/**
 * A virtual server that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunningVirtualServer {
  state: VirtualServer.VirtualServer
  /** Whether its checks rest (`ha_suspend`). */
  suspended: boolean
  /** Takes an event; what follows from it follows at the next `flush`. */
  readonly tell: (event: VirtualServer.Event) => void
  /** Steps through everything that was told, and does what follows. */
  readonly flush: () => void
  /** Steps through the stop at once; its services leave the table, or stay there as they are. */
  readonly stop: (at: Instant, keepServices: boolean) => void
}

/**
 * Makes a virtual server that has not started.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  parameters: Parameters.VirtualServer,
  surroundings: Surroundings
): RunningVirtualServer => {
  const slot: Slot = surroundings.heap.slot((at) => running.tell({ _tag: "Woken", at }))
  let services: ReadonlyArray<Service> = []
  let told: Array<VirtualServer.Event> = []

  const want = (wanted: ReadonlyArray<Service>): void => {
    if (wanted === services) return
    const keys = new Set(wanted.map(({ key }) => key))
    for (const { key } of services) if (!keys.has(key)) surroundings.want(key, undefined)
    const before = new Set(services)
    for (const service of wanted) if (!before.has(service)) surroundings.want(service.key, service)
    services = wanted
  }

  const running: RunningVirtualServer = {
    state: VirtualServer.make(parameters),
    suspended: false,
    tell: (event) => {
      if (told.push(event) === 1) surroundings.touch(running)
    },
    flush: () => {
      const last = told.at(-1)
      if (last === undefined) return
      const { state, actions } = VirtualServer.stepAll(running.state, told)
      told = []
      running.state = state
      for (const action of actions) interpret(action, last.at)
      want(VirtualServer.services(state))
      const deadline = VirtualServer.deadline(state)
      if (deadline === undefined) surroundings.heap.disarm(slot)
      else surroundings.heap.arm(slot, deadline)
    },
    stop: (at, keepServices) => {
      running.tell({ _tag: "Stopped", at })
      if (keepServices) services = []
      running.flush()
    }
  }

  const interpret = (action: VirtualServer.Action, at: Instant): void => {
    const { parameters } = running.state
    const name = parameters.name
    switch (action._tag) {
      case "ServerChanged": {
        const { occasion, reason, server, up } = action
        surroundings.publish({
          _tag: "ServerChanged",
          at,
          virtualServer: name,
          server: server.key,
          up,
          occasion,
          ...(reason === undefined ? {} : { reason })
        })
        // keepalived begins with servers up: that they are is no news to its scripts.
        if (occasion === "Initial" && up && !surroundings.notifyInitial()) return
        return surroundings.notify({
          object: `${name} ${server.key}`,
          ...scriptOf(up ? server.notifyUp : server.notifyDown),
          fifoLine: NotifyLine.realServer(parameters, server, up)
        })
      }
      case "QuorumChanged": {
        const { liveWeight: weight, occasion, thresholds, up } = action
        surroundings.publish({
          _tag: "QuorumChanged",
          at,
          virtualServer: name,
          up,
          weight,
          quorum: up ? thresholds.gain : thresholds.keep,
          occasion
        })
        return surroundings.notify({
          object: name,
          ...scriptOf(up ? parameters.quorumUp : parameters.quorumDown),
          fifoLine: NotifyLine.virtualServer(parameters, up)
        })
      }
      case "WeightChanged":
        return surroundings.publish({
          _tag: "WeightChanged",
          at,
          virtualServer: name,
          server: action.server.key,
          weight: action.weight
        })
      case "CountConnections":
        return surroundings.countConnections(running)
    }
  }

  return running
}

const scriptOf = (script: Script | undefined): { readonly script?: Script } =>
  script === undefined ? {} : { script }
