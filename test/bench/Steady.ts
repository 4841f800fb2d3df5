/**
 * A director that is Master of its virtual routers and has announced them all: nothing is left but adverts.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CommandFailed } from "../lab/Child.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Topology from "../lab/Topology.ts"
import * as Routers from "./Routers.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Steady {
  readonly topology: Topology.Topology
  readonly daemon: Daemon.Daemon
}

/**
 * Not the priority of an owner: the Master begins when its start is over.
 *
 * @category constants
 * @since 0.1.0
 */
export const priority = 200

/**
 * Three seconds and the skew to become Master, five to the second announcement (`garp_master_delay`), room.
 *
 * @category constants
 * @since 0.1.0
 */
export const settledMillis = 10_000

/**
 * Starts a director and waits until it is past its second announcement.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  program: Daemon.Program,
  routerCount: number,
  pace: Routers.Pace = Routers.everySecond
): Effect.Effect<Steady, CommandFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    const daemon = yield* Daemon.start(
      topology.LD1,
      program,
      Routers.many("LD1", routerCount, () => priority, pace)
    )
    yield* Effect.sleep(settledMillis)
    return { topology, daemon }
  })
