/**
 * `holdfast demo`: a client fetches pages from two web servers through two directors that share an address, while a web
 * server is killed and comes back, and a director loses power and comes back.
 *
 * Real daemons on a real kernel, in network namespaces of the demo's own: nothing outside is touched, and all of it is
 * gone at the end, also after Ctrl-C.
 *
 * @since 0.1.0
 */
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import * as ExitCode from "../ExitCode.ts"
import * as Privilege from "../Privilege.ts"
import * as Signals from "./Signals.ts"
import * as Story from "./Story.ts"
import * as UserNamespace from "./UserNamespace.ts"

/**
 * Runs the demo, prints its timeline, and returns the exit code.
 *
 * @category main
 * @since 0.1.0
 */
export const run: Effect.Effect<number> = Effect.suspend(() =>
  Effect.flatMap(mayMakeNamespaces, (may) => (may ? runHere : UserNamespace.runInside))
)

/** To leave a namespace one must also be allowed to come back to this one, and that is what is tried first. */
const mayMakeNamespaces: Effect.Effect<boolean> = Effect.gen(function* () {
  const home = yield* NetworkNamespace.current
  yield* NetworkNamespace.provide(home)(Effect.void)
  yield* NetworkNamespace.make
  return Privilege.missing().length === 0
}).pipe(
  Effect.scoped,
  Effect.orElseSucceed(() => false)
)

const stopped: Effect.Effect<number> = Effect.tap(Signals.wait, () =>
  Effect.sync(() => console.error("holdfast: the demo was stopped; nothing of it is left"))
)

const runHere: Effect.Effect<number> = Effect.raceFirst(Effect.scoped(Story.tell), stopped).pipe(
  Effect.catch((error) =>
    Effect.sync(() => {
      console.error(`holdfast: the demo failed: ${error.message}`)
      return ExitCode.failed
    })
  )
)
