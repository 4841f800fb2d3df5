/**
 * Addresses of one simulated host: levels that are compared with the `VirtualKernel` and repaired.
 *
 * The kernel answers after the host's `addressDelayMicros`; levels that are set meanwhile replace each other, as in a
 * queue of length one.
 *
 * @since 0.1.0
 */
import { AddressEvent, type Ownership, type OwnershipLevels } from "@holdfast/engine/AddressPlane"
import type { Instant } from "@holdfast/vrrp/Instant"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SimulatedHost } from "./SimulatedHost.ts"
import type { Task } from "./World.ts"

/**
 * Opens the plane. When the scope closes, what is still held is taken away.
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

/** What is known of one owner. */
interface Level {
  owner: string
  ownership: Ownership
  /** All addresses that were ever asked of it and may still be there. */
  readonly candidates: Map<Ipv4Address, VirtualAddress>
  /** Those that were there before they were asked for. */
  readonly foreign: Set<Ipv4Address>
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
    takeAway(host, level)
    const { failures } = add(host, level)
    onEvent(AddressEvent.OwnershipChanged({ owner: level.owner, owned: level.ownership.owned, failures }))
    if (level.released) levels.delete(level.owner)
  }

  const restore = (level: Level): void => {
    const { added } = add(host, level)
    if (added.length > 0) onEvent(AddressEvent.AddressesRestored({ owner: level.owner, addresses: added }))
  }

  const unwatch = kernel.watch(() => {
    for (const level of levels.values()) if (level.applied && absent(host, level).length > 0) schedule(level)
  })

  const set = (level: Level, ownership: Ownership): void => {
    for (const address of ownership.addresses) {
      if (!level.candidates.has(address.address) && kernel.holds(address.address))
        level.foreign.add(address.address)
      level.candidates.set(address.address, address)
    }
    level.ownership = ownership
    level.applied = false
    levels.set(level.owner, level)
    schedule(level)
  }

  return {
    levels: {
      set: (owner, ownership) => set(levels.get(owner) ?? emptyLevel(owner), ownership),
      release: (owner) => {
        const level = levels.get(owner)
        if (level === undefined) return
        level.released = true
        set(level, { ...level.ownership, owned: false })
      },
      rename: (from, to) => {
        const level = levels.get(from)
        if (level === undefined) return
        levels.delete(from)
        level.owner = to
        levels.set(to, level)
      }
    },
    close: () => {
      unwatch()
      for (const level of levels.values()) {
        if (level.task !== undefined) network.world.cancel(level.task)
        level.ownership = { ...level.ownership, owned: false }
        takeAway(host, level)
      }
    }
  }
}

const emptyLevel = (owner: string): Level => ({
  owner,
  ownership: { owned: false, addresses: [], keepForeign: false },
  candidates: new Map(),
  foreign: new Set(),
  applied: false,
  released: false,
  task: undefined
})

/** The addresses that shall be there and are not. */
const absent = (host: SimulatedHost, { ownership }: Level): ReadonlyArray<VirtualAddress> =>
  ownership.owned ? ownership.addresses.filter(({ address }) => !host.kernel.holds(address)) : []

const takeAway = (host: SimulatedHost, level: Level): void => {
  const { addresses, keepForeign, owned } = level.ownership
  const listed = new Set(addresses.map(({ address }) => address))
  for (const [address, { interface: device }] of level.candidates) {
    const isKept = (owned && listed.has(address)) || (keepForeign && level.foreign.has(address))
    if (!isKept) host.kernel.deleteAddress(device, address)
    if (!listed.has(address)) level.candidates.delete(address)
  }
}

const add = (
  host: SimulatedHost,
  level: Level
): { readonly added: ReadonlyArray<Ipv4Address>; readonly failures: ReadonlyArray<string> } => {
  const added: Array<Ipv4Address> = []
  const failures: Array<string> = []
  for (const { address, interface: device, prefixLength, scope } of absent(host, level)) {
    const refusal =
      host.refusedAddresses.get(address) ??
      host.kernel.addAddress(device, { address, prefixLength, secondary: false, scope })
    if (refusal === undefined) added.push(address)
    else failures.push(`${device}: ${address} cannot be added: ${refusal}`)
  }
  return { added, failures }
}
