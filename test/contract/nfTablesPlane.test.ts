/** The contract of the forwarding plane on nf_tables. */
import { describe } from "@effect/vitest"
import * as NfTablesPlane from "@holdfast/linux/nftables/NfTablesPlane"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import * as Child from "../lab/Child.ts"
import * as Namespace from "../lab/Namespace.ts"
import { forwardingPlaneContract } from "./forwardingPlane.contract.ts"
import { type Abilities, type RunPlane, web } from "./ForwardingPlaneHarness.ts"

/** Thresholds are kept and read back, and said to be without effect when the configuration is checked. */
const abilities: Abilities = {
  methods: ["Nat"],
  protocols: ["TCP", "UDP", "SCTP"],
  firewallMarks: true,
  thresholds: true,
  timeouts: false,
  syncDaemon: false
}

/** Serves `web` and connects to it, all on one machine: destination NAT reaches what a machine sends itself, too. */
const connections = (count: number): string => `
  const { createServer, connect } = require("node:net")
  const { once } = require("node:events")
  const main = async () => {
    const servers = ${JSON.stringify(Array.from(web.destinations.values()))}.map(({ address, port }) =>
      createServer((socket) => socket.end()).listen(port, address))
    await Promise.all(servers.map((server) => once(server, "listening")))
    for (let index = 0; index < ${count}; index++) await once(connect(80, "192.0.2.1").resume(), "close")
    for (const server of servers) server.close()
  }
  main()
`

const run: RunPlane = (test) =>
  Effect.gen(function* () {
    const namespace = yield* Namespace.make("director")
    const addresses = ["192.0.2.1", "198.51.100.1", "198.51.100.2"]
    const lines = ["link set lo up", ...addresses.map((one) => `address add ${one}/32 dev lo`)]
    yield* Child.run(namespace, ["ip", "-batch", "-"], `${lines.join("\n")}\n`)
    yield* test({
      open: NfTablesPlane.open(() => {}).pipe(
        NetworkNamespace.provide(namespace),
        Effect.catchTag("SocketError", Effect.die)
      ),
      connect: (count) =>
        Effect.orDie(Effect.asVoid(Child.run(namespace, [process.execPath, "-e", connections(count)]))),
      // The kernel counts a packet before it answers it: what was connected is counted.
      eventually: (what, check) =>
        Effect.flatMap(Effect.orDie(check), (isTrue) =>
          isTrue ? Effect.void : Effect.die(new Error(`it is not true that ${what}`))
        )
    })
  }).pipe(Effect.scoped)

describe("nf_tables", () => {
  forwardingPlaneContract(run, abilities)
})
