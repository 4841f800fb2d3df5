/**
 * `AddressPlane` on rtnetlink: addresses as levels.
 *
 * **Details**
 * One fiber works. `set` and `release` leave a task and ring; so does a notification that an address is gone, a device
 * appeared or the watch started anew. All that waits goes to the kernel in one exchange. An add that meets the address,
 * or a removal that misses it, has reached its level: the watch may be a moment behind the kernel.
 *
 * @since 0.1.0
 */
import {
  AddressEvent,
  AddressPlane,
  type Ownership,
  type OwnershipLevels
} from "@holdfast/engine/AddressPlane"
import type { NetworkChange } from "@holdfast/netlink/NetworkChange"
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
  /** Addresses that earlier levels held and this one does not, by key. */
  readonly dropped: ReadonlyMap<string, VirtualAddress>
}

/** A change with the owner it is made for. */
interface Job {
  readonly owner: string
  readonly change: AddressTable.Change
}

/** `Found`: the kernel was there already. */
type Done =
  | (Job & { readonly _tag: "Changed" })
  | (Job & { readonly _tag: "Found" })
  | { readonly _tag: "Refused"; readonly owner: string; readonly message: string }

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
    const dropped = new Map(tasks.get(owner)?.dropped)
    for (const entry of AddressTable.dropped(levels.get(owner), ownership))
      dropped.set(AddressTable.keyOf(entry), entry)
    levels.set(owner, ownership)
    tasks.set(owner, { owner, ownership, dropped })
    ring()
  }

  const release = (owner: string): void => {
    const level = levels.get(owner)
    set(owner, { owned: false, addresses: level?.addresses ?? [], keepForeign: level?.keepForeign ?? false })
    levels.delete(owner)
  }

  const rename = (from: string, to: string): void => {
    move(levels, from, to)
    move(foreign, from, to)
    const task = tasks.get(from)
    if (task === undefined) return
    tasks.delete(from)
    tasks.set(to, { ...task, owner: to })
  }

  const removalsOf = (task: Task, owned: ReadonlySet<string>): ReadonlyArray<AddressTable.Change> => {
    const kept = foreign.get(task.owner)
    const unwanted = [...task.dropped].filter(([key]) => !owned.has(key) && kept?.has(key) !== true)
    return AddressTable.surplus(
      unwanted.map(([, entry]) => entry),
      network.state()
    )
  }

  /** Does jobs in one exchange and returns what became of each. */
  const carryOut = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job>) {
    const outcomes = yield* network.client.requestAll(jobs.map(({ change }) => change.request))
    return jobs.map(({ owner, change }, index): Done => {
      const outcome = outcomes[index]!
      if (Result.isSuccess(outcome)) return { _tag: "Changed", owner, change }
      if (AddressTable.isReached(change, outcome.failure)) return { _tag: "Found", owner, change }
      return { _tag: "Refused", owner, message: outcome.failure.message }
    })
  })

  const settle = Effect.fnUntraced(function* (due: ReadonlyArray<Task>) {
    const owned = ownedKeys(levels)
    const failures = new Map<string, Array<string>>(due.map(({ owner }) => [owner, []]))
    const jobs = due.flatMap((task): ReadonlyArray<Job> => {
      const wanted = task.ownership.owned ? task.ownership.addresses : []
      // Every owned address is asserted, whatever the watch says: it may be a moment behind.
      const additions = AddressTable.missing(wanted, { links: network.state().links, addresses: new Map() })
      failures.get(task.owner)?.push(...additions.stranded.map(describeStranded))
      return [...removalsOf(task, owned), ...additions.changes].map((change) => ({
        owner: task.owner,
        change
      }))
    })
    const keepers = new Set(due.filter(({ ownership }) => ownership.keepForeign).map(({ owner }) => owner))
    for (const done of yield* carryOut(jobs)) {
      if (done._tag === "Refused") failures.get(done.owner)?.push(done.message)
      else if (done._tag === "Found" && done.change._tag === "Add" && keepers.has(done.owner))
        foreign.set(
          done.owner,
          (foreign.get(done.owner) ?? new Set()).add(AddressTable.keyOf(done.change.entry))
        )
    }
    for (const { ownership } of due)
      if (!ownership.owned) AddressTable.prepare(ownership.addresses, network.state())
    for (const { owner, ownership } of due)
      onEvent(
        AddressEvent.OwnershipChanged({ owner, owned: ownership.owned, failures: failures.get(owner) ?? [] })
      )
  })

  /** Looks at everything that is owned and puts back what is gone. */
  const repair = Effect.gen(function* () {
    const jobs = [...levels].flatMap(([owner, level]): ReadonlyArray<Job> => {
      if (!level.owned || tasks.has(owner)) return []
      return AddressTable.missing(level.addresses, network.state()).changes.map((change) => ({
        owner,
        change
      }))
    })
    if (jobs.length === 0) return
    const restored = (yield* carryOut(jobs)).filter((done) => done._tag === "Changed")
    for (const [owner, changed] of Map.groupBy(restored, (done) => done.owner))
      onEvent(
        AddressEvent.AddressesRestored({
          owner,
          addresses: changed.map(({ change }) => change.entry.address)
        })
      )
  })

  const work = Effect.gen(function* () {
    yield* Queue.take(rings)
    while (tasks.size > 0) {
      const due = [...tasks.values()]
      tasks.clear()
      yield* settle(due)
    }
    if (!inspect) return
    inspect = false
    yield* repair
  })

  const look = (): void => {
    inspect = true
    ring()
  }
  const onChanges = (changes: ReadonlyArray<NetworkChange>): void => {
    if (changes.some((change) => mayHaveTaken(change, levels))) look()
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => network.onChanges(onChanges)),
    (unsubscribe) => Effect.sync(unsubscribe)
  )
  yield* Effect.forkScoped(Effect.forever(work))
  yield* Effect.sync(look).pipe(Effect.delay(inspectInterval), Effect.forever, Effect.forkScoped)

  return { set, release, rename } satisfies OwnershipLevels
})

const ownedKeys = (levels: ReadonlyMap<string, Ownership>): ReadonlySet<string> => {
  const keys = new Set<string>()
  for (const level of levels.values())
    if (level.owned) for (const entry of level.addresses) keys.add(AddressTable.keyOf(entry))
  return keys
}

/** Whether a change can mean that something owned is gone, or can be held now. */
const mayHaveTaken = (change: NetworkChange, levels: ReadonlyMap<string, Ownership>): boolean => {
  switch (change._tag) {
    case "Synchronised":
    case "LinkChanged":
      return true
    case "AddressRemoved": {
      const { address } = change.address
      for (const level of levels.values())
        if (level.owned && level.addresses.some((entry) => entry.address === address)) return true
      return false
    }
    default:
      return false
  }
}

const describeStranded = (entry: VirtualAddress): string =>
  `${entry.address}: interface ${entry.interface} does not exist; it is added when it appears`

const move = <A>(map: Map<string, A>, from: string, to: string): void => {
  const value = map.get(from)
  if (value === undefined) return
  map.delete(from)
  map.set(to, value)
}

/** Even a notification that was lost twice is made good after this long. */
const inspectInterval = "30 seconds"
