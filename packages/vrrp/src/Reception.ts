/**
 * The checks that an advert passes before a role sees it (RFC 3768 and RFC 9568 section 7.1), in the order in which
 * keepalived makes them; version, length, type and checksum are the decoder's, and arrive here as `MalformedReceived`.
 *
 * **Details** whatever a person can change so that it does not happen again is a `PublishMismatch` beside the count.
 *
 * **Gotchas**
 *
 * - An owner does not discard adverts, as RFC 3768 7.1 would have it: neither does keepalived, and erratum 8298 of
 *   RFC 9568 makes it a thing to log. It has to hear a lower Master in order to heal what that one announced.
 *   `ownerIgnoresAdverts` asks for the rule of the RFC.
 * - A list of addresses that differs from ours does not drop the advert. RFC 3768 7.1 and keepalived up to 2.3.2 drop
 *   it, which makes two Masters out of a typing error; RFC 9568 7.1 and keepalived since 2.3.3 report and accept it.
 * - An interval that differs drops an advert of version 2. In version 3 it is reported, and a Backup adopts it.
 * - `plainChecksum` asks for another form of the checksum. Unlike keepalived, which then verifies none, we verify it.
 *
 * @since 0.1.0
 */
import { type IpAddress, isIpv6 } from "@holdfast/wire/Address"
import type { MalformedReason } from "@holdfast/wire/Advertisement"
import { hopLimitVrrp } from "@holdfast/wire/Ipv4"
import type { Action, DropReason, Mismatch } from "./Action.ts"
import * as Authentication from "./Authentication.ts"
import type { Event } from "./Event.ts"
import * as Health from "./Health.ts"
import { type Parameters, priorityOwner } from "./Parameters.ts"
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
  const reason = dropReason(state, event)
  if (reason !== undefined) {
    const mismatch = mismatchOf(state.parameters, event, reason)
    const told = mismatch === undefined ? [] : [publish(event, mismatch)]
    return stay(state, [countDrop(reason, event.source), ...told])
  }
  const counts: Array<Action> = [count("advertsReceived")]
  const { priority } = event.advertisement
  if (priority === 0) counts.push(count("priorityZeroReceived"))
  report(state, event, counts)
  const heard = withSpeaker(Authentication.accept(state, event), event.source, priority)
  return andThen(stay(heard, counts), accepted)
}

/**
 * Drops a datagram that did not decode. The hop limit is looked at after the length and before everything else.
 *
 * @category steps
 * @since 0.1.0
 */
export const receiveMalformed = (state: State, event: MalformedReceived): Step => {
  if (event.reason === "Length" || hopLimitIsValid(state.parameters, event))
    return drop(state, malformedReasons[event.reason], event.source)
  return stay(state, [
    countDrop("HopLimitInvalid", event.source),
    publish(event, { _tag: "HopLimit", theirs: event.hopLimit })
  ])
}

/**
 * Counts a dropped advert.
 *
 * @category steps
 * @since 0.1.0
 */
export const drop = (state: State, reason: DropReason, source: IpAddress): Step =>
  stay(state, [countDrop(reason, source)])

const dropReason = (state: State, event: AdvertReceived): DropReason | undefined => {
  const { parameters } = state
  const { advertisement } = event
  const header = Authentication.headerDropReason(parameters, event)
  if (header !== undefined) return header
  if (!hopLimitIsValid(parameters, event)) return "HopLimitInvalid"
  if (advertisement.version !== parameters.version) return "VersionMismatch"
  if (Authentication.isEnforced(parameters)) {
    const trailer = Authentication.trailerDefect(state, event)
    if (trailer !== undefined) return trailer
  }
  const fields = Authentication.fieldDropReason(state, event)
  if (fields !== undefined) return fields
  if (advertisement.version === 2 && advertisement.advertIntervalMicros !== parameters.advertInterval)
    return "IntervalMismatch"
  if (advertisement.version === 3 && advertisement.checksum !== checksumOf(parameters))
    return "ChecksumInvalid"
  if (!transportMatches(parameters, event.destination)) return "TransportMismatch"
  if (parameters.priority === priorityOwner && parameters.ownerIgnoresAdverts) return "OwnerIgnoresAdverts"
  return sourceIsAllowed(parameters, event.source) ? undefined : "SourceNotPeer"
}

const mismatchOf = (
  parameters: Parameters,
  { advertisement, destination, hopLimit }: AdvertReceived,
  reason: DropReason
): Mismatch | undefined => {
  switch (reason) {
    case "HopLimitInvalid":
      return { _tag: "HopLimit", theirs: hopLimit }
    case "VersionMismatch":
      return { _tag: "Version", ours: parameters.version, theirs: advertisement.version }
    case "IntervalMismatch":
      return intervals(parameters, advertisement)
    case "ChecksumInvalid":
      return { _tag: "Checksum", ours: checksumOf(parameters) }
    case "TransportMismatch":
      return { _tag: "Transport", destination }
    case "SourceNotPeer":
    case "OwnerIgnoresAdverts":
      return undefined
    default:
      return { _tag: "Authentication", reason }
  }
}

/** Adds what about an accepted advert does not go with our parameters. */
const report = (state: State, event: AdvertReceived, actions: Array<Action>): void => {
  const { parameters } = state
  const { advertisement, source } = event
  if (parameters.authentication?._tag === "Hmac" && !Authentication.isEnforced(parameters)) {
    const reason = Authentication.trailerDefect(state, event)
    if (reason !== undefined) actions.push(publish(event, { _tag: "Authentication", reason }))
  }
  // RFC 9568 7.1: a difference in version 3 is logged at most.
  if (advertisement.advertIntervalMicros !== parameters.advertInterval)
    actions.push(publish(event, intervals(parameters, advertisement)))
  const lists = differingAddresses(state, event)
  if (lists !== undefined)
    actions.push(countDrop("AddressListMismatch", source), publish(event, { _tag: "AddressList", ...lists }))
  const { priority } = advertisement
  if (priority === Health.priorityOf(state) && source !== Health.sourceAddress(state))
    actions.push(publish(event, { _tag: "EqualPriority", priority }))
}

const intervals = (parameters: Parameters, { advertIntervalMicros }: AdvertReceived["advertisement"]) =>
  ({ _tag: "Interval", oursMicros: parameters.advertInterval, theirsMicros: advertIntervalMicros }) as const

/**
 * The addresses that only one side lists; nothing when both list the same, in whatever order. With
 * `skipRepeatedAddressCheck` only the first advert of a sender is compared.
 */
const differingAddresses = (
  { lastHeard, parameters }: State,
  { advertisement: { addresses: theirs }, source }: AdvertReceived
): Omit<Extract<Mismatch, { _tag: "AddressList" }>, "_tag"> | undefined => {
  if (parameters.skipRepeatedAddressCheck && lastHeard?.source === source) return undefined
  if (isSameList(parameters, theirs)) return undefined
  const ours = parameters.addresses.flatMap(({ address, advertised }) => (advertised ? [address] : []))
  const [known, listed] = [new Set(ours), new Set(theirs)]
  if (ours.length === theirs.length && ours.every((address) => listed.has(address))) return undefined
  return {
    ours: ours.filter((address) => !listed.has(address)),
    theirs: theirs.filter((address) => !known.has(address)),
    disjoint: ours.length > 0 && theirs.length > 0 && !ours.some((address) => listed.has(address))
  }
}

/** The usual case, address by address: thousands of adverts a second are compared. */
const isSameList = ({ addresses }: Parameters, theirs: ReadonlyArray<IpAddress>): boolean => {
  let index = 0
  for (const { address, advertised } of addresses) {
    if (!advertised) continue
    if (theirs[index] !== address) return false
    index += 1
  }
  return index === theirs.length
}

const countDrop = (reason: DropReason, source: IpAddress): Action => ({ _tag: "CountDrop", reason, source })

const publish = ({ at, source }: AdvertReceived | MalformedReceived, mismatch: Mismatch): Action => ({
  _tag: "PublishMismatch",
  at,
  source,
  mismatch
})

/**
 * RFC 3768 5.2.3, RFC 9568 5.1: 255 proves that no router forwarded the packet. A unicast peer may be routers away, within
 * its own bounds.
 */
const hopLimitIsValid = (
  { transport }: Parameters,
  { hopLimit, source }: Pick<AdvertReceived, "hopLimit" | "source">
): boolean => {
  if (transport._tag === "Multicast") return hopLimit === hopLimitVrrp
  const peer = transport.peers.find(({ address }) => address === source)
  return hopLimit >= (peer?.hopLimitMin ?? 0) && hopLimit <= (peer?.hopLimitMax ?? hopLimitVrrp)
}

/** Over IPv6 there is no other form than that of RFC 9568 5.2.8. */
const checksumOf = ({ family, plainChecksum }: Parameters): "PseudoHeader" | "Plain" =>
  plainChecksum && family === "Ipv4" ? "Plain" : "PseudoHeader"

const transportMatches = ({ transport }: Parameters, destination: IpAddress): boolean =>
  transport._tag === "Multicast" ? destination === transport.group : !isMulticast(destination)

const sourceIsAllowed = ({ checkUnicastSource, transport }: Parameters, source: IpAddress): boolean =>
  transport._tag === "Multicast" ||
  !checkUnicastSource ||
  transport.peers.some(({ address }) => address === source)

/** 224.0.0.0/4 (RFC 1112 section 4) and ff00::/8 (RFC 4291 section 2.7). */
const isMulticast = (address: IpAddress): boolean => {
  if (isIpv6(address)) return /^ff[0-9a-f]{2}:/.test(address)
  const firstOctet = Number.parseInt(address, 10)
  return firstOctet >= 224 && firstOctet < 240
}

const malformedReasons: { readonly [Reason in MalformedReason]: DropReason } = {
  Length: "LengthInvalid",
  Version: "VersionMismatch",
  Type: "TypeInvalid",
  Checksum: "ChecksumInvalid"
}
