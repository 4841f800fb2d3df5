/**
 * Engines on simulated hosts of one segment, and a record of what they put on it.
 */
import { Engine } from "@holdfast/engine/Engine"
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import type { RouterStatus } from "@holdfast/engine/Status"
import * as SimulatedHost from "@holdfast/simulation/SimulatedHost"
import * as SimulatedNetwork from "@holdfast/simulation/SimulatedNetwork"
import type { LinkOptions } from "@holdfast/simulation/VirtualKernel"
import {
  defaults,
  type InterfaceName,
  type Parameters,
  type Priority,
  type VirtualAddress,
  type Vrid
} from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import { groupVrrp } from "@holdfast/wire/Ipv4"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"

export const vip = "192.0.2.100" as Ipv4Address

/** One frame as a line: when, from which port, and what. */
export interface Sent {
  readonly at: number
  readonly port: string
  readonly what: string
}

/** How many of the frames are this one. */
export const count = (sent: ReadonlyArray<Sent>, what: string): number =>
  sent.filter((one) => one.what === what).length

/** A segment that writes down what is sent on it. */
export const makeNetwork = Effect.fnUntraced(function* () {
  const network = yield* SimulatedNetwork.make()
  const sent: Array<Sent> = []
  network.lan("lan").onSent((at, port, frame) => {
    const what =
      frame._tag === "Advert" ? `advert ${frame.payload[1]}/${frame.payload[2]}` : `arp ${frame.address}`
    sent.push({ at, port, what })
  })
  return { network, lan: network.lan("lan"), sent }
})

/** A host with an engine on it; `stop` closes the engine's scope. */
export const makeDirector = Effect.fnUntraced(function* (
  network: SimulatedNetwork.SimulatedNetwork,
  name: string,
  links: ReadonlyArray<LinkOptions> = [{ name: "eth0", addresses: [`192.0.2.${name.slice(1)}/24`] }]
) {
  const host = SimulatedHost.make(network, { name, links })
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const layer = Layer.fresh(Engine.layer.pipe(Layer.provide(SimulatedHost.layer(host))))
  const engine = Context.get(yield* Layer.buildWithScope(layer, scope), Engine)
  const events: Array<EngineEvent> = []
  yield* engine.events.pipe(
    Stream.runForEach((event) => Effect.sync(() => events.push(event))),
    Effect.forkScoped({ startImmediately: true })
  )
  const router = (routerName: string): Effect.Effect<RouterStatus> =>
    Effect.map(engine.status, ({ routers }) => {
      const found = routers.find((status) => status.name === routerName)
      if (found === undefined) throw new Error(`${name} runs no ${routerName}`)
      return found
    })
  return {
    host,
    engine,
    events,
    router,
    role: (of = "web") => Effect.map(router(of), ({ role }) => role),
    stop: Scope.close(scope, Exit.void)
  }
})

/** Parameters with keepalived's defaults; `web` has VRID 51 and holds `vip`. */
export const parameters = (
  options: Omit<Partial<Parameters>, "priority"> & { readonly priority: number }
): Parameters => ({
  ...defaults,
  name: "web",
  interface: "eth0" as InterfaceName,
  vrid: 51 as Vrid,
  addresses: [address("192.0.2.100")],
  ...options,
  priority: options.priority as Priority
})

export const address = (text: string, device = "eth0"): VirtualAddress => ({
  address: text as Ipv4Address,
  prefixLength: 32,
  interface: device as InterfaceName,
  scope: 0,
  advertised: true,
  tracked: true
})

const stranger = "192.0.2.200" as Ipv4Address

/** An advert of another machine, as bytes. */
export const advertOf = (vrid: number, priority: number, change: (bytes: Uint8Array) => void = () => {}) => {
  const payload = Advertisement.encode(
    {
      version: 2,
      vrid,
      priority,
      advertIntervalMicros: 1_000_000,
      authenticationType: 0,
      addresses: [vip]
    },
    { source: stranger, destination: groupVrrp }
  )
  change(payload)
  return SimulatedNetwork.Frame.Advert({
    source: stranger,
    destination: groupVrrp,
    hopLimit: 255,
    payload
  })
}

/** Lets what was caused outside the clock arrive, then lets time pass. */
export const run = (seconds: number) =>
  Effect.yieldNow.pipe(
    Effect.repeat({ times: turnsMax }),
    Effect.andThen(TestClock.adjust(`${seconds} seconds`))
  )

/** A frame or an answer of the kernel passes a handful of queues and fibers. */
const turnsMax = 20
