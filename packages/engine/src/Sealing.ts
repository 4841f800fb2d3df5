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
  /**
   * Begins the next advert, and returns what seals it for each place that it goes to. Its number is above `heardMax`, the
   * highest that another router was believed with: who takes over continues where that one was.
   */
  readonly next: (
    authentication: Authentication | undefined,
    heardMax: bigint | undefined
  ) => (advert: OutgoingAdvert) => OutgoingAdvert
}

/**
 * Makes a sealer. Its numbers begin with the time, so that a router that was started anew is not taken for one that
 * repeats itself.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (clockMicros: () => number): Sealer => {
  let header = 0
  let last: HmacTrailer.Sequence | undefined

  const nextHeader = (heardMax: bigint | undefined): number => {
    if (header === 0) header = Math.floor(clockMicros() / microsPerSecond)
    header = (Math.max(header, Number(heardMax ?? 0n)) % wordMax) + 1
    return header
  }

  return {
    next: (authentication, heardMax) => {
      if (authentication === undefined || authentication._tag === "Password") return unsealed
      if (authentication._tag === "Header") {
        const sequence = nextHeader(heardMax)
        // For 0 the kernel would write a number of its own, which the header does not cover.
        const identification = (sequence % identificationMax) + 1
        return (advert) => withHeader(advert, { identification, sequence, key: authentication.key })
      }
      const key = authentication.keys.find(({ id }) => id === authentication.activeKeyId)
      if (key === undefined || authentication.mode === "ReceiveOnly") return unsealed
      const window = authentication.antiReplay === "Clock" ? authentication.window : Infinity
      last = HmacTrailer.nextSequence(last, clockMicros(), window)
      const sequence = last
      return (advert) => ({ ...advert, payload: HmacTrailer.sign(advert.payload, advert, { key, sequence }) })
    }
  }
}

const unsealed = (advert: OutgoingAdvert): OutgoingAdvert => advert

const withHeader = (
  advert: OutgoingAdvert,
  header: { readonly identification: number; readonly sequence: number; readonly key: string }
): OutgoingAdvert =>
  isIpv4Pair(advert)
    ? {
        ...advert,
        identification: header.identification,
        payload: AuthenticationHeader.encode({ ...advert, ...header })
      }
    : advert

/** The header exists for IPv4 only; the configuration refuses it for IPv6. */
const isIpv4Pair = (
  advert: OutgoingAdvert
): advert is OutgoingAdvert & {
  readonly source: Ipv4Address
  readonly destination: Ipv4Address
} => !isIpv6(advert.source) && !isIpv6(advert.destination)

const microsPerSecond = 1_000_000
const wordMax = 0xffff_ffff // RFC 2402 2.5
const identificationMax = 0xffff // RFC 791 3.1
