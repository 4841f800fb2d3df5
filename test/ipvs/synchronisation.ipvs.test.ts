/** Connections that outlive their director: what the synchronisation daemon is for. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Child from "../lab/Child.ts"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Peer from "../lab/Peer.ts"
import * as Topology from "../lab/Topology.ts"

const program = Daemon.balancing(Daemon.underTest)
const synchronised = (director: Configuration.Director): string =>
  `${Configuration.scenario("a-basic", director)}\nglobal_defs {\n  lvs_sync_daemon eth0 VI_1\n}\n`
/** In User-Mode Linux, wall clock. */
const patience = { withinMillis: 40_000 } as const
const isMaster = ({ text }: Daemon.LogLine): boolean => /Backup -> Master/.test(text)

describe("two of our directors on IPVS", () => {
  it.live("a connection goes on through the other director when the Master's link goes down", () =>
    Effect.gen(function* () {
      const topology = yield* Topology.make
      for (const name of ["LS1", "LS2"] as const) {
        const server = yield* Peer.make(topology[name])
        yield* server.listen(Topology.port(name, "eth0").address, 80)
      }
      const client = yield* Peer.make(topology.client)
      const LD1 = yield* Daemon.start(topology.LD1, program, synchronised("LD1"))
      const LD2 = yield* Daemon.start(topology.LD2, program, synchronised("LD2"))
      yield* LD1.log.waitFor("its role as Master", isMaster, patience)
      const connections = Child.run(topology.LD2, ["ipvsadm", "-Lnc"])
      const shows = (output: string): boolean => /ESTABLISHED/.test(output)

      yield* client.connect(Topology.clientVip, 80)
      const server = yield* client.ask
      assert.include(
        ["LS1", "LS2"].map((name) => Topology.port(name as "LS1" | "LS2", "eth0").address),
        server
      )
      // The kernel tells of a connection once it has seen a few packets of it.
      yield* Effect.andThen(client.ask, connections).pipe(
        Effect.repeat({ until: shows, schedule: Schedule.spaced("100 millis") }),
        Effect.timeout("20 seconds")
      )
      yield* Topology.ip(topology.LD1, ["link set eth0 down"])
      yield* LD2.log.waitFor("its role as Master", isMaster, patience)

      assert.strictEqual(yield* client.ask, server)
    })
  )
})
