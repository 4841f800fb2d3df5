/**
 * Measuring two programs in turn, so that what the machine does meanwhile meets both.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Daemon from "../lab/Daemon.ts"
import * as Machine from "./Machine.ts"

/**
 * What one round has measured.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pair<A> {
  readonly keepalived: A
  readonly holdfast: A
}

/**
 * Runs keepalived, ours, keepalived, ours ... each run in a scope of its own, after the machine is quiet.
 *
 * @category actions
 * @since 0.1.0
 */
export const inTurn = <A, E>(
  rounds: number,
  contenders: Pair<Daemon.Program>,
  run: (program: Daemon.Program) => Effect.Effect<A, E, Scope.Scope>
): Effect.Effect<ReadonlyArray<Pair<A>>, E> => {
  const once = (program: Daemon.Program) => Effect.andThen(Machine.quiet, Effect.scoped(run(program)))
  const round = Effect.all({ keepalived: once(contenders.keepalived), holdfast: once(contenders.holdfast) })
  return Effect.forEach(Array.from({ length: rounds }), () => round)
}

/**
 * Runs ours alone as often, each run in a scope of its own, after the machine is quiet.
 *
 * @category actions
 * @since 0.1.0
 */
export const alone = <A, E>(
  rounds: number,
  run: Effect.Effect<A, E, Scope.Scope>
): Effect.Effect<ReadonlyArray<A>, E> =>
  Effect.forEach(Array.from({ length: rounds }), () => Effect.andThen(Machine.quiet, Effect.scoped(run)))

/**
 * Applies a function to both sides of each pair.
 *
 * @category getters
 * @since 0.1.0
 */
export const map = <A, B>(pairs: ReadonlyArray<Pair<A>>, f: (value: A) => B): ReadonlyArray<Pair<B>> =>
  pairs.map((pair) => ({ keepalived: f(pair.keepalived), holdfast: f(pair.holdfast) }))
