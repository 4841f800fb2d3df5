/**
 * Two directors on the scenarios' network, with both bridges captured.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Capture from "./Capture.ts"
import type { CommandFailed } from "./Child.ts"
import type { Director } from "./Configuration.ts"
import * as Daemon from "./Daemon.ts"
import * as Frame from "./Frame.ts"
import type { Journal, NeverCame } from "./Journal.ts"
import * as Topology from "./Topology.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Network {
  readonly topology: Topology.Topology
  /** The servers' side, where the adverts are. */
  readonly vmbr: Journal<Frame.Frame>
  /** The client's side, where the client's address is announced. */
  readonly br0: Journal<Frame.Frame>
}

/**
 * Builds the network and captures both bridges.
 *
 * @category constructors
 * @since 0.1.0
 */
export const network: Effect.Effect<Network, CommandFailed, Scope.Scope> = Effect.gen(function* () {
  const topology = yield* Topology.make
  const [vmbr, br0] = yield* Effect.all(
    [Capture.start(topology.bridges, "vmbr"), Capture.start(topology.bridges, "br0")],
    { concurrency: "unbounded" }
  )
  return { topology, vmbr, br0 }
})

/**
 * Starts a daemon in a director.
 *
 * @category constructors
 * @since 0.1.0
 */
export const direct = (
  on: Network,
  director: Director,
  program: Daemon.Program,
  configuration: string
): Effect.Effect<Daemon.Daemon, never, Scope.Scope> =>
  Daemon.start(on.topology[director], program, configuration)

/**
 * Waits for an advert of a director: it is Master.
 *
 * @category actions
 * @since 0.1.0
 */
export const advert = (
  on: Network,
  director: Director,
  wait: { readonly from?: number; readonly priority?: number } = {}
): Effect.Effect<Frame.Advert, NeverCame> =>
  on.vmbr.waitFor(
    `advert of ${director}${wait.priority === undefined ? "" : ` with priority ${wait.priority}`}`,
    Frame.advertOf(address(director), wait.priority),
    { from: wait.from }
  )

/**
 * Waits until the middle between two adverts of a director: an act here cannot keep the phase by chance.
 *
 * @category actions
 * @since 0.1.0
 */
export const midInterval = (on: Network, director: Director): Effect.Effect<void, NeverCame> =>
  Effect.andThen(
    advert(on, director, { from: on.vmbr.entries.length }),
    Effect.sleep(advertIntervalMillis / 2)
  )

/**
 * Returns the address a director sends its adverts from.
 *
 * @category getters
 * @since 0.1.0
 */
export const address = (director: Director): string => Topology.port(director, "eth0").address

// Of the scenarios, by default.
const advertIntervalMillis = 1_000
