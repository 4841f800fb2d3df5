/** The contract of the forwarding plane on IPVS. */
import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createServer, type Server, connect } from "node:net"
import { forwardingPlaneContract } from "../contract/forwardingPlane.contract.ts"
import { type Abilities, type RunPlane, web } from "../contract/ForwardingPlaneHarness.ts"
import * as Laboratory from "./Laboratory.ts"

const abilities: Abilities = {
  methods: ["Nat", "DirectRouting", "Tunnel"],
  protocols: ["TCP", "UDP", "SCTP"],
  firewallMarks: true,
  thresholds: true,
  timeouts: true,
  syncDaemon: true
}

/** The servers of `web` on this machine: to IPVS they are servers like any other. */
const serve: Effect.Effect<void, never, Scope.Scope> = Effect.forEach(
  [...web.destinations.values()],
  ({ address, port }) =>
    Effect.acquireRelease(
      Effect.callback<Server>((resume) => {
        const server = createServer((socket) => socket.end())
        server.listen(port, address, () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
    ),
  { discard: true }
)

const connectOnce = Effect.callback<void>((resume) => {
  const socket = connect(80, "192.0.2.1")
  socket.on("error", (error) => resume(Effect.die(error)))
  socket.on("close", () => resume(Effect.void))
  socket.resume()
})

/** The kernel adds up its counters every two seconds. */
const waitMillisMax = 10_000
const stepMillis = 50

const run: RunPlane = (test) =>
  Effect.gen(function* () {
    const { ip, open } = yield* Effect.orDie(Laboratory.make)
    yield* test({
      open,
      connect: (count) =>
        Effect.gen(function* () {
          ip(
            ...["192.0.2.1", "198.51.100.1", "198.51.100.2"].map((one) => `address replace ${one}/32 dev lo`)
          )
          yield* Effect.andThen(serve, Effect.repeat(connectOnce, { times: count - 1 })).pipe(Effect.scoped)
        }),
      eventually: Effect.fnUntraced(function* (what, check) {
        for (let waited = 0; waited < waitMillisMax; waited += stepMillis) {
          if (yield* Effect.orDie(check)) return
          yield* Effect.sleep(stepMillis)
        }
        return yield* Effect.die(new Error(`it does not come true that ${what}`))
      })
    })
  }).pipe(Effect.scoped)

describe("IPVS", () => {
  forwardingPlaneContract(run, abilities)
})
