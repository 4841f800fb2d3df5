/**
 * `AddressPlane` on rtnetlink: addresses as levels.
 *
 * **Details**
 * One fiber works. `set` and `release` change an owner and ring; so does a notification that an address is gone, a device
 * appeared or the watch started anew. All that waits, of all owners, is one list of jobs, removals first. It goes to the
 * kernel in parts, and what a part has added is reported when the kernel has answered: the first addresses of a thousand
 * are announced while the kernel adds the others. An add that meets the address, or a removal that misses it, has reached
 * its level: the watch may be a moment behind the kernel.
 *
 * @since 0.1.0
 */
import {
  AddressEvent,
  AddressPlane,
  type Ownership,
  type OwnershipLevels
} from "@holdfast/engine/AddressPlane"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import type { NetworkChange } from "@holdfast/netlink/NetworkChange"
import type { Outcome } from "@holdfast/netlink/NetlinkClient"
import type { NetworkState } from "@holdfast/netlink/NetworkState"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
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

interface Owner {
  name: string
  level: Ownership
  /** Addresses that earlier levels held and this one does not, by key: to be taken away. */
  dropped: Map<string, VirtualAddress>
  /** Addresses of the level that the kernel has and that were reported, by key. */
  readonly held: Set<string>
  /** Addresses that were not there before us, by key: with `keepForeign` only these are taken away. */
  readonly added: Set<string>
}

/** A level on its way to the kernel. */
interface Task {
  readonly owner: Owner
  readonly level: Ownership
  readonly failures: Array<string>
}

interface Job {
  readonly task: Task
  readonly change: AddressTable.Change
}

const open = Effect.fnUntraced(function* (onEvent: (event: AddressEvent) => void) {
  const network = yield* KernelNetwork
  const owners = new Map<string, Owner>()
  const due = new Set<Owner>()
  const rings = yield* Queue.sliding<void>(1)
  const ring = (): void => void Queue.offerUnsafe(rings, undefined)
  let inspect = false

  const set = (name: string, level: Ownership): void => {
    const owner = owners.get(name) ?? makeOwner(name)
    owners.set(name, owner)
    for (const entry of AddressTable.dropped(owner.level, level)) {
      const key = AddressTable.keyOf(entry)
      owner.dropped.set(key, entry)
      owner.held.delete(key)
    }
    owner.level = level
    due.add(owner)
    ring()
  }

  const release = (name: string): void => {
    set(name, { ...(owners.get(name)?.level ?? nothing), owned: false })
    owners.delete(name)
  }

  const rename = (from: string, to: string): void => {
    const owner = owners.get(from)
    if (owner === undefined) return
    owners.delete(from)
    owner.name = to
    owners.set(to, owner)
  }

  /** Does jobs in one exchange; returns the addresses that are held now and were not, by owner. */
  const carryOut = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job>, wanted: "Added" | "AddedOrFound") {
    const outcomes = yield* network.client.requestAll(jobs.map(({ change }) => change.request))
    const news = new Map<Owner, Array<Ipv4Address>>()
    for (const [index, job] of jobs.entries()) {
      const how = noteOutcome(job, outcomes[index]!)
      if (how === undefined || (how === "Found" && wanted === "Added")) continue
      const { owner } = job.task
      const addresses = news.get(owner)
      if (addresses === undefined) news.set(owner, [job.change.entry.address])
      else addresses.push(job.change.entry.address)
    }
    return news
  })

  const settle = Effect.fnUntraced(function* (tasks: ReadonlyArray<Task>) {
    const owned = ownedKeys(owners.values())
    const jobs = [
      ...tasks.flatMap((task) => removalsOf(task, owned, network.state())),
      ...tasks.flatMap((task) => additionsOf(task, network.state()))
    ]
    for (let start = 0; start < jobs.length; start += jobsPerPart) {
      for (const [{ name }, addresses] of yield* carryOut(
        jobs.slice(start, start + jobsPerPart),
        "AddedOrFound"
      ))
        onEvent(AddressEvent.AddressesHeld({ owner: name, addresses }))
    }
    for (const { level } of tasks) if (!level.owned) AddressTable.prepare(level.addresses, network.state())
    for (const { failures, level, owner } of tasks)
      onEvent(AddressEvent.OwnershipChanged({ owner: owner.name, owned: level.owned, failures }))
  })

  /** Puts back what is owned and known not to be held. What is found in place after all was never gone. */
  const repair = Effect.gen(function* () {
    const jobs = [...owners.values()].flatMap((owner): ReadonlyArray<Job> => {
      if (!owner.level.owned || due.has(owner)) return []
      return additionsOf(makeTask(owner), network.state())
    })
    if (jobs.length === 0) return
    for (const [{ name }, addresses] of yield* carryOut(jobs, "Added"))
      onEvent(AddressEvent.AddressesRestored({ owner: name, addresses }))
  })

  const work = Effect.gen(function* () {
    yield* Queue.take(rings)
    while (due.size > 0) {
      const tasks = [...due].map(makeTask)
      due.clear()
      yield* settle(tasks)
    }
    if (!inspect) return
    inspect = false
    yield* repair
  })

  const look = (): void => {
    inspect = true
    ring()
  }
  /** Forgets as held what the kernel does not have. */
  const compareWith = (state: NetworkState): void => {
    const present = AddressTable.presentIn(state)
    for (const { held } of owners.values()) for (const key of held) if (!present.has(key)) held.delete(key)
  }
  const onChanges = (changes: ReadonlyArray<NetworkChange>): void => {
    for (const change of changes) {
      if (change._tag === "Synchronised") compareWith(network.state())
      else if (change._tag === "LinkRemoved") forgetDevice(owners.values(), change.link.name)
      else if (change._tag === "AddressRemoved") forget(owners.values(), network.state(), change.address)
    }
    if ([...owners.values()].some(lacksSome)) look()
  }
  const compareAll = Effect.gen(function* () {
    const addresses = yield* network.client.dump(InterfaceAddress.list())
    compareWith({
      links: network.state().links,
      addresses: Map.groupBy(addresses, ({ linkIndex }) => linkIndex)
    })
    look()
  }).pipe(Effect.catch((error) => Effect.logWarning(`addresses cannot be compared: ${error.message}`)))

  yield* Effect.acquireRelease(
    Effect.sync(() => network.onChanges(onChanges)),
    (unsubscribe) => Effect.sync(unsubscribe)
  )
  yield* Effect.forkScoped(Effect.forever(work))
  yield* compareAll.pipe(Effect.delay(compareInterval), Effect.forever, Effect.forkScoped)

  return { set, release, rename } satisfies OwnershipLevels
})

const makeOwner = (name: string): Owner => ({
  name,
  level: nothing,
  dropped: new Map(),
  held: new Set(),
  added: new Set()
})

const makeTask = (owner: Owner): Task => ({ owner, level: owner.level, failures: [] })

const nothing: Ownership = { owned: false, addresses: [], keepForeign: false }

/**
 * Notes what became of a job, and returns how an address came to be held that was not. A level that was replaced
 * meanwhile has no news: the next one asks again.
 */
const noteOutcome = ({ change, task }: Job, outcome: Outcome): "Added" | "Found" | undefined => {
  const { level, owner } = task
  const key = AddressTable.keyOf(change.entry)
  const wasFound = Result.isFailure(outcome)
  if (wasFound && !AddressTable.isReached(change, outcome.failure)) {
    task.failures.push(outcome.failure.message)
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

const removalsOf = (task: Task, owned: ReadonlySet<string>, state: NetworkState): ReadonlyArray<Job> => {
  const { level, owner } = task
  const unwanted = [...owner.dropped].filter(
    ([key]) => !owned.has(key) && (!level.keepForeign || owner.added.has(key))
  )
  owner.dropped = new Map()
  const changes = AddressTable.surplus(
    unwanted.map(([, entry]) => entry),
    owner.added,
    state
  )
  return changes.map((change) => ({ task, change }))
}

/** Every address that is new to the level is asserted, whatever the watch says: it may be a moment behind. */
const additionsOf = (task: Task, state: NetworkState): ReadonlyArray<Job> => {
  const { held } = task.owner
  if (!task.level.owned) return []
  const wanted = task.level.addresses.filter((entry) => !held.has(AddressTable.keyOf(entry)))
  const { changes, stranded } = AddressTable.missing(wanted, state)
  task.failures.push(...stranded.map(describeStranded))
  return changes.map((change) => ({ task, change }))
}

const ownedKeys = (owners: Iterable<Owner>): ReadonlySet<string> => {
  const keys = new Set<string>()
  for (const { level } of owners)
    if (level.owned) for (const entry of level.addresses) keys.add(AddressTable.keyOf(entry))
  return keys
}

/** Forgets an address as held, whoever owns it on that device. */
const forget = (
  owners: Iterable<Owner>,
  { links }: NetworkState,
  gone: InterfaceAddress.InterfaceAddress
): void => {
  const key = `${links.get(gone.linkIndex)?.name} ${gone.address}/${gone.prefixLength}`
  for (const { held } of owners) held.delete(key)
}

/** A device takes its addresses along. */
const forgetDevice = (owners: Iterable<Owner>, name: string): void => {
  for (const { held } of owners) for (const key of held) if (key.startsWith(`${name} `)) held.delete(key)
}

const lacksSome = ({ held, level }: Owner): boolean => level.owned && held.size < level.addresses.length

const describeStranded = (entry: VirtualAddress): string =>
  `${entry.address}: interface ${entry.interface} does not exist; it is added when it appears`

/** As many as one datagram takes: the kernel answers about a millisecond later. */
const jobsPerPart = 100

/** Even a notification that was lost twice is made good after this long. */
const compareInterval = "30 seconds"
