/**
 * The programs that can play a virtual router: our daemon and keepalived by a file, FRR by its own.
 */
import * as Effect from "effect/Effect"
import type * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frr from "../lab/Frr.ts"
import type * as Election from "../lab/rules/Election.ts"
import * as Statistics from "../lab/Statistics.ts"
import * as Witness from "../lab/Witness.ts"

/**
 * Where the addresses are while a director has them.
 */
export interface Owned {
  readonly networkInterface: string
  readonly addresses: ReadonlyArray<string>
}

/**
 * Returns our daemon or keepalived with a file for each director.
 */
export const daemon = (
  program: Daemon.Program,
  configuration: (director: Configuration.Director) => string,
  owned: Owned
): Election.Player => ({
  lostCount: 0,
  start: (segment, director) =>
    Effect.gen(function* () {
      const running = yield* Daemon.start(segment[director], program, configuration(director))
      let ended = false
      const owns = Effect.map(
        Effect.forEach(owned.addresses, (address) =>
          Witness.owns(segment[director], owned.networkInterface, address)
        ),
        (each) => each.every(Boolean)
      )
      const says = Effect.suspend(() => {
        if (ended) return Effect.succeed({ role: "", complaints: [] })
        return program.name === "keepalived" ? Effect.sync(() => saysKeepalived(running)) : saysOurs(running)
      })
      return {
        crash: running.crash,
        leave: Effect.tap(Daemon.stop(running), () => Effect.sync(() => (ended = true))),
        view: Effect.gen(function* () {
          return { ...(yield* says), owns: yield* owns }
        })
      }
    })
})

/**
 * Returns FRR's vrrpd. Its addresses are always on its device: it has them in use while it says that it is Master. Its
 * device comes up when it has sent its first advert, which over IPv6 leaves by that device, so it is lost.
 */
export const frr = (
  family: Frr.Router["family"],
  router: (director: Configuration.Director) => Omit<Frr.Router, "family">
): Election.Player => ({
  lostCount: family === "ip" ? 0 : 1,
  start: (segment, director) =>
    Effect.gen(function* () {
      const running = yield* Frr.start(segment[director], { ...router(director), family })
      let ended = false
      return {
        crash: running.crash,
        leave: Effect.gen(function* () {
          yield* running.signal("SIGTERM")
          const exit = yield* running.exit
          ended = true
          return exit
        }),
        view: Effect.suspend(() =>
          ended
            ? Effect.succeed({ role: "", complaints: [], owns: false })
            : Effect.map(running.show, ({ status }) => ({
                role: status,
                complaints: [],
                owns: status === "Master"
              }))
        )
      }
    })
})

const saysOurs = (running: Daemon.Daemon): Effect.Effect<Omit<Election.View, "owns">> =>
  Effect.map(Statistics.read(running), ({ routers }) => ({
    role: routers[0]?.role ?? "",
    complaints: Object.entries(routers[0]?.statistics.drops ?? {}).flatMap(([reason, count]) =>
      count > 0 ? [`${count} ${reason}`] : []
    )
  }))

const saysKeepalived = (running: Daemon.Daemon): Omit<Election.View, "owns"> => {
  const lines = running.log.entries.map(({ text }) => text)
  const entered = lines.findLast((line) => line.includes("Entering"))
  return {
    role: entered?.includes("MASTER") === true ? "Master" : "Backup",
    complaints: lines.filter((line) => refusal.test(line))
  }
}

const refusal = /mismatch|invalid|wrong|unexpected|missing|ignor|dropp|expect/i
