/**
 * From a datagram to the event of its router: what was decoded, or why it was not, and what it shows for where it comes
 * from.
 *
 * It happens where the datagram arrives, since its bytes are lent for that moment only.
 *
 * @since 0.1.0
 */
import type { Event } from "@holdfast/vrrp/Event"
import type { Authentication, InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Family } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import type { Instant } from "@holdfast/wire/Instant"
import * as Result from "effect/Result"
import type { ReceivedAdvert } from "./AdvertTransport.ts"
import * as Sealing from "./Sealing.ts"

/**
 * An advert that was decoded where it arrived, on its way to the router of its place.
 *
 * @category models
 * @since 0.1.0
 */
export interface Delivery {
  readonly interface: InterfaceName
  readonly family: Family
  readonly vrid: number
  readonly event: Extract<Event, { _tag: "AdvertReceived" | "MalformedReceived" }>
  /** As in `ReceivedAdvert`, of an advert without authentication. */
  readonly content?: object
}

/**
 * What is needed to judge where an advert comes from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Judge {
  /** How the router of a place authenticates; nothing when there is none or it does not. */
  readonly authenticationOf: (
    device: InterfaceName,
    family: Family,
    vrid: number
  ) => Authentication | undefined
  /** Now, since 1970. */
  readonly clockMicros: () => number
}

/**
 * Decodes a datagram that arrived on a device.
 *
 * @category conversions
 * @since 0.1.0
 */
export const make = (
  device: InterfaceName,
  family: Family,
  received: ReceivedAdvert,
  receivedAt: Instant,
  judge: Judge
): Delivery => {
  const { arrivedAt = receivedAt, content } = received
  if (content === undefined) return decode(device, family, received, receivedAt, judge)
  const known = decoded.get(content)
  if (known !== undefined) return { ...known, event: { ...known.event, at: arrivedAt } }
  const delivery = decode(device, family, received, receivedAt, judge)
  // What is behind the message may be a trailer that proves something.
  if (
    received.header !== undefined ||
    Advertisement.messageLengthOf(received.payload, family) !== received.payload.length
  )
    return delivery
  const repeatable = { ...delivery, content }
  decoded.set(content, repeatable)
  return repeatable
}

/** What was made of a content before. It lives as long as the adapter knows the content. */
const decoded = new WeakMap<object, Delivery>()

const decode = (
  device: InterfaceName,
  family: Family,
  received: ReceivedAdvert,
  receivedAt: Instant,
  judge: Judge
): Delivery => {
  const { arrivedAt: at = receivedAt, destination, hopLimit, source } = received
  const message = Sealing.messageOf(received)
  const vrid = (message === undefined ? undefined : Advertisement.vridOf(message)) ?? vridNone
  const common = { at, source, destination, hopLimit }
  if (message === undefined)
    return {
      interface: device,
      family,
      vrid,
      event: { _tag: "MalformedReceived", ...common, reason: "Length" }
    }
  const advertisement = Advertisement.decode(message, received)
  if (Result.isFailure(advertisement))
    return {
      interface: device,
      family,
      vrid,
      event: { _tag: "MalformedReceived", ...common, reason: advertisement.failure }
    }
  const seal = Sealing.inspect(received, judge.authenticationOf(device, family, vrid), judge.clockMicros)
  return {
    interface: device,
    family,
    vrid,
    event: {
      _tag: "AdvertReceived",
      ...common,
      advertisement: advertisement.success,
      ...(seal === undefined ? {} : { seal })
    }
  }
}

/** A datagram too short to have a VRID belongs to nobody here (RFC 3768 section 5.3.3 starts them at 1). */
const vridNone = 0
