/**
 * What an advert shows for where it comes from: written when it is sent, judged when it arrives.
 *
 * @see docs/reference/configuration.md, `authentication` and `auth_hmac`
 * @since 0.1.0
 */
import type { Seal } from "@holdfast/vrrp/Event"
import type { Authentication } from "@holdfast/vrrp/Parameters"
import { type Ipv4Address, isIpv6 } from "@holdfast/wire/Address"
import * as AuthenticationHeader from "@holdfast/wire/AuthenticationHeader"
import * as HmacTrailer from "@holdfast/wire/HmacTrailer"
import * as Result from "effect/Result"
import type { OutgoingAdvert, ReceivedAdvert } from "./AdvertTransport.ts"

/**
 * Returns the advert in a datagram, without an authentication header before it; nothing when that is no such header.
 *
 * @category accessors
 * @since 0.1.0
 */
export const messageOf = ({ header, payload }: ReceivedAdvert): Uint8Array | undefined => {
  if (header === undefined) return payload
  const decoded = AuthenticationHeader.decode(payload)
  return Result.isSuccess(decoded) ? decoded.success.payload : undefined
}

/**
 * Returns the seal of a datagram as a router that authenticates so, or not at all, has to see it; nothing when there is
 * none. `clockMicros` is now, since 1970.
 *
 * @category checks
 * @since 0.1.0
 */
export const inspect = (
  received: ReceivedAdvert,
  authentication: Authentication | undefined,
  clockMicros: () => number
): Seal | undefined => {
  const { header, payload } = received
  if (header !== undefined) {
    const decoded = AuthenticationHeader.decode(payload)
    const sequence = Result.isSuccess(decoded) ? decoded.success.sequence : 0
    const verdict =
      authentication?._tag === "Header"
        ? AuthenticationHeader.verify(header, payload, authentication.key)
        : "Unkeyed"
    return { _tag: "Header", sequence, verdict }
  }
  // To a router that asks for none a trailer is padding.
  if (authentication?._tag !== "Hmac") return undefined
  const proof = HmacTrailer.verify(payload, received, authentication.keys, clockMicros())
  return proof === undefined ? undefined : { _tag: "Trailer", ...proof }
}

/**
 * Returns the fields of version 2 that go with a way to authenticate (RFC 2338 section 5.3.6).
 *
 * @category accessors
 * @since 0.1.0
 */
export const fieldsOf = (
  authentication: Authentication | undefined
): { readonly authenticationType: number; readonly authenticationData?: string } => {
  switch (authentication?._tag) {
    case "Password":
      return { authenticationType: 1, authenticationData: authentication.password.padEnd(16, "0") }
    case "Header":
      return { authenticationType: 2 }
    case "Hmac":
    case undefined:
      return { authenticationType: 0 }
  }
}

/**
 * Seals the adverts of one router, one after the other.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sealer {
  /** Returns an advert as it goes on the wire. */
  readonly seal: (advert: OutgoingAdvert, authentication: Authentication | undefined) => OutgoingAdvert
}

/**
 * Makes a sealer. Its sequence numbers begin with the time, so that a router that was started anew is not taken for one
 * that repeats itself.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (clockMicros: () => number): Sealer => {
  let headers: number | undefined
  let last: HmacTrailer.Sequence | undefined

  return {
    seal: (advert, authentication) => {
      if (authentication === undefined || authentication._tag === "Password") return advert
      if (authentication._tag === "Header") {
        if (!isIpv4Pair(advert)) return advert
        headers = ((headers ?? Math.floor(clockMicros() / microsPerSecond)) + 1) % 2 ** 32
        const identification = headers % 2 ** 16
        const payload = AuthenticationHeader.encode({
          ...advert,
          identification,
          sequence: headers,
          key: authentication.key
        })
        return { ...advert, identification, payload }
      }
      const key = authentication.keys.find(({ id }) => id === authentication.activeKeyId)
      if (key === undefined || authentication.mode === "ReceiveOnly") return advert
      const window = authentication.antiReplay === "Clock" ? authentication.window : Infinity
      last = HmacTrailer.nextSequence(last, clockMicros(), window)
      return { ...advert, payload: HmacTrailer.sign(advert.payload, advert, { key, sequence: last }) }
    }
  }
}

/** The header exists for IPv4 only; the configuration refuses it for IPv6. */
const isIpv4Pair = (
  advert: OutgoingAdvert
): advert is OutgoingAdvert & {
  readonly source: Ipv4Address
  readonly destination: Ipv4Address
} => !isIpv6(advert.source) && !isIpv6(advert.destination)

const microsPerSecond = 1_000_000
