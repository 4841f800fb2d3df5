/**
 * What an engine does about a fault of its own.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { makeDirector, makeNetwork, parameters } from "./Rig.ts"

it.effect("an engine that cannot go on says so", () =>
  Effect.gen(function* () {
    const { network } = yield* makeNetwork()
    const { engine } = yield* makeDirector(network, "r1")
    const broken = Object.defineProperty({ ...parameters({ priority: 100 }) }, "transport", {
      get: () => {
        throw new Error("a fault")
      }
    })
    const applying = yield* Effect.forkChild(engine.apply([broken]))
    const error = yield* Effect.flip(engine.ended)
    assert.include(error.message, "a fault")
    yield* Fiber.interrupt(applying)
  })
)
