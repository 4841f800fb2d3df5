/**
 * The checks that an advert passes before a role sees it (RFC 3768 section 7.1), in the order in which keepalived makes
 * them; version, length, type and checksum are the decoder's, and arrive here as `MalformedReceived`.
 *
 * **Gotchas**
 *
 * - An owner does not discard adverts, as RFC 3768 7.1 would have it: neither does keepalived, and erratum 8298 of
 *   RFC 9568 makes it a thing to log. It has to hear a lower Master in order to heal what that one announced.
 * - A list of addresses that differs from ours does not drop the advert. RFC 3768 7.1 and keepalived up to 2.3.2 drop
 *   it, which makes two Masters out of a typing error; RFC 9568 7.1 and keepalived since 2.3.3 report and accept it.
 *
 * @since 0.1.0
 */
import type { IpAddress } from "@holdfast/wire/Address"
import type { Advertisement, MalformedReason } from "@holdfast/wire/Advertisement"
import type { Action, DropReason } from "./Action.ts"
import type { Event } from "./Event.ts"
import type { Parameters } from "./Parameters.ts"
import { type State, withSpeaker } from "./State.ts"
import { andThen, count, stay, type Step } from "./Transition.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type AdvertReceived = typeof Event.cases.AdvertReceived.Type

/**
 * @category models
 * @since 0.1.0
 */
export type MalformedReceived = typeof Event.cases.MalformedReceived.Type

/**
 * Puts an advert through the checks: a dropped one is counted with its reason, an accepted one goes to the role.
 *
 * @category steps
 * @since 0.1.0
 */
export const receive = (state: State, event: AdvertReceived, accepted: (state: State) => Step): Step => {
  const reason = dropReason(state.parameters, event)
  if (reason !== undefined) return drop(state, reason, event.source)
  const counts: ReadonlyArray<Action> = [
    count("advertsReceived"),
    ...(addressListDiffers(state, event) ? [countDrop("AddressListMismatch", event.source)] : []),
    ...(event.advertisement.priority === 0 ? [count("priorityZeroReceived")] : [])
  ]
  return andThen(stay(withSpeaker(state, event.source, event.advertisement.priority), counts), accepted)
}

/**
 * Drops a datagram that did not decode.
 *
 * @category steps
 * @since 0.1.0
 */
export const receiveMalformed = (state: State, event: MalformedReceived): Step =>
  drop(state, malformedDropReason(state.parameters, event), event.source)

/**
 * Counts a dropped advert.
 *
 * @category steps
 * @since 0.1.0
 */
export const drop = (state: State, reason: DropReason, source: IpAddress): Step =>
  stay(state, [countDrop(reason, source)])

/**
 * Returns why a running router drops an advert, or nothing when it accepts it.
 *
 * @category checks
 * @since 0.1.0
 */
export const dropReason = (parameters: Parameters, event: AdvertReceived): DropReason | undefined => {
  const { advertisement } = event
  if (!hopLimitIsValid(parameters, event.hopLimit)) return "HopLimitInvalid"
  const authentication = authenticationDropReason(advertisement)
  if (authentication !== undefined) return authentication
  if (advertisement.advertIntervalMicros !== parameters.advertInterval) return "IntervalMismatch"
  if (!transportMatches(parameters, event.destination)) return "TransportMismatch"
  if (!sourceIsAllowed(parameters, event.source)) return "SourceNotPeer"
  return undefined
}

/**
 * Returns why a running router drops a datagram that did not decode. The hop limit is looked at after the length and
 * before everything else.
 *
 * @category checks
 * @since 0.1.0
 */
export const malformedDropReason = (parameters: Parameters, event: MalformedReceived): DropReason =>
  event.reason !== "Length" && !hopLimitIsValid(parameters, event.hopLimit)
    ? "HopLimitInvalid"
    : malformedReasons[event.reason]

/**
 * Returns whether an accepted advert lists other addresses than ours, in whatever order. With
 * `skipRepeatedAddressCheck` only the first advert of a sender is compared.
 *
 * @category checks
 * @since 0.1.0
 */
export const addressListDiffers = (state: State, event: AdvertReceived): boolean => {
  if (state.parameters.skipRepeatedAddressCheck && state.lastHeard?.source === event.source) return false
  const ours = state.parameters.addresses.filter((entry) => entry.advertised).map((entry) => entry.address)
  const theirs = event.advertisement.addresses
  const listed = new Set<IpAddress>(theirs)
  return ours.length !== theirs.length || ours.some((address) => !listed.has(address))
}

const countDrop = (reason: DropReason, source: IpAddress): Action => ({ _tag: "CountDrop", reason, source })

/** RFC 3768 5.2.3: 255 proves that no router forwarded the packet. A unicast peer may be routers away. */
const hopLimitIsValid = (parameters: Parameters, hopLimit: number): boolean =>
  parameters.transport._tag === "Unicast" || hopLimit === hopLimitRequired

/** RFC 3768 5.3.6: types 1 and 2 are reserved for the methods of RFC 2338, which we do not have. */
const authenticationDropReason = (advertisement: Advertisement): DropReason | undefined => {
  if (advertisement.version !== 2) return "VersionMismatch"
  const { authenticationType } = advertisement
  if (authenticationType === 0) return undefined
  return authenticationType <= authenticationTypeMax ? "AuthenticationMismatch" : "AuthenticationTypeInvalid"
}

const transportMatches = ({ transport }: Parameters, destination: IpAddress): boolean =>
  transport._tag === "Multicast" ? destination === transport.group : !isMulticast(destination)

const sourceIsAllowed = (parameters: Parameters, source: IpAddress): boolean =>
  parameters.transport._tag === "Multicast" ||
  !parameters.checkUnicastSource ||
  parameters.transport.peers.some(({ address }) => address === source)

/** 224.0.0.0/4 (RFC 1112 section 4). */
const isMulticast = (address: IpAddress): boolean => {
  const firstOctet = Number.parseInt(address, 10)
  return firstOctet >= 224 && firstOctet < 240
}

const malformedReasons: { readonly [Reason in MalformedReason]: DropReason } = {
  Length: "LengthInvalid",
  Version: "VersionMismatch",
  Type: "TypeInvalid",
  Checksum: "ChecksumInvalid"
}

const hopLimitRequired = 255

/** Highest authentication type that RFC 2338 section 5.3.6 defines. */
const authenticationTypeMax = 2
