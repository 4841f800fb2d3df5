/**
 * `AddressPlane` on rtnetlink: addresses, routes and rules as levels.
 *
 * **Details**
 * One fiber works. `set` and `release` change an owner and ring; so does a notification that something is gone, a device
 * appeared or the watch started anew. Addresses that wait, of all owners, are one list of jobs, removals first. It goes to
 * the kernel in parts, and what a part has added is reported when the kernel has answered: the first addresses of a thousand
 * are announced while the kernel adds the others. An add that meets the address, or a removal that misses it, has reached
 * its level: the watch may be a moment behind the kernel.
 *
 * What this program makes bears its mark, the number 112 of VRRP: `ip addr show proto 112`, `ip route show proto 112`,
 * `ip rule show protocol 112`. There is one Holdfast in a network namespace; the marks of another would be swept away.
 *
 * @since 0.1.0
 */
import {
  AddressEvent,
  AddressPlane,
  nothingOwned,
  type Ownership,
  type OwnershipLevels
} from "@holdfast/engine/AddressPlane"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import type { NetworkChange } from "@holdfast/netlink/NetworkChange"
import type { NetworkState } from "@holdfast/netlink/NetworkState"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as AcceptFilter from "./AcceptFilter.ts"
import * as AddressOwner from "./AddressOwner.ts"
import * as AddressTable from "./AddressTable.ts"
import { ArpGuard } from "./device/ArpGuard.ts"
import { KernelNetwork } from "./KernelNetwork.ts"
import * as Routing from "./Routing.ts"
import { LastWill } from "./will/LastWill.ts"

/**
 * The port on this kernel.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<AddressPlane, never, KernelNetwork | ArpGuard> = Layer.effect(
  AddressPlane,
  Effect.gen(function* () {
    const network = yield* KernelNetwork
    const guard = yield* ArpGuard
    const will = yield* LastWill
    return AddressPlane.of({
      open: (onEvent) =>
        open(onEvent).pipe(
          Effect.provideService(KernelNetwork, network),
          Effect.provideService(ArpGuard, guard),
          Effect.provideService(LastWill, will)
        )
    })
  })
)

const open = Effect.fnUntraced(function* (onEvent: (event: AddressEvent) => void) {
  const network = yield* KernelNetwork
  const guard = yield* ArpGuard
  const will = yield* LastWill
  const owners = new Map<string, AddressOwner.Owner>()
  const due = new Set<AddressOwner.Owner>()
  const rings = yield* Queue.sliding<void>(1)
  const ring = (): void => void Queue.offerUnsafe(rings, undefined)
  let inspect = false
  let isSweepDue = false
  let ownersMade = 0
  const look = (): void => {
    inspect = true
    ring()
  }
  const routing = yield* Routing.make(network, look)
  const filter = yield* AcceptFilter.make(look)
  const levels = (): ReadonlyArray<Ownership> => Array.from(owners.values(), ({ level }) => level)

  const set = (name: string, level: Ownership): void => {
    const owner = owners.get(name) ?? AddressOwner.make(name, (ownersMade += 1))
    owners.set(name, owner)
    AddressOwner.setLevel(owner, level)
    guard.set(name, new Set(level.addresses.map((entry) => entry.interface)))
    due.add(owner)
    ring()
  }

  const release = (name: string): void => {
    set(name, { ...(owners.get(name)?.level ?? nothingOwned), owned: false })
    owners.delete(name)
    guard.set(name, new Set())
  }

  const rename = (from: string, to: string): void => {
    const owner = owners.get(from)
    if (owner === undefined) return
    owners.delete(from)
    owner.name = to
    owners.set(to, owner)
    guard.set(from, new Set())
    guard.set(to, new Set(owner.level.addresses.map((entry) => entry.interface)))
  }

  /** Who is killed leaves nothing behind: behind the announcements, since it takes a moment for a thousand addresses. */
  const bequeath = (tasks: ReadonlyArray<AddressOwner.Task>): void => {
    for (const { owner } of tasks)
      will.write(
        `addresses ${owner.number}`,
        AddressTable.removals(AddressOwner.addedOf(owner), network.state())
      )
    will.write("routing", routing.removals())
    will.write("accept", filter.removals(), "netfilter")
  }

  const sweep = (): void => {
    isSweepDue = true
    ring()
  }

  /** Does jobs in one exchange; returns the addresses that are held now and were not, by owner. */
  const carryOut = Effect.fnUntraced(function* (
    jobs: ReadonlyArray<AddressOwner.Job>,
    wanted: "Added" | "AddedOrFound"
  ) {
    const outcomes = yield* network.client.requestAll(jobs.map(({ change }) => change.request))
    const news = new Map<AddressOwner.Owner, Array<IpAddress>>()
    for (const [index, job] of jobs.entries()) {
      const how = AddressOwner.noteOutcome(job, outcomes[index]!)
      if (how === undefined || (how === "Found" && wanted === "Added")) continue
      const { owner } = job.task
      const addresses = news.get(owner)
      if (addresses === undefined) news.set(owner, [job.change.entry.address])
      else addresses.push(job.change.entry.address)
    }
    return news
  })

  const settleAddresses = Effect.fnUntraced(function* (tasks: ReadonlyArray<AddressOwner.Task>) {
    const dropping = tasks.filter(({ owner }) => owner.dropped.size > 0)
    const owned = AddressOwner.ownedBy(dropping.length > 0 ? owners.values() : [])
    const jobs = [
      ...dropping.flatMap((task) => AddressOwner.removalsOf(task, owned, network.state())),
      ...tasks.flatMap((task) => AddressOwner.additionsOf(task, network.state()))
    ]
    for (let start = 0; start < jobs.length; start += jobsPerPart) {
      for (const [{ name }, addresses] of yield* carryOut(
        jobs.slice(start, start + jobsPerPart),
        "AddedOrFound"
      ))
        onEvent(AddressEvent.AddressesHeld({ owner: name, addresses }))
    }
  })

  const settle = Effect.fnUntraced(function* (tasks: ReadonlyArray<AddressOwner.Task>) {
    const changed = tasks.map(({ level }) => level)
    yield* routing.withdraw(levels(), changed)
    for (const { failures, level } of tasks) {
      const failure = yield* filter.refuse(deafOf([level]))
      if (failure !== undefined) failures.push(failure)
    }
    yield* settleAddresses(tasks)
    yield* filter.retain(deafOf(levels()))
    yield* routing.provide(levels())
    for (const level of changed) if (!level.owned) AddressTable.prepare(level.addresses, network.state())
    for (const { failures, level, owner } of tasks)
      onEvent(
        AddressEvent.OwnershipChanged({
          owner: owner.name,
          owned: level.owned,
          failures: level.owned ? [...failures, ...routing.failuresOf(level)] : failures
        })
      )
    // The reports first: whoever gets them announces the addresses.
    yield* Effect.yieldNow
    bequeath(tasks)
  })

  /** Puts back what is owned and known not to be held. What is found in place after all was never gone. */
  const repair = Effect.gen(function* () {
    yield* filter.repair
    const jobs = [...owners.values()].flatMap((owner): ReadonlyArray<AddressOwner.Job> => {
      if (!owner.level.owned || due.has(owner)) return []
      return AddressOwner.additionsOf(AddressOwner.makeTask(owner), network.state())
    })
    if (jobs.length > 0) {
      for (const [{ name }, addresses] of yield* carryOut(jobs, "Added"))
        onEvent(AddressEvent.AddressesRestored({ owner: name, addresses }))
    }
    yield* routing.repair(levels())
  })

  /** What is not named by a level by now is of a killed run. */
  const sweepAll = Effect.gen(function* () {
    const named = new Set(levels().flatMap(({ addresses }) => addresses.map(AddressTable.keyOf)))
    const present = yield* network.client.dump(InterfaceAddress.list())
    const unnamed = AddressTable.marked(present).filter(
      (address) => !named.has(AddressTable.keyOfPresent(address, network.state()))
    )
    if (unnamed.length > 0) yield* network.client.requestAll(unnamed.map(InterfaceAddress.remove))
    yield* routing.sweep(levels())
    yield* filter.sweep
  }).pipe(
    Effect.catch((error) => Effect.logWarning(`what a killed run left cannot be read: ${error.message}`))
  )

  const work = Effect.gen(function* () {
    yield* Queue.take(rings)
    while (due.size > 0) {
      const tasks = [...due].map(AddressOwner.makeTask)
      due.clear()
      yield* settle(tasks)
    }
    if (isSweepDue) {
      isSweepDue = false
      yield* sweepAll
    }
    if (!inspect) return
    inspect = false
    yield* repair
  })

  /** Forgets as held what the kernel does not have. */
  const compareWith = (state: NetworkState): void => {
    const present = AddressTable.presentIn(state)
    for (const { held } of owners.values()) for (const key of held) if (!present.has(key)) held.delete(key)
  }
  const onChanges = (changes: ReadonlyArray<NetworkChange>): void => {
    for (const change of changes) {
      if (change._tag === "Synchronised") compareWith(network.state())
      else if (change._tag === "LinkRemoved") AddressOwner.forgetDevice(owners.values(), change.link.name)
      else if (change._tag === "AddressRemoved")
        AddressOwner.forget(owners.values(), AddressTable.keyOfPresent(change.address, network.state()))
    }
    const areRoutesDoubted = routing.heed(changes)
    if (areRoutesDoubted || [...owners.values()].some(AddressOwner.lacksSome)) look()
  }
  const compareAll = Effect.gen(function* () {
    const addresses = yield* network.client.dump(InterfaceAddress.list())
    compareWith({
      links: network.state().links,
      addresses: Map.groupBy(addresses, ({ linkIndex }) => linkIndex)
    })
    yield* routing.compare
    look()
  }).pipe(Effect.catch((error) => Effect.logWarning(`addresses cannot be compared: ${error.message}`)))

  yield* Effect.acquireRelease(
    Effect.sync(() => network.onChanges(onChanges)),
    (unsubscribe) => Effect.sync(unsubscribe)
  )
  yield* Effect.forkScoped(Effect.forever(work))
  yield* compareAll.pipe(Effect.delay(compareInterval), Effect.forever, Effect.forkScoped)

  return { set, release, rename, sweep } satisfies OwnershipLevels
})

/** The addresses that are held and take no packets. */
const deafOf = (levels: ReadonlyArray<Ownership>): ReadonlyArray<VirtualAddress> =>
  levels.flatMap(({ accept, addresses, owned }) => (owned && !accept ? addresses : []))

/** As many as one datagram takes: the kernel answers about a millisecond later. */
const jobsPerPart = 100

/** Even a notification that was lost twice is made good after this long. */
const compareInterval = "30 seconds"
