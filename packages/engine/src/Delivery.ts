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
 * **Details** one that is heard again may be the same object, and then it means the same but for when it arrived.
 *
 * @category models
 * @since 0.1.0
 */
export interface Delivery {
  readonly interface: InterfaceName
  readonly family: Family
  readonly vrid: number
  readonly heard: Untimed<Heard>
}

type Heard = Extract<Event, { _tag: "AdvertReceived" | "MalformedReceived" }>
type Untimed<Timed> = Timed extends unknown ? Omit<Timed, "at"> : never

/**
 * Returns what a router is told of a delivery that arrived at that time.
 *
 * @category conversions
 * @since 0.1.0
 */
export const eventOf = ({ heard }: Delivery, at: Instant): Heard => ({ ...heard, at })

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
  judge: Judge
): Delivery => {
  const known = decoded.get(received)
  if (known !== undefined) return known
  const delivery = decode(device, family, received, judge)
  // What is behind the message may be a trailer that proves something, and is judged each time.
  if (
    received.header === undefined &&
    Advertisement.messageLengthOf(received.payload, family) === received.payload.length
  )
    decoded.set(received, delivery)
  return delivery
}

/** What was made of a datagram before. It lives as long as the adapter knows the datagram. */
const decoded = new WeakMap<ReceivedAdvert, Delivery>()

const decode = (device: InterfaceName, family: Family, received: ReceivedAdvert, judge: Judge): Delivery => {
  const { destination, hopLimit, source } = received
  const message = Sealing.messageOf(received)
  const vrid = (message === undefined ? undefined : Advertisement.vridOf(message)) ?? vridNone
  const place = { interface: device, family, vrid }
  const ends = { source, destination, hopLimit }
  if (message === undefined)
    return { ...place, heard: { _tag: "MalformedReceived", ...ends, reason: "Length" } }
  const advertisement = Advertisement.decode(message, received)
  if (Result.isFailure(advertisement))
    return { ...place, heard: { _tag: "MalformedReceived", ...ends, reason: advertisement.failure } }
  const seal = Sealing.inspect(received, judge.authenticationOf(device, family, vrid), judge.clockMicros)
  return {
    ...place,
    heard: {
      _tag: "AdvertReceived",
      ...ends,
      advertisement: advertisement.success,
      ...(seal === undefined ? {} : { seal })
    }
  }
}

/** A datagram too short to have a VRID belongs to nobody here (RFC 3768 section 5.3.3 starts them at 1). */
const vridNone = 0
