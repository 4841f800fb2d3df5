/**
 * keepalived 2.2.7 where our daemon is held to a rule (`test/ipvs/defects.ipvs.test.ts`), on the same kernel by the same
 * steps. A newer keepalived that masters one of these fails its test, and then our documents have to say so.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Defects from "../ipvs/Defects.ts"
import { first, second, serverLine, serviceLine, vip } from "../ipvs/Director.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Balancing from "../lab/rules/Balancing.ts"

const program = Daemon.checking(Daemon.keepalived)
/** Several times its checks' interval of one second. */
const withinMillis = 4_000

const rules = (): void => {
  it.live("D2: does not restore a service that somebody deleted", () =>
    Effect.gen(function* () {
      const { byChange, byReload } = yield* Defects.deletedService(program, withinMillis, 0)
      assert.deepStrictEqual({ byChange, byReload }, { byChange: false, byReload: false })
    })
  )

  it.live("D3: keeps the scheduler, the persistence and the server of somebody else", () =>
    Effect.gen(function* () {
      assert.sameMembers(
        [...(yield* Defects.leftovers(program, withinMillis))],
        [
          "FWM 7 rr",
          `${serviceLine("rr")} persistent 30000 FFFFFFFF`,
          `${vip}:80 > 203.0.113.9:80 1`,
          serverLine(first)
        ]
      )
    })
  )

  it.live("D4: sends traffic to dead servers until their first check, also after a crash and a reload", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Defects.uncheckedServers(program), {
        atStart: true,
        afterCrash: true,
        atReload: true
      })
    })
  )

  it.live("D5: never checks the servers of a suspended group", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Defects.suspendedGroup(program, withinMillis), {
        isChecked: false,
        deadServed: true,
        after: [serverLine(first), serverLine(second), serviceLine()]
      })
    })
  )
}

Requirement.suite("keepalived", ["keepalived"], rules, { concurrent: false })

/** Whichever of the two has the service first, the other one goes on with it. */
const pairs = (): void => {
  Balancing.register({ LD1: Daemon.keepalived, LD2: Daemon.underTest }, "a-basic", Balancing.ipvs, [
    "linkDown"
  ])
  Balancing.register({ LD1: Daemon.underTest, LD2: Daemon.keepalived }, "a-basic", Balancing.ipvs, [
    "terminatedMaster"
  ])
}

Requirement.suite("a pair of keepalived and our daemon", ["keepalived"], pairs, { concurrent: false })
