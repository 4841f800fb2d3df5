/**
 * How running routers become those wanted.
 *
 * **Details** what leaves goes first, since a new router may take its place; then devices and channels for what comes;
 * then what changed and what is new begins. What did not change is not touched.
 *
 * @since 0.1.0
 */
import type { Parameters } from "@holdfast/vrrp/Parameters"
import * as RouterSet from "@holdfast/vrrp/RouterSet"
import type { SyncGroup } from "@holdfast/vrrp/SharedParameters"
import type { Instant } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
import type { ApplyReport } from "./EngineEvent.ts"
import type { Routers } from "./Routers.ts"
import type { RunningRouter } from "./RunningRouter.ts"

/**
 * What a reload needs of its engine.
 *
 * @category models
 * @since 0.1.0
 */
export interface Means {
  readonly routers: Routers
  /** Opens and closes channels, and tells routers of their devices. */
  readonly settleLinks: Effect.Effect<void>
  /** Starts a router, now or when the start-up delay is over. */
  readonly begin: (router: RunningRouter, at: Instant) => void
}

/**
 * Makes the running routers and groups those wanted, by difference.
 *
 * @category main
 * @since 0.1.0
 */
export const apply = Effect.fnUntraced(function* (
  { begin, routers, settleLinks }: Means,
  wanted: ReadonlyArray<Parameters>,
  groups: ReadonlyArray<SyncGroup>,
  at: Instant
) {
  const running = routers.all().map((router) => router.state().parameters)
  const plan = RouterSet.diff(running, wanted)
  const runningOf = ({ name }: Parameters): RunningRouter => routers.named(name)!
  const replaced = plan.replaced.map(({ from, to }) => ({ router: runningOf(from), to }))
  const changed = plan.changed.map(({ from, to }) => ({ router: runningOf(from), to }))
  routers.remove([...plan.removed.map(runningOf), ...replaced.map(({ router }) => router)], at)
  const started = [
    ...replaced.map(({ router, to }) => routers.add(to, router.tally)),
    ...plan.added.map((parameters) => routers.add(parameters))
  ]
  // Nobody meets another under one name: only a name that nobody had is new to one that goes on.
  for (const { router, to } of changed) routers.rename(router, to.name)
  routers.reindex()
  routers.regroup(groups, at)
  yield* settleLinks
  for (const { router, to } of changed) {
    // A device that is new to the router would count as missing until it is told of it.
    router.tellLinks(at, to)
    routers.tellObservations(router, at, to)
    router.step({ _tag: "Reconfigured", at, parameters: to })
  }
  for (const router of started) {
    routers.tellObservations(router, at)
    begin(router, at)
  }
  const names = (list: ReadonlyArray<Parameters>) => list.map(({ name }) => name)
  return {
    kept: names(plan.kept),
    changed: names(plan.changed.map(({ to }) => to)),
    replaced: names(plan.replaced.map(({ to }) => to)),
    added: names(plan.added),
    removed: names(plan.removed)
  } satisfies ApplyReport
})
