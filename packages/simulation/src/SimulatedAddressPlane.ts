/**
 * Addresses of one simulated host: levels that are compared with the `VirtualKernel` and repaired.
 *
 * The kernel answers after the host's `addressDelayMicros`; levels that are set meanwhile replace each other, as in a
 * queue of length one.
 *
 * @since 0.1.0
 */
import {
  AddressEvent,
  nothingOwned,
  type Ownership,
  type OwnershipLevels
} from "@holdfast/engine/AddressPlane"
import type { Instant } from "@holdfast/wire/Instant"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SimulatedHost } from "./SimulatedHost.ts"
import type { Task } from "./World.ts"

/**
 * Opens the plane. When the scope closes nothing is repaired any more, and what was not released stays.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (
  host: SimulatedHost,
  onEvent: (event: AddressEvent) => void
): Effect.Effect<OwnershipLevels, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => attach(host, onEvent)),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ levels }) => levels))

/** What is known of one owner. An address is known by its device and itself (`placeOf`). */
interface Level {
  owner: string
  ownership: Ownership
  /** All addresses that were ever asked of it and may still be there. */
  readonly candidates: Map<string, VirtualAddress>
  /** Those that were there before they were asked for. */
  readonly foreign: Set<string>
  /** Those of the level that were reported as held. */
  readonly held: Set<string>
  /** The level has been carried out once, so that what is missing was taken away by somebody. */
  applied: boolean
  released: boolean
  task: Task | undefined
}

const attach = (
  host: SimulatedHost,
  onEvent: (event: AddressEvent) => void
): { readonly levels: OwnershipLevels; readonly close: () => void } => {
  const { kernel, network } = host
  const levels = new Map<string, Level>()

  const schedule = (level: Level): void => {
    level.task ??= network.world.schedule((network.world.now() + host.addressDelayMicros) as Instant, () => {
      level.task = undefined
      if (level.applied) restore(level)
      else apply(level)
    })
  }

  const apply = (level: Level): void => {
    level.applied = true
    takeAway(host, level, ownedPlaces(levels))
    const { failures } = add(host, level)
    const news = newlyHeld(host, level)
    if (news.length > 0) onEvent(AddressEvent.AddressesHeld({ owner: level.owner, addresses: news }))
    onEvent(AddressEvent.OwnershipChanged({ owner: level.owner, owned: level.ownership.owned, failures }))
    if (level.released) levels.delete(level.owner)
  }

  const restore = (level: Level): void => {
    const { added } = add(host, level)
    newlyHeld(host, level)
    if (added.length > 0) onEvent(AddressEvent.AddressesRestored({ owner: level.owner, addresses: added }))
  }

  const unwatch = kernel.watch(() => {
    for (const level of levels.values()) if (level.applied && absent(host, level).length > 0) schedule(level)
  })

  const set = (level: Level, ownership: Ownership): void => {
    for (const address of ownership.addresses) {
      const place = placeOf(address)
      if (!level.candidates.has(place) && isPresent(host, address)) level.foreign.add(place)
      level.candidates.set(place, address)
    }
    const listed = new Set(ownership.owned ? ownership.addresses.map(placeOf) : [])
    for (const place of level.held) if (!listed.has(place)) level.held.delete(place)
    level.ownership = ownership
    level.applied = false
    levels.set(level.owner, level)
    schedule(level)
  }

  return {
    levels: {
      set: (owner, ownership) => {
        const level = levels.get(owner) ?? emptyLevel(owner)
        level.released = false
        set(level, ownership)
      },
      release: (owner) => {
        const level = levels.get(owner) ?? emptyLevel(owner)
        level.released = true
        set(level, { ...level.ownership, owned: false })
      },
      rename: (from, to) => {
        const level = levels.get(from)
        if (level === undefined) return
        levels.delete(from)
        level.owner = to
        levels.set(to, level)
      },
      // A simulated kernel starts empty: there is nothing of a killed run.
      sweep: () => {}
    },
    close: () => {
      unwatch()
      for (const level of levels.values()) if (level.task !== undefined) network.world.cancel(level.task)
    }
  }
}

const emptyLevel = (owner: string): Level => ({
  owner,
  ownership: nothingOwned,
  candidates: new Map(),
  foreign: new Set(),
  held: new Set(),
  applied: false,
  released: false,
  task: undefined
})

const placeOf = ({ address, interface: device }: VirtualAddress): string => `${device} ${address}`

const isPresent = (host: SimulatedHost, { address, interface: device }: VirtualAddress): boolean =>
  host.kernel
    .links()
    .get(device)
    ?.addresses.some((present) => present.address === address) === true

/** The addresses that shall be there and are not. */
const absent = (host: SimulatedHost, { ownership }: Level): ReadonlyArray<VirtualAddress> =>
  ownership.owned ? ownership.addresses.filter((address) => !isPresent(host, address)) : []

/** Notes the addresses of the level that are there, and returns those that were not noted before. */
const newlyHeld = (host: SimulatedHost, { held, ownership }: Level): ReadonlyArray<IpAddress> => {
  if (!ownership.owned) return []
  const news = ownership.addresses.filter((entry) => isPresent(host, entry) && !held.has(placeOf(entry)))
  for (const entry of news) held.add(placeOf(entry))
  return news.map(({ address }) => address)
}

/** An address that passed to another owner stays where it is. */
const ownedPlaces = (levels: ReadonlyMap<string, Level>): ReadonlySet<string> =>
  new Set(
    [...levels.values()].flatMap(({ ownership }) => (ownership.owned ? ownership.addresses.map(placeOf) : []))
  )

const takeAway = (host: SimulatedHost, level: Level, owned: ReadonlySet<string>): void => {
  const { addresses, keepForeign } = level.ownership
  const listed = new Set(addresses.map(placeOf))
  for (const [place, { address, interface: device }] of level.candidates) {
    const isKept = owned.has(place) || (keepForeign && level.foreign.has(place))
    if (!isKept) host.kernel.deleteAddress(device, address)
    if (!listed.has(place)) level.candidates.delete(place)
  }
}

const add = (
  host: SimulatedHost,
  level: Level
): { readonly added: ReadonlyArray<IpAddress>; readonly failures: ReadonlyArray<string> } => {
  const added: Array<IpAddress> = []
  const failures: Array<string> = []
  for (const { address, interface: device, prefixLength, scope } of absent(host, level)) {
    const refusal =
      host.refusedAddresses.get(address) ??
      host.kernel.addAddress(device, { address, prefixLength, secondary: false, scope, tentative: false })
    if (refusal === undefined) added.push(address)
    else failures.push(`${device}: ${address} cannot be added: ${refusal}`)
  }
  return { added, failures }
}
