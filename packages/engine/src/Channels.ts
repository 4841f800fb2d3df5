/**
 * The advert channels of an engine: one for each device and family that carry adverts of a running router and exist.
 *
 * Opens, reopens and closes them as devices and routers come and go, and decodes what arrives.
 *
 * **Details** a router hears on its own device and may speak on another, its virtual MAC device. What a peer sends to the
 * group from the same virtual MAC address arrives at the virtual device alone; it counts as heard on the router's own.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import { type InterfaceName, type Parameters, transmitInterface } from "@holdfast/vrrp/Parameters"
import { type Family, familyOf, type IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { type AdvertChannel, AdvertTransport, type Hearing, type OutgoingAdvert } from "./AdvertTransport.ts"
import * as Delivery from "./Delivery.ts"
import type { EngineEvent } from "./EngineEvent.ts"
import * as ForeignRouters from "./ForeignRouters.ts"
import type { Links } from "./LinkWatch.ts"

/**
 * Whom the channels tell, and what they ask.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listeners {
  /** One call for all that was waiting on a device, with when each arrived, and of how many it was the last. */
  readonly onDelivered: (
    deliveries: ReadonlyArray<Delivery.Delivery>,
    arrivedAt: ReadonlyArray<Instant>,
    counts: ReadonlyArray<number> | undefined
  ) => void
  readonly onOverrun: (device: InterfaceName, droppedCount: number) => void
  readonly publish: (event: EngineEvent) => void
  readonly judge: Delivery.Judge
}

/**
 * The channels.
 *
 * @category models
 * @since 0.1.0
 */
export interface Channels {
  /** Makes the open channels those that the routers need on the devices that exist. True when all are open. */
  readonly settle: (links: Links, routers: ReadonlyArray<Parameters>, at: Instant) => Effect.Effect<boolean>
  /** Whether a router can hear and speak. */
  readonly serves: (router: Parameters) => boolean
  readonly send: (device: InterfaceName, adverts: ReadonlyArray<OutgoingAdvert>, at: Instant) => void
  /** Goes through sending on that device's channels, or on another's where it has none, and sends nothing. */
  readonly rehearse: (device: InterfaceName, adverts: ReadonlyArray<OutgoingAdvert>) => void
  /** Tells now what has arrived for a router by now. */
  readonly receive: (router: Parameters) => void
  /** Lets the channels doze that are named here, and wakes the others (`Dozing`). */
  readonly doze: (shallDoze: (device: InterfaceName, family: Family) => boolean) => void
  /** Tells now what has arrived at the channels that doze. */
  readonly receiveDozing: () => void
  /**
   * Counts adverts of a VRID that nobody here runs, so many of this kind, the last of them then; the first is told and mutes
   * the rest: true when this one did.
   */
  readonly hearForeign: (delivery: Delivery.Delivery, at: Instant, count: number) => boolean
  /** Adverts heard by device and foreign VRID. */
  readonly foreignCounts: () => ReadonlyMap<InterfaceName, ReadonlyMap<number, number>>
}

/** What a channel is for. */
interface Wanted {
  readonly interface: InterfaceName
  /** The device whose routers hear it. */
  readonly heardOn: InterfaceName
  readonly family: Family
  readonly groups: ReadonlyArray<IpAddress>
  readonly authenticated: boolean
  readonly hears: Hearing
}

interface Open {
  readonly wanted: Wanted
  readonly index: number
  readonly scope: Scope.Closeable
  readonly channel: AdvertChannel
  isDozing: boolean
}

/**
 * Makes a table without channels. All close with the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  listeners: Listeners
): Effect.fn.Return<Channels, never, AdvertTransport | Scope.Scope> {
  const transport = yield* AdvertTransport
  const parent = yield* Scope.Scope
  const open = new Map<string, Open>()
  const foreign = new Map<string, ForeignRouters.ForeignRouters>()

  const close = (key: string, entry: Open) => {
    open.delete(key)
    return Scope.close(entry.scope, Exit.void)
  }

  const openOne = Effect.fnUntraced(function* (wanted: Wanted, index: number, at: Instant) {
    const { family, heardOn, interface: device } = wanted
    const scope = yield* Scope.fork(parent)
    const channel = yield* transport
      .open({
        ...wanted,
        index,
        onReceived: (batch, arrivedAt, counts) =>
          listeners.onDelivered(
            batch.map((one) => Delivery.make(heardOn, family, one, listeners.judge)),
            arrivedAt,
            counts
          ),
        onOverrun: (droppedCount) => listeners.onOverrun(device, droppedCount)
      })
      .pipe(Scope.provide(scope), Effect.result)
    if (Result.isSuccess(channel)) {
      open.set(keyOf(device, family), { wanted, index, scope, channel: channel.success, isDozing: false })
      return
    }
    yield* Scope.close(scope, Exit.void)
    listeners.publish({ _tag: "ChannelFailed", at, interface: device, message: channel.failure.message })
  })

  const refreshMutes = (routers: ReadonlyArray<Parameters>, at: Instant): void => {
    for (const [key, { channel, wanted }] of open) {
      const heard = foreign.get(key)
      if (heard === undefined) continue
      heard.expire(at)
      const ours = new Set<number>(
        routers
          .filter((one) => one.interface === wanted.interface && one.family === wanted.family)
          .map((one) => one.vrid)
      )
      channel.mute(new Set([...heard.muted()].filter((vrid) => !ours.has(vrid))))
    }
  }

  const anyOf = (family: Family): AdvertChannel | undefined =>
    Array.from(open.values()).find(({ wanted }) => wanted.family === family)?.channel

  /** What is to be done with the adverts of each family, on the device's channel for it. */
  const eachFamily = (
    device: InterfaceName,
    adverts: ReadonlyArray<OutgoingAdvert>,
    use: (channel: AdvertChannel | undefined, ofFamily: ReadonlyArray<OutgoingAdvert>, family: Family) => void
  ): void => {
    const families = new Set(adverts.map(({ destination }) => familyOf(destination)))
    for (const family of families) {
      const ofFamily =
        families.size === 1 ? adverts : adverts.filter((advert) => familyOf(advert.destination) === family)
      use(open.get(keyOf(device, family))?.channel, ofFamily, family)
    }
  }

  return {
    settle: Effect.fnUntraced(function* (links, routers, at) {
      const wanted = wantedBy(routers)
      for (const [key, entry] of open) {
        const still = wanted.get(key)
        const index = links.get(entry.wanted.interface)?.index
        if (still === undefined || index !== entry.index || !isSame(still, entry.wanted))
          yield* close(key, entry)
      }
      let complete = true
      for (const [key, one] of wanted) {
        const link = links.get(one.interface)
        if (link === undefined || open.has(key)) continue
        yield* openOne(one, link.index, at)
        if (!open.has(key)) complete = false
      }
      refreshMutes(routers, at)
      return complete
    }),
    serves: (router) =>
      open.has(keyOf(router.interface, router.family)) &&
      open.has(keyOf(transmitInterface(router), router.family)),
    send: (device, adverts, at) =>
      eachFamily(device, adverts, (channel, ofFamily) => {
        const failures = channel?.send(ofFamily) ?? []
        if (failures.length > 0) listeners.publish({ _tag: "SendFailed", at, interface: device, failures })
      }),
    rehearse: (device, adverts) =>
      eachFamily(device, adverts, (channel, ofFamily, family) =>
        (channel ?? anyOf(family))?.rehearse(ofFamily)
      ),
    receive: ({ family, interface: device, virtualMac }) => {
      open.get(keyOf(device, family))?.channel.receive()
      if (virtualMac !== undefined) open.get(keyOf(virtualMac.interface, family))?.channel.receive()
    },
    doze: (shallDoze) => {
      for (const entry of open.values()) {
        const { channel, wanted } = entry
        const dozing = wanted.hears === "All" && shallDoze(wanted.interface, wanted.family)
        if (dozing === entry.isDozing) continue
        entry.isDozing = dozing
        channel.doze(dozing)
      }
    },
    receiveDozing: () => {
      for (const { channel, isDozing } of open.values()) if (isDozing) channel.receive()
    },
    hearForeign: ({ heard: { source }, family, interface: device, vrid }, at, count) => {
      const key = keyOf(device, family)
      const heard = foreign.get(key) ?? ForeignRouters.make()
      foreign.set(key, heard)
      if (!heard.heard(vrid, at, count)) return false
      listeners.publish({ _tag: "ForeignRouterHeard", at, interface: device, vrid, source })
      open.get(key)?.channel.mute(heard.muted())
      return true
    },
    foreignCounts: () => {
      const counts = new Map<InterfaceName, Map<number, number>>()
      for (const [key, heard] of foreign) {
        const device = key.slice(0, key.indexOf("/")) as InterfaceName
        const sums = counts.get(device) ?? new Map<number, number>()
        for (const [vrid, count] of heard.counts) sums.set(vrid, (sums.get(vrid) ?? 0) + count)
        counts.set(device, sums)
      }
      return counts
    }
  }
})

/** No device has a slash in its name. */
const keyOf = (device: InterfaceName, family: Family): string => `${device}/${family}`

const isSame = (left: Wanted, right: Wanted): boolean =>
  left.groups.join() === right.groups.join() &&
  left.authenticated === right.authenticated &&
  left.heardOn === right.heardOn &&
  left.hears === right.hears

const wantedBy = (routers: ReadonlyArray<Parameters>): ReadonlyMap<string, Wanted> => {
  const wanted = new Map<string, Wanted>()
  for (const router of routers) {
    const { authentication, family, interface: device, transport } = router
    const key = keyOf(device, family)
    const before = wanted.get(key)
    const groups = new Set(before?.groups)
    if (transport._tag === "Multicast") groups.add(transport.group)
    wanted.set(key, {
      interface: device,
      heardOn: device,
      family,
      groups: [...groups].toSorted(),
      authenticated: before?.authenticated === true || authentication?._tag === "Header",
      hears: "All"
    })
  }
  for (const router of routers) {
    const { authentication, family, interface: heardOn, transport, virtualMac } = router
    if (virtualMac === undefined) continue
    const isMulticast = transport._tag === "Multicast"
    // Also where this one sends from the card: its peer need not.
    if (!isMulticast && virtualMac.transmitBase) continue
    const key = keyOf(virtualMac.interface, family)
    if (wanted.has(key)) continue
    wanted.set(key, {
      interface: virtualMac.interface,
      heardOn,
      family,
      groups: isMulticast ? [transport.group] : [],
      authenticated: authentication?._tag === "Header",
      hears: isMulticast ? "OwnMac" : "Nothing"
    })
  }
  return wanted
}
