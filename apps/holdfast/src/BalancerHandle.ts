/**
 * The balancer as the daemon sees it: made when a file first has virtual servers, then told, listened to and stopped.
 *
 * @since 0.1.0
 */
import type { ScriptDefaults } from "@holdfast/wire/Script"
import { setFlagsFromString } from "node:v8"
import type { Parameters } from "@holdfast/balancer/Parameters"
import type { Balancer } from "@holdfast/engine/balancer/Balancer"
import { BalancerEnded } from "@holdfast/engine/balancer/BalancerEnded"
import * as BalancerEvent from "@holdfast/engine/balancer/BalancerEvent"
import type { BalancerStatus } from "@holdfast/engine/balancer/BalancerStatus"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type * as Log from "./Log.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface BalancerHandle {
  /**
   * Makes the virtual servers those wanted, one set after the other. Never waits: a large table takes seconds, and signals
   * must not.
   */
  readonly apply: (wanted: Parameters) => Effect.Effect<void>
  /** A virtual router took a role. */
  readonly tellRole: (router: string, isMaster: boolean) => void
  /** Absent while there was never a virtual server. */
  readonly status: Effect.Effect<BalancerStatus | undefined>
  readonly stop: (options: { readonly keepServices: boolean }) => Effect.Effect<void>
  /** Fails when the balancer cannot go on. */
  readonly ended: Effect.Effect<never, BalancerEnded>
}

/**
 * Makes a handle whose balancer lives, once there is one, until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  log: Log.Log
): Effect.fn.Return<BalancerHandle, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const masters = new Set<string>()
  const ended = yield* Deferred.make<never, BalancerEnded>()
  let balancer: Balancer["Service"] | undefined
  /** Read whenever a script runs: a reload may change it. */
  const scripts: { -readonly [K in keyof ScriptDefaults]: ScriptDefaults[K] } = { security: false }

  const open = Effect.gen(function* () {
    // Thousands of checks are a load that stays hot: docs/decisions/0014 says why the compilers were off.
    for (const flag of compilers) setFlagsFromString(flag)
    const runtime = yield* Effect.tryPromise({
      try: () => import("./BalancerRuntime.ts"),
      // A release that was replaced meanwhile has no such part any more.
      catch: (error) =>
        new BalancerEnded({ message: `the balancer cannot be loaded: ${String(error)}; restart the daemon` })
    })
    const opened = yield* runtime.open(scripts, (event) => {
      const { level, message } = BalancerEvent.describe(event)
      log.write(level, message, { event })
    })
    for (const router of masters) yield* opened.tellRole(router, true)
    yield* Effect.forkScoped(Deferred.into(opened.ended, ended))
    return opened
  })

  const oneAtATime = yield* Semaphore.make(1)
  const applyNow = Effect.fnUntraced(function* (wanted: Parameters) {
    if (balancer === undefined && wanted.virtualServers.length === 0) return
    for (const key of ["user", "group"] as const) delete scripts[key]
    Object.assign(scripts, wanted.scripts)
    balancer ??= yield* Scope.provide(open, scope)
    const { added, changed } = yield* balancer.apply(wanted)
    const touched = new Set([...added, ...changed])
    if (serverCount(wanted, touched) >= compactedMin) yield* Effect.forkIn(compactLater, scope)
  })

  return {
    apply: (wanted) =>
      oneAtATime.withPermit(applyNow(wanted)).pipe(
        Effect.catch((error) => Deferred.fail(ended, error)),
        Effect.forkIn(scope),
        Effect.asVoid
      ),
    tellRole: (router, isMaster) => {
      if (isMaster) masters.add(router)
      else masters.delete(router)
      if (balancer !== undefined) Effect.runFork(balancer.tellRole(router, isMaster))
    },
    status: Effect.suspend(
      (): Effect.Effect<BalancerStatus | undefined> => balancer?.status ?? Effect.succeed(undefined)
    ),
    ended: Deferred.await(ended),
    stop: (options) => Effect.suspend(() => balancer?.stop(options) ?? Effect.void)
  }
})

const compactLater = Effect.gen(function* () {
  yield* Effect.sleep(settledAfter)
  const { compact } = yield* Effect.promise(() => import("./Compaction.ts"))
  compact()
})

const serverCount = ({ virtualServers }: Parameters, touched: ReadonlySet<string>): number =>
  virtualServers.reduce(
    (count, { name, realServers }) => count + (touched.has(name) ? realServers.length : 0),
    0
  )

/** Where fewer real servers were touched there is little to give back, and compacting itself stops all checks for a moment. */
const compactedMin = 1_000

/** By then every check has its first result and the table was read back. */
const settledAfter = "10 seconds"

const compilers = ["--opt", "--maglev"]
