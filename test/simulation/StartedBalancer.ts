/**
 * A balancer that runs: one virtual server whose two servers work, and the tables that it may have.
 */
import * as Effect from "effect/Effect"
import { makeBalancer, makeMachine, parameters, vip, virtualServer } from "./BalancerRig.ts"
import { run } from "./Rig.ts"

export const passed = { _tag: "Passed" } as const
export const refused = { _tag: "Failed", reason: "connection refused" } as const
export const service = { _tag: "Endpoint", protocol: "TCP", address: vip, port: 80 } as const

/** A machine whose two servers work, and a balancer on it that has applied one virtual server. */
export const started = Effect.fnUntraced(function* (options: Parameters<typeof virtualServer>[0] = {}) {
  const machine = yield* makeMachine()
  machine.servers.set("10.0.0.1:80", passed)
  machine.servers.set("10.0.0.2:80", passed)
  const running = yield* makeBalancer(machine)
  yield* running.balancer.apply(parameters([virtualServer(options)]))
  yield* run(0.1)
  return { ...machine, ...running, machine }
})

export const both = ["TCP 192.0.2.100:80 wrr 10.0.0.1:80=1 10.0.0.2:80=1"]
export const first = ["TCP 192.0.2.100:80 wrr 10.0.0.1:80=1"]
export const second = ["TCP 192.0.2.100:80 wrr 10.0.0.2:80=1"]
