/**
 * One director with IPVS and its servers, all in one namespace, where starting little matters: the service address and the
 * servers' are on the loopback device, and to IPVS they are like any others.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Child from "../lab/Child.ts"
import * as Daemon from "../lab/Daemon.ts"
import type { Journal, NeverCame } from "../lab/Journal.ts"
import * as Namespace from "../lab/Namespace.ts"
import * as Peer from "../lab/Peer.ts"
import * as Topology from "../lab/Topology.ts"
import * as KernelTable from "./KernelTable.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Director {
  readonly namespace: Namespace.Namespace
  readonly peer: Peer.Peer
  readonly table: Journal<KernelTable.Snapshot>
  readonly run: (words: string) => Effect.Effect<string, Child.CommandFailed>
  /** Starts a daemon that runs the virtual servers of a file. */
  readonly start: (
    program: Daemon.Program,
    configuration: string
  ) => Effect.Effect<Daemon.Daemon, never, Scope.Scope>
}

/**
 * The service address, which is not here yet.
 *
 * @category constants
 * @since 0.1.0
 */
export const vip = "192.0.2.1"

/**
 * The servers' addresses.
 *
 * @category constants
 * @since 0.1.0
 */
export const [first, second, third] = ["198.51.100.1", "198.51.100.2", "198.51.100.3"] as const

/**
 * The servers' port.
 *
 * @category constants
 * @since 0.1.0
 */
export const port = 8080

/**
 * Makes one whose first server listens, with nothing in its table.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Director, Child.CommandFailed | NeverCame, Scope.Scope> = Effect.gen(
  function* () {
    const namespace = yield* Namespace.make("director")
    yield* Topology.ip(namespace, [
      "link set lo up",
      ...[first, second, third].map((address) => `addr add ${address}/32 dev lo`)
    ])
    const peer = yield* Peer.make(namespace)
    yield* peer.listen(first, port)
    const run = (words: string) =>
      Child.run(namespace, words.split(" ") as [string, ...ReadonlyArray<string>])
    // Loads the module.
    yield* run("ipvsadm -Ln")
    return {
      namespace,
      peer,
      table: yield* KernelTable.watch(peer.pid),
      run,
      start: (program, configuration) => Daemon.start(namespace, program, configuration)
    }
  }
)

/**
 * A virtual server whose servers have TCP checks every second.
 *
 * @category constructors
 * @since 0.1.0
 */
export const virtualServer = (
  servers: ReadonlyArray<string>,
  options: {
    /** `192.0.2.1 80` by default; a group's name as `group NAME`. */
    readonly at?: string
    readonly scheduler?: string
    /** Seconds between two checks; 1 by default. */
    readonly delay?: number
    readonly lines?: ReadonlyArray<string>
    readonly serverLines?: ReadonlyArray<string>
    readonly check?: ReadonlyArray<string>
  } = {}
): string =>
  [
    `virtual_server ${options.at ?? `${vip} 80`} {`,
    `  delay_loop ${options.delay ?? 1}`,
    `  lb_algo ${options.scheduler ?? "wlc"}`,
    "  lb_kind NAT",
    "  protocol TCP",
    ...(options.lines ?? []).map((line) => `  ${line}`),
    ...servers.flatMap((address) => [
      `  real_server ${address} ${port} {`,
      ...(options.serverLines ?? []).map((line) => `    ${line}`),
      ...(options.check ?? ["TCP_CHECK {", "  connect_timeout 1", "}"]).map((line) => `    ${line}`),
      "  }"
    ]),
    "}",
    ""
  ].join("\n")

/**
 * The line of the table for a service with this scheduler.
 *
 * @category getters
 * @since 0.1.0
 */
export const serviceLine = (scheduler = "wlc"): string => `TCP ${vip}:80 ${scheduler}`

/**
 * The line of the table for a server of the service.
 *
 * @category getters
 * @since 0.1.0
 */
export const serverLine = (address: string, weight = 1): string => `${vip}:80 > ${address}:${port} ${weight}`

/**
 * Waits until the table is exactly so.
 *
 * @category actions
 * @since 0.1.0
 */
export const becomes = (
  director: Director,
  lines: ReadonlyArray<string>,
  withinMillis = patienceMillis
): Effect.Effect<void, NeverCame> =>
  Effect.asVoid(
    director.table.waitFor(`table [${lines.join(", ")}]`, (snapshot) => isSame(snapshot.lines, lines), {
      // As it is now counts.
      from: director.table.entries.length - 1,
      withinMillis
    })
  )

/**
 * Returns whether the table comes to be exactly so in a time.
 *
 * @category actions
 * @since 0.1.0
 */
export const comesToBe = (
  director: Director,
  lines: ReadonlyArray<string>,
  withinMillis: number
): Effect.Effect<boolean> => Effect.map(Effect.option(becomes(director, lines, withinMillis)), Option.isSome)

/**
 * Whether a server was ever in the table since an entry of the journal.
 *
 * @category guards
 * @since 0.1.0
 */
export const wasIn = (director: Director, address: string, from = 0): boolean =>
  director.table.entries
    .slice(from)
    .some(({ lines }) => lines.some((line) => line.includes(` > ${address}:${port} `)))

const isSame = (left: ReadonlyArray<string>, right: ReadonlyArray<string>): boolean =>
  left.toSorted().join("\n") === right.toSorted().join("\n")

/** A stalled machine included. */
const patienceMillis = 20_000
