/**
 * The advert channels of an engine: one for each device that carries adverts of a running router and exists.
 *
 * Opens, reopens and closes them as devices and routers come and go, and decodes what arrives.
 *
 * @since 0.1.0
 */
import type { Event } from "@holdfast/vrrp/Event"
import type { Instant } from "@holdfast/wire/Instant"
import type { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import {
  type AdvertChannel,
  AdvertTransport,
  type OutgoingAdvert,
  type ReceivedAdvert
} from "./AdvertTransport.ts"
import type { EngineEvent } from "./EngineEvent.ts"
import * as ForeignRouters from "./ForeignRouters.ts"
import type { Links } from "./LinkWatch.ts"

/**
 * An advert that was decoded where it arrived, on its way to the router of its VRID.
 *
 * @category models
 * @since 0.1.0
 */
export interface Delivery {
  readonly vrid: number
  readonly event: Extract<Event, { _tag: "AdvertReceived" | "MalformedReceived" }>
}

/**
 * Whom the channels tell.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listeners {
  /** One call for all that was waiting on a device. */
  readonly onDelivered: (device: InterfaceName, deliveries: ReadonlyArray<Delivery>) => void
  readonly onOverrun: (device: InterfaceName, droppedCount: number) => void
  readonly publish: (event: EngineEvent) => void
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
  readonly isOpen: (device: InterfaceName) => boolean
  readonly send: (device: InterfaceName, adverts: ReadonlyArray<OutgoingAdvert>, at: Instant) => void
  /** Goes through sending on some channel, if one is open, and sends nothing. */
  readonly rehearse: (adverts: ReadonlyArray<OutgoingAdvert>) => void
  /** Counts an advert of a VRID that nobody here runs; the first is told and mutes the rest: true when this one did. */
  readonly hearForeign: (device: InterfaceName, vrid: number, source: IpAddress, at: Instant) => boolean
  /** Adverts heard by device and foreign VRID. */
  readonly foreignCounts: () => ReadonlyMap<InterfaceName, ReadonlyMap<number, number>>
}

interface Open {
  readonly index: number
  readonly groups: ReadonlyArray<IpAddress>
  readonly scope: Scope.Closeable
  readonly channel: AdvertChannel
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
  const open = new Map<InterfaceName, Open>()
  const foreign = new Map<InterfaceName, ForeignRouters.ForeignRouters>()

  const close = (device: InterfaceName, entry: Open) => {
    open.delete(device)
    return Scope.close(entry.scope, Exit.void)
  }

  const openOne = Effect.fnUntraced(function* (
    device: InterfaceName,
    index: number,
    groups: ReadonlyArray<IpAddress>,
    at: Instant
  ) {
    const scope = yield* Scope.fork(parent)
    const channel = yield* transport
      .open({
        interface: device,
        index,
        family: "Ipv4",
        authenticated: false,
        sendOnly: false,
        groups,
        onReceived: (receivedAt, batch) =>
          listeners.onDelivered(
            device,
            batch.map((one) => deliver(one, receivedAt))
          ),
        onOverrun: (droppedCount) => listeners.onOverrun(device, droppedCount)
      })
      .pipe(Scope.provide(scope), Effect.result)
    if (Result.isSuccess(channel)) {
      open.set(device, { index, groups, scope, channel: channel.success })
      return
    }
    yield* Scope.close(scope, Exit.void)
    listeners.publish({ _tag: "ChannelFailed", at, interface: device, message: channel.failure.message })
  })

  const refreshMutes = (routers: ReadonlyArray<Parameters>, at: Instant): void => {
    for (const [device, entry] of open) {
      const heard = foreign.get(device)
      if (heard === undefined) continue
      heard.expire(at)
      const ours = new Set<number>(routers.filter((one) => one.interface === device).map((one) => one.vrid))
      entry.channel.mute(new Set([...heard.muted()].filter((vrid) => !ours.has(vrid))))
    }
  }

  return {
    settle: Effect.fnUntraced(function* (links, routers, at) {
      const wanted = groupsByDevice(routers)
      for (const [device, entry] of open) {
        const groups = wanted.get(device)
        const index = links.get(device)?.index
        if (groups === undefined || index !== entry.index || groups.join() !== entry.groups.join())
          yield* close(device, entry)
      }
      let complete = true
      for (const [device, groups] of wanted) {
        const link = links.get(device)
        if (link === undefined || open.has(device)) continue
        yield* openOne(device, link.index, groups, at)
        if (!open.has(device)) complete = false
      }
      refreshMutes(routers, at)
      return complete
    }),
    isOpen: (device) => open.has(device),
    send: (device, adverts, at) => {
      const failures = open.get(device)?.channel.send(adverts) ?? []
      if (failures.length > 0) listeners.publish({ _tag: "SendFailed", at, interface: device, failures })
    },
    rehearse: (adverts) => {
      for (const { channel } of open.values()) return channel.rehearse(adverts)
    },
    hearForeign: (device, vrid, source, at) => {
      const heard = foreign.get(device) ?? ForeignRouters.make()
      foreign.set(device, heard)
      if (!heard.heard(vrid, at)) return false
      listeners.publish({ _tag: "ForeignRouterHeard", at, interface: device, vrid, source })
      open.get(device)?.channel.mute(heard.muted())
      return true
    },
    foreignCounts: () => new Map([...foreign].map(([device, heard]) => [device, heard.counts]))
  }
})

/**
 * Decodes a datagram: an advert, or the reason why it is none, as the event of its router.
 *
 * @category conversions
 * @since 0.1.0
 */
export const deliver = (received: ReceivedAdvert, receivedAt: Instant): Delivery => {
  const { source, destination, hopLimit, arrivedAt: at = receivedAt } = received
  const decoded = Advertisement.decode(received.payload, received)
  return {
    vrid: Advertisement.vridOf(received.payload) ?? vridNone,
    event: Result.isSuccess(decoded)
      ? { _tag: "AdvertReceived", at, source, destination, hopLimit, advertisement: decoded.success }
      : { _tag: "MalformedReceived", at, source, destination, hopLimit, reason: decoded.failure }
  }
}

const groupsByDevice = (
  routers: ReadonlyArray<Parameters>
): ReadonlyMap<InterfaceName, ReadonlyArray<IpAddress>> => {
  const wanted = new Map<InterfaceName, Set<IpAddress>>()
  for (const { interface: device, transport } of routers) {
    const groups = wanted.get(device) ?? new Set()
    if (transport._tag === "Multicast") groups.add(transport.group)
    wanted.set(device, groups)
  }
  return new Map([...wanted].map(([device, groups]) => [device, [...groups].toSorted()]))
}

/** A datagram too short to have a VRID belongs to nobody here (RFC 3768 section 5.3.3 starts them at 1). */
const vridNone = 0
