/**
 * keepalived 2.2.7 where our daemon is held to a rule (`test/ipvs/defects.ipvs.test.ts`), on the same kernel by the same
 * steps. A newer keepalived that masters one of these fails its test, and then our documents have to say so.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { readFileSync } from "node:fs"
import * as Defects from "../ipvs/Defects.ts"
import * as Director from "../ipvs/Director.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Balancing from "../lab/rules/Balancing.ts"

const { first, second, serverLine, serviceLine, vip } = Director
const program = Daemon.checking(Daemon.keepalived)
/** Several times its checks' interval of one second. */
const withinMillis = 4_000
/** In `everything.conf`: a group of six, one of one, and eleven by themselves. */
const servicesCount = 18

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

const ours = Daemon.checking(Daemon.underTest)

const migration = (): void => {
  it.live("one file with all that both know of IPVS gives the same table", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      const file = readFileSync(new URL("everything.conf", import.meta.url), "utf8")
      const table = Effect.map(
        Effect.all([director.run("ipvsadm -Sn"), director.run("ipvsadm -Ln --thresholds")]),
        (listings) => listings.flatMap((listing) => listing.split("\n")).toSorted()
      )
      const daemon = yield* director.start(ours, file)
      const expected = yield* table
      assert.lengthOf(
        expected.filter((line) => line.startsWith("-A ")),
        servicesCount
      )
      yield* Daemon.stop(daemon)
      yield* Director.becomes(director, [])

      yield* director.start(program, file)
      const last = yield* table.pipe(
        Effect.repeat({
          until: (found) => found.join() === expected.join(),
          schedule: Schedule.spaced("100 millis"),
          times: 100
        })
      )
      assert.deepStrictEqual(last, expected)
    })
  )

  it.live("our daemon takes over the table of a keepalived that was killed, and changes nothing", () =>
    Effect.gen(function* () {
      const director = yield* Director.make
      yield* director.run(`ip addr add ${vip}/32 dev lo`)
      const file = Director.virtualServer([first])
      const before = yield* director.start(program, file)
      yield* Director.becomes(director, [serviceLine(), serverLine(first)])
      yield* director.peer.connect(vip, 80)
      assert.strictEqual(yield* director.peer.ask, first)
      yield* before.crash
      yield* before.exit
      const since = director.table.entries.length

      const daemon = yield* director.start(ours, file)
      yield* daemon.log.waitFor("first check", ({ text }) => text.includes(`${first}:${Director.port} is up`))

      assert.strictEqual(yield* director.peer.ask, first)
      assert.lengthOf(director.table.entries.slice(since), 0)
    })
  )
}

Requirement.suite("from keepalived to our daemon", ["keepalived"], migration, { concurrent: false })

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
