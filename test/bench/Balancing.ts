/**
 * A program that balances load on the loopback of a namespace of its own, and the table it makes there.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import type { ForwardingTable } from "@holdfast/balancer/ForwardingTable"
import { type ServiceAddress, keyOf } from "@holdfast/balancer/Service"
import type { OpenForwardingPlane } from "@holdfast/engine/ForwardingPlane"
import type { IpAddress } from "@holdfast/wire/Address"
import * as IpvsPlane from "@holdfast/linux/ipvs/IpvsPlane"
import * as NfTablesPlane from "@holdfast/linux/nftables/NfTablesPlane"
import * as Native from "@holdfast/native/Native"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CommandFailed } from "../lab/Child.ts"
import * as Daemon from "../lab/Daemon.ts"
import type { Namespace } from "../lab/Namespace.ts"
import * as Contender from "./Contender.ts"
import * as RealServers from "./RealServers.ts"
import * as VirtualServers from "./VirtualServers.ts"

/**
 * - `startedAt`: when the program was started, by `performance.now`.
 * - `plane`: the kernel's table, asked by netlink.
 * - `checkingProcess`: whose first thread makes the checks; keepalived has a process for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Balancing {
  readonly namespace: Namespace
  readonly daemon: Daemon.Daemon
  readonly startedAt: number
  readonly plane: OpenForwardingPlane
  readonly checkingProcess: () => number
}

/**
 * Starts a program on a configuration, beside real servers that answer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  program: Daemon.Program,
  servers: string,
  configuration: string
): Effect.Effect<Balancing, CommandFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const namespace = yield* RealServers.start(servers)
    const plane = yield* Effect.orDie(openInside(namespace))
    const startedAt = performance.now()
    const daemon = yield* Daemon.start(namespace, program, configuration)
    const checkingProcess = () =>
      program.name === "keepalived"
        ? Number(readFileSync(Contender.checkersPidFile(daemon.files), "utf8"))
        : daemon.pid
    return { namespace, daemon, startedAt, plane, checkingProcess }
  })

/**
 * Waits until the kernel has this many services and destinations that get connections, and returns how many milliseconds
 * that was after the start.
 *
 * @category actions
 * @since 0.1.0
 */
export const filled = (
  { plane, startedAt }: Balancing,
  { count, serversEach }: VirtualServers.Shape
): Effect.Effect<number> =>
  Effect.gen(function* () {
    for (;;) {
      yield* Effect.sleep(fillPollMillis)
      const at = performance.now()
      const table = yield* Effect.orDie(plane.read)
      if (table.size === count && serving(table) === count * serversEach) return at - startedAt
      if (at - startedAt > fillMillisMax)
        throw new Error(`the table has ${table.size} services with ${serving(table)} servers`)
    }
  })

/**
 * Gives the last real server another weight, asks for a reload, and returns how many milliseconds later the kernel has it.
 *
 * @category actions
 * @since 0.1.0
 */
export const reweighted = (
  { daemon, plane }: Balancing,
  shape: VirtualServers.Shape,
  lastWeight: number
): Effect.Effect<number> =>
  Effect.gen(function* () {
    const address = endpoint(shape.count - 1)
    yield* daemon.configure(VirtualServers.many({ ...shape, lastWeight }))
    const at = performance.now()
    yield* daemon.signal("SIGHUP")
    while (performance.now() - at < reloadMillisMax) {
      const table = yield* Effect.orDie(plane.readServices([address]))
      const destinations = [...(table.get(keyOf(address))?.destinations.values() ?? [])]
      if (destinations.some(({ weight }) => weight === lastWeight)) return performance.now() - at
      yield* Effect.sleep(reloadPollMillis)
    }
    throw new Error(`${daemon.program.name} did not set the weight`)
  })

/** Planes open their sockets where the thread is, and later work from anywhere. */
const openInside = Effect.fnUntraced(function* (namespace: Namespace) {
  const home = yield* NetworkNamespace.current
  return yield* Effect.acquireUseRelease(
    move(namespace.fd),
    () =>
      Effect.catchIf(
        IpvsPlane.open,
        (error) => error.reason === "Unsupported",
        () => NfTablesPlane.open(() => {})
      ),
    () => move(home.fd)
  )
})

const move = (fd: number): Effect.Effect<void> =>
  Effect.sync(() => {
    const outcome = Native.load().setns(fd)
    if (outcome < 0) throw new Error(`the thread cannot change its network namespace (errno ${-outcome})`)
  })

const serving = (table: ForwardingTable): number => {
  let count = 0
  for (const { destinations } of table.values())
    for (const { weight } of destinations.values()) if (weight > 0) count += 1
  return count
}

const endpoint = (index: number): ServiceAddress => ({
  _tag: "Endpoint",
  protocol: "TCP",
  address: VirtualServers.address(index) as IpAddress,
  port: VirtualServers.port
})

// A reading of the whole table takes time from what is measured.
const fillPollMillis = 200
const fillMillisMax = 120_000
// Each question takes a millisecond of the only processor of User-Mode Linux.
const reloadPollMillis = 10
const reloadMillisMax = 30_000
