/**
 * `AddressPlane` on rtnetlink: addresses as levels.
 *
 * **Details**
 * One fiber repairs. `set` and `release` leave a task and ring; a change of the kernel's table, or half a minute, rings
 * for a look at everything that is owned. An add that meets the address, or a removal that misses it, has reached its
 * level: the watch may be a moment behind the kernel.
 *
 * @since 0.1.0
 */
import { AddressEvent, AddressPlane, type Ownership } from "@holdfast/engine/AddressPlane"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as AddressTable from "./AddressTable.ts"
import { KernelNetwork } from "./KernelNetwork.ts"

/**
 * The port on this kernel.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<AddressPlane, never, KernelNetwork> = Layer.effect(
  AddressPlane,
  Effect.gen(function* () {
    const network = yield* KernelNetwork
    return AddressPlane.of({
      open: (onEvent) => Effect.provideService(open(onEvent), KernelNetwork, network)
    })
  })
)

interface Task {
  readonly owner: string
  readonly ownership: Ownership
  /** Addresses that earlier levels held and this one does not. */
  readonly dropped: ReadonlyArray<VirtualAddress>
}

const open = Effect.fnUntraced(function* (onEvent: (event: AddressEvent) => void) {
  const network = yield* KernelNetwork
  const levels = new Map<string, Ownership>()
  const tasks = new Map<string, Task>()
  /** Addresses that an owner with `keepForeign` found in place: not ours to take away. */
  const foreign = new Map<string, Set<string>>()
  const rings = yield* Queue.sliding<void>(1)
  const ring = (): void => void Queue.offerUnsafe(rings, undefined)
  let inspect = false

  const set = (owner: string, ownership: Ownership): void => {
    const waiting = tasks.get(owner)
    const dropped = AddressTable.dropped(levels.get(owner), ownership)
    levels.set(owner, ownership)
    tasks.set(owner, { owner, ownership, dropped: [...(waiting?.dropped ?? []), ...dropped] })
    ring()
  }

  const ownedByAnyone = (): ReadonlySet<string> => {
    const keys = new Set<string>()
    for (const level of levels.values())
      if (level.owned) for (const entry of level.addresses) keys.add(AddressTable.keyOf(entry))
    return keys
  }

  const carryOut = Effect.fnUntraced(function* (task: Task, owned: ReadonlySet<string>) {
    const kept = foreign.get(task.owner)
    const unwanted = task.dropped.filter((entry) => {
      const key = AddressTable.keyOf(entry)
      return !owned.has(key) && kept?.has(key) !== true
    })
    const state = network.state()
    const removals = AddressTable.surplus(unwanted, state)
    // Every address of an owned level is asserted, whatever the watch says: it may be a moment behind.
    const additions = task.ownership.owned
      ? AddressTable.missing(task.ownership.addresses, { ...state, addresses: new Map() })
      : []
    const failures = yield* apply([...removals, ...additions], (entry) => {
      if (task.ownership.keepForeign) remember(task.owner, entry)
    })
    onEvent(AddressEvent.OwnershipChanged({ owner: task.owner, owned: task.ownership.owned, failures }))
  })

  const remember = (owner: string, entry: VirtualAddress): void => {
    const kept = foreign.get(owner) ?? new Set()
    foreign.set(owner, kept.add(AddressTable.keyOf(entry)))
  }

  const apply = Effect.fnUntraced(function* (
    changes: ReadonlyArray<AddressTable.Change | AddressTable.Stranded>,
    onFound: (entry: VirtualAddress) => void
  ) {
    const doable = changes.filter(isDoable)
    const outcomes = yield* network.client.requestAll(doable.map((change) => change.request))
    const failures = changes.flatMap((change) =>
      change._tag === "Stranded"
        ? [
            `${change.entry.address}: interface ${change.entry.interface} does not exist; it is added when it appears`
          ]
        : []
    )
    outcomes.forEach((outcome, index) => {
      const change = doable[index]!
      if (Result.isSuccess(outcome)) return
      if (isReached(change, outcome.failure)) {
        if (change._tag === "Add") onFound(change.entry)
      } else failures.push(outcome.failure.message)
    })
    return failures
  })

  /** Looks at everything that is owned and puts back what is gone. */
  const repair = Effect.gen(function* () {
    for (const [owner, level] of levels) {
      if (!level.owned || tasks.has(owner)) continue
      const changes = AddressTable.missing(level.addresses, network.state()).filter(isDoable)
      if (changes.length === 0) continue
      const outcomes = yield* network.client.requestAll(changes.map((change) => change.request))
      const restored = changes.filter((_, index) => Result.isSuccess(outcomes[index]!))
      if (restored.length > 0)
        onEvent(
          AddressEvent.AddressesRestored({ owner, addresses: restored.map(({ entry }) => entry.address) })
        )
    }
  })

  const work = Effect.gen(function* () {
    yield* Queue.take(rings)
    while (tasks.size > 0) {
      const due = [...tasks.values()]
      tasks.clear()
      const owned = ownedByAnyone()
      for (const task of due) yield* carryOut(task, owned)
    }
    if (!inspect) return
    inspect = false
    yield* repair
  })

  const look = (): void => {
    inspect = true
    ring()
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => network.onChange(look)),
    (unsubscribe) => Effect.sync(unsubscribe)
  )
  yield* Effect.forkScoped(Effect.forever(work))
  yield* Effect.sync(look).pipe(Effect.delay(inspectInterval), Effect.forever, Effect.forkScoped)

  return {
    set,
    release: (owner: string) => {
      const level = levels.get(owner)
      set(owner, {
        owned: false,
        addresses: level?.addresses ?? [],
        keepForeign: level?.keepForeign ?? false
      })
      levels.delete(owner)
    },
    rename: (from: string, to: string) => {
      move(levels, from, to)
      move(foreign, from, to)
      const task = tasks.get(from)
      if (task === undefined) return
      tasks.delete(from)
      tasks.set(to, { ...task, owner: to })
    }
  }
})

const isDoable = (change: AddressTable.Change | AddressTable.Stranded): change is AddressTable.Change =>
  change._tag !== "Stranded"

const isReached = (change: AddressTable.Change, error: NetlinkError): boolean =>
  change._tag === "Add" ? error.reason === "AlreadyExists" : error.reason === "NotFound"

const move = <A>(map: Map<string, A>, from: string, to: string): void => {
  const value = map.get(from)
  if (value === undefined) return
  map.delete(from)
  map.set(to, value)
}

/** Even a notification that was lost twice is made good after this long. */
const inspectInterval = "30 seconds"
