/**
 * A watch of the kernel's devices, addresses, routes and neighbours that cannot miss a change.
 *
 * **Invariants**
 * 1. The first thing told is `Synchronised`. The socket listens before the lists are read, so nothing falls between.
 * 2. After a loss of notifications nothing is told but a new `Synchronised`.
 * 3. What is told leads to the kernel's state as soon as that rests.
 *
 * **Details**
 * The lists are read through the socket that listens: what was changed before a list was read arrives before the list.
 * Lists during which something changed are read again, `quietAttemptsMax` times at most; then the changes are told
 * after the snapshot.
 *
 * @since 0.1.0
 */
import * as NetlinkFilter from "@holdfast/raw-socket/NetlinkFilter"
import type * as SocketError from "@holdfast/raw-socket/SocketError"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as InterfaceAddress from "./InterfaceAddress.ts"
import * as Link from "./Link.ts"
import * as Neighbour from "./Neighbour.ts"
import * as NetlinkClient from "./NetlinkClient.ts"
import type * as NetlinkError from "./NetlinkError.ts"
import * as NetlinkTransport from "./NetlinkTransport.ts"
import * as NetworkChange from "./NetworkChange.ts"
import * as NetworkState from "./NetworkState.ts"
import * as Route from "./Route.ts"

/**
 * What can be watched.
 *
 * @category models
 * @since 0.1.0
 */
export type Topic = keyof NetworkChange.Snapshot

/**
 * What to watch and whom to tell.
 *
 * - `topics`: the others are empty in every snapshot.
 * - `onChanges`: called synchronously with all that came together; must not throw.
 * - `open`: opens a channel that is a member of the groups; the real kernel when absent.
 * - `addingPort`: the port of a client whose added addresses are not told: it knows them by its acknowledgements. They are
 *   in every snapshot, and their removal is told.
 *
 * @category models
 * @since 0.1.0
 */
export interface WatchOptions {
  readonly topics: ReadonlyArray<Topic>
  readonly onChanges: (changes: ReadonlyArray<NetworkChange.NetworkChange>) => void
  readonly open?: ((groups: ReadonlyArray<number>) => NetlinkTransport.OpenTransport) | undefined
  readonly addingPort?: number | undefined
}

/**
 * Watches until the scope closes. Returns when the first snapshot has been told.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: WatchOptions
): Effect.fn.Return<void, SocketError.SocketError | NetlinkError.NetlinkError, Scope.Scope> {
  const lost = yield* Latch.make()
  // What comes while the lists are read, or after a loss, is held; otherwise it is told at once.
  let held: Array<NetworkChange.NetworkChange> | undefined = []
  const filter =
    options.addingPort === undefined
      ? undefined
      : NetlinkFilter.ignoring(InterfaceAddress.RTM_NEWADDR, options.addingPort)
  const open = options.open ?? ((groups) => NetlinkTransport.kernel({ groups, roundsMax, filter }))
  const client = yield* NetlinkClient.make({
    open: open(options.topics.flatMap((topic) => groups[topic])),
    onNotifications: (messages) => {
      const changes = messages.map(NetworkChange.decode).filter((change) => change !== undefined)
      if (changes.length === 0) return
      if (held === undefined) options.onChanges(changes)
      else held.push(...changes)
    },
    onLoss: () => {
      held = []
      lost.openUnsafe()
    }
  })
  const synchronise = Effect.gen(function* () {
    for (let attempt = 1; ; attempt++) {
      const changes: Array<NetworkChange.NetworkChange> = []
      held = changes
      lost.closeUnsafe()
      const snapshot = yield* readSnapshot(client, options.topics)
      const isComplete = held === changes
      if (isComplete && (changes.length === 0 || attempt >= quietAttemptsMax)) {
        held = undefined
        return options.onChanges([NetworkChange.NetworkChange.Synchronised({ snapshot }), ...changes])
      }
      if (!isComplete) yield* Effect.sleep(lossInterval)
    }
  })

  yield* synchronise
  yield* lost.await.pipe(Effect.andThen(untilDone(synchronise)), Effect.forever, Effect.forkScoped)
})

/**
 * Watches devices and addresses, and calls back with the state after every change. Returns after the first call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const state = (
  onState: (state: NetworkState.NetworkState) => void,
  open?: WatchOptions["open"]
): Effect.Effect<void, SocketError.SocketError | NetlinkError.NetlinkError, Scope.Scope> =>
  Effect.suspend(() => {
    let current = NetworkState.empty
    return make({
      topics: ["links", "addresses"],
      open,
      onChanges: (changes) => {
        current = NetworkState.applyAll(current, changes)
        onState(current)
      }
    })
  })

const readSnapshot = Effect.fnUntraced(function* (
  client: NetlinkClient.NetlinkClient["Service"],
  topics: ReadonlyArray<Topic>
) {
  return {
    links: topics.includes("links") ? yield* client.dump(Link.list()) : [],
    addresses: topics.includes("addresses") ? yield* client.dump(InterfaceAddress.list()) : [],
    routes: topics.includes("routes") ? yield* client.dump(Route.list()) : [],
    neighbours: topics.includes("neighbours") ? yield* client.dump(Neighbour.list()) : []
  } satisfies NetworkChange.Snapshot
})

/** A loss is never forgotten: while the lists cannot be read, nothing that was told can be trusted. */
const untilDone = (synchronise: Effect.Effect<void, NetlinkError.NetlinkError>): Effect.Effect<void> =>
  synchronise.pipe(
    Effect.catch((error) =>
      Effect.logWarning("network state is not known: the kernel's lists cannot be read", error.message).pipe(
        Effect.andThen(Effect.sleep(retryInterval)),
        Effect.andThen(untilDone(synchronise))
      )
    )
  )

const groups: Readonly<Record<Topic, ReadonlyArray<number>>> = {
  links: [Link.RTNLGRP_LINK],
  addresses: [InterfaceAddress.RTNLGRP_IPV4_IFADDR, InterfaceAddress.RTNLGRP_IPV6_IFADDR],
  routes: [Route.RTNLGRP_IPV4_ROUTE, Route.RTNLGRP_IPV6_ROUTE],
  neighbours: [Neighbour.RTNLGRP_NEIGH]
}

/** Notifications of a burst wait in the kernel: whoever uses this thread for something urgent goes first. */
const roundsMax = 2

/** Lists take milliseconds to read; a burst of changes that outlasts three of them is told as it comes. */
const quietAttemptsMax = 3

/** A loss while the lists are read is one of a burst: the kernel's queue is emptied before they are read again. */
const lossInterval = "50 millis"

const retryInterval = "1 second"
