/**
 * Keeps the kernel's own ARP from telling a wrong MAC address for virtual addresses that are on a macvlan, also on one that
 * an operator made.
 *
 * Whoever holds addresses tells the devices that they are, or may come to be, on; the guard finds those that are macvlans,
 * claims their parents' settings (`ParentSettings`), and keeps them from answering the device with the same MAC address on
 * another director (`TwinFilter`).
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { MacAddress } from "@holdfast/wire/Address"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { KernelNetwork } from "../KernelNetwork.ts"
import * as DeviceTable from "./DeviceTable.ts"
import { type Need, ParentSettings } from "./ParentSettings.ts"
import * as TwinFilter from "./TwinFilter.ts"

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
  const filter = yield* TwinFilter.make
  let claimed: ReadonlyMap<number, Need> = new Map()
  const look = (): void => void Queue.offerUnsafe(rings, undefined)
  // A thousand owners that change together are looked at once.
  const work = Effect.gen(function* () {
    yield* Queue.take(rings)
    const { devices, parents } = guardedBy(network, owners.values())
    const failures = [...(yield* filter(devices))]
    if (!hasSameKeys(claimed, parents)) {
      claimed = parents
      failures.push(...(yield* settings.claim("arp-guard", claimed)))
    }
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

/** The macvlans among the devices of the owners, and the parents of those that are here. */
const guardedBy = (
  { state }: KernelNetwork["Service"],
  owners: Iterable<ReadonlySet<InterfaceName>>
): { readonly devices: ReadonlyMap<string, MacAddress>; readonly parents: ReadonlyMap<number, Need> } => {
  const names = new Set<string>()
  for (const owned of owners) for (const device of owned) names.add(device)
  const devices = new Map<string, MacAddress>()
  const parents = new Map<number, Need>()
  if (names.size === 0) return { devices, parents }
  for (const { kind, mac, name, parentIndex, parentNamespace } of state().links.values()) {
    if (kind !== "macvlan" || !names.has(name)) continue
    if (mac !== undefined) devices.set(name, mac)
    if (parentIndex !== undefined && parentNamespace === undefined) parents.set(parentIndex, "Guards")
  }
  return { devices, parents }
}

const hasSameKeys = <A>(left: Keyed<A>, right: Keyed<A>): boolean =>
  left.size === right.size && Array.from(left.keys()).every((key) => right.has(key))

type Keyed<A> = Pick<ReadonlySet<A>, "size" | "has" | "keys">
