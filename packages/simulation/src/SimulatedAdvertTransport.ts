/**
 * Adverts of one simulated host: a channel is a port on the segment of its device.
 *
 * @since 0.1.0
 */
import {
  type AdvertChannel,
  type ChannelOptions,
  type ReceivedAdvert,
  TransportError
} from "@holdfast/engine/AdvertTransport"
import type { Link } from "@holdfast/engine/LinkWatch"
import { familyOf, type MacAddress } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import { hopLimitVrrp } from "@holdfast/wire/Ipv4"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SimulatedHost } from "./SimulatedHost.ts"
import { Frame } from "./SimulatedNetwork.ts"

/**
 * Opens a channel. Like a socket of Linux it is bound to the device's index: it hears and says nothing more once the
 * device was deleted, even if another one takes the name.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (
  host: SimulatedHost,
  options: ChannelOptions
): Effect.Effect<AdvertChannel, TransportError, Scope.Scope> =>
  Effect.suspend(() => {
    const refusal = host.refusedChannels.get(options.interface) ?? missing(host, options)
    if (refusal !== undefined)
      return Effect.fail(
        new TransportError({ interface: options.interface, message: refusal, cause: refusal })
      )
    return Effect.acquireRelease(
      Effect.sync(() => attach(host, options)),
      ({ close }) => Effect.sync(close)
    )
  }).pipe(Effect.map(({ channel }) => channel))

const missing = (host: SimulatedHost, options: ChannelOptions): string | undefined =>
  linkOf(host, options) === undefined
    ? `${options.interface}: there is no such device with index ${options.index}`
    : undefined

const linkOf = (host: SimulatedHost, options: ChannelOptions): Link | undefined => {
  const link = host.kernel.links().get(options.interface)
  return link?.index === options.index ? link : undefined
}

interface Known {
  readonly text: string
  readonly bytes: Uint8Array
  readonly advert: ReceivedAdvert
}

interface Waiting {
  readonly known: Known
  readonly arrivedAt: Instant
  readonly count: number
}

/** Those of a VRID that are the same and follow each other, as one. */
const together = (waiting: ReadonlyArray<Waiting>): ReadonlyArray<Waiting> => {
  const batch: Array<Waiting> = []
  const placeOf = new Map<number | undefined, number>()
  for (const one of waiting) {
    const vrid = one.known.bytes[vridOffset]
    const place = placeOf.get(vrid)
    const before = place === undefined ? undefined : batch[place]
    if (place !== undefined && before?.known === one.known) batch[place] = { ...one, count: before.count + 1 }
    else placeOf.set(vrid, batch.push(one) - 1)
  }
  return batch
}

const attach = (
  host: SimulatedHost,
  options: ChannelOptions
): { readonly channel: AdvertChannel; readonly close: () => void } => {
  const { world } = host.network
  const lan = host.lanOf(options.interface)
  const port = host.portOf(options.interface)
  let muted: ReadonlySet<number> = new Set()
  let waiting: Array<Waiting> = []
  let droppedCount = 0
  let isOpen = true
  let isDozing = false

  /** The last of each VRID is known again. */
  const known = new Map<number | undefined, Known>()
  const knownOf = (frame: ReceivedAdvert): Known => {
    const { destination, header, hopLimit, payload, source } = frame
    const text = [source, destination, hopLimit, payload, header].join()
    const before = known.get(payload[vridOffset])
    if (before?.text === text) return before
    const bytes = payload.slice()
    const one = { text, bytes, advert: { source, destination, hopLimit, payload: payload.slice() } }
    known.set(payload[vridOffset], one)
    return one
  }

  const deliver = (): void => {
    const batch = isDozing ? together(waiting) : waiting
    waiting = []
    if (!isOpen || batch.length === 0) return
    for (const { known } of batch) known.advert.payload.set(known.bytes)
    options.onReceived(
      batch.map(({ known }) => known.advert),
      batch.map(({ arrivedAt }) => arrivedAt),
      batch.map(({ count }) => count)
    )
    // The contract lends the payload for the call only: whoever keeps it shall notice.
    for (const { known } of batch) known.advert.payload.fill(0xee)
  }

  const detach = lan.attach(port, (_, frame) => {
    if (frame._tag !== "Advert" || !accepts(host, options, frame)) return
    const vrid = frame.payload[vridOffset]
    if (vrid !== undefined && muted.has(vrid)) return
    if (isDozing ? frame.payload[priorityOffset] === 0 : waiting.length === 0)
      world.schedule(world.now(), deliver)
    waiting.push({ known: knownOf(frame), arrivedAt: world.now(), count: 1 })
  })

  const forgetOverruns = host.onOverrun((device, count) => {
    if (device !== options.interface) return
    droppedCount += count
    options.onOverrun(droppedCount)
  })

  const send: AdvertChannel["send"] = (adverts) => {
    const link = linkOf(host, options)
    if (link === undefined) return adverts.map(() => `${options.interface}: the device was deleted`)
    if (!link.up) return adverts.map(() => `${options.interface}: the device is down`)
    for (const { source, destination, hopLimit = hopLimitVrrp, payload } of adverts)
      lan.send(port, Frame.Advert({ source, destination, hopLimit, payload: payload.slice(), mac: link.mac }))
    return []
  }

  return {
    channel: {
      send,
      rehearse: () => undefined,
      receive: deliver,
      doze: (dozing) => {
        isDozing = dozing
        if (waiting.length > 0) world.schedule(world.now(), deliver)
      },
      mute: (vrids) => {
        muted = vrids
      }
    },
    close: () => {
      isOpen = false
      detach()
      forgetOverruns()
    }
  }
}

/**
 * A device hears what goes to a group that it joined or to an address of its own. What goes to a group from the MAC address of
 * a macvlan is for that macvlan alone, as Linux does with those of mode private.
 */
const accepts = (
  host: SimulatedHost,
  options: ChannelOptions,
  { destination, mac }: Frame & { _tag: "Advert" }
): boolean => {
  const link = linkOf(host, options)
  if (link === undefined || !link.up || options.hears === "Nothing") return false
  if (familyOf(destination) !== options.family) return false
  const isToGroup = options.groups.includes(destination)
  if (options.hears === "OwnMac") return isToGroup && mac === link.mac
  return isToGroup
    ? !isOfMacvlan(host, options.interface, mac)
    : link.addresses.some((present) => present.address === destination)
}

const isOfMacvlan = (host: SimulatedHost, parent: string, mac: MacAddress | undefined): boolean =>
  Array.from(host.kernel.links().values()).some(
    (link) => link.mac === mac && host.kernel.macvlan(link.name)?.parent === parent
  )

/** Byte 1 of an advert (RFC 3768 section 5.1). */
const vridOffset = 1
const priorityOffset = 2
