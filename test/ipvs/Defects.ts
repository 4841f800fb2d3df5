/**
 * What becomes of a director in situations that keepalived 2.2.7 does not master, as facts: the tests of our daemon and
 * those of keepalived say what they must be.
 *
 * The numbers are those of the catalogue of keepalived's defects.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Daemon from "../lab/Daemon.ts"
import * as Director from "./Director.ts"

const { first, second, serverLine, serviceLine, third, vip, virtualServer } = Director

/**
 * D2: a service that somebody deleted: whether it is there again after a server's change, after an unchanged reload, and
 * after nothing but time, if that is to be awaited; and what the log says.
 *
 * @category actions
 * @since 0.1.0
 */
export const deletedService = (program: Daemon.Program, withinMillis: number, restMillis: number) =>
  Effect.gen(function* () {
    const director = yield* Director.make
    const daemon = yield* director.start(program, virtualServer([first, second]))
    const one = [serviceLine(), serverLine(first)]
    const both = [...one, serverLine(second)]
    yield* Director.becomes(director, one)
    const deleted = Effect.gen(function* () {
      yield* director.run(`ipvsadm -D -t ${vip}:80`)
      yield* Director.becomes(director, [])
    })

    yield* deleted
    yield* director.peer.listen(second, Director.port)
    const byChange = yield* Director.comesToBe(director, both, withinMillis)
    if (byChange) yield* deleted
    yield* daemon.signal("SIGHUP")
    const byReload = yield* Director.comesToBe(director, both, withinMillis)
    if (byReload) {
      // What a daemon has written it may read back; what is to be seen here is what it does long after.
      yield* Effect.sleep("2 seconds")
      yield* deleted
    }
    const byTime = yield* Director.comesToBe(director, both, restMillis)
    return { byChange, byReload, byTime, log: daemon.log.entries.map(({ text }) => text) }
  })

/**
 * D3: the table after a start over a service that has another scheduler, persistence and a server of somebody else.
 *
 * @category actions
 * @since 0.1.0
 */
export const leftovers = (program: Daemon.Program, withinMillis: number) =>
  Effect.gen(function* () {
    const director = yield* Director.make
    yield* director.run(`ipvsadm -A -t ${vip}:80 -s rr -p 300`)
    yield* director.run(`ipvsadm -a -t ${vip}:80 -r 203.0.113.9:80 -m`)
    yield* director.run("ipvsadm -A -f 7 -s rr")
    yield* director.start(program, virtualServer([first]))
    yield* Director.comesToBe(director, ["FWM 7 rr", serviceLine(), serverLine(first)], withinMillis)
    return director.table.entries.at(-1)!.lines
  })

/**
 * D4: whether a dead server that nobody has checked yet was ever in the table: after the start, after a start that follows
 * a crash, and after a reload that adds one.
 *
 * @category actions
 * @since 0.1.0
 */
export const uncheckedServers = (program: Daemon.Program) =>
  Effect.gen(function* () {
    const director = yield* Director.make
    const wanted = [serviceLine(), serverLine(first)]
    const crashed = yield* director.start(program, virtualServer([first, second]))
    yield* Director.becomes(director, wanted)
    const atStart = Director.wasIn(director, second)

    yield* crashed.crash
    yield* crashed.exit
    const restarted = director.table.entries.length
    const daemon = yield* director.start(program, virtualServer([first, second]))
    yield* checked(daemon, second)
    yield* Director.becomes(director, wanted)
    const afterCrash = Director.wasIn(director, second, restarted)

    yield* daemon.configure(virtualServer([first, second, third]))
    const reloaded = director.table.entries.length
    const seen = daemon.log.entries.length
    yield* daemon.signal("SIGHUP")
    yield* checked(daemon, third, seen)
    yield* Director.becomes(director, wanted)
    const atReload = Director.wasIn(director, third, reloaded)
    return { atStart, afterCrash, atReload }
  })

/** Waits until the log says that a check of this server failed. */
const checked = (daemon: Daemon.Daemon, server: string, from = 0) =>
  daemon.log.waitFor(
    `failed check of ${server}`,
    ({ text }) => text.includes(server) && /is down|failed/.test(text),
    { from, withinMillis: 20_000 }
  )

/**
 * D5: `ha_suspend` on a group of which one server works: whether the table comes to hold just that one once the address is
 * here, and what it holds at the end.
 *
 * @category actions
 * @since 0.1.0
 */
export const suspendedGroup = (program: Daemon.Program, withinMillis: number) =>
  Effect.gen(function* () {
    const director = yield* Director.make
    yield* director.start(
      program,
      `virtual_server_group G {\n  ${vip} 80\n}\n` +
        virtualServer([first, second], { at: "group G", lines: ["ha_suspend"] })
    )
    yield* director.table.waitFor("service", ({ lines }) => lines.includes(serviceLine()))
    yield* director.run(`ip addr add ${vip}/32 dev lo`)
    const isChecked = yield* Director.comesToBe(director, [serviceLine(), serverLine(first)], withinMillis)
    return {
      isChecked,
      deadServed: Director.wasIn(director, second),
      after: director.table.entries.at(-1)!.lines.toSorted()
    }
  })
