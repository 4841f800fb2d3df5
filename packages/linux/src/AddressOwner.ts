/**
 * What `AddressPlane` remembers of an owner, and what it asks of the kernel for it.
 *
 * @since 0.1.0
 */
import { nothingOwned, type Ownership } from "@holdfast/engine/AddressPlane"
import type { Outcome } from "@holdfast/netlink/NetlinkClient"
import type { NetworkState } from "@holdfast/netlink/NetworkState"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import * as Result from "effect/Result"
import * as AddressTable from "./AddressTable.ts"

/**
 * An owner.
 *
 * @category models
 * @since 0.1.0
 */
export interface Owner {
  name: string
  /** One of its own, whatever it is called. */
  readonly number: number
  level: Ownership
  /** Addresses that earlier levels held and this one does not, by key: to be taken away. */
  dropped: Map<string, VirtualAddress>
  /** Addresses of the level that the kernel has and that were reported, by key. */
  readonly held: Set<string>
  /** Addresses that were not there before us, by key: with `keepForeign` only these are taken away. */
  readonly added: Set<string>
}

/**
 * A level on its way to the kernel.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task {
  readonly owner: Owner
  readonly level: Ownership
  readonly failures: Array<string>
}

/**
 * One request of a task.
 *
 * @category models
 * @since 0.1.0
 */
export interface Job {
  readonly task: Task
  readonly change: AddressTable.Change
}

/** @category constructors @since 0.1.0 */
export const make = (name: string, number: number): Owner => ({
  name,
  number,
  level: nothingOwned,
  dropped: new Map(),
  held: new Set(),
  added: new Set()
})

/**
 * Returns the addresses that this program has added for an owner and the kernel has.
 *
 * @category getters
 * @since 0.1.0
 */
export const addedOf = ({ added, held, level }: Owner): ReadonlyArray<VirtualAddress> =>
  level.addresses.filter((entry) => {
    const key = AddressTable.keyOf(entry)
    return held.has(key) && added.has(key)
  })

/** @category constructors @since 0.1.0 */
export const makeTask = (owner: Owner): Task => ({ owner, level: owner.level, failures: [] })

/**
 * Gives the owner another level.
 *
 * @category actions
 * @since 0.1.0
 */
export const setLevel = (owner: Owner, level: Ownership): void => {
  for (const entry of AddressTable.dropped(owner.level, level)) {
    const key = AddressTable.keyOf(entry)
    owner.dropped.set(key, entry)
    owner.held.delete(key)
  }
  owner.level = level
}

/**
 * Notes what became of a job, and returns how an address came to be held that was not. A level that was replaced
 * meanwhile has no news: the next one asks again.
 *
 * @category actions
 * @since 0.1.0
 */
export const noteOutcome = ({ change, task }: Job, outcome: Outcome): "Added" | "Found" | undefined => {
  const { level, owner } = task
  const key = AddressTable.keyOf(change.entry)
  const wasFound = Result.isFailure(outcome)
  if (wasFound && !AddressTable.isReached(change, outcome.failure)) {
    task.failures.push(AddressTable.describeFailure(change, outcome.failure))
    return undefined
  }
  if (change._tag === "Remove") {
    owner.added.delete(key)
    return undefined
  }
  if (!wasFound) owner.added.add(key)
  if (owner.level !== level || (wasFound && owner.held.has(key))) return undefined
  owner.held.add(key)
  return wasFound ? "Found" : "Added"
}

/**
 * Returns what takes away the addresses that the owner does not hold any more. `owned` are those that somebody holds.
 *
 * @category diff
 * @since 0.1.0
 */
export const removalsOf = (
  task: Task,
  owned: ReadonlyMap<string, VirtualAddress>,
  state: NetworkState
): ReadonlyArray<Job> => {
  const { level, owner } = task
  const unwanted = [...owner.dropped].filter(
    ([key, entry]) =>
      !AddressTable.isSameEntry(entry, owned.get(key)) && (!level.keepForeign || owner.added.has(key))
  )
  owner.dropped = new Map()
  const changes = AddressTable.surplus(
    unwanted.map(([, entry]) => entry),
    owner.added,
    state
  )
  return changes.map((change) => ({ task, change }))
}

/**
 * Returns what adds the addresses that are not held. Every address that is new to the level is asserted, whatever the
 * watch says: it may be a moment behind.
 *
 * @category diff
 * @since 0.1.0
 */
export const additionsOf = (task: Task, state: NetworkState): ReadonlyArray<Job> => {
  const { held } = task.owner
  if (!task.level.owned) return []
  const wanted = task.level.addresses.filter((entry) => !held.has(AddressTable.keyOf(entry)))
  const { changes, stranded } = AddressTable.missing(wanted, state)
  task.failures.push(...stranded.map(describeStranded))
  return changes.map((change) => ({ task, change }))
}

/**
 * Returns what somebody holds, by key.
 *
 * @category getters
 * @since 0.1.0
 */
export const ownedBy = (owners: Iterable<Owner>): ReadonlyMap<string, VirtualAddress> => {
  const owned = new Map<string, VirtualAddress>()
  for (const { level } of owners)
    if (level.owned) for (const entry of level.addresses) owned.set(AddressTable.keyOf(entry), entry)
  return owned
}

/** Forgets an address as held, whoever owns it. @category actions @since 0.1.0 */
export const forget = (owners: Iterable<Owner>, key: string): void => {
  for (const { held } of owners) held.delete(key)
}

/** Forgets the addresses of a device as held: it takes them along. @category actions @since 0.1.0 */
export const forgetDevice = (owners: Iterable<Owner>, name: string): void => {
  for (const { held } of owners) for (const key of held) if (key.startsWith(`${name} `)) held.delete(key)
}

/** @category predicates @since 0.1.0 */
export const lacksSome = ({ held, level }: Owner): boolean =>
  level.owned && held.size < level.addresses.length

const describeStranded = (entry: VirtualAddress): string =>
  `${entry.address}: interface ${entry.interface} does not exist; it is added when it appears`
