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
  const carryOut = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job>) {
    const outcomes = yield* network.client.requestAll(jobs.map(({ change }) => change.request))
    const news = new Map<Owner, Array<Ipv4Address>>()
    for (const [index, job] of jobs.entries()) {
      if (!isNewlyHeld(job, outcomes[index]!)) continue
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
    const parts = Array.from({ length: Math.ceil(jobs.length / jobsPerPart) }, (_, part) =>
      jobs.slice(part * jobsPerPart, (part + 1) * jobsPerPart)
    )
    const doPart = Effect.fnUntraced(function* (part: ReadonlyArray<Job>) {
      for (const [{ name }, addresses] of yield* carryOut(part))
        onEvent(AddressEvent.AddressesHeld({ owner: name, addresses }))
    })
    yield* Effect.forEach(parts, doPart, { concurrency: partsUnderWay, discard: true })
    for (const { level } of tasks) if (!level.owned) AddressTable.prepare(level.addresses, network.state())
    for (const { failures, level, owner } of tasks)
      onEvent(AddressEvent.OwnershipChanged({ owner: owner.name, owned: level.owned, failures }))
  })

  /** Looks at everything that is owned and puts back what is gone. */
  const repair = Effect.gen(function* () {
    const jobs = [...owners.values()].flatMap((owner): ReadonlyArray<Job> => {
      if (!owner.level.owned || due.has(owner)) return []
      const task = makeTask(owner)
      const { changes } = AddressTable.missing(owner.level.addresses, network.state())
      return changes.map((change) => ({ task, change }))
    })
    if (jobs.length === 0) return
    for (const [{ name }, addresses] of yield* carryOut(jobs))
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
  const onChanges = (changes: ReadonlyArray<NetworkChange>): void => {
    if (changes.some((change) => mayHaveTaken(change, owners.values()))) look()
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => network.onChanges(onChanges)),
    (unsubscribe) => Effect.sync(unsubscribe)
  )
  yield* Effect.forkScoped(Effect.forever(work))
  yield* Effect.sync(look).pipe(Effect.delay(inspectInterval), Effect.forever, Effect.forkScoped)

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

/** Notes what became of a job. A level that was replaced meanwhile has no news: the next one asks again. */
const isNewlyHeld = ({ change, task }: Job, outcome: Outcome): boolean => {
  const { level, owner } = task
  const key = AddressTable.keyOf(change.entry)
  const wasFound = Result.isFailure(outcome)
  if (wasFound && !AddressTable.isReached(change, outcome.failure)) {
    task.failures.push(outcome.failure.message)
    return false
  }
  if (change._tag === "Remove") {
    owner.added.delete(key)
    return false
  }
  if (!wasFound) owner.added.add(key)
  if (owner.level !== level || (wasFound && owner.held.has(key))) return false
  owner.held.add(key)
  return true
}

const removalsOf = (task: Task, owned: ReadonlySet<string>, state: NetworkState): ReadonlyArray<Job> => {
  const { level, owner } = task
  const unwanted = [...owner.dropped].filter(
    ([key]) => !owned.has(key) && (!level.keepForeign || owner.added.has(key))
  )
  owner.dropped = new Map()
  const changes = AddressTable.surplus(
    unwanted.map(([, entry]) => entry),
    state
  )
  return changes.map((change) => ({ task, change }))
}

/** Every address that is new to the level is asserted, whatever the watch says: it may be a moment behind. */
const additionsOf = (task: Task, { links }: NetworkState): ReadonlyArray<Job> => {
  const { held } = task.owner
  if (!task.level.owned) return []
  const wanted = task.level.addresses.filter((entry) => !held.has(AddressTable.keyOf(entry)))
  const { changes, stranded } = AddressTable.missing(wanted, { links, addresses: new Map() })
  task.failures.push(...stranded.map(describeStranded))
  return changes.map((change) => ({ task, change }))
}

const ownedKeys = (owners: Iterable<Owner>): ReadonlySet<string> => {
  const keys = new Set<string>()
  for (const { level } of owners)
    if (level.owned) for (const entry of level.addresses) keys.add(AddressTable.keyOf(entry))
  return keys
}

/** Whether a change can mean that something owned is gone, or can be held now. */
const mayHaveTaken = (change: NetworkChange, owners: Iterable<Owner>): boolean => {
  switch (change._tag) {
    case "Synchronised":
    case "LinkChanged":
      return true
    case "AddressRemoved": {
      const { address } = change.address
      for (const { level } of owners)
        if (level.owned && level.addresses.some((entry) => entry.address === address)) return true
      return false
    }
    default:
      return false
  }
}

const describeStranded = (entry: VirtualAddress): string =>
  `${entry.address}: interface ${entry.interface} does not exist; it is added when it appears`

/** As many as one datagram takes: the kernel answers about a millisecond later. */
const jobsPerPart = 100

/** While the answer of one part is read the kernel does the next. */
const partsUnderWay = 2

/** Even a notification that was lost twice is made good after this long. */
const inspectInterval = "30 seconds"
