/**
 * The port for holding addresses, and the routes and rules that go with them: a level, not a command.
 *
 * The engine says which addresses a virtual router holds or does not hold; the adapter compares with the kernel and
 * repairs the difference, then and whenever somebody else changes it.
 *
 * **Details** what an owner is told of a level that is owned, in this order
 * 1. `AddressesHeld`, in parts as the adapter goes: each address that was not held for this owner when the level was set,
 *    once, also one that was found in place. A level that is not owned ends all holding, even if another follows at once.
 *    What the kernel refuses is not among them.
 * 2. `OwnershipChanged`, after the last part.
 *
 * A level that was replaced while it was carried out tells nothing more of its addresses; the next one does.
 *
 * @since 0.1.0
 */
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import type { VirtualRule } from "@holdfast/vrrp/VirtualRule"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * What one virtual router shall hold.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ownership {
  readonly owned: boolean
  readonly addresses: ReadonlyArray<VirtualAddress>
  /** Whether packets to the addresses are taken. Where they are not, that holds before the first address does. */
  readonly accept: boolean
  /** Added after the addresses, in this order, and taken away before them. */
  readonly routes: ReadonlyArray<VirtualRoute>
  readonly rules: ReadonlyArray<VirtualRule>
  /** Addresses that were there before us are never taken away: true for the address owner (priority 255). */
  readonly keepForeign: boolean
}

/**
 * @category constants
 * @since 0.1.0
 */
export const nothingOwned: Ownership = {
  owned: false,
  addresses: [],
  accept: true,
  routes: [],
  rules: [],
  keepForeign: false
}

/**
 * What the adapter reports.
 *
 * - `AddressesHeld`: these are held now and were not before.
 * - `OwnershipChanged`: the level last asked for holds, except for what `failures` lists with reason and remedy.
 * - `AddressesRestored`: somebody took these away while they were owned, or they could not be held until now; they are
 *   held again.
 *
 * @category models
 * @since 0.1.0
 */
export type AddressEvent = Data.TaggedEnum<{
  AddressesHeld: { readonly owner: string; readonly addresses: ReadonlyArray<IpAddress> }
  OwnershipChanged: {
    readonly owner: string
    readonly owned: boolean
    readonly failures: ReadonlyArray<string>
  }
  AddressesRestored: { readonly owner: string; readonly addresses: ReadonlyArray<IpAddress> }
}>

/**
 * @category constructors
 * @since 0.1.0
 */
export const AddressEvent = Data.taggedEnum<AddressEvent>()

/**
 * A plane that is open.
 *
 * @category models
 * @since 0.1.0
 */
export interface OwnershipLevels {
  /**
   * Sets the level of one owner; never waits. Addresses that left the list since the last call are taken away, before
   * others are added.
   */
  readonly set: (owner: string, ownership: Ownership) => void
  /** Takes away what the owner holds and forgets it; answers `OwnershipChanged` like `set`. */
  readonly release: (owner: string) => void
  /** Continues the level of one owner under another name: a reload renamed the instance. */
  readonly rename: (from: string, to: string) => void
  /** Takes away what a killed run of this program left: all that has its mark and that no owner has named by now. */
  readonly sweep: () => void
}

/**
 * Holds addresses.
 *
 * @category services
 * @since 0.1.0
 */
export class AddressPlane extends Context.Service<
  AddressPlane,
  {
    readonly open: (
      onEvent: (event: AddressEvent) => void
    ) => Effect.Effect<OwnershipLevels, never, Scope.Scope>
  }
>()("@holdfast/engine/AddressPlane") {}
