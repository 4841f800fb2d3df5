/**
 * A balancer on a simulated machine: servers that pass or fail as a test says, and a forwarding table of plain maps.
 */
import type { Parameters, RealServer, VirtualServer } from "@holdfast/balancer/Parameters"
import type { Check } from "@holdfast/balancer/Probe"
import { Balancer } from "@holdfast/engine/balancer/Balancer"
import type { BalancerEvent } from "@holdfast/engine/balancer/BalancerEvent"
import { type Notification, Notifier } from "@holdfast/engine/Notifier"
import { WakeTimer } from "@holdfast/engine/WakeTimer"
import * as SimulatedForwardingPlane from "@holdfast/simulation/SimulatedForwardingPlane"
import * as SimulatedHost from "@holdfast/simulation/SimulatedHost"
import * as SimulatedLocalAddresses from "@holdfast/simulation/SimulatedLocalAddresses"
import * as SimulatedNetwork from "@holdfast/simulation/SimulatedNetwork"
import * as SimulatedProber from "@holdfast/simulation/SimulatedProber"
import type { IpAddress } from "@holdfast/wire/Address"
import { type Micros, seconds } from "@holdfast/wire/Instant"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** The machine: what outlives a balancer that is stopped or killed. */
export const makeMachine = Effect.fnUntraced(function* (kind: "ipvs" | "nf_tables" = "ipvs") {
  const network = yield* SimulatedNetwork.make()
  const host = SimulatedHost.make(network, { name: "ld1" })
  return {
    host,
    kernel: SimulatedForwardingPlane.make(kind),
    servers: SimulatedProber.make(network.world),
    local: SimulatedLocalAddresses.make()
  }
})

/** A balancer on the machine; `kill` ends it without a word, as a crash does. */
export const makeBalancer = Effect.fnUntraced(function* (
  machine: Effect.Success<ReturnType<typeof makeMachine>>
) {
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const notifications: Array<Notification> = []
  const notifier = Layer.succeed(
    Notifier,
    Notifier.of({
      open: () =>
        Effect.succeed({
          notify: (notification) => void notifications.push(notification),
          setFifos: () => Effect.void,
          drained: Effect.void
        })
    })
  )
  const ports = Layer.mergeAll(
    Layer.effect(WakeTimer, WakeTimer).pipe(Layer.provide(SimulatedHost.layer(machine.host))),
    SimulatedForwardingPlane.layer(machine.kernel),
    SimulatedProber.layer(machine.servers),
    machine.local.layer,
    notifier
  )
  const layer = Layer.fresh(Balancer.layer.pipe(Layer.provide(ports)))
  const balancer = Context.get(yield* Layer.buildWithScope(layer, scope), Balancer)
  const events: Array<BalancerEvent> = []
  yield* balancer.events.pipe(
    Stream.runForEach((event) => Effect.sync(() => events.push(event))),
    Effect.forkScoped({ startImmediately: true })
  )
  return { balancer, events, notifications, kill: Scope.close(scope, Exit.void) }
})

/** The table as lines: a service, then its servers with their weights. */
export const table = (kernel: SimulatedForwardingPlane.VirtualForwarding): ReadonlyArray<string> =>
  [...kernel.table().values()].map(({ destinations, key, scheduler }) =>
    `${key} ${scheduler} ${[...destinations.values()]
      .map((one) => `${one.key}=${one.weight}`)
      .toSorted()
      .join(" ")}`.trimEnd()
  )

export const vip = "192.0.2.100" as IpAddress

/** A TCP check with keepalived's defaults but a delay of 10 s. */
export const tcpCheck = (address: string, timing: Partial<Check["timing"]> = {}, alpha = false): Check => ({
  probe: { _tag: "Tcp", connection: { address: address as IpAddress, port: 80 } },
  timing: {
    delay: seconds(10),
    timeout: seconds(5),
    retries: 1,
    retryDelay: seconds(1),
    logAllFailures: false,
    ...timing
  },
  alpha
})

export const realServer = (address: string, options: Partial<RealServer> = {}): RealServer => ({
  key: `${address}:80`,
  address: address as IpAddress,
  port: 80,
  weight: 1,
  method: { _tag: "Nat" },
  upperThreshold: 0,
  lowerThreshold: 0,
  inhibitOnFailure: false,
  checks: [tcpCheck(address)],
  ...options
})

export const virtualServer = (options: Partial<VirtualServer> = {}): VirtualServer => ({
  name: "TCP 192.0.2.100:80",
  addresses: [{ _tag: "Endpoint", protocol: "TCP", address: vip, port: 80 }],
  protocol: "TCP",
  scheduler: "wrr",
  schedulerFlags: [],
  onePacket: false,
  quorum: 1,
  hysteresis: 0,
  alpha: false,
  omega: false,
  haSuspend: false,
  slowStart: 0 as Micros,
  drain: 0 as Micros,
  sorryServers: [],
  sorryInhibit: false,
  realServers: [realServer("10.0.0.1"), realServer("10.0.0.2")],
  ...options
})

export const parameters = (
  virtualServers: ReadonlyArray<VirtualServer>,
  options: Partial<Parameters> = {}
): Parameters => ({
  plane: "auto",
  flushAtStart: false,
  atStop: "remove",
  timeouts: {},
  fifos: [],
  scripts: { security: false },
  notifyInitial: false,
  virtualServers,
  ...options
})
