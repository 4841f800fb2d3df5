/**
 * A process with a running lab that waits to be killed. Prints `ready`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Takeover from "../lab/rules/Takeover.ts"

const both = { LD1: Daemon.underTest, LD2: Daemon.underTest }

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      yield* Takeover.running(both, (director) => Configuration.scenario("a-basic", director))
      yield* Effect.sync(() => console.log("ready"))
      return yield* Effect.never
    })
  )
)
