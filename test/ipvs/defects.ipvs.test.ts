/** Our daemon where keepalived 2.2.7 fails; `test/interop/balancing.ipvs.test.ts` shows how that does. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Daemon from "../lab/Daemon.ts"
import * as Defects from "./Defects.ts"
import { first, serverLine, serviceLine } from "./Director.ts"

const program = Daemon.checking(Daemon.underTest)
const withinMillis = 15_000
/** The whole table is compared every 30 s. */
const restMillis = 45_000

describe("our daemon", () => {
  it.live(
    "D2: restores a service that somebody deleted, and says so",
    () =>
      Effect.gen(function* () {
        const { log, ...restored } = yield* Defects.deletedService(program, withinMillis, restMillis)

        assert.deepStrictEqual(restored, { byChange: true, byReload: true, byTime: true })
        const told = log.filter((line) => /somebody changed the forwarding table; put right: /.test(line))
        assert.lengthOf(told, 3, log.join("\n"))
      }),
    90_000
  )

  it.live("D3: makes what an earlier run left what the file says, and leaves what is not its own", () =>
    Effect.gen(function* () {
      assert.sameMembers(
        [...(yield* Defects.leftovers(program, withinMillis))],
        ["FWM 7 rr", serviceLine(), serverLine(first)]
      )
    })
  )

  it.live("D4: never has a server in its table that no check has found to work", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Defects.uncheckedServers(program), {
        atStart: false,
        afterCrash: false,
        atReload: false
      })
    })
  )

  it.live("D5: checks the servers of a suspended group once an address of it is here", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Defects.suspendedGroup(program, withinMillis), {
        isChecked: true,
        deadServed: false,
        after: [serverLine(first), serviceLine()]
      })
    })
  )
})
