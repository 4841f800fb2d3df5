/**
 * Keeps the kernel's forwarding table as it is wanted: a level, not a sequence of commands.
 *
 * **Details**
 * - `want` marks services; a fiber carries out the difference between what the kernel is believed to have and what is
 *   wanted, in one go for all that was marked meanwhile.
 * - What was changed is read back `verifyDelay` later; everything is compared every `compareInterval`, when the kernel says that
 *   somebody else changed the table, and when an edit shows that it is not as believed. A difference is put right and told.
 * - A setting that comes back unchanged after it was put right may be the kernel's own opinion: it is told once, and from
 *   then on put right when everything is compared. What is missing or too much is put right and told whenever it is seen.
 * - Without a plane what is wanted is kept, and opening it is tried again.
 *
 * **Invariants**
 * 1. Only services that are or were wanted are ever touched, unless everything is to be flushed.
 * 2. A service counts as set when the kernel acknowledged it, never before.
 *
 * @since 0.1.0
 */
import type * as ForwardingTable from "@holdfast/balancer/ForwardingTable"
import type { Service } from "@holdfast/balancer/Service"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { ForwardingPlane, ForwardingPlaneError, type OpenForwardingPlane } from "../ForwardingPlane.ts"
import * as Belief from "./Belief.ts"

/**
 * What a keeper tells.
 *
 * @category models
 * @since 0.1.0
 */
export type TableNews =
  | { readonly _tag: "PlaneOpened"; readonly kind: "ipvs" | "nf_tables" }
  | { readonly _tag: "PlaneFailed"; readonly message: string }
  | { readonly _tag: "TableRepaired"; readonly repairs: ReadonlyArray<string> }
  | { readonly _tag: "EditsRefused"; readonly messages: ReadonlyArray<string> }
  | { readonly _tag: "ForeignServices"; readonly services: ReadonlyArray<string> }

/**
 * @category models
 * @since 0.1.0
 */
export interface TableKeeper {
  /** What the kernel had when the plane was opened; empty when there is none. */
  readonly found: ForwardingTable.ForwardingTable
  /** Wants a service to be so, or not to be. Never waits. */
  readonly want: (key: string, service: Service | undefined) => void
  /**
   * Says that everything that shall be was wanted: what else was found is foreign, or goes. Returns when the table is so.
   */
  readonly claimed: Effect.Effect<void>
  /** Returns when all that is wanted now was carried out or refused. */
  readonly settled: Effect.Effect<void>
  /** Compares all of our services with the kernel now; where there is no plane yet, opening it is tried again first. */
  readonly compare: Effect.Effect<void>
  /** Uses the plane; fails where there is none. */
  readonly use: <A>(
    job: (plane: OpenForwardingPlane) => Effect.Effect<A, ForwardingPlaneError>
  ) => Effect.Effect<A, ForwardingPlaneError>
  readonly kind: () => "ipvs" | "nf_tables" | "none"
  /** What the kernel refused and is not set, by service, in words. */
  readonly refusals: () => ReadonlyMap<string, string>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface KeeperOptions {
  readonly choice: "ipvs" | "nf_tables" | "auto"
  /** Services that were found and that nobody wants go, too (`lvs_flush`). */
  readonly flush: boolean
  readonly tell: (news: TableNews) => void
}

/**
 * Opens the plane, reads it, and keeps it until the scope closes; the table stays then as it is.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: KeeperOptions
): Effect.fn.Return<TableKeeper, never, ForwardingPlane | Scope.Scope> {
  const port = yield* ForwardingPlane
  const scope = yield* Effect.scope
  const oneAtATime = yield* Semaphore.make(1)
  const work = yield* Latch.make(false)
  const belief = Belief.make()
  let plane: OpenForwardingPlane | undefined
  let failureTold = ""
  let compareAsked = false
  let isClaimed = false

  const open = Effect.gen(function* () {
    const opened = yield* Scope.provide(
      port.open(options.choice, () => {
        compareAsked = true
        work.openUnsafe()
      }),
      scope
    )
    const found = yield* opened.read
    plane = opened
    options.tell({ _tag: "PlaneOpened", kind: opened.kind })
    belief.find(found)
    return found
  }).pipe(
    Effect.catch((error) =>
      Effect.sync((): ForwardingTable.ForwardingTable => {
        if (error.message !== failureTold) options.tell({ _tag: "PlaneFailed", message: error.message })
        failureTold = error.message
        return new Map()
      })
    )
  )

  /** Of what was found and nobody wants: on nf_tables the table is ours alone. */
  const claim = (): void => {
    const foreign = belief.claim(options.flush || plane?.kind === "nf_tables")
    if (foreign.length > 0) options.tell({ _tag: "ForeignServices", services: foreign })
  }

  const carryOut = Effect.fnUntraced(function* (opened: OpenForwardingPlane) {
    const pending = belief.takePending()
    const refusals = pending.edits.length === 0 ? [] : yield* opened.apply(pending.edits)
    const { mistaken, news } = belief.carriedOut(pending, refusals)
    if (news.length > 0) options.tell({ _tag: "EditsRefused", messages: news })
    if (mistaken.size > 0) yield* compare(opened, mistaken)
  })

  /** Reads services back, all of ours if none are named; tells what differs and puts it right. */
  const compare: (
    opened: OpenForwardingPlane,
    keys?: ReadonlySet<string>,
    thorough?: boolean
  ) => Effect.Effect<void, ForwardingPlaneError> = Effect.fnUntraced(function* (
    opened,
    keys,
    thorough = keys === undefined
  ) {
    const actual = yield* keys === undefined ? opened.read : opened.readServices(belief.addressesOf(keys))
    const repairs = belief.compare(actual, keys ?? belief.keys(), thorough)
    if (repairs.length > 0) options.tell({ _tag: "TableRepaired", repairs })
    // What is mistaken again changes faster than it can be put right: the next comparison goes on with it.
    const pending = belief.takePending()
    if (pending.edits.length === 0) return
    const { news } = belief.carriedOut(pending, yield* opened.apply(pending.edits))
    if (news.length > 0) options.tell({ _tag: "EditsRefused", messages: news })
  })

  const withPlane = (
    job: (opened: OpenForwardingPlane) => Effect.Effect<void, ForwardingPlaneError>
  ): Effect.Effect<void> =>
    oneAtATime.withPermit(
      Effect.suspend(() => (plane === undefined ? Effect.void : job(plane))).pipe(
        Effect.catch((error) =>
          Effect.sync(() => options.tell({ _tag: "EditsRefused", messages: [error.message] }))
        )
      )
    )

  const settle = withPlane((opened) =>
    Effect.gen(function* () {
      yield* carryOut(opened)
      if (!compareAsked) return
      compareAsked = false
      yield* compare(opened)
    })
  )
  const reopen = oneAtATime.withPermit(
    Effect.suspend(() => (plane === undefined ? Effect.map(open, () => isClaimed && claim()) : Effect.void))
  )
  /** In parts, so that no edit waits until all of a large table is read. What nf_tables has is read as a whole. */
  const compareKeys = (keys: ReadonlySet<string>, thorough: boolean): Effect.Effect<void> =>
    Effect.forEach(
      plane?.kind === "ipvs" ? partsOf(keys) : [keys],
      (part) => withPlane((opened) => compare(opened, part, thorough)),
      { discard: true }
    )
  const compareAll = Effect.gen(function* () {
    yield* reopen
    yield* withPlane((opened) => {
      belief.retryRefused()
      return carryOut(opened)
    })
    yield* compareKeys(belief.keys(), true)
  })

  const serve = Effect.gen(function* () {
    yield* work.await
    work.closeUnsafe()
    yield* settle
  })
  const verify = Effect.gen(function* () {
    yield* Effect.sleep(verifyDelay)
    const keys = belief.takeUnverified()
    if (keys.size > 0) yield* compareKeys(keys, false)
  })
  const tend = Effect.gen(function* () {
    yield* Effect.sleep(compareInterval)
    yield* compareAll
  })

  const found = yield* open
  yield* Effect.forkScoped(Effect.forever(serve))
  yield* Effect.forkScoped(Effect.forever(verify))
  yield* Effect.forkScoped(Effect.forever(tend))
  return {
    found,
    want: (key, service) => {
      belief.want(key, service)
      work.openUnsafe()
    },
    claimed: Effect.suspend(() => {
      isClaimed = true
      claim()
      return settle
    }),
    settled: settle,
    compare: compareAll,
    use: (job) =>
      Effect.suspend(() =>
        plane === undefined
          ? Effect.fail(new ForwardingPlaneError({ reason: "Unsupported", message: failureTold }))
          : job(plane)
      ),
    kind: () => plane?.kind ?? "none",
    refusals: belief.refusals
  }
})

const partsOf = (keys: ReadonlySet<string>): ReadonlyArray<ReadonlySet<string>> => {
  const all = [...keys]
  const count = Math.ceil(all.length / partMax)
  return Array.from(
    { length: count },
    (_, index) => new Set(all.slice(index * partMax, (index + 1) * partMax))
  )
}

/** Services that are read in one go: some milliseconds. */
const partMax = 100

/** How long after a change it is read back: others who write the table are scripts, which take a moment. */
const verifyDelay = "1 second"

/** IPVS tells nobody of changes: a foreign edit lasts at most this long. */
const compareInterval = "30 seconds"
