// The same inside Effect: the engine is a layer, its events are a stream, and leaving is the end of a scope.
// Run it: node examples/02-inside-effect.ts eth0 192.0.2.10/24
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Engine, EngineEvent, Holdfast, Routers } from "holdfast"

const [device = "eth0", address = "192.0.2.10/24"] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const engine = yield* Engine.Engine
  const { routers, shared } = yield* Routers.decode([
    {
      name: "web",
      interface: device,
      vrid: 51,
      addresses: [address]
    }
  ])
  yield* engine.apply(routers, shared)
  yield* engine.events.pipe(Stream.runForEach((event) => Console.log(EngineEvent.describe(event).message)))
})

const fiber = Effect.runFork(Effect.provide(program, Holdfast.layer))
process.once("SIGTERM", () => fiber.interruptUnsafe())
