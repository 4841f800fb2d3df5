/**
 * Keeps the kernel's own ARP from telling a wrong MAC address for virtual addresses that are on a macvlan, also on one that
 * an operator made.
 *
 * Whoever holds addresses tells the devices that they are, or may come to be, on; the guard finds those that are macvlans
 * and claims their parents' settings (`ParentSettings`).
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { KernelNetwork } from "../KernelNetwork.ts"
import * as DeviceTable from "./DeviceTable.ts"
import { type Need, ParentSettings } from "./ParentSettings.ts"

/**
 * Guards devices.
 *
 * - `set`: replaces the devices of one owner; none ends the guard. Never waits; costs nothing when they are the same.
 *
 * @category services
 * @since 0.1.0
 */
export class ArpGuard extends Context.Service<
  ArpGuard,
  {
    readonly set: (owner: string, devices: ReadonlySet<InterfaceName>) => void
  }
>()("@holdfast/linux/device/ArpGuard") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<ArpGuard, never, KernelNetwork | ParentSettings> = Layer.effect(
    ArpGuard,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const network = yield* KernelNetwork
  const settings = yield* ParentSettings
  const owners = new Map<string, ReadonlySet<InterfaceName>>()
  const rings = yield* Queue.sliding<void>(1)
  let claimed: ReadonlyMap<number, Need> = new Map()
  const look = (): void => void Queue.offerUnsafe(rings, undefined)
  // A thousand owners that change together are looked at once.
  const work = Effect.gen(function* () {
    yield* Queue.take(rings)
    const parents = parentsOf(network, owners.values())
    if (hasSameKeys(claimed, parents)) return
    claimed = parents
    const failures = yield* settings.claim("arp-guard", claimed)
    for (const failure of failures) yield* Effect.logWarning(failure)
  })
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      network.onChanges((changes) => {
        if (changes.some(DeviceTable.concernsLinks)) look()
      })
    ),
    (unsubscribe) => Effect.andThen(Effect.sync(unsubscribe), settings.claim("arp-guard", new Map()))
  )
  yield* Effect.forkScoped(Effect.forever(work))
  return ArpGuard.of({
    set: (owner, devices) => {
      if (hasSameKeys(owners.get(owner) ?? none, devices)) return
      if (devices.size > 0) owners.set(owner, devices)
      else owners.delete(owner)
      look()
    }
  })
})

const none: ReadonlySet<InterfaceName> = new Set()

const parentsOf = (
  { state }: KernelNetwork["Service"],
  owners: Iterable<ReadonlySet<InterfaceName>>
): ReadonlyMap<number, Need> => {
  const names = new Set<string>()
  for (const devices of owners) for (const device of devices) names.add(device)
  const parents = new Map<number, Need>()
  if (names.size === 0) return parents
  for (const { kind, name, parentIndex, parentNamespace } of state().links.values()) {
    const isHere = parentIndex !== undefined && parentNamespace === undefined
    if (kind === "macvlan" && isHere && names.has(name)) parents.set(parentIndex, "Guards")
  }
  return parents
}

const hasSameKeys = <A>(left: Keyed<A>, right: Keyed<A>): boolean =>
  left.size === right.size && Array.from(left.keys()).every((key) => right.has(key))

type Keyed<A> = Pick<ReadonlySet<A>, "size" | "has" | "keys">
